"""An order as it is drawn up: its fields checked, its payee veiled, its body as it will be signed."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from msgspec.structs import replace

from trustprop.budgets.model import LineControl
from trustprop.disbursements.model import (
    OrderBody,
    OrderedInvoice,
    OrderKind,
    OrderTerms,
    Payee,
    PayeeKind,
    PaymentPolicy,
    PublicPayee,
)
from trustprop.disbursements.rules.orders import LIABILITIES
from trustprop.invoices.model import PAYABLE, Invoice, VendorAccount
from trustprop.kernel.canonical import prefixed, sha256
from trustprop.kernel.errors import N_, FieldError, FieldsInvalid
from trustprop.kernel.money import MAX_FEN

MAX_EVIDENCE = 50
MAX_INVOICES = 200
DIGEST = re.compile(r"[0-9a-f]{64}")


def check_terms(terms: OrderTerms) -> None:
    """Raises FieldsInvalid with everything that is wrong about the request in itself."""
    errors = (*_amount_errors(terms), *_payee_errors(terms), *_kind_errors(terms))
    if errors:
        raise FieldsInvalid(errors=errors)


def payee_of(terms: OrderTerms, account: VendorAccount | None, salt: str) -> Payee:
    """The vendor's account, or the payee that was named."""
    if account is not None:
        return Payee(
            kind=PayeeKind.VENDOR,
            name=account.holder,
            bank=account.bank,
            number=account.number,
            salt=salt,
        )
    named = terms.payee
    assert named is not None
    return Payee(kind=named.kind, name=named.name, bank=named.bank, number=named.number, salt=salt)


def draw(
    order_id: UUID,
    terms: OrderTerms,
    payee: Payee,
    account: VendorAccount | None,
    invoices: Sequence[Invoice],
    line: LineControl | None,
    policy: PaymentPolicy,
) -> OrderBody:
    """The body that both sides sign; :func:`publish` adds the day of publication."""
    vendor_id = account.vendor_id if account else None
    return OrderBody(
        order_id=order_id,
        kind=terms.kind,
        amount_fen=terms.amount_fen,
        fund=terms.fund,
        bank_account=terms.bank_account,
        payee=public(payee),
        vendor_id=vendor_id,
        vendor_account_id=terms.vendor_account_id,
        invoices=tuple(
            OrderedInvoice(
                invoice_id=invoice.invoice_id, number=invoice.number, amount_fen=invoice.gross_fen
            )
            for invoice in invoices
        ),
        account=_account(terms, line),
        counterparty_id=vendor_id if terms.kind is OrderKind.INVOICES else terms.counterparty_id,
        budget_line_id=terms.budget_line_id,
        purpose=terms.purpose.strip(),
        evidence=terms.evidence,
        due_on=terms.due_on,
        pay_on=terms.pay_on,
        published_on=None,
        policy_digest=policy.terms.digest,
        resolution_id=terms.resolution_id,
    )


def publish(
    body: OrderBody,
    large_payment_fen: int,
    today: date,
    before: OrderBody | None,
    is_same_payee: bool,
) -> OrderBody:
    """A large payment is published on the day it is drawn up, and again when what matters changed."""
    if body.amount_fen < large_payment_fen:
        return body
    keeps = (
        before is not None
        and before.published_on is not None
        and is_same_payee
        and (before.amount_fen, before.fund, before.purpose)
        == (body.amount_fen, body.fund, body.purpose)
    )
    return replace(body, published_on=before.published_on if keeps and before else today)


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


def _account(terms: OrderTerms, line: LineControl | None) -> str:
    if terms.kind is OrderKind.INVOICES:
        return PAYABLE
    if terms.kind is OrderKind.EXPENSE:
        assert line is not None
        return line.account
    assert terms.account is not None
    return terms.account


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
    if not all(map(DIGEST.fullmatch, terms.evidence)):
        yield _wrong(
            "evidence", "digest-invalid", N_("A file is named by its SHA-256 in lower-case hex.")
        )
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
