"""What must be true before an invoice becomes an expense, and what it then posts."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from trustprop.budgets.model import MovementSource, Spending
from trustprop.invoices.model import (
    PAYABLE,
    AcceptedLine,
    AcceptInvoice,
    Contract,
    Invoice,
    InvoiceKind,
    InvoiceState,
    PlatformCheck,
    PlatformResult,
    Similar,
)
from trustprop.kernel.errors import N_, Conflict, FieldError, FieldsInvalid, Forbidden
from trustprop.ledger.model import Entry, EntryKind, JournalEntry, Posting, Side, Source

_CASH = ("1001", "1002", "1012")

_NEXT: dict[InvoiceState, frozenset[InvoiceState]] = {
    InvoiceState.SUBMITTED: frozenset(
        {InvoiceState.ACCEPTED, InvoiceState.REJECTED, InvoiceState.WITHDRAWN}
    ),
    InvoiceState.ACCEPTED: frozenset({InvoiceState.ORDERED, InvoiceState.SUBMITTED}),
    InvoiceState.ORDERED: frozenset({InvoiceState.PAID, InvoiceState.ACCEPTED}),
    InvoiceState.PAID: frozenset({InvoiceState.ACCEPTED}),
    InvoiceState.REJECTED: frozenset(),
    InvoiceState.WITHDRAWN: frozenset(),
}


class InvoiceInWrongState(Conflict):
    code = "invoice-in-wrong-state"
    detail = N_("Invoice {number} is {state}; that cannot be done with it now.")
    number: str
    state: str


class SelfAcceptance(Forbidden):
    code = "self-approval"
    detail = N_("Whoever handed an invoice in does not accept it.")


class SimilarNotAcknowledged(Conflict):
    code = "similar-not-acknowledged"
    detail = N_(
        "Other invoices have the same payee, amount and date: {similar}. Look at each and name it."
    )
    similar: str


class PlatformCheckNeeded(Conflict):
    code = "platform-check-needed"
    detail = N_("This e-invoice came without a readable XML; look it up on the tax platform first.")


class PlatformCheckFailed(Conflict):
    code = "platform-check-failed"
    detail = N_("The tax platform says that this invoice is {result}.")
    result: str


def move(invoice: Invoice, to: InvoiceState) -> Invoice:
    """The next step of an invoice. Raises InvoiceInWrongState."""
    if to not in _NEXT[invoice.state]:
        raise InvoiceInWrongState(number=invoice.number, state=invoice.state)
    return replace(invoice, state=to, version=invoice.version + 1)


def check_held_by(invoice: Invoice, order_id: UUID) -> None:
    """Raises InvoiceInWrongState when another order, or none, holds it."""
    if invoice.order_id != order_id:
        raise InvoiceInWrongState(number=invoice.number, state=invoice.state)


def check_acceptable(
    invoice: Invoice,
    command: AcceptInvoice,
    *,
    is_own: bool,
    similar: Sequence[Similar],
    platform: Sequence[PlatformCheck],
) -> None:
    """Raises in this order: state, self-approval, wrong fields, platform, similar invoices.

    ``is_own`` says that the acceptor also handed it in.
    """
    move(invoice, InvoiceState.ACCEPTED)
    if is_own:
        raise SelfAcceptance
    wrong = tuple(_line_errors(invoice, command.lines))
    if wrong:
        raise FieldsInvalid(errors=wrong)
    _check_platform(invoice, platform)
    unseen = {other.invoice_id for other in similar} - set(command.acknowledged_similar)
    if unseen:
        raise SimilarNotAcknowledged(similar=", ".join(sorted(map(str, unseen))))


def check_is_new(posted: Sequence[JournalEntry]) -> None:
    """An acceptance that was taken back is not brought back by sending it again. Raises FieldsInvalid."""
    if posted:
        wrong = _wrong("/entry_id", "used", N_("An entry has this id already; make a new one."))
        raise FieldsInvalid(errors=(wrong,))


def check_looked_up(check: PlatformCheck, at: datetime) -> None:
    """Raises FieldsInvalid for a look that lies ahead."""
    if check.checked_at > at:
        wrong = _wrong("/checked_at", "future", N_("A look at the platform lies in the past."))
        raise FieldsInvalid(errors=(wrong,))


def _check_platform(invoice: Invoice, checks: Sequence[PlatformCheck]) -> None:
    """The latest look counts; a red invoice may be found taken back only by itself."""
    latest = checks[-1].result if checks else None
    if latest is not None and latest is not PlatformResult.VALID:
        raise PlatformCheckFailed(result=latest)
    if invoice.kind is InvoiceKind.E_INVOICE and not invoice.is_xml_checked and latest is None:
        raise PlatformCheckNeeded


def _line_errors(invoice: Invoice, lines: Sequence[AcceptedLine]) -> Iterator[FieldError]:
    if sum(line.amount_fen for line in lines) != invoice.gross_fen:
        yield _wrong("/lines", "sum", N_("The lines do not sum to the invoice's gross amount."))
    for i, line in enumerate(lines):
        at = f"/lines/{i}"
        if line.amount_fen == 0 or (line.amount_fen < 0) != invoice.is_red:
            yield _wrong(f"{at}/amount_fen", "sign", N_("Each line has the sign of the invoice."))
        group = line.account[:1]
        if group not in ("1", "2", "5") or line.account.startswith((*_CASH, PAYABLE)):
            yield _wrong(
                f"{at}/account",
                "account",
                N_("An invoice is an expense, a prepayment or asset, or a liability; never cash."),
            )
        elif group == "5" and line.budget_line_id is None:
            yield _wrong(f"{at}/budget_line_id", "missing", N_("No budget line, no spending."))
        elif group == "2" and line.budget_line_id is not None:
            yield _wrong(f"{at}/budget_line_id", "not-here", N_("A liability uses no budget line."))


def entry(invoice: Invoice, command: AcceptInvoice, contract: Contract | None) -> Entry:
    """借 expense / 贷 2202 with the vendor as counterparty; the other way round for a red invoice."""
    side = Side.CREDIT if invoice.is_red else Side.DEBIT
    lines = [
        Posting(
            account=line.account,
            fund=command.fund,
            side=side,
            amount_fen=abs(line.amount_fen),
            budget_line_id=line.budget_line_id,
            counterparty_id=line.counterparty_id
            or (invoice.vendor_id if line.account.startswith("1") else None),
            scope=line.scope,
            project=line.project,
        )
        for line in command.lines
    ]
    payable = Posting(
        account=PAYABLE,
        fund=command.fund,
        side=side.other,
        amount_fen=abs(invoice.gross_fen),
        counterparty_id=invoice.vendor_id,
    )
    evidence = [*invoice.files, *invoice.attachments, *command.evidence]
    if contract is not None:
        evidence += contract.terms.files
    return Entry(
        entry_id=command.entry_id,
        kind=EntryKind.INVOICE,
        accounting_on=command.accounting_on,
        memo=command.memo,
        lines=(*lines, payable),
        source=Source(kind="invoice", id=invoice.invoice_id),
        evidence=tuple(dict.fromkeys(evidence)),
    )


def on_line(command: AcceptInvoice, contract: Contract) -> int:
    """How much of the amount uses the contract's own budget line."""
    own = contract.terms.budget_line_id
    return sum(line.amount_fen for line in command.lines if line.budget_line_id == own)


def spendings(
    invoice: Invoice, command: AcceptInvoice, contract: Contract | None, relieved_fen: int
) -> tuple[Spending, ...]:
    """One use per budget line, in id order; negative for a red invoice."""
    totals: dict[UUID, int] = {}
    for line in command.lines:
        if line.budget_line_id is not None:
            totals[line.budget_line_id] = totals.get(line.budget_line_id, 0) + line.amount_fen
    own = contract.terms.budget_line_id if contract is not None else None
    return tuple(
        Spending(
            line_id=line_id,
            amount_fen=amount_fen,
            source=source_of(invoice.invoice_id, invoice.version),
            from_encumbered_fen=relieved_fen if line_id == own else 0,
            fund=command.fund,
            on=command.accounting_on,
        )
        for line_id, amount_fen in sorted(totals.items(), key=lambda item: str(item[0]))
    )


def source_of(invoice_id: UUID, submitted_version: int) -> MovementSource:
    """What uses the budget: this acceptance, and not one taken back before."""
    return MovementSource(kind="invoice", id=invoice_id, version=submitted_version - 1)


def _wrong(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
