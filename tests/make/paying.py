"""A compound that can pay: signers, books with money, a bank account, a budget, evidence."""

from collections.abc import Callable, Coroutine
from datetime import date
from typing import Any
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make import budgets as make_budgets
from tests.make import disbursements as make
from tests.make import ledger as books
from tests.make import meetings as make_meetings
from tests.make.acts import Person, Signers
from tests.make.ground import SEPTEMBER, make_caller, new_id
from trustprop.acts import service as acts
from trustprop.acts.model import Act
from trustprop.budgets import service as budgets
from trustprop.budgets.model import AdoptBudget, LineDraft
from trustprop.disbursements import service
from trustprop.disbursements.model import DraftOrder, OrderKind, PaymentOrder
from trustprop.funds import service as funds
from trustprop.funds import store as funds_store
from trustprop.funds.model import BankAccount, BankAccountState, EstablishFund, HolderKind
from trustprop.identity import service as identity
from trustprop.kernel.caller import Caller, Office
from trustprop.ledger import service as ledger
from trustprop.meetings.model import Matter
from trustprop.plumbing.database import Database, Tx

EVIDENCE = make_meetings.MINUTES
CASH = 28_654_018
TAX = 48_620


class Payers(Struct, frozen=True):
    """A bookkeeper who draws up, and those who sign."""

    bookkeeper: Caller
    signers: Signers

    @property
    def both(self) -> tuple[Person, Person]:
        return self.signers.manager, self.signers.director


async def make_payers(tx: Tx, compound_id: UUID, *, cash_fen: int = CASH) -> Payers:
    """Cash in OP, tax owed to the amount of the file's month, an open bank account."""
    signers = await make_acts.make_signers(tx, compound_id)
    bookkeeper = make_caller(compound_id=compound_id)
    await books.open_books(tx, bookkeeper)
    for code in ("OP", "AG"):
        await funds.establish(tx, bookkeeper, EstablishFund(code=code))
    await books.fill_cash(tx, bookkeeper, cash_fen)
    await owe(tx, bookkeeper, "2206", TAX)
    await make_meetings.add_minutes(tx, compound_id)
    await add_bank_account(tx, bookkeeper)
    return Payers(bookkeeper, signers)


async def owe(tx: Tx, caller: Caller, account: str, amount_fen: int, fund: str = "OP") -> None:
    """A liability that somebody accrued."""
    accrual = books.entry(
        books.debit("1122", amount_fen, fund), books.credit(account, amount_fen, fund)
    )
    await ledger.post(tx, caller, (accrual,))


async def add_bank_account(
    tx: Tx, caller: Caller, code: str = "100201", of: tuple[str, ...] = ("OP", "AG")
) -> None:
    account = BankAccount(
        proposal_id=new_id(),
        account_code=code,
        title="共有基金双密码户",
        bank="某银行某支行",
        branch_code="",
        holder_kind=HolderKind.ASSEMBLY,
        holder="云栖里业主大会",
        number="330100000012345678",
        funds=of,
        state=BankAccountState.IN_FORCE,
        act_id=new_id(),
        proposed_by=new_id(),
        proposed_at=SEPTEMBER,
        in_force_at=SEPTEMBER,
    )
    await funds_store.insert_bank_account(tx, caller.compound_id, account)


async def add_budget(tx: Tx, caller: Caller, *lines: LineDraft) -> None:
    """A budget of 2025 with these lines, adopted."""
    keeper = replace(
        make_caller(
            Office.TRUSTEE_BOOKKEEPER,
            Office.TRUSTEE_MANAGER,
            Office.COMMITTEE_DIRECTOR,
            compound_id=caller.compound_id,
        ),
        at=caller.at,
    )
    draft = make_budgets.budget_draft(*lines)
    await budgets.draft(tx, keeper, draft)
    await budgets.consult(tx, keeper, draft.id)
    resolution = await make_meetings.add_resolution(tx, keeper, Matter.BUDGET, draft.id)
    await budgets.adopt(
        tx, keeper, draft.id, AdoptBudget(resolution_id=resolution.resolution_id, version=1)
    )


def expense(line: LineDraft, amount_fen: int = 4_290_000, **changes: Any) -> DraftOrder:
    """The payroll of the month, by its summary."""
    return make.draft_order(
        OrderKind.EXPENSE,
        amount_fen,
        purpose="项目部7人工资社保(汇总)",
        budget_line_id=line.line_id,
        evidence=(EVIDENCE,),
        pay_on=date(2025, 9, 10),
        **changes,
    )


async def draft(tx: Tx, payers: Payers, command: DraftOrder | None = None) -> PaymentOrder:
    return await service.draft(tx, payers.bookkeeper, command or make.draft_order(), make.SALT)


async def sign(tx: Tx, order: PaymentOrder, *people: Person) -> Act:
    """Each signs the order's act as it stands."""
    for person in people:
        act = await acts.lock(tx, person.caller.compound_id, order.act_id)
        signature = make_acts.signature(act, person)
        act = await acts.sign(tx, person.caller, order.act_id, signature, service.EFFECTS)
    return act


async def pay(tx: Tx, payers: Payers, command: DraftOrder | None = None) -> PaymentOrder:
    """Drawn up, signed by both sides, released."""
    order = await draft(tx, payers, command)
    await sign(tx, order, *payers.both)
    return await service.find(tx, payers.bookkeeper.compound_id, order.order_id)


def later(person: Person, at: Any) -> Person:
    return Person(replace(person.caller, at=at), person.key)


async def revoke(tx: Tx, person: Person) -> None:
    await identity.revoke_key(tx, person.caller, person.key_id, new_id())


async def prepared(
    database: Database, person: Person, order: PaymentOrder
) -> Callable[[Database], Coroutine[Any, Any, Act]]:
    """A signature made beforehand, so that nothing but the signing itself happens later."""
    async with database.read(person.caller) as tx:
        act = await acts.get(tx, person.caller, order.act_id)
    command = make_acts.signature(act, person)

    async def send(to: Database) -> Act:
        async with to.begin(person.caller) as tx:
            return await acts.sign(tx, person.caller, order.act_id, command, service.EFFECTS)

    return send
