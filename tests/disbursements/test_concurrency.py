"""Real transactions in one instant: each order is paid once, none is stuck, no line is overspent.

Every test has a control: the same run without its lock, which must go wrong.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from tests.make import acts as make_acts
from tests.make import disbursements as make
from tests.make import paying
from tests.make.acts import Person
from tests.make.budgets import line_draft
from tests.make.ground import make_caller
from tests.make.paying import Payers
from trustprop.acts import store as acts_store
from trustprop.budgets import service as budgets
from trustprop.budgets.store import availability as lines_store
from trustprop.disbursements import service
from trustprop.disbursements.model import DraftOrder, OrderState, PaymentOrder
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Refusal
from trustprop.ledger import service as ledger
from trustprop.plumbing import checks
from trustprop.plumbing.database import Database

ORDERS = 40
CROWD = 16
LINES = 20
FITS = 5
"""How many of the sixteen orders a line has money for."""


@pytest.fixture
def bookkeeper() -> Caller:
    return make_caller()


async def found(database: Database, caller: Caller) -> Payers:
    async with database.begin(caller) as tx:
        payers = await paying.make_payers(tx, caller.compound_id)
        await paying.owe(tx, caller, "2205", ORDERS * 100)
    return payers


async def drawn_up(database: Database, payers: Payers, count: int) -> list[PaymentOrder]:
    async with database.begin(payers.bookkeeper) as tx:
        return [
            await paying.draft(tx, payers, make.draft_order(amount_fen=100, account="2205"))
            for _ in range(count)
        ]


async def outcome(work: Coroutine[Any, Any, Any]) -> str:
    """What became of one request: done, the code of a refusal, or the name of a broken promise."""
    try:
        await work
    except Refusal as refusal:
        return refusal.code
    except (DBAPIError, asyncpg.PostgresError) as error:
        return type(error).__name__
    return "done"


async def sign(database: Database, person: Person, order: PaymentOrder) -> None:
    async with database.begin(person.caller) as tx:
        await paying.sign(tx, order, person)


async def draft(database: Database, payers: Payers, command: DraftOrder) -> None:
    async with database.begin(payers.bookkeeper) as tx:
        await paying.draft(tx, payers, command)


async def states(database: Database, payers: Payers, orders: list[PaymentOrder]) -> Counter[str]:
    compound_id = payers.bookkeeper.compound_id
    async with database.read(payers.bookkeeper) as tx:
        return Counter(
            [(await service.find(tx, compound_id, order.order_id)).state for order in orders]
        )


async def cash_out(database: Database, payers: Payers) -> int:
    async with database.read(payers.bookkeeper) as tx:
        (claim,) = await ledger.fund_claims(tx, payers.bookkeeper.compound_id, "100201")
    return paying.CASH - claim.balance_fen


async def broken(owner: asyncpg.Connection) -> dict[str, list[Any]]:
    """The integrity queries of this house that find something."""
    found_rows = await checks.run(owner)
    return {name: rows for name, rows in found_rows.items() if rows and "disbursements" in name}


async def test_sixteen_signatures_at_once_pay_each_order_once(
    database: Database, bookkeeper: Caller, owner: asyncpg.Connection
) -> None:
    payers = await found(database, bookkeeper)
    offices = (Office.TRUSTEE_MANAGER, Office.COMMITTEE_MEMBER)
    async with database.begin(bookkeeper) as tx:
        crowd = [
            await make_acts.add_signer(tx, bookkeeper.compound_id, offices[i % 2])
            for i in range(CROWD)
        ]
    orders = await drawn_up(database, payers, ORDERS)
    for order in orders:
        answers = Counter(
            await asyncio.gather(*(outcome(sign(database, person, order)) for person in crowd))
        )
        assert answers["done"] == 2
        assert answers["party-complete"] + answers["act-not-open"] == CROWD - 2
    assert await states(database, payers, orders) == {OrderState.RELEASED: ORDERS}
    assert await cash_out(database, payers) == ORDERS * 100
    assert await broken(owner) == {}


async def test_exactly_two_signatures_at_one_instant_pay_once_and_leave_none_stuck(
    database: Database, bookkeeper: Caller, owner: asyncpg.Connection
) -> None:
    payers = await found(database, bookkeeper)
    orders = await drawn_up(database, payers, ORDERS)
    answers = await asyncio.gather(
        *(outcome(sign(database, person, order)) for order in orders for person in payers.both)
    )
    assert Counter(answers) == {"done": 2 * ORDERS}
    assert await states(database, payers, orders) == {OrderState.RELEASED: ORDERS}
    assert await cash_out(database, payers) == ORDERS * 100
    assert await broken(owner) == {}
    async with database.read(bookkeeper) as tx:
        waiting = await service.released_orders(tx, bookkeeper.compound_id, "100201")
    assert sorted(int(one.number.removeprefix("2025-")) for one in waiting) == list(
        range(1, ORDERS + 1)
    )


async def test_without_the_lock_of_the_act_two_signatures_leave_an_order_stuck(
    database: Database, bookkeeper: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    payers = await found(database, bookkeeper)
    (order,) = await drawn_up(database, payers, 1)
    both = [await paying.prepared(database, person, order) for person in payers.both]
    monkeypatch.setattr(acts_store, "lock_act", together(acts_store.find_act, 2))
    await asyncio.gather(*(outcome(one(database)) for one in both))
    monkeypatch.undo()
    assert await states(database, payers, [order]) == {OrderState.AWAITING_SIGNATURES: 1}
    assert await cash_out(database, payers) == 0


async def overspend(
    database: Database, bookkeeper: Caller, lines: int
) -> tuple[list[Counter[str]], list[int]]:
    """Sixteen orders at once on each line, which has money for five; outcomes, and what is left."""
    payers = await found(database, bookkeeper)
    drafts = [line_draft(f"5102{i:02d}", FITS * 100, account="510206") for i in range(lines)]
    async with database.begin(bookkeeper) as tx:
        await paying.add_budget(tx, bookkeeper, *drafts)
    answers = [
        await asyncio.gather(
            *(
                outcome(draft(database, payers, paying.expense(line, amount_fen=100)))
                for _ in range(CROWD)
            )
        )
        for line in drafts
    ]
    async with database.read(bookkeeper) as tx:
        left = [
            await budgets.availability(tx, bookkeeper.compound_id, line.line_id) for line in drafts
        ]
    return [Counter(one) for one in answers], [one.available_fen for one in left]


async def test_sixteen_orders_at_once_never_overspend_a_line(
    database: Database, bookkeeper: Caller
) -> None:
    answers, left = await overspend(database, bookkeeper, LINES)
    assert answers == [{"done": FITS, "budget-exceeded": CROWD - FITS}] * LINES
    assert left == [0] * LINES


async def test_without_the_locks_of_books_and_line_the_last_witness_has_to_shout(
    database: Database, bookkeeper: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: orders are not refused in words any more, only the table's constraints are left."""
    unlocked = together(ledger.books, CROWD)
    payers = await found(database, bookkeeper)
    line = line_draft("510206", FITS * 100)
    async with database.begin(bookkeeper) as tx:
        await paying.add_budget(tx, bookkeeper, line)
    monkeypatch.setattr(ledger, "lock_books", unlocked)
    monkeypatch.setattr(lines_store, "lock_controls", lines_store.find_controls)
    answers = await asyncio.gather(
        *(
            outcome(draft(database, payers, paying.expense(line, amount_fen=100)))
            for _ in range(CROWD)
        )
    )
    assert Counter(answers) != {"done": FITS, "budget-exceeded": CROWD - FITS}
    assert "IntegrityError" in answers or "UniqueViolationError" in answers


def together(read: Callable[..., Coroutine[Any, Any, Any]], count: int) -> Any:
    """The read without its lock; the first calls of so many requests wait for each other."""
    everybody = asyncio.Barrier(count)
    waited: set[asyncio.Task[Any] | None] = set()

    async def unlocked(*arguments: Any) -> Any:
        result = await read(*arguments)
        if asyncio.current_task() not in waited:
            waited.add(asyncio.current_task())
            await everybody.wait()
        return result

    return unlocked
