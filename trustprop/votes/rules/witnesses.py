"""Who watched the public count, and how many it takes."""

from collections.abc import Collection, Iterable
from uuid import UUID

from trustprop.kernel.errors import (
    N_,
    Conflict,
    Forbidden,
    Invalid,
)
from trustprop.votes.model.holding import CountWitness, Witness, WitnessRole

OWNER_WITNESSES = 10
"""Owners outside the committee who watch the count."""


class CountDigestDiffers(Conflict):
    code = "count-digest-differs"
    detail = N_("This digest is not that of the count; read the count again before you sign.")


class WitnessIncomplete(Invalid):
    code = "witness-incomplete"
    detail = N_(
        "A committee member brings a key and a signature; a signed count sheet is brought with its "
        "scan and the serials of the owners who signed it; an owner brings neither."
    )


class WitnessUnknown(Invalid):
    code = "witness-unknown"
    detail = N_("No voter on the roll has the serial {serial}.")
    serial: int


class WitnessOnCommittee(Forbidden):
    code = "witness-on-committee"
    detail = N_("Members of the committee sign the count with their key, not as owners.")


class BadCountSignature(Invalid):
    code = "bad-count-signature"
    detail = N_("The signature does not verify over the digest of the count.")


def check_witness(command: Witness, digest: str) -> WitnessRole:
    """As what somebody stands for the count. Raises CountDigestDiffers or WitnessIncomplete."""
    if command.count_digest != digest:
        raise CountDigestDiffers
    has_key = command.key_id is not None
    has_sheet = bool(command.serials)
    if (
        has_key != (command.signature is not None)
        or has_sheet != bool(command.evidence)
        or (has_key and has_sheet)
    ):
        raise WitnessIncomplete
    return WitnessRole.COMMITTEE if has_key else WitnessRole.OWNER


def is_present(present: Iterable[CountWitness], added: CountWitness) -> bool:
    """Whether this member, or this voter, stands for the count already."""
    return any(
        (one.role, one.voter_id) == (added.role, added.voter_id)
        and (one.person_id == added.person_id or added.voter_id is not None)
        for one in present
    )


def is_witnessed(
    owner_voters: Collection[UUID],
    possible_voters: Collection[UUID],
    committee_signers: Collection[UUID],
    committee: Collection[UUID],
) -> bool:
    """Ten owners outside the committee (all of them where there are fewer) and half of the committee."""
    outside = set(owner_voters) & set(possible_voters)
    members = set(committee)
    signed = members & set(committee_signers)
    return (
        len(outside) >= min(OWNER_WITNESSES, len(possible_voters))
        and bool(signed)
        and 2 * len(signed) >= len(members)
    )
