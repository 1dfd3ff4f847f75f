"""What an appointment must rest on."""

from trustprop.kernel.errors import N_, Invalid


class MandateNeedsResolution(Invalid):
    code = "mandate-needs-resolution"
    detail = N_("The assembly elects its committee: name the resolution (Civil Code 278(1)(3)).")


class KeyOfAnother(Invalid):
    code = "key-of-another"
    detail = N_("This person has not proved a signing key with this id.")
