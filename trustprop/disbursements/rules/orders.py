"""What an order may pay, and how it moves from state to state."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from trustprop.budgets.model import Change, LineControl, MovementKind, MovementSource
from trustprop.budgets.rules import availability
from trustprop.disbursements.model import (
    MakeBankFile,
    OrderBody,
    OrderKind,
    OrderRefund,
    OrderState,
    Payee,
    PaymentNotice,
    PaymentOrder,
    RefundOrder,
    ReleasedOrder,
)
from trustprop.disbursements.rules.refusals import (
    AccountNotPayable,
    AmountNotSum,
    BankAccountOfAnotherFund,
    CashShort,
    InvoiceNotAccepted,
    InvoicesDisagree,
    LiabilityShort,
    NothingToExport,
    NoticeRunning,
    OrderClosed,
    OrderExpired,
    OrdersNotExportable,
    PartlyRefunded,
    RefundExists,
    RefundOfAnotherLine,
    RefundTooLarge,
    VendorAccountNotUsable,
)
from trustprop.invoices.model import (
    PAYABLE,
    Invoice,
    InvoiceState,
    Vendor,
    VendorAccount,
    VendorState,
)
from trustprop.invoices.rules import vendors
from trustprop.kernel.errors import Refusal
from trustprop.kernel.periods import local_date, utc
from trustprop.kernel.struct import Fact
from trustprop.ledger import rules as ledger
from trustprop.ledger.model import Account, Books

SOURCE = "payment_order"
LIABILITIES = {
    OrderKind.PAYABLE: ("2202", "2205", "2206", "2209", "2210"),
    OrderKind.AGENCY: ("2601", "220901", "220902"),
    OrderKind.REFUND: ("2203", "220903", "220904"),
}
"""Which accounts (and their children) each kind debits; the longest prefix decides, so that deposits
(220901) and money to be given back (220903, 220904) are no ordinary payables."""


class Standing(Fact):
    """What the books and the parties say at one instant, under the lock of the books.

    Amounts promised exclude the order itself.
    """

    at: datetime
    books: Books
    account: Account | None
    """The account that the order debits."""
    is_account_of_fund: bool
    cash_fen: int
    cash_promised_fen: int
    notice_days: int
    owed_fen: int = 0
    owed_promised_fen: int = 0
    line: LineControl | None = None
    vendor: Vendor | None = None
    vendor_account: VendorAccount | None = None
    invoices: tuple[Invoice, ...] = ()


def refusals_at_draft(body: OrderBody, standing: Standing) -> Iterator[Refusal]:
    """Every reason not to draw up this order, in the order in which people should see them."""
    if body.kind is OrderKind.INVOICES:
        yield from _refused_invoices(body, standing, InvoiceState.ACCEPTED)
    yield from _refused_now(body, standing, body.pay_on)
    if standing.line is not None:
        yield from _refused_line(body, standing.line, MovementKind.RESERVE)


def refusals_at_release(
    body: OrderBody, standing: Standing, expires_at: datetime
) -> Iterator[Refusal]:
    """Every reason not to pay now."""
    if standing.at >= expires_at:
        yield OrderExpired(expires_at=utc(expires_at))
    until = notice_ends_on(body, standing.notice_days)
    if until is not None and local_date(standing.at) < until:
        yield NoticeRunning(days=standing.notice_days, until=until.isoformat())
    if body.kind is OrderKind.INVOICES:
        yield from _refused_invoices(body, standing, InvoiceState.ORDERED)
    yield from _refused_now(body, standing, local_date(standing.at))
    if standing.line is not None:
        yield from _refused_line(body, standing.line, MovementKind.SPEND, body.amount_fen)


def notice_ends_on(body: OrderBody, notice_days: int) -> date | None:
    """The first day on which a published large payment may be made; None when it needs no notice."""
    return body.published_on + timedelta(days=notice_days) if body.published_on else None


def may_pay(kind: OrderKind, account: str) -> bool:
    """Whether an order of this kind may debit this account."""
    if kind is OrderKind.INVOICES:
        return account == PAYABLE
    if kind is OrderKind.EXPENSE:
        return account.startswith("5")
    of_kind = {prefix: owner for owner, prefixes in LIABILITIES.items() for prefix in prefixes}
    longest = max(filter(account.startswith, of_kind), key=len, default="")
    return of_kind.get(longest) is kind


def check_awaiting(order: PaymentOrder) -> None:
    """Raises OrderClosed unless the order waits for signatures."""
    if order.state is not OrderState.AWAITING_SIGNATURES:
        raise OrderClosed(state=order.state, needed=OrderState.AWAITING_SIGNATURES)


def release(order: PaymentOrder, at: datetime, year: int, number: int) -> PaymentOrder:
    return replace(
        _move(order, OrderState.RELEASED, OrderState.AWAITING_SIGNATURES),
        released_at=at,
        number_year=year,
        number=number,
    )


def end(order: PaymentOrder, state: OrderState, reason: str) -> PaymentOrder:
    """Rejected, withdrawn or expired."""
    assert state in (OrderState.REJECTED, OrderState.WITHDRAWN, OrderState.EXPIRED)
    return replace(_move(order, state, OrderState.AWAITING_SIGNATURES), reason=reason)


def export(order: PaymentOrder, bank_file_id: UUID) -> PaymentOrder:
    return replace(
        _move(order, OrderState.EXPORTED, OrderState.RELEASED), bank_file_id=bank_file_id
    )


def settle(order: PaymentOrder, bank_line_id: UUID) -> PaymentOrder:
    """An order may settle without a bank file: somebody typed it into the bank's page."""
    settled = _move(order, OrderState.SETTLED, OrderState.RELEASED, OrderState.EXPORTED)
    return replace(settled, bank_line_id=bank_line_id)


