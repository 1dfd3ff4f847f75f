"""Released orders and the bank: files for it, what it carried out, what came back."""

from collections.abc import Sequence
from uuid import UUID

from trustprop.budgets import service as budgets
from trustprop.budgets.model import MovementSource
from trustprop.disbursements import rules
from trustprop.disbursements.model import (
    BankFile,
    MakeBankFile,
    OrderKind,
    OrderRefund,
    OrderState,
    Payee,
    PaymentOrder,
    RefundOrder,
    ReleasedOrder,
    ReturnOrder,
)
from trustprop.disbursements.service.orders import DRAFTERS, source
from trustprop.disbursements.store import orders as store
from trustprop.disbursements.store import papers
from trustprop.evidence import service as evidence
from trustprop.funds import service as funds
from trustprop.invoices import service as invoices
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Entry, EntryKind, Posting, Reverse, Side, Source
from trustprop.plumbing.database import Tx
from trustprop.plumbing.files import Files

WITH_THE_BANK = (OrderState.RELEASED, OrderState.EXPORTED)
REFUND = "order_refund"


async def make_bank_file(tx: Tx, caller: Caller, files: Files, command: MakeBankFile) -> BankFile:
    """Gathers released orders of an account into one table and one pain.001, kept as evidence.

    Each order goes into one file only. The same id again answers with the file that was made.
    Raises NothingToExport or OrderClosed.
    """
    caller.check_office(*DRAFTERS)
    await ledger.lock_books(tx, caller.compound_id)
    made = await papers.find_bank_file(tx, caller.compound_id, command.id)
    if made is not None:
        return made
    account = await funds.find_bank_account(tx, caller.compound_id, command.bank_account)
    orders = await store.lock_orders(
        tx, caller.compound_id, command.bank_account, (OrderState.RELEASED,), command.order_ids
    )
    rules.check_exportable(orders, command)
    transfers = await _transfers(tx, caller, orders)
    debtor = rules.Debtor(title=account.holder, bank=account.bank, number=account.number)
    name = f"payments-{command.bank_account}-{command.id}"
    table = rules.table(transfers)
    message = rules.pain_001(command.id, debtor, transfers, caller.at)
    csv = await evidence.store(tx, caller, files, f"{name}.csv", table)
    xml = await evidence.store(tx, caller, files, f"{name}.xml", message)
    assert caller.person_id is not None
    file = BankFile(
        file_id=command.id,
        bank_account=command.bank_account,
        orders=len(orders),
        amount_fen=sum(order.body.amount_fen for order in orders),
        csv_sha256=csv.sha256,
        xml_sha256=xml.sha256,
        made_by=caller.person_id,
        made_at=caller.at,
    )
    await papers.add_bank_file(tx, caller.compound_id, file)
    ids = [order.order_id for order in orders]
    await store.mark_exported(tx, caller.compound_id, ids, command.id)
    return file


async def bank_files(
    tx: Tx, caller: Caller, *, after: Sequence[object] | None, limit: int
) -> tuple[BankFile, ...]:
    caller.check_reads_books()
    return await papers.bank_files(tx, caller.compound_id, after=after, limit=limit)


async def released_orders(
    tx: Tx, compound_id: UUID, bank_account: str
) -> tuple[ReleasedOrder, ...]:
    """Payments of an account that the bank has not shown yet, in id order."""
    orders = await store.orders_of_account(tx, compound_id, bank_account, WITH_THE_BANK)
    return await _released(tx, compound_id, orders)


async def payments(tx: Tx, compound_id: UUID, period: Period) -> tuple[ReleasedOrder, ...]:
    """Every payment of a month in number order, those that came back included."""
    orders = await store.left_between(tx, compound_id, period.first_on, period.last_on)
    return await _released(tx, compound_id, orders)


async def mark_settled(tx: Tx, caller: Caller, order_id: UUID, bank_line_id: UUID) -> PaymentOrder:
    """The bank's statement shows the payment. Raises Missing or OrderClosed."""
    order = await _lock(tx, caller, order_id)
    if order.state is OrderState.SETTLED and order.bank_line_id == bank_line_id:
        return order
    return await _save(tx, caller, rules.settle(order, bank_line_id))


async def mark_unsettled(tx: Tx, caller: Caller, order_id: UUID) -> PaymentOrder:
    """The bank line was matched wrongly. Raises Missing or OrderClosed."""
    return await _save(tx, caller, rules.unsettle(await _lock(tx, caller, order_id)))


