"""Errata: a published statement is never changed; a later reversal is, and the next one prints why."""

from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Tx
from trustprop.statements import rules, store
from trustprop.statements.model import Erratum, RecordErratum


async def record_erratum(tx: Tx, caller: Caller, number: str, command: RecordErratum) -> Erratum:
    """Links a reversal in an open month to the statement whose entry it takes back.

    Raises Missing, FieldsInvalid, ErratumExists. The same erratum again is success.
    """
    caller.check_office_or_scope("books:write", Office.TRUSTEE_BOOKKEEPER)
    await ledger.lock_books(tx, caller.compound_id)
    period = await _period_of(tx, caller, number)
    entry = await ledger.entry(tx, caller.compound_id, command.entry_id)
    reversed_entry = (
        await ledger.entry(tx, caller.compound_id, entry.reverses) if entry.reverses else None
    )
    rules.check_erratum(entry, reversed_entry, period)
    added = Erratum(
        erratum_id=command.id,
        statement_number=number,
        entry_id=command.entry_id,
        period=str(entry.period),
        explanation=command.explanation,
        recorded_at=caller.at,
    )
    standing = await _standing(tx, caller, command)
    if standing is not None:
        rules.check_same_erratum(standing, added)
        return standing
    await store.add_erratum(tx, caller.compound_id, added, caller.person_id)
    return added


async def _period_of(tx: Tx, caller: Caller, number: str) -> Period:
    for published in await store.published(tx, caller.compound_id):
        if published.number == number:
            return Period.parse(published.period)
    raise Missing(kind="statement")


async def _standing(tx: Tx, caller: Caller, command: RecordErratum) -> Erratum | None:
    by_id = await store.errata(tx, caller.compound_id, erratum_id=command.id)
    by_entry = await store.errata(tx, caller.compound_id, entry_id=command.entry_id)
    return next(iter((*by_id, *by_entry)), None)