def unsettle(order: PaymentOrder) -> PaymentOrder:
    """The bank line was matched wrongly."""
    state = OrderState.EXPORTED if order.bank_file_id else OrderState.RELEASED
    return replace(_move(order, state, OrderState.SETTLED), bank_line_id=None)


def take_back(order: PaymentOrder, reason: str) -> PaymentOrder:
    """The bank returned the whole payment."""
    if order.refunded_fen:
        raise PartlyRefunded(refunded_fen=order.refunded_fen)
    return replace(_move(order, OrderState.RETURNED, *_LEFT), reason=reason)


def refund(order: PaymentOrder, amount_fen: int) -> PaymentOrder:
    """The payee gave part of it back; the state stays. Raises RefundTooLarge."""
    left = order.body.amount_fen - order.refunded_fen
    if not 0 < amount_fen <= left:
        raise RefundTooLarge(amount_fen=amount_fen, left_fen=left)
    return replace(_move(order, order.state, *_LEFT), refunded_fen=order.refunded_fen + amount_fen)


def notice(order: PaymentOrder, notice_days: int) -> PaymentNotice:
    """What the public sees of a large payment before it is made."""
    body = order.body
    payable_from = notice_ends_on(body, notice_days)
    assert body.published_on is not None
    assert payable_from is not None
    return PaymentNotice(
        order_id=order.order_id,
        amount_fen=body.amount_fen,
        fund=body.fund,
        payee=body.payee,
        purpose=body.purpose,
        evidence=body.evidence,
        published_on=body.published_on,
        payable_from=payable_from,
    )


def as_released(order: PaymentOrder, payee: Payee) -> ReleasedOrder:
    """A payment with its payee in full, for the bank and for matching."""
    assert order.released_at is not None
    return ReleasedOrder(
        order_id=order.order_id,
        number=f"{order.number_year}-{order.number}",
        state=order.state,
        amount_fen=order.body.amount_fen,
        fund=order.body.fund,
        bank_account=order.body.bank_account,
        pay_on=order.body.pay_on,
        released_at=order.released_at,
        payee=payee,
        purpose=order.body.purpose,
        bank_line_id=order.bank_line_id,
    )


def check_exportable(orders: Collection[PaymentOrder], command: MakeBankFile) -> None:
    """Raises NothingToExport, or OrdersNotExportable naming those asked for in vain."""
    missing = set(command.order_ids) - {order.order_id for order in orders}
    if missing:
        raise OrdersNotExportable(order_ids=", ".join(sorted(map(str, missing))))
    if not orders:
        raise NothingToExport(bank_account=command.bank_account)