async def mark_returned(
    tx: Tx, caller: Caller, order_id: UUID, command: ReturnOrder
) -> PaymentOrder:
    """The bank sent the money back: the entry is reversed, budget and invoices are free again.

    Raises Missing, OrderClosed, PartlyRefunded, and whatever the ledger refuses about the date.
    """
    caller.check_office(*DRAFTERS)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    order = await _lock(tx, caller, order_id)
    returned = rules.take_back(order, command.reason)
    await ledger.reverse(
        tx,
        caller,
        Reverse(
            entry_id=order_id,
            reversal_id=command.reversal_id,
            accounting_on=command.returned_on,
            memo=command.reason,
        ),
    )
    body = order.body
    if body.kind is OrderKind.INVOICES:
        ids = tuple(invoice.invoice_id for invoice in body.invoices)
        await store.let_invoices_go(tx, caller.compound_id, order_id)
        await invoices.mark_accepted_again(tx, caller, ids, order_id)
    if body.budget_line_id is not None:
        await budgets.unspend(
            tx,
            caller,
            body.budget_line_id,
            body.amount_fen,
            source(order),
            on=command.returned_on,
        )
    return await _save(tx, caller, returned)


async def refund(tx: Tx, caller: Caller, order_id: UUID, command: RefundOrder) -> OrderRefund:
    """The payee gave part of it back: a receipt that frees the budget or renews the liability.

    A refund of paid invoices names the account and budget line of theirs that it relieves.
    Raises Missing, OrderClosed, RefundTooLarge, RefundOfAnotherLine or RefundExists.
    """
    caller.check_office(*DRAFTERS)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    order = await _lock(tx, caller, order_id)
    wanted = OrderRefund(
        refund_id=command.refund_id,
        order_id=order_id,
        amount_fen=command.amount_fen,
        received_on=command.received_on,
        memo=command.memo,
    )
    known = await papers.find_refund(tx, caller.compound_id, command.refund_id)
    if known is not None:
        rules.check_same_refund(known, wanted)
        return known
    refunded = rules.refund(order, command.amount_fen)
    account, line_id = await _relieved(tx, caller, order, command)
    await ledger.post(tx, caller, (_receipt(order, command, account, line_id),))
    if line_id is not None:
        await budgets.unspend(
            tx,
            caller,
            line_id,
            command.amount_fen,
            MovementSource(kind=REFUND, id=command.refund_id),
            on=command.received_on,
        )
    await papers.add_refund(tx, caller.compound_id, wanted)
    await _save(tx, caller, refunded)
    return wanted


async def _relieved(
    tx: Tx, caller: Caller, order: PaymentOrder, command: RefundOrder
) -> tuple[str, UUID | None]:
    """The account to credit and the budget line that gets its money back."""
    body = order.body
    if body.kind is not OrderKind.INVOICES:
        return body.account, body.budget_line_id
    lines = [
        (line.account, line.budget_line_id)
        for invoice in body.invoices
        for line in (await invoices.read(tx, caller, invoice.invoice_id)).lines
    ]
    return rules.relieved(lines, command)


def _receipt(
    order: PaymentOrder, command: RefundOrder, account: str, line_id: UUID | None
) -> Entry:
    body = order.body
    is_liability = body.kind is not OrderKind.INVOICES
    received = Posting(
        account=body.bank_account,
        fund=body.fund,
        side=Side.DEBIT,
        amount_fen=command.amount_fen,
    )
    relieved = Posting(
        account=account,
        fund=body.fund,
        side=Side.CREDIT,
        amount_fen=command.amount_fen,
        budget_line_id=line_id,
        counterparty_id=body.counterparty_id if is_liability else None,
    )
    return Entry(
        entry_id=command.refund_id,
        kind=EntryKind.RECEIPT,
        accounting_on=command.received_on,
        memo=command.memo,
        lines=(received, relieved),
        source=Source(kind=rules.SOURCE, id=order.order_id),
        evidence=command.evidence,
    )


async def _lock(tx: Tx, caller: Caller, order_id: UUID) -> PaymentOrder:
    await ledger.lock_books(tx, caller.compound_id)
    order = await store.lock_order(tx, caller.compound_id, order_id)
    if order is None:
        raise Missing(kind="payment order")
    return order


async def _save(tx: Tx, caller: Caller, order: PaymentOrder) -> PaymentOrder:
    await store.save_order(tx, caller.compound_id, order)
    return order


async def _transfers(
    tx: Tx, caller: Caller, orders: Sequence[PaymentOrder]
) -> tuple[rules.Transfer, ...]:
    released = await _released(tx, caller.compound_id, orders)
    return tuple(
        rules.Transfer(
            order_id=order.order_id,
            number=order.number,
            amount_fen=order.amount_fen,
            payee=order.payee,
            purpose=order.purpose,
            execute_on=rules.execute_on(order.pay_on, caller.at),
        )
        for order in sorted(released, key=lambda order: order.released_at)
    )


async def _released(
    tx: Tx, compound_id: UUID, orders: Sequence[PaymentOrder]
) -> tuple[ReleasedOrder, ...]:
    versions = {order.order_id: order.act_version for order in orders}
    payees: dict[UUID, Payee] = await store.payees(tx, compound_id, versions)
    return tuple(rules.as_released(order, payees[order.order_id]) for order in orders)
