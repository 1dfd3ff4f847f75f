"""Uses of lines against real PostgreSQL."""

import asyncio
from datetime import date

import asyncpg
import pytest

from tests.make import funds as make_funds
from tests.make.budgets import (
    add_budget,
    budget_draft,
    change,
    income_draft,
    line_draft,
    source,
)
from tests.make.ground import make_caller, new_id
from trustprop.budgets import rules, service
from trustprop.budgets.model import MovementKind, Spending
from trustprop.budgets.store import availability as store
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.periods import Period
from trustprop.meetings import store as meetings_store
from trustprop.meetings.model import ResolutionState
from trustprop.meetings.rules import ResolutionNotInForce
from trustprop.plumbing.database import Database

SEPTEMBER = Period(2025, 9)


async def test_september_of_compound_k_is_reported_to_the_fen(tx, caller):
    await make_funds.add_books(tx, caller)
    figures = {  # annual, used to August, September, encumbered, available
        "510206": (72_000_00, 41_250_00, 5_386_00, 9_800_00, 15_564_00),
        "510207": (186_000_00, 121_480_55, 14_862_37, 0, 49_657_08),
        "510201": (100_800_00, 67_200_00, 8_400_00, 25_200_00, 0),
        "5105": (561_600_00, 374_400_00, 46_800_00, 140_400_00, 0),
        "5106": (15_600_00, 10_870_30, 1_260_50, 0, 3_469_20),
        "5202": (18_000_00, 7_420_00, 1_380_00, 0, 9_200_00),
    }
    lines = [
        line_draft(code, annual, used_before_fen=used, encumbered_before_fen=encumbered)
        for code, (annual, used, _, encumbered, _) in figures.items()
    ]
    rope = line_draft("5502", 76_000_00, fund="RS", encumbered_before_fen=68_400_00)
    savings = income_draft("S-RS", 150_000_00, account="310102", fund="RS", collection_percent=100)
    await add_budget(tx, caller, *lines, rope, income=(income_draft(), savings))
    spendings = [
        Spending(line_id=line.line_id, amount_fen=figures[line.code][2], source=source())
        for line in lines
    ]
    await service.spend_many(tx, caller, spendings)

    report = {
        line.code: line for line in await service.execution(tx, caller.compound_id, SEPTEMBER)
    }

    for code, (annual, used, month, encumbered, available) in figures.items():
        row = report[code]
        assert (row.annual_fen, row.used_before_fen, row.this_month_fen) == (annual, used, month)
        assert (row.year_to_date_fen, row.encumbered_fen) == (used + month, encumbered)
        assert row.available_fen == available
    assert report["5502"].available_fen == 7_600_00


async def test_a_month_is_reported_as_it_was_when_later_months_have_moved_on(tx, caller):
    await make_funds.add_books(tx, caller)
    line = line_draft(amount_fen=100_00, used_before_fen=10_00)
    await add_budget(tx, caller, line)
    for day, amount in (
        (date(2025, 8, 31), 5_00),
        (date(2025, 9, 30), 7_00),
        (date(2025, 10, 1), 9_00),
    ):
        await service.spend(tx, caller, line.line_id, amount, source(), on=day)
    await service.encumber(tx, caller, line.line_id, 20_00, source(), on=date(2025, 10, 2))
    (august,) = await service.execution(tx, caller.compound_id, Period(2025, 8))
    (september,) = await service.execution(tx, caller.compound_id, SEPTEMBER)
    (october,) = await service.execution(tx, caller.compound_id, Period(2025, 10))
    assert (august.used_before_fen, august.this_month_fen, august.available_fen) == (
        10_00,
        5_00,
        85_00,
    )
    assert (september.used_before_fen, september.this_month_fen) == (15_00, 7_00)
    assert (september.encumbered_fen, september.available_fen) == (0, 78_00)
    assert (october.year_to_date_fen, october.encumbered_fen, october.available_fen) == (
        31_00,
        20_00,
        49_00,
    )


