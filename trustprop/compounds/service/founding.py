"""The compound itself: setting it up, and who is let in to read what."""

from datetime import date
from uuid import UUID

from trustprop.compounds import rules, store
from trustprop.compounds.model import (
    Access,
    Compound,
    CompoundState,
    CreateCompound,
    Invite,
)
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.plumbing.database import Tx

OPERATOR = "operator"
_OFFICES_OF_HOMES = (Office.TRUSTEE_MANAGER, Office.TRUSTEE_BOOKKEEPER)


async def create(tx: Tx, caller: Caller, command: CreateCompound, salt: bytes) -> Compound:
    """Sets up an empty compound in state *founding*; the same id with the same content is success.

    ``salt`` is 32 random bytes that never leave the compound.
    """
    caller.check_scope(OPERATOR)
    rules.check_compound(command, store.profile_names())
    compound = Compound(
        compound_id=command.id,
        name=command.name,
        credit_code=command.credit_code,
        address=command.address,
        state=CompoundState.FOUNDING,
        rule_profile=command.rule_profile,
        created_at=caller.at,
    )
    if not await store.add_compound(tx, compound, salt):
        existing = await find(tx, command.id)
        rules.check_same_compound(existing, compound)
        compound = existing
    await store.invite(tx, command.id, command.invited, caller.at)
    return compound


async def find(tx: Tx, compound_id: UUID) -> Compound:
    """Raises Missing."""
    compound = await store.find_compound(tx, compound_id)
    if compound is None:
        raise Missing(kind="compound")
    return compound


async def lock(tx: Tx, compound_id: UUID) -> Compound:
    """One at a time decides about mandates, texts, homes and numbers. Raises Missing."""
    compound = await store.lock_compound(tx, compound_id)
    if compound is None:
        raise Missing(kind="compound")
    return compound


async def invite(tx: Tx, caller: Caller, command: Invite) -> None:
    """Lets a person in to prove a signing key, before a mandate names it.

    Raises InvitationNeedsOffice.
    """
    compound = await find(tx, caller.compound_id)
    is_founder = compound.state is CompoundState.FOUNDING and OPERATOR in caller.scopes
    if not (is_founder or any(office.may_sign for office in caller.offices)):
        raise rules.InvitationNeedsOffice
    await store.invite(tx, caller.compound_id, [command.person_id], caller.at)


async def find_access(tx: Tx, compound_id: UUID, person_id: UUID, on: date) -> Access | None:
    """What a person is here; None for a stranger.

    A former owner still reads as a resident for FORMER_OWNER_READS_DAYS.
    """
    return await store.find_access(tx, compound_id, person_id, on)


async def check_keeps_homes(tx: Tx, caller: Caller) -> None:
    """The operator sets up a compound that is being founded; later its trustee keeps the list."""
    if OPERATOR in caller.scopes:
        rules.check_founding_state(await find(tx, caller.compound_id))
    else:
        caller.check_office_or_scope("homes:write", *_OFFICES_OF_HOMES)


def check_reads_compound(caller: Caller) -> None:
    """Everybody who is let in, and keys with ``compounds:read``. Raises ScopeNeeded."""
    if caller.person_id is None and OPERATOR not in caller.scopes:
        caller.check_scope("compounds:read")


def check_reads_roll(caller: Caller) -> None:
    """Voter lists stay behind a login: office holders, residents, keys with ``homes:read``.

    Raises ScopeNeeded.
    """
    if not (caller.mandates or caller.is_resident or OPERATOR in caller.scopes):
        caller.check_scope("homes:read")
