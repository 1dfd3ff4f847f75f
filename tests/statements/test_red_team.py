"""Attacks on the close: its payload, its month and its moment, each with a control that must work."""

import asyncio
from datetime import UTC, date, datetime

import asyncpg
import pytest
from msgspec.structs import replace
from sqlalchemy.exc import DBAPIError

from tests.make import acts as make_acts
from tests.make import closing, paying, racing
from tests.make import ledger as books
from tests.make.closing import AFTER, SEPTEMBER, accrue, at, draft, signers_at
from tests.make.ground import make_caller
from tests.make.paying import Payers
from tests.make.racing import together
from trustprop.acts import rules as acts_rules
from trustprop.acts import service as acts
from trustprop.acts import store as acts_store
from trustprop.kernel.errors import Refusal
from trustprop.kernel.periods import Period
from trustprop.ledger import rules as ledger_rules
from trustprop.ledger import service as ledger
from trustprop.plumbing import checks
from trustprop.plumbing.database import Database, Tx
from trustprop.statements import rules, service
from trustprop.statements.model import CloseState

OWN = ("acts:", "banking:", "billing:", "ledger:", "statements:")


@pytest.fixture
async def payers(tx: Tx, caller) -> Payers:
    found = await paying.make_payers(tx, caller.compound_id)
    await accrue(tx, found)
    return found


async def sign_one(tx: Tx, person, act, effects=service.EFFECTS):
    return await acts.sign(tx, person.caller, act.act_id, make_acts.signature(act, person), effects)


async def test_a_payload_changed_after_the_first_signature_closes_nothing(tx: Tx, payers: Payers):
    """The first signature stays with the old version, and a forged one does not pass the books."""
    drafted = await draft(tx, payers)
    manager, director = signers_at(payers, AFTER)
    before = await acts.lock(tx, manager.caller.compound_id, drafted.act_id)
    await sign_one(tx, manager, before)
    forged = replace(drafted.body, root="00" * 32)
    after = await acts.revise(tx, at(payers.bookkeeper, AFTER), drafted.act_id, forged)
    assert after.signatures == ()
    with pytest.raises(acts_rules.DigestChanged):
        await sign_one(tx, director, before)
    await sign_one(tx, manager, after)
    with pytest.raises(rules.BooksChanged) as refused:
        await sign_one(tx, director, after)
    assert refused.value.what == "journal"


async def test_control_the_payload_as_drafted_closes_the_month(tx: Tx, payers: Payers):
    drafted = await draft(tx, payers)
    await closing.sign(tx, payers, drafted.act_id)
    standing = await service.find_close(tx, payers.bookkeeper, SEPTEMBER)
    assert standing.state is CloseState.CLOSED


async def committed(database: Database) -> Payers:
    """A month with its remuneration accrued, seen by every connection."""
    caller = make_caller()
    async with database.begin(caller) as tx:
        found = await paying.make_payers(tx, caller.compound_id)
        await accrue(tx, found)
    return found


async def outcome(work) -> str:
    try:
        await work
    except Refusal as refusal:
        return refusal.code
    return "done"


async def closes(database: Database, payers: Payers) -> tuple[str, ...]:
    """How the month was sealed, if it was."""
    async with database.read(payers.bookkeeper) as tx:
        return tuple(
            str(sealed.period)
            for sealed in await ledger.sealed_periods(tx, payers.bookkeeper.compound_id)
        )


async def drafted_twice(database: Database, payers: Payers) -> list[str]:
    async def one() -> None:
        async with database.begin(at(payers.bookkeeper, AFTER)) as tx:
            await draft(tx, payers)

    return await asyncio.gather(*(outcome(one()) for _ in range(8)))


async def test_of_eight_drafts_at_one_instant_one_stands(database: Database):
    payers = await committed(database)
    found = await drafted_twice(database, payers)
    assert sorted(found) == [*["close-already-drafted"] * 7, "done"]