async def test_the_way_of_an_order_through_a_line_can_be_proved_from_its_movements(tx, caller):
    await make_funds.add_books(tx, caller)
    line = line_draft(amount_fen=100_00)
    await add_budget(tx, caller, line)
    contract, order, invoice = source("contract"), source("payment_order"), source("invoice")
    await service.encumber(tx, caller, line.line_id, 60_00, contract)
    await service.reserve(tx, caller, line.line_id, 10_00, order)
    await service.unreserve(tx, caller, line.line_id, 10_00, order)
    left = await service.spend(tx, caller, line.line_id, 50_00, invoice, from_encumbered_fen=40_00)
    assert (left.actual_fen, left.encumbered_fen, left.reserved_fen) == (50_00, 20_00, 0)
    assert left.available_fen == 30_00
    movements = await service.movements(tx, caller.compound_id, line.line_id)
    assert [(m.number, m.kind, m.source) for m in movements[1:]] == [
        (2, MovementKind.ENCUMBER, contract),
        (3, MovementKind.RESERVE, order),
        (4, MovementKind.UNRESERVE, order),
        (5, MovementKind.SPEND, invoice),
    ]
    assert sum(m.encumbered_fen for m in movements) == left.encumbered_fen


async def test_a_retry_of_a_spending_changes_nothing(tx, caller):
    await make_funds.add_books(tx, caller)
    line = line_draft(amount_fen=100_00)
    await add_budget(tx, caller, line)
    invoice = source()
    first = await service.spend(tx, caller, line.line_id, 60_00, invoice)
    again = await service.spend(tx, caller, line.line_id, 60_00, invoice)
    assert first == again
    with pytest.raises(rules.SourceMovedOtherwise):
        await service.spend(tx, caller, line.line_id, 61_00, invoice)


async def test_many_spendings_hold_together_or_not_at_all(tx, caller):
    await make_funds.add_books(tx, caller)
    rich, poor = line_draft("510206", 100_00), line_draft("5106", 10_00)
    await add_budget(tx, caller, rich, poor)
    spendings = [
        Spending(line_id=rich.line_id, amount_fen=60_00, source=source()),
        Spending(line_id=rich.line_id, amount_fen=30_00, source=source()),
        Spending(line_id=poor.line_id, amount_fen=10_01, source=source()),
    ]
    with pytest.raises(rules.BudgetExceeded) as refused:
        await service.spend_many(tx, caller, spendings)
    assert refused.value.line == "5106"
    assert (await service.availability(tx, caller.compound_id, rich.line_id)).actual_fen == 0
    after = await service.spend_many(tx, caller, spendings[:2])
    assert [line.available_fen for line in after] == [10_00, 10_00]
    assert after[0].is_near_limit


async def test_a_dry_run_asks_without_using_anything(tx, caller):
    await make_funds.add_books(tx, caller)
    line = line_draft(amount_fen=100_00)
    await add_budget(tx, caller, line)
    on = date(2025, 9, 15)
    asked = await service.check_available(tx, caller.compound_id, line.line_id, 100_00, on=on)
    assert asked.available_fen == 100_00
    with pytest.raises(rules.BudgetExceeded):
        await service.check_available(tx, caller.compound_id, line.line_id, 100_01, on=on)
    with pytest.raises(rules.LineOfAnotherFund):
        await service.check_available(tx, caller.compound_id, line.line_id, 1, on=on, fund="PR")


async def test_a_line_that_is_not_here_and_a_draft_s_line_are_refused(tx, caller):
    await make_funds.add_books(tx, caller)
    line = line_draft()
    drafter = make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id)
    await service.draft(tx, drafter, budget_draft(line))
    with pytest.raises(rules.NoBudgetLine):
        await service.reserve(tx, caller, new_id(), 1, source())
    with pytest.raises(rules.BudgetNotInForce):
        await service.reserve(tx, caller, line.line_id, 1, source())


