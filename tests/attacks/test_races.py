"""Races at full size against real PostgreSQL; ``TRUSTPROP_ATTACK_SIZE=full`` takes all of them.

Each has a control: the same race without its lock, which must go wrong or make the constraints of
the tables shout.
"""

import asyncio
import logging
import os
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make import banking as make_banking
from tests.make import billing as make_billing
from tests.make import budgets as make_budgets
from tests.make import closing as make_closing
from tests.make import disbursements as make
from tests.make import funds as make_funds
from tests.make import invoices as make_invoices
from tests.make import ledger as make_ledger
from tests.make import meetings as make_meetings
from tests.make import paying
from tests.make import statements as make_statements
from tests.make.acts import Person
from tests.make.ground import make_caller, new_id
from tests.make.http import api_key
from tests.make.paying import Payers
from tests.make.racing import Work, outcome, race, together
from trustprop.acts import store as acts_store
from trustprop.banking import service as banking
from trustprop.banking.model import ImportStatement
from trustprop.billing import service as billing
from trustprop.billing.model import ChargeKind, RunCharges
from trustprop.budgets import service as budgets
from trustprop.budgets.model import AdoptBudget
from trustprop.budgets.store import availability as lines_store
from trustprop.budgets.store import documents as budgets_store
from trustprop.disbursements import service
from trustprop.disbursements.model import DraftOrder, OrderState, PaymentOrder
from trustprop.evidence import service as evidence
from trustprop.funds import service as funds
from trustprop.invoices import service as invoices
from trustprop.invoices.rules import submission
from trustprop.invoices.store import invoices as invoices_store
from trustprop.kernel.caller import Caller, Office
from trustprop.ledger import service as ledger
from trustprop.meetings.model import Matter
from trustprop.plumbing import idempotency
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.files import Files
from trustprop.statements import service as statements

log = logging.getLogger(__name__)
SEED = int(os.environ.get("TRUSTPROP_ATTACK_SEED", "20250915"))
IS_FULL = os.environ.get("TRUSTPROP_ATTACK_SIZE") == "full"
ORDERS = 500 if IS_FULL else 50
CROWD = 16
LINES = 200 if IS_FULL else 20
BUYERS = 32
FITS = 5
"""How many of the thirty-two orders a line has money for."""
REQUESTS = 1000 if IS_FULL else 100
TWICE = 8
"""How many connections do the same thing at once."""

Doing = Callable[[int], Work]
"""The work of one of the connections."""


@pytest.fixture
def bookkeeper() -> Caller:
    return make_caller()


# -- signatures ----------------------------------------------------------------------------------


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


async def paid(
    database: Database, payers: Payers, orders: list[PaymentOrder]
) -> tuple[Counter[str], int]:
    """The states of the orders, and what left the account."""
    compound_id = payers.bookkeeper.compound_id
    async with database.read(payers.bookkeeper) as tx:
        states = [(await service.find(tx, compound_id, order.order_id)).state for order in orders]
        (claim,) = await ledger.fund_claims(tx, compound_id, "100201")
    return Counter(states), paying.CASH - claim.balance_fen


async def crowd_of(database: Database, caller: Caller) -> list[Person]:
    offices = (Office.TRUSTEE_MANAGER, Office.COMMITTEE_MEMBER)
    async with database.begin(caller) as tx:
        return [
            await make_acts.add_signer(tx, caller.compound_id, offices[i % 2]) for i in range(CROWD)
        ]


async def test_sixteen_signatures_at_once_release_each_order_exactly_once(
    database: Database, bookkeeper: Caller
) -> None:
    payers = await found(database, bookkeeper)
    crowd = await crowd_of(database, bookkeeper)
    orders = await drawn_up(database, payers, ORDERS)
    for order in orders:
        ready = [await paying.prepared(database, person, order) for person in crowd]
        answers = Counter(await asyncio.gather(*(outcome(one(database)) for one in ready)))
        assert answers["done"] == 2, answers
        assert answers["party-complete"] + answers["act-not-open"] == CROWD - 2, answers
    assert await paid(database, payers, orders) == ({OrderState.RELEASED: ORDERS}, ORDERS * 100)


async def test_two_signatures_at_one_instant_release_each_order_exactly_once(
    database: Database, bookkeeper: Caller
) -> None:
    payers = await found(database, bookkeeper)
    orders = await drawn_up(database, payers, ORDERS)
    pairs = [
        [await paying.prepared(database, person, order) for person in payers.both]
        for order in orders
    ]
    gate = asyncio.Semaphore(8)

    async def sign_both(pair: list[Callable[..., Coroutine[Any, Any, Any]]]) -> list[str]:
        async with gate:
            return await asyncio.gather(*(outcome(one(database)) for one in pair))

    answers = await asyncio.gather(*(sign_both(pair) for pair in pairs))
    assert answers == [["done", "done"]] * ORDERS
    assert await paid(database, payers, orders) == ({OrderState.RELEASED: ORDERS}, ORDERS * 100)