def check_same_refund(known: OrderRefund, wanted: OrderRefund) -> None:
    """Raises RefundExists unless a retry asks for what is there."""
    if known != wanted:
        raise RefundExists


def relieved(
    lines: Sequence[tuple[str, UUID | None]], command: RefundOrder
) -> tuple[str, UUID | None]:
    """The one accepted line of the paid invoices that a refund is about.

    With a single line nobody has to name it. Raises RefundOfAnotherLine.
    """
    wanted = (command.account, command.budget_line_id)
    if wanted == (None, None) and len(set(lines)) == 1:
        return lines[0]
    for line in lines:
        if line == wanted:
            return line
    raise RefundOfAnotherLine


_LEFT = (OrderState.RELEASED, OrderState.EXPORTED, OrderState.SETTLED)


def _move(order: PaymentOrder, to: OrderState, *allowed: OrderState) -> PaymentOrder:
    if order.state not in allowed:
        raise OrderClosed(state=order.state, needed=" / ".join(allowed))
    return replace(order, state=to, version=order.version + 1)


def _refused_invoices(
    body: OrderBody, standing: Standing, state: InvoiceState
) -> Iterator[Refusal]:
    for invoice in standing.invoices:
        if invoice.state != state:
            yield InvoiceNotAccepted(number=invoice.number, state=invoice.state)
        if invoice.fund != body.fund or invoice.vendor_id != body.vendor_id:
            yield InvoicesDisagree(number=invoice.number)
    total = sum(invoice.gross_fen for invoice in standing.invoices)
    if total != body.amount_fen:
        yield AmountNotSum(amount_fen=body.amount_fen, sum_fen=total)


def _refused_now(body: OrderBody, standing: Standing, today: date) -> Iterator[Refusal]:
    """What must hold when the order is drawn up and again when it pays.

    The day of payment may lie ahead of the draft, but not of the release.
    """
    if not may_pay(body.kind, body.account):
        yield AccountNotPayable(kind=body.kind, account=body.account)
    if standing.account is None or not standing.account.is_open:
        yield ledger.AccountNotOpen(account=body.account)
    elif standing.account.keeps_subledger and body.counterparty_id is None:
        yield ledger.CounterpartyNeeded(account=body.account)
    if not standing.is_account_of_fund:
        yield BankAccountOfAnotherFund(bank_account=body.bank_account, fund=body.fund)
    try:
        ledger.check_date(standing.books, body.pay_on, today)
    except Refusal as refusal:
        yield refusal
    if standing.vendor is not None and standing.vendor.state is not VendorState.ADMITTED:
        yield vendors.VendorNotAdmitted()
    if standing.vendor_account is not None and not standing.vendor_account.is_usable(standing.at):
        yield VendorAccountNotUsable()
    if (
        body.kind in LIABILITIES
        and standing.owed_fen - standing.owed_promised_fen < body.amount_fen
    ):
        yield LiabilityShort(
            account=body.account,
            fund=body.fund,
            owed_fen=standing.owed_fen,
            promised_fen=standing.owed_promised_fen,
            amount_fen=body.amount_fen,
        )
    if standing.cash_fen - standing.cash_promised_fen < body.amount_fen:
        yield CashShort(
            fund=body.fund,
            bank_account=body.bank_account,
            balance_fen=standing.cash_fen,
            promised_fen=standing.cash_promised_fen,
            amount_fen=body.amount_fen,
        )


def _refused_line(
    body: OrderBody, line: LineControl, kind: MovementKind, from_reserved_fen: int = 0
) -> Iterator[Refusal]:
    """What the budget itself would refuse, asked before it is moved."""
    change = Change(
        kind=kind,
        line_id=line.line_id,
        amount_fen=body.amount_fen,
        source=MovementSource(kind=SOURCE, id=body.order_id),
        on=body.pay_on,
        from_reserved_fen=from_reserved_fen,
        fund=body.fund,
    )
    try:
        availability.check_change(line, change)
    except Refusal as refusal:
        yield refusal