async def test_the_database_itself_refuses_a_line_below_zero(tx, caller):
    await make_funds.add_books(tx, caller)
    line = line_draft(amount_fen=100_00)
    await add_budget(tx, caller, line)
    with pytest.raises(asyncpg.CheckViolationError):
        await tx.raw.execute(
            "UPDATE line_control SET actual_fen = 10001 WHERE line_id = $1", line.line_id
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE line_movement SET actual_fen = 1",
        "DELETE FROM line_movement",
        "UPDATE budget_line SET amount_fen = 1",
        "UPDATE line_control SET appropriated_fen = 1",
        "DELETE FROM line_control",
    ],
)
async def test_the_serving_role_cannot_rewrite_what_happened(tx, statement):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await tx.raw.execute(statement)


async def test_a_line_in_force_cannot_be_deleted(tx, caller):
    await make_funds.add_books(tx, caller)
    await add_budget(tx, caller)
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await tx.raw.execute("DELETE FROM budget_line")


async def test_orders_of_one_instant_never_overspend_a_line(database: Database):
    caller = make_caller()
    line = line_draft(amount_fen=100_00)
    async with database.begin(caller) as tx:
        await make_funds.add_books(tx, caller)
        await add_budget(tx, caller, line)

    async def order() -> bool:
        try:
            async with database.begin(caller) as tx:
                await service.reserve(tx, caller, line.line_id, 15_00, source("payment_order"))
        except rules.BudgetExceeded:
            return False
        return True

    outcomes = await asyncio.gather(*(order() for _ in range(16)))
    async with database.read(caller) as tx:
        left = await service.availability(tx, caller.compound_id, line.line_id)
    assert (sum(outcomes), left.reserved_fen, left.available_fen) == (6, 90_00, 10_00)


async def test_without_the_lock_every_order_would_believe_in_the_same_money(database: Database):
    """The control of the test above: the gapless numbers of the movements stop them at last."""
    caller = make_caller()
    line = line_draft(amount_fen=100_00)
    async with database.begin(caller) as tx:
        await make_funds.add_books(tx, caller)
        await add_budget(tx, caller, line)
    everybody = asyncio.Barrier(8)

    async def careless_order() -> bool:
        try:
            async with database.begin(caller) as tx:
                lines = await store.find_controls(tx, caller.compound_id, [line.line_id])
                await everybody.wait()
                wish = change(lines[line.line_id], MovementKind.RESERVE, 15_00)
                _, movements = rules.move(lines, {}, [wish], caller.at)
                await store.save_movements(tx, caller.compound_id, movements)
        except asyncpg.UniqueViolationError:
            return False
        return True

    outcomes = await asyncio.gather(*(careless_order() for _ in range(8)))
    assert sum(outcomes) == 1


async def test_another_compound_s_line_is_not_there(database: Database):
    ours: Caller = make_caller()
    line = line_draft()
    async with database.begin(ours) as tx:
        await make_funds.add_books(tx, ours)
        await add_budget(tx, ours, line)
    theirs = make_caller()
    async with database.begin(theirs, dry_run=True) as tx:
        await make_funds.add_books(tx, theirs)
        with pytest.raises(rules.NoBudgetLine):
            await service.spend(tx, theirs, line.line_id, 1, source())


async def test_a_revoked_budget_resolution_opens_nothing_more(tx, caller):
    await make_funds.add_books(tx, caller)
    line = line_draft(amount_fen=100_00)
    document = await add_budget(tx, caller, line)
    used = source()
    await service.spend(tx, caller, line.line_id, 40_00, used)
    await service.reserve(tx, caller, line.line_id, 10_00, held := source("payment_order"))
    await meetings_store.add_outcome(
        tx, caller, document.budget.resolution_id, ResolutionState.REVOKED, new_id()
    )
    for use in (service.spend, service.reserve, service.encumber):
        with pytest.raises(ResolutionNotInForce):
            await use(tx, caller, line.line_id, 1_00, source())
    with pytest.raises(ResolutionNotInForce):
        await service.check_available(
            tx, caller.compound_id, line.line_id, 1_00, on=SEPTEMBER.first_on
        )
    await service.unreserve(tx, caller, line.line_id, 10_00, held)
    left = await service.unspend(tx, caller, line.line_id, 40_00, used)
    assert left.available_fen == 100_00
