"""Mandates: who holds which office, appointed by an act or elected by a counted resolution."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds import rules, store
from trustprop.compounds.model import (
    Appointment,
    MandateEnd,
    MandateTerm,
)
from trustprop.compounds.service.founding import find, lock
from trustprop.kernel.caller import Caller, Mandate, Party
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.plumbing.database import Tx


async def mandates_of(tx: Tx, compound_id: UUID, person_id: UUID, on: date) -> tuple[Mandate, ...]:
    """The offices that a person holds on a day."""
    access = await store.find_access(tx, compound_id, person_id, on)
    return access.mandates if access else ()


async def mandate_in_force(
    tx: Tx, compound_id: UUID, person_id: UUID, party: Party, on: date
) -> Mandate | None:
    """The mandate by which a person stands for a party on a day; one that signs, if there is one."""
    held = [m for m in await mandates_of(tx, compound_id, person_id, on) if m.party is party]
    return min(held, key=lambda mandate: not mandate.office.may_sign, default=None)


async def mandates(tx: Tx, compound_id: UUID) -> tuple[MandateTerm, ...]:
    """All terms, past and to come."""
    return await store.mandate_terms(tx, compound_id)


async def find_mandate(tx: Tx, compound_id: UUID, mandate_id: UUID) -> MandateTerm:
    """Raises Missing."""
    found = await store.mandate_terms(tx, compound_id, mandate_id=mandate_id)
    if not found:
        raise Missing(kind="mandate")
    return found[0]


async def committee(tx: Tx, compound_id: UUID, on: date) -> tuple[MandateTerm, ...]:
    """The members of the owners' committee on a day, its director among them; each person once."""
    held = {
        term.person_id: term
        for term in await store.mandate_terms(tx, compound_id)
        if term.party is Party.OWNERS and term.is_in_force(on)
    }
    return tuple(held.values())


async def check_appointment(tx: Tx, compound_id: UUID, appointment: Appointment) -> None:
    """Raises NotOpen, MandateTermWrong or BothSides: before anybody is asked to sign."""
    rules.check_open(await find(tx, compound_id))
    existing = await store.mandate_terms(tx, compound_id, person_id=appointment.person_id)
    rules.check_appointment(appointment, existing, appointment.mandate_id)


async def appoint(tx: Tx, caller: Caller, appointment: Appointment, act_id: UUID) -> MandateTerm:
    """Puts a person in office; called by the effect of a signed act only."""
    return await _appoint(tx, caller, appointment, act_id)


async def appoint_elected(
    tx: Tx, caller: Caller, appointment: Appointment, resolution_id: UUID
) -> MandateTerm:
    """Puts in office whom a counted resolution elected; called when a meeting takes effect only.

    Raises MandateTermWrong or BothSides.
    """
    elected = replace(appointment, resolution_id=resolution_id)
    return await _appoint(tx, caller, elected, act_id=None)


async def _appoint(
    tx: Tx, caller: Caller, appointment: Appointment, act_id: UUID | None
) -> MandateTerm:
    await lock(tx, caller.compound_id)
    existing = await store.mandate_terms(tx, caller.compound_id, person_id=appointment.person_id)
    term = rules.check_appointment(appointment, existing, act_id)
    await store.add_mandate(tx, caller.compound_id, term)
    return term


async def check_ending(tx: Tx, caller: Caller, ending: MandateEnd) -> None:
    """Raises Missing or MandateEnded: before anybody is asked to sign."""
    term = await find_mandate(tx, caller.compound_id, ending.mandate_id)
    rules.check_ending(term, ending, local_date(caller.at))


async def end_mandate(tx: Tx, caller: Caller, ending: MandateEnd) -> MandateTerm:
    """Ends a mandate, at the earliest today; called by the effect of a signed act only."""
    await lock(tx, caller.compound_id)
    term = await find_mandate(tx, caller.compound_id, ending.mandate_id)
    ended_on = rules.check_ending(term, ending, local_date(caller.at))
    await store.end_mandates(tx, caller.compound_id, [term.mandate_id], ended_on)
    return await find_mandate(tx, caller.compound_id, term.mandate_id)


async def end_mandates(
    tx: Tx, caller: Caller, mandate_ids: Collection[UUID], ended_on: date, resolution_id: UUID
) -> tuple[MandateTerm, ...]:
    """Ends what an election replaced, at the earliest today; called after a counted one only.

    Answers those that it ended: what is over by that day stays as it is. Raises Missing.
    """
    await lock(tx, caller.compound_id)
    terms = [await find_mandate(tx, caller.compound_id, id_) for id_ in sorted(set(mandate_ids))]
    day = max(ended_on, local_date(caller.at))
    ids = [term.mandate_id for term in rules.still_held(terms, day)]
    await store.end_mandates(tx, caller.compound_id, ids, day, resolution_id)
    return tuple([await find_mandate(tx, caller.compound_id, id_) for id_ in ids])
