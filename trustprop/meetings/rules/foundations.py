"""What an appointment must rest on."""

from trustprop.compounds.model import InstrumentAmendment
from trustprop.kernel.errors import N_, Invalid
from trustprop.meetings.model import Matter


class MandateNeedsResolution(Invalid):
    code = "mandate-needs-resolution"
    detail = N_("The assembly elects its committee: name the resolution (Civil Code 278(1)(3)).")


class KeyOfAnother(Invalid):
    code = "key-of-another"
    detail = N_("This person has not proved a signing key with this id.")


def matter_of_amendment(amendment: InstrumentAmendment) -> Matter:
    """Another trustee is hired (Civil Code 278(1)(4)), and what it earns is agreed with it."""
    return Matter.REMUNERATION if amendment.trustee is None else Matter.TRUSTEE
