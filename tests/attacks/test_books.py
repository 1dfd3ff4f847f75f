"""Entries that the books must not take: a closed month, a day that has not come, a wall, cash, a gap.

Each is tried as a house would post it, and again as if the rules had been left out; then the function
of the books refuses by itself. The control takes that refusal away too, and the entry stands.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec import Struct
from msgspec.structs import replace

from tests.make.ledger import credit, debit, entry, fill_cash, open_books
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Refusal
from trustprop.kernel.periods import Period
from trustprop.ledger import rules
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Entry
from trustprop.plumbing.database import Database, Tx

OCTOBER_8 = datetime(2025, 10, 8, 4, tzinfo=UTC)
NEW_YEAR = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
"""Midnight in Shanghai."""
MOMENT = timedelta(microseconds=1)


class Forbidden(Struct, frozen=True, kw_only=True):
    """An entry, when it is posted, and what refuses it."""

    code: str
    entry: Entry
    at: datetime = OCTOBER_8


def plain(on: date) -> Entry:
    return entry(debit("1122", 5), credit("4901", 5), on=on)


CASES = {
    "a closed month": Forbidden(code="period-closed", entry=plain(date(2025, 9, 30))),
    "backdated before the books": Forbidden(code="before-opening", entry=plain(date(2025, 8, 31))),
    "a day that has not come": Forbidden(code="date-in-future", entry=plain(date(2025, 10, 9))),
    "the new year a moment early": Forbidden(
        code="date-in-future", entry=plain(date(2026, 1, 1)), at=NEW_YEAR - MOMENT
    ),
    "across a fund wall": Forbidden(
        code="fund-wall",
        entry=entry(
            debit("1122", 5, "OP"),
            credit("3901", 5, "OP"),
            debit("3902", 5, "PR"),
            credit("4901", 5, "PR"),
            on=date(2025, 10, 8),
        ),
    ),
    "money out by a voucher": Forbidden(
        code="cash-out-needs-order",
        entry=entry(debit("5106", 5), credit("100201", 5), on=date(2025, 10, 8)),
    ),
}


async def seal_september(tx: Tx, caller: Caller) -> Caller:
    """Books with money, whose September is closed."""
    await open_books(tx, caller)
    await fill_cash(tx, caller, 100_000)
    later = replace(caller, at=OCTOBER_8)
    await ledger.close_period(tx, later, Period(2025, 9))
    return later


@pytest.fixture
async def sealed(tx: Tx, caller: Caller) -> Caller:
    return await seal_september(tx, caller)


@pytest.mark.parametrize("name", CASES)
async def test_the_books_refuse(tx: Tx, sealed: Caller, name: str) -> None:
    case = CASES[name]
    with pytest.raises(Refusal, match=case.code):
        await ledger.post(tx, replace(sealed, at=case.at), (case.entry,))


@pytest.mark.parametrize("name", CASES)
async def test_left_out_by_the_rules_the_function_of_the_books_refuses(
    tx: Tx, sealed: Caller, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    monkeypatch.setattr(rules, "check_entry", lambda _entry: None)
    with pytest.raises(Refusal, match=case.code):
        await ledger.post(tx, replace(sealed, at=case.at), (case.entry,))


@pytest.mark.parametrize("name", CASES)
async def test_left_out_by_both_the_entry_would_stand(
    owner_url: str, caller: Caller, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control; the owner of the schema silences the database's refusal, and rolls all back."""
    case = CASES[name]
    monkeypatch.setattr(rules, "check_entry", lambda _entry: None)
    database = Database.connect(owner_url, pool_size=1)
    try:
        async with database.begin(caller, dry_run=True) as tx:
            sealed = await seal_september(tx, caller)
            await tx.raw.execute(SILENT.format(code=case.code))
            (posted,) = await ledger.post(tx, replace(sealed, at=case.at), (case.entry,))
            assert posted.entry_id == case.entry.entry_id
    finally:
        await database.close()


SILENT = """
    CREATE OR REPLACE FUNCTION ledger_refuse(code text, facts jsonb) RETURNS void
    LANGUAGE plpgsql AS $$
    BEGIN
        IF code <> '{code}' THEN
            RAISE EXCEPTION '%', code USING ERRCODE = 'TP001', DETAIL = facts::text;
        END IF;
    END $$
"""


async def test_at_midnight_in_shanghai_the_new_year_takes_its_first_entry(
    tx: Tx, sealed: Caller
) -> None:
    (posted,) = await ledger.post(
        tx,
        replace(sealed, at=NEW_YEAR),
        (entry(debit("1122", 5), credit("4901", 5), on=date(2026, 1, 1)),),
    )
    assert posted.number == 2