async def test_control_without_the_lock_of_the_books_the_tables_have_to_refuse_the_other_drafts(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    payers = await committed(database)
    monkeypatch.setattr(ledger, "lock_books", together(ledger.books, 8))
    with pytest.raises(DBAPIError):
        await drafted_twice(database, payers)


async def half_signed(database: Database, payers: Payers):
    async with database.begin(at(payers.bookkeeper, AFTER)) as tx:
        drafted = await draft(tx, payers)
    manager, _ = signers_at(payers, AFTER)
    async with database.begin(manager.caller) as tx:
        act = await acts.lock(tx, manager.caller.compound_id, drafted.act_id)
        return await sign_one(tx, manager, act)


async def test_the_last_signature_sixteen_times_at_one_instant_closes_once(
    database: Database, owner: asyncpg.Connection
):
    payers = await committed(database)
    act = await half_signed(database, payers)
    _, director = signers_at(payers, AFTER)

    async def last() -> None:
        async with database.begin(director.caller) as tx:
            await sign_one(tx, director, act)

    found = await asyncio.gather(*(outcome(last()) for _ in range(16)))
    assert found.count("done") == 1
    assert set(found) == {"done", "act-not-open"}
    assert await closes(database, payers) == ("2025-09",)
    broken = await checks.run(owner)
    assert {name for name, rows in broken.items() if rows and name.startswith(OWN)} == set()


async def test_control_without_the_locks_a_guard_below_has_to_stop_the_second_close(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    payers = await committed(database)
    act = await half_signed(database, payers)
    _, director = signers_at(payers, AFTER)
    monkeypatch.setattr(acts_store, "lock_act", together(acts_store.find_act, 2))
    monkeypatch.setattr(ledger, "lock_books", ledger.books)

    async def last() -> None:
        async with database.begin(director.caller) as tx:
            await sign_one(tx, director, act)

    found = await asyncio.gather(*(racing.outcome(last()) for _ in range(2)))
    assert sorted(found) != ["act-not-open", "done"], found


async def test_an_entry_and_the_last_signature_at_one_instant_never_both_stand(database: Database):
    """Either the entry is in the month and the close is refused, or the month is closed to it."""
    for _ in range(5):
        payers = await committed(database)
        act = await half_signed(database, payers)
        _, director = signers_at(payers, AFTER)

        async def last(person=director, act=act) -> None:
            async with database.begin(person.caller) as tx:
                await sign_one(tx, person, act)

        async def post(payers=payers) -> None:
            entry = books.entry(books.debit("1122", 700), books.credit("4901", 700))
            async with database.begin(at(payers.bookkeeper, AFTER)) as tx:
                await ledger.post(tx, at(payers.bookkeeper, AFTER), (entry,))

        found = await asyncio.gather(outcome(last()), outcome(post()))
        assert found in (["done", "period-closed"], ["books-changed", "done"])
        assert await closes(database, payers) == (("2025-09",) if found[0] == "done" else ())


async def test_an_entry_between_draft_and_last_signature_stops_the_close_until_it_is_redrawn(
    tx: Tx, payers: Payers
):
    drafted = await draft(tx, payers)
    entry = books.entry(books.debit("1122", 700), books.credit("4901", 700), on=date(2025, 9, 30))
    await ledger.post(tx, at(payers.bookkeeper, AFTER), (entry,))
    manager, director = signers_at(payers, AFTER)
    act = await acts.lock(tx, manager.caller.compound_id, drafted.act_id)
    await sign_one(tx, manager, act)
    with pytest.raises(rules.BooksChanged) as refused:
        await sign_one(tx, director, act)
    assert refused.value.what == "entries"


async def test_a_month_is_not_closed_before_it_is_over(tx: Tx, payers: Payers):
    """23:59 of the last day in Shanghai is too early, a minute past midnight is not."""
    evening = datetime(2025, 9, 30, 15, 59, tzinfo=UTC)
    drafted = await draft(tx, payers, Period(2025, 9), evening)
    await tx.raw.execute("SAVEPOINT early")
    with pytest.raises(ledger_rules.PeriodNotOver):
        await closing.sign(tx, payers, drafted.act_id, evening)
    await tx.raw.execute("ROLLBACK TO SAVEPOINT early")
    await closing.sign(tx, payers, drafted.act_id, datetime(2025, 9, 30, 16, 1, tzinfo=UTC))
    standing = await service.find_close(tx, payers.bookkeeper, SEPTEMBER)
    assert standing.state is CloseState.CLOSED