async def test_without_the_lock_of_the_act_two_signatures_leave_orders_stuck(
    database: Database, bookkeeper: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    payers = await found(database, bookkeeper)
    orders = await drawn_up(database, payers, 3)
    for order in orders:
        ready = [await paying.prepared(database, person, order) for person in payers.both]
        with monkeypatch.context() as patched:
            patched.setattr(acts_store, "lock_act", together(acts_store.find_act, 2))
            await asyncio.gather(*(outcome(one(database)) for one in ready))
    states, _ = await paid(database, payers, orders)
    assert states[OrderState.RELEASED] < len(orders)


# -- budget lines --------------------------------------------------------------------------------


async def spend_at_once(
    database: Database, caller: Caller, lines: int
) -> tuple[list[Counter[str]], list[int]]:
    """What became of thirty-two orders at once on each line, and what each line has left."""
    payers = await found(database, caller)
    drafts = [
        make_budgets.line_draft(f"X{i:04d}", FITS * 100, account="510206") for i in range(lines)
    ]
    async with database.begin(caller) as tx:
        await paying.add_budget(tx, caller, *drafts)

    def drawing(command: DraftOrder) -> Work:
        return lambda tx: paying.draft(tx, payers, command)

    answers = [
        await race(
            database,
            caller,
            *(drawing(paying.expense(line, amount_fen=100)) for _ in range(BUYERS)),
        )
        for line in drafts
    ]
    async with database.read(caller) as tx:
        left = [await budgets.availability(tx, caller.compound_id, line.line_id) for line in drafts]
    return answers, [one.available_fen for one in left]


async def test_thirty_two_orders_at_once_never_overspend_a_line(
    database: Database, bookkeeper: Caller
) -> None:
    answers, left = await spend_at_once(database, bookkeeper, LINES)
    assert answers == [{"done": FITS, "budget-exceeded": BUYERS - FITS}] * LINES
    assert left == [0] * LINES


async def test_without_its_locks_a_line_is_kept_by_the_constraint_alone(
    database: Database, bookkeeper: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    payers = await found(database, bookkeeper)
    line = make_budgets.line_draft("510206", FITS * 100)
    async with database.begin(bookkeeper) as tx:
        await paying.add_budget(tx, bookkeeper, line)
    monkeypatch.setattr(ledger, "lock_books", together(ledger.books, CROWD))
    monkeypatch.setattr(lines_store, "lock_controls", lines_store.find_controls)
    works = [
        (lambda tx: paying.draft(tx, payers, paying.expense(line, amount_fen=100)))
        for _ in range(CROWD)
    ]
    assert shouts(await race(database, bookkeeper, *works))


def shouts(answers: Counter[str]) -> bool:
    """Whether the tables had to refuse what a lock should have put in order."""
    return any(name.endswith("Error") for name in answers)


# -- the same request, several times -------------------------------------------------------------


def voucher(number: int) -> dict[str, Any]:
    return {
        "id": str(UUID(int=(0x0199 << 112) | (7 << 76) | (2 << 62) | number)),
        "accounting_on": "2025-09-15",
        "memo": f"第 {number} 张",
        "lines": [
            {"account": "1122", "fund": "OP", "side": "debit", "amount_fen": number + 1},
            {"account": "4901", "fund": "OP", "side": "credit", "amount_fen": number + 1},
        ],
    }


@pytest.fixture
async def desk(
    database: Database, owner: asyncpg.Connection, client: httpx.AsyncClient, bookkeeper: Caller
) -> Callable[..., Coroutine[Any, Any, httpx.Response]]:
    """Posts a voucher of an open compound through the route of the application."""
    async with database.begin(bookkeeper) as tx:
        await make_ledger.open_books(tx, bookkeeper)
        await funds.establish(tx, bookkeeper, make_funds.EstablishFund(code="OP"))
    headers = await api_key(owner, bookkeeper.compound_id, "books:write", "books:read")

    async def send(key: UUID, body: dict[str, Any]) -> httpx.Response:
        return await client.post(
            f"/v1/compounds/{bookkeeper.compound_id}/vouchers",
            json=body,
            headers=headers | {"Idempotency-Key": str(key)},
        )

    return send


async def entries_of(owner: asyncpg.Connection, caller: Caller) -> int:
    return int(
        await owner.fetchval(
            "SELECT count(*) FROM entry WHERE compound_id = $1", caller.compound_id
        )
    )


async def test_requests_sent_one_to_five_times_have_one_effect_and_equal_replies(
    desk: Any, owner: asyncpg.Connection, bookkeeper: Caller
) -> None:
    log.info("seed %d, %d requests", SEED, REQUESTS)
    dice = random.Random(SEED)
    keys = [new_id() for _ in range(REQUESTS)]
    sent = [i for i in range(REQUESTS) for _ in range(dice.randint(1, 5))]
    dice.shuffle(sent)
    bodies: dict[int, set[bytes]] = {}
    gate = asyncio.Semaphore(16)

    async def one(i: int) -> None:
        async with gate:
            answer = await desk(keys[i], voucher(i))
        assert answer.status_code == 201, answer.text
        bodies.setdefault(i, set()).add(answer.content)

    await asyncio.gather(*(one(i) for i in sent))
    assert await entries_of(owner, bookkeeper) == REQUESTS
    assert {len(each) for each in bodies.values()} == {1}
    for i in dice.sample(range(REQUESTS), 50):
        refused = await desk(keys[i], voucher(i) | {"memo": "另一内容"})
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-key-reused")
    assert await entries_of(owner, bookkeeper) == REQUESTS


async def test_without_the_claim_of_the_key_replies_differ_or_fail(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The voucher's own id still stands behind the key, so nothing is doubled, but it is seen."""

    async def nothing(_self: Any, _tx: Tx) -> None:
        return None

    monkeypatch.setattr(idempotency.Once, "_claim", nothing)
    key = new_id()
    assert (await desk(key, voucher(0))).status_code == 201
    other = await desk(key, voucher(0) | {"memo": "另一内容"})
    assert other.json().get("code") != "idempotency-key-reused"


# -- the same thing from several connections -----------------------------------------------------


@dataclass
class Case:
    """A thing to be done once, what becomes of eight who do it, and the query that counts effects."""

    doing: Doing
    caller: Caller
    answers: dict[str, int]
    count: str
    effects: int = 1


async def accepted_invoice(database: Database, caller: Caller, folder: Path) -> Case:
    async with database.begin(caller) as tx:
        scene = await make_invoices.make_scene(tx, caller.compound_id, Files.at(str(folder)))
        invoice = await scene.submitted(tx)

    def doing(_number: int) -> Work:
        command = scene.acceptance(invoice)
        return lambda tx: invoices.accept(tx, scene.manager, invoice.invoice_id, command)

    return Case(
        doing,
        scene.manager,
        {"done": 1, "invoice-in-wrong-state": TWICE - 1},
        "SELECT count(*) FROM entry WHERE compound_id = $1 AND kind = 'invoice'",
    )


async def submitted_number(database: Database, caller: Caller, folder: Path) -> Case:
    async with database.begin(caller) as tx:
        scene = await make_invoices.make_scene(tx, caller.compound_id, Files.at(str(folder)))

    def doing(number: int) -> Work:
        command = make_invoices.submit(id=new_id(), vendor_reference=f"ref-{number}")
        return lambda tx: scene.submit(tx, command)

    return Case(
        doing,
        scene.key,
        {"done": 1, "invoice-duplicate": TWICE - 1},
        "SELECT count(*) FROM invoice WHERE compound_id = $1",
    )


async def adopted_budget(database: Database, caller: Caller, _folder: Path) -> Case:
    director = make_caller(Office.COMMITTEE_DIRECTOR, compound_id=caller.compound_id)
    draft = make_budgets.budget_draft()
    async with database.begin(caller) as tx:
        await make_funds.add_books(tx, caller)
        await budgets.draft(tx, caller, draft)
        await budgets.consult(tx, caller, draft.id)
        resolved = await make_meetings.add_resolution(tx, caller, Matter.BUDGET, draft.id)
    command = AdoptBudget(resolution_id=resolved.resolution_id, version=1)
    return Case(
        lambda _number: lambda tx: budgets.adopt(tx, director, draft.id, command),
        director,
        {"done": TWICE},
        "SELECT count(*) FROM line_movement WHERE compound_id = $1",
    )


async def imported_statement(database: Database, caller: Caller, folder: Path) -> Case:
    files = Files.at(str(folder))
    lines = [make_banking.read_line(100 + i) for i in range(3)]
    async with database.begin(caller) as tx:
        await make_billing.open_money(tx, caller)
        content = make_banking.ccb(lines, 0)
        stored = await evidence.store(tx, caller, files, "statement.csv", content)

    def doing(_number: int) -> Work:
        command = ImportStatement(id=new_id(), account="100201", file_sha256=stored.sha256)
        return lambda tx: banking.import_statement(tx, caller, files, command)

    return Case(
        doing,
        caller,
        {"done": TWICE},
        "SELECT count(*) FROM bank_line WHERE compound_id = $1",
        effects=len(lines),
    )


async def published_month(database: Database, caller: Caller, _folder: Path) -> Case:
    async with database.begin(caller) as tx:
        payers = await paying.make_payers(tx, caller.compound_id)
        await paying.pay(tx, payers)
        await make_closing.accrue(tx, payers)
        drafted = await make_closing.draft(tx, payers)
        await make_closing.sign(tx, payers, drafted.act_id)
    publisher = make_closing.at(payers.bookkeeper, make_closing.AFTER)
    key = make_statements.key("log")
    return Case(
        lambda _number: (
            lambda tx: statements.publish(
                tx, publisher, make_closing.SEPTEMBER, key, make_closing.URL
            )
        ),
        publisher,
        {"done": TWICE},
        "SELECT count(*) FROM statement WHERE compound_id = $1",
    )


async def charged_month(database: Database, caller: Caller, _folder: Path) -> Case:
    async with database.begin(caller) as tx:
        await make_billing.open_compound(tx, caller)

    def doing(_number: int) -> Work:
        command = RunCharges(id=new_id(), period="2025-09", kind=ChargeKind.PROPERTY_FEE)
        return lambda tx: billing.run_charges(tx, caller, command)

    return Case(
        doing,
        caller,
        {"done": 1, "period-already-charged": TWICE - 1},
        "SELECT count(*) FROM charge WHERE compound_id = $1",
        effects=600,
    )


async def transferred_money(database: Database, caller: Caller, _folder: Path) -> Case:
    async with database.begin(caller) as tx:
        await make_funds.add_books(tx, caller)
        await make_funds.add_bank_account(tx, caller)
        await make_ledger.fill_cash(tx, caller, 50_000_00, account="100202", fund="PR")
        command = make_funds.transfer_command()
        made = await make_meetings.add_resolution(tx, caller, Matter.FUND_TRANSFER, command.id)
    command = replace(command, resolution_id=made.resolution_id)
    return Case(
        lambda _number: lambda tx: funds.transfer(tx, caller, command),
        caller,
        {"done": TWICE},
        "SELECT count(*) FROM entry WHERE compound_id = $1 AND kind = 'transfer'",
    )


GUARDED_BY_BOOKS = {
    "accept an invoice": accepted_invoice,
    "adopt a budget": adopted_budget,
    "import a bank statement": imported_statement,
    "publish a statement": published_month,
    "run a month's charges": charged_month,
    "transfer between funds": transferred_money,
}
CASES = GUARDED_BY_BOOKS | {"submit an invoice number": submitted_number}


@pytest.mark.parametrize("name", CASES)
async def test_eight_connections_do_the_same_thing_once(
    name: str, database: Database, owner: asyncpg.Connection, bookkeeper: Caller, tmp_path: Path
) -> None:
    case = await CASES[name](database, bookkeeper, tmp_path)
    answers = await race(database, case.caller, *(case.doing(i) for i in range(TWICE)))
    assert answers == case.answers
    assert await owner.fetchval(case.count, bookkeeper.compound_id) == case.effects


@pytest.mark.parametrize("name", GUARDED_BY_BOOKS)
async def test_without_the_lock_of_the_books_the_tables_have_to_shout(
    name: str,
    database: Database,
    bookkeeper: Caller,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = await CASES[name](database, bookkeeper, tmp_path)
    monkeypatch.setattr(ledger, "lock_books", together(ledger.books, TWICE))
    monkeypatch.setattr(invoices_store, "find", without_lock(invoices_store.find))
    monkeypatch.setattr(budgets_store, "find_budget", without_lock(budgets_store.find_budget))
    answers = await race(database, case.caller, *(case.doing(i) for i in range(TWICE)))
    assert answers != case.answers
    assert shouts(answers)


def without_lock(find: Callable[..., Coroutine[Any, Any, Any]]) -> Any:
    """The read of a row, asked to lock it and not doing so."""

    async def unlocked(*arguments: Any, **_asked: bool) -> Any:
        return await find(*arguments)

    return unlocked


async def test_without_its_claims_only_the_registry_of_all_compounds_refuses_a_number(
    database: Database,
    owner: asyncpg.Connection,
    bookkeeper: Caller,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    case = await submitted_number(database, bookkeeper, tmp_path)
    monkeypatch.setattr(submission, "claims", lambda *_arguments: (new_id().hex,))
    answers = await race(database, case.caller, *(case.doing(i) for i in range(TWICE)))
    assert "invoice-duplicate" not in answers
    assert answers["invoice-used-elsewhere"] >= TWICE - 1
