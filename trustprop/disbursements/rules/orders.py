"""What an order may pay, and how it moves from state to state."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from trustprop.budgets.model import Change, LineControl, MovementKind, MovementSource
from trustprop.budgets.rules import availability
from trustprop.disbursements.model import (
    OrderBody,
    OrderKind,
    OrderState,
    OrderTerms,
    Payee,
    PayeeKind,
    PaymentOrder,
    PublicPayee,
)
from trustprop.invoices.model import (
    PAYABLE,
    Invoice,
    InvoiceState,
    Vendor,
    VendorAccount,
    VendorState,
)
from trustprop.kernel.canonical import prefixed, sha256
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid, Invalid, Refusal
from trustprop.kernel.money import MAX_FEN
from trustprop.kernel.periods import Period, local_date, utc
from trustprop.kernel.struct import Fact

SOURCE = "payment_order"
LIABILITIES = {
    OrderKind.PAYABLE: ("2202", "2205", "2206", "2209", "2210"),
    OrderKind.AGENCY: ("2601", "220901", "220902"),
    OrderKind.REFUND: ("2203", "220903", "220904"),
}
"""Which accounts (and their children) each kind debits; the longest prefix decides, so that deposits
(220901) and money to be given back (220903, 220904) are no ordinary payables."""
MAX_EVIDENCE = 50
MAX_INVOICES = 200


class OrderClosed(Conflict):
    code = "payment-order-closed"
    detail = N_("The order is {state}; this is only possible while it is {needed}.")
    state: str
    needed: str


class OrderExists(Conflict):
    code = "payment-order-exists"
    detail = N_("There is another order with this id and other content.")


class OrderExpired(Conflict):
    code = "payment-order-expired"
    detail = N_("The order expired at {expires_at}.")
    expires_at: str


class AccountNotPayable(Invalid):
    code = "account-not-payable"
    detail = N_("An order of the kind {kind} cannot pay account {account}.")
    kind: str
    account: str


class BankAccountOfAnotherFund(Invalid):
    code = "bank-account-of-another-fund"
    detail = N_("Bank account {bank_account} does not hold money of fund {fund}.")
    bank_account: str
    fund: str


class InvoicesDisagree(Invalid):
    code = "invoices-disagree"
    detail = N_(
        "All invoices of an order are of the payee and of the order's fund; {number} is not."
    )
    number: str


class InvoiceNotAccepted(Conflict):
    code = "invoice-not-accepted"
    detail = N_("Invoice {number} is {state}; only an accepted invoice can be ordered.")
    number: str
    state: str


class AmountNotSum(Invalid):
    code = "amount-not-sum"
    detail = N_("The order says {amount_fen}, its invoices sum to {sum_fen}.")
    amount_fen: int
    sum_fen: int


class CashShort(Conflict):
    code = "cash-short"
    detail = N_(
        "Fund {fund} has {balance_fen} in {bank_account}, of which {promised_fen} is promised to other orders; "
        "{amount_fen} was asked."
    )
    fund: str
    bank_account: str
    balance_fen: int
    promised_fen: int
    amount_fen: int


class LiabilityShort(Conflict):
    code = "liability-short"
    detail = N_(
        "Account {account} of fund {fund} owes {owed_fen}, of which {promised_fen} is promised already; "
        "{amount_fen} was asked."
    )
    account: str
    fund: str
    owed_fen: int
    promised_fen: int
    amount_fen: int


class PayPeriodClosed(Conflict):
    code = "pay-period-closed"
    detail = N_("The books of {period} are not open; choose another day of payment.")
    period: str


class VendorAccountNotUsable(Conflict):
    code = "vendor-account-not-usable"
    detail = N_("This bank account of the vendor is not usable yet, or no longer.")


class VendorNotAdmitted(Conflict):
    code = "vendor-not-admitted"
    detail = N_("The vendor {name} is not admitted, so it cannot be paid.")
    name: str


class NoticeRunning(Conflict):
    code = "large-payment-notice-running"
    detail = N_(
        "A payment of this size is published {days} days before it is made; the notice ends on {until}."
    )
    days: int
    until: str


class Standing(Fact):
    """What the books and the parties say at one instant, under the lock of the books.

    Amounts promised exclude the order itself.
    """

    at: datetime
    is_period_open: bool
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


def check_terms(terms: OrderTerms) -> None:
    """Raises FieldsInvalid with everything that is wrong about the request in itself."""
    errors = (*_amount_errors(terms), *_payee_errors(terms), *_kind_errors(terms))
    if errors:
        raise FieldsInvalid(errors=errors)


def refusals_at_draft(body: OrderBody, standing: Standing) -> Iterator[Refusal]:
    """Every reason not to draw up this order, in the order in which people should see them."""
    if body.kind is OrderKind.INVOICES:
        yield from _refused_invoices(body, standing, InvoiceState.ACCEPTED)
    yield from _refused_now(body, standing)
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
    yield from _refused_now(body, standing)
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


class PartlyRefunded(Conflict):
    code = "payment-partly-refunded"
    detail = N_("{refunded_fen} of this payment came back already, so it cannot return as a whole.")
    refunded_fen: int


class RefundTooLarge(Conflict):
    code = "refund-too-large"
    detail = N_("{amount_fen} cannot come back from this payment; {left_fen} of it is out.")
    amount_fen: int
    left_fen: int


_LEFT = (OrderState.RELEASED, OrderState.EXPORTED, OrderState.SETTLED)


def _move(order: PaymentOrder, to: OrderState, *allowed: OrderState) -> PaymentOrder:
    if order.state not in allowed:
        raise OrderClosed(state=order.state, needed=" / ".join(allowed))
    return replace(order, state=to, version=order.version + 1)


def public(payee: Payee) -> PublicPayee:
    """What is signed and published of a payee."""
    return PublicPayee(
        kind=payee.kind,
        name="" if payee.kind is PayeeKind.INDIVIDUAL else payee.name,
        bank=payee.bank,
        number_masked=mask(payee.number),
        commitment=commitment(payee).hex(),
    )


def commitment(payee: Payee) -> bytes:
    """Fixes name and account without showing them; the salt keeps it from being guessed."""
    parts = (payee.name, payee.bank, payee.number)
    return sha256(prefixed(bytes.fromhex(payee.salt), *(part.encode() for part in parts)))


def mask(number: str) -> str:
    """The last four digits of an account number, never more than half of it."""
    shown = min(4, len(number) // 2)
    return "****" + number[len(number) - shown :]


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


def _refused_now(body: OrderBody, standing: Standing) -> Iterator[Refusal]:
    """What must hold when the order is drawn up and again when it pays."""
    if not may_pay(body.kind, body.account):
        yield AccountNotPayable(kind=body.kind, account=body.account)
    if not standing.is_account_of_fund:
        yield BankAccountOfAnotherFund(bank_account=body.bank_account, fund=body.fund)
    if standing.vendor is not None and standing.vendor.state is not VendorState.ADMITTED:
        yield VendorNotAdmitted(name=standing.vendor.name)
    if standing.vendor_account is not None and not standing.vendor_account.is_usable(standing.at):
        yield VendorAccountNotUsable()
    if not standing.is_period_open:
        yield PayPeriodClosed(period=str(Period.of(body.pay_on)))
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


def _amount_errors(terms: OrderTerms) -> Iterator[FieldError]:
    if not 0 < terms.amount_fen <= MAX_FEN:
        yield _wrong("amount_fen", "not-positive", N_("An order pays an amount above zero."))
    if not terms.purpose.strip() or len(terms.purpose) > 500:
        yield _wrong(
            "purpose", "purpose-missing", N_("Say in at most 500 characters what is paid for.")
        )
    if not terms.purpose.isprintable():
        yield _wrong(
            "purpose", "not-printable", N_("Write it in one line, without control characters.")
        )
    if len(terms.evidence) > MAX_EVIDENCE or len(set(terms.evidence)) != len(terms.evidence):
        yield _wrong("evidence", "evidence-invalid", N_("Name each file once, and at most 50."))
    if terms.kind is OrderKind.EXPENSE and not terms.evidence:
        yield _wrong(
            "evidence",
            "evidence-missing",
            N_("A direct expense needs at least one file of evidence."),
        )


def _payee_errors(terms: OrderTerms) -> Iterator[FieldError]:
    if (terms.vendor_account_id is None) == (terms.payee is None):
        yield _wrong("payee", "one-payee", N_("Name either a vendor's bank account or a payee."))
    if terms.payee is None:
        return
    if terms.kind is OrderKind.INVOICES:
        yield _wrong(
            "payee", "vendor-needed", N_("Invoices are paid to a bank account of their vendor.")
        )
    if terms.payee.kind is PayeeKind.VENDOR:
        yield _wrong(
            "payee/kind",
            "vendor-needed",
            N_("A vendor is paid through its registered bank account."),
        )
    for name in ("name", "bank", "number"):
        text = getattr(terms.payee, name)
        if not 0 < len(text.strip()) <= 100 or not text.isprintable():
            yield _wrong(
                f"payee/{name}",
                "missing",
                N_("This needs between 1 and 100 characters, in one line."),
            )


def _kind_errors(terms: OrderTerms) -> Iterator[FieldError]:
    """Which fields each kind needs and which it may not have."""
    needs = {
        "invoice_ids": terms.kind is OrderKind.INVOICES,
        "budget_line_id": terms.kind is OrderKind.EXPENSE,
        "account": terms.kind in LIABILITIES,
    }
    for name, needed in needs.items():
        given = bool(getattr(terms, name))
        if needed and not given:
            yield _wrong(name, "missing", N_("An order of this kind needs this field."))
        if given and not needed:
            yield _wrong(name, "not-of-this-kind", N_("An order of this kind has no such field."))
    if terms.counterparty_id and terms.kind not in LIABILITIES:
        yield _wrong(
            "counterparty_id", "not-of-this-kind", N_("An order of this kind has no such field.")
        )
    ids = terms.invoice_ids
    if len(ids) > MAX_INVOICES or len(set(ids)) != len(ids):
        yield _wrong(
            "invoice_ids", "invoices-invalid", N_("Name each invoice once, and at most 200.")
        )


def _wrong(name: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=f"/{name}", code=code, detail=detail)
