"""What became of decisions: one of them for those who belong here, a quarter of them for anybody."""

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from trustprop.compounds import service as compounds
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period, local_date
from trustprop.ledger import service as ledger
from trustprop.meetings import service as meetings
from trustprop.meetings.model import Resolution
from trustprop.plumbing.database import Tx
from trustprop.statements.model.decisions import DecisionRecord, DecisionsOfQuarter
from trustprop.statements.rules import decisions as rules
from trustprop.statements.store import decisions as store


async def follow_up(tx: Tx, caller: Caller, resolution_id: UUID) -> DecisionRecord:
    """A decision with what was done and spent under it until today. Raises ScopeNeeded or Missing."""
    compounds.check_reads_compound(caller)
    resolution = await meetings.find(tx, caller.compound_id, resolution_id)
    today = local_date(caller.at)
    (record,) = await _records(tx, caller.compound_id, [resolution], today, today)
    return record


async def decisions_of(tx: Tx, caller: Caller, first: Period, last: Period) -> DecisionsOfQuarter:
    """What was decided in these months and done in them; nothing of a month that is not closed.

    Raises Missing for months to come.
    """
    compound = await compounds.find(tx, caller.compound_id)
    if first.first_on > local_date(caller.at):
        raise Missing(kind="period")
    closed = (await ledger.books(tx, caller.compound_id)).closed_through
    booked_until = min(last.last_on, Period.from_number(closed).last_on) if closed else date.min
    every = await meetings.resolutions(tx, caller.compound_id)
    decided = rules.decided(every, last.last_on)
    found = await _records(tx, caller.compound_id, decided.values(), last.last_on, booked_until)
    return DecisionsOfQuarter(
        compound_id=caller.compound_id,
        compound=compound.name,
        first_on=first.first_on,
        last_on=last.last_on,
        closed_through=str(Period.from_number(closed)) if closed else "",
        decisions=rules.of_quarter(found, first, last, booked_until),
    )


async def _records(
    tx: Tx, compound_id: UUID, resolutions: Iterable[Resolution], until: date, booked_until: date
) -> tuple[DecisionRecord, ...]:
    held = {one.resolution_id: one for one in resolutions}
    return rules.records(
        held.values(),
        await store.deeds(tx, compound_id, held.keys(), until, booked_until),
        await store.entries(tx, compound_id, held.keys(), booked_until),
        await store.told(tx, compound_id, held.keys(), until),
    )
