"""What a payment order, its payee, the payment policy and a bank file are."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from trustprop.invoices.model import Similar
from trustprop.kernel.caller import Party
from trustprop.kernel.canonical import digest
from trustprop.kernel.struct import Command, Fact

ORDER_ACT = "payment-order"
POLICY_ACT = "payment-policy"


class OrderKind(StrEnum):
    """What an order pays, and therefore what limits it."""

    INVOICES = "invoices"
    """Accepted invoices; acceptance accrued the expense and used the budget line."""
    PAYABLE = "payable"
    """Another accrued payable (remuneration, tax, opening payables): limited by its balance."""
    EXPENSE = "expense"
    """A direct expense with evidence but no vendor's invoice: limited by the budget line."""
    AGENCY = "agency"
    """Money held for others (collected electricity, a deposit): limited by what is held."""
    REFUND = "refund"
    """A prepayment or a receipt given back: limited by what was prepaid."""


class OrderState(StrEnum):
    AWAITING_SIGNATURES = "awaiting_signatures"
    RELEASED = "released"
    EXPORTED = "exported"
    SETTLED = "settled"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def has_left(self) -> bool:
        """Whether the money is out of the books and has not come back."""
        return self in _HAS_LEFT


_HAS_LEFT = {OrderState.RELEASED, OrderState.EXPORTED, OrderState.SETTLED}


class PayeeKind(StrEnum):
    VENDOR = "vendor"
    ORGANISATION = "organisation"
    """A named body that is no vendor: the tax office, the power company."""
    INDIVIDUAL = "individual"
    """A resident: the name is kept apart and never published."""


class Payee(Fact):
    """Who is paid, in full; kept apart from everything that is published."""

    kind: PayeeKind
    name: str
    bank: str
    number: str
    salt: str
    """32 random bytes in hex; whoever holds it can prove that the commitment means this payee."""


class PublicPayee(Fact):
    """The payee as signed and published: no individual's name, no full account number."""

    kind: PayeeKind
    name: str
    """Empty for an individual."""
    bank: str
    number_masked: str
    commitment: str
    """Hex SHA-256 over salt, name, bank and number, each length-prefixed."""


class OrderedInvoice(Fact):
    invoice_id: UUID
    number: str
    amount_fen: int


class OrderBody(Fact, omit_defaults=True):
    """What both sides sign: every byte of it decides where money goes."""

    order_id: UUID
    kind: OrderKind
    amount_fen: int
    fund: str
    bank_account: str
    payee: PublicPayee
    vendor_id: UUID | None
    vendor_account_id: UUID | None
    invoices: tuple[OrderedInvoice, ...]
    account: str
    """The account debited at release: 2202, another liability, or the expense."""
    counterparty_id: UUID | None
    budget_line_id: UUID | None
    purpose: str
    evidence: tuple[str, ...]
    due_on: date
    pay_on: date
    """The accounting date of the payment."""
    published_on: date | None
    """When a large payment was published; nobody chooses it, it is the day of drafting."""
    policy_digest: str
    resolution_id: UUID | None = None
    """The decision that the order stands on; left out of the bytes where it needs none."""


class PaymentOrder(Fact):
    """A payment order as it stands."""

    order_id: UUID
    act_id: UUID
    act_version: int
    version: int
    """Counts every change of the row; the ETag."""
    state: OrderState
    body: OrderBody
    policy_version: int
    drafted_by: UUID
    drafted_at: datetime
    expires_at: datetime
    number_year: int | None = None
    number: int | None = None
    """Gapless per compound and year of ``pay_on``; given at release."""
    released_at: datetime | None = None
    bank_file_id: UUID | None = None
    bank_line_id: UUID | None = None
    reason: str = ""
    refunded_fen: int = 0


class PolicyRule(Fact):
    """How many of each side sign for a fund from an amount upward."""

    fund: str | None = None
    """None for every fund that has no rule of its own."""
    from_fen: int = 0
    trustee: int = 1
    owners: int = 1

    def count(self, party: Party) -> int:
        return self.trustee if party is Party.TRUSTEE else self.owners


class PolicyTerms(Fact):
    """The signed content of a policy."""

    rules: tuple[PolicyRule, ...]
    drafter_may_sign: bool = False
    """Whether the person who drew up an order may be one of its signers."""

    @property
    def digest(self) -> str:
        return digest(self).hex()


class PolicyBody(Fact):
    """What both sides sign of a policy."""

    version: int
    terms: PolicyTerms


class PaymentPolicy(Fact):
    version: int
    """0 is the policy built in; each signed policy is one more."""
    terms: PolicyTerms
    act_id: UUID | None = None
    valid_from: datetime | None = None


class NamedPayee(Command):
    """A payee without a vendor account."""

    kind: PayeeKind
    name: str
    bank: str
    number: str


class OrderTerms(Command):
    """What can be revised about an order."""

    kind: OrderKind
    fund: str
    bank_account: str
    amount_fen: int
    purpose: str
    due_on: date
    pay_on: date
    vendor_account_id: UUID | None = None
    payee: NamedPayee | None = None
    invoice_ids: tuple[UUID, ...] = ()
    account: str | None = None
    """The liability to pay; for invoices 2202 and for an expense the line's account, unasked."""
    counterparty_id: UUID | None = None
    budget_line_id: UUID | None = None
    evidence: tuple[str, ...] = ()
    resolution_id: UUID | None = None
    """The decision about this order or its contract, for a very large sum or the maintenance fund."""


class DraftOrder(OrderTerms, kw_only=True):
    id: UUID
    act_id: UUID


class ReviseOrder(OrderTerms):
    pass


class DraftPolicy(Command):
    act_id: UUID
    terms: PolicyTerms


class MakeBankFile(Command):
    id: UUID
    bank_account: str
    order_ids: tuple[UUID, ...] = ()
    """Empty for every released order of the account."""


class BankFile(Fact):
    """One batch handed to the bank, as a table for people and as pain.001 for its machine."""

    file_id: UUID
    bank_account: str
    orders: int
    amount_fen: int
    csv_sha256: str
    xml_sha256: str
    made_by: UUID
    made_at: datetime


class ReturnOrder(Command):
    """The bank sent the money back."""

    reversal_id: UUID
    returned_on: date
    reason: str
    evidence: tuple[str, ...] = ()


class RefundOrder(Command):
    """The payee gave part of the money back."""

    refund_id: UUID
    amount_fen: int
    received_on: date
    memo: str
    account: str | None = None
    """Only for paid invoices: which of their accounts gets the money back."""
    budget_line_id: UUID | None = None
    """Only for paid invoices: the budget line that goes with it."""
    evidence: tuple[str, ...] = ()


class OrderRefund(Fact):
    refund_id: UUID
    order_id: UUID
    amount_fen: int
    received_on: date
    memo: str


class Refused(Fact):
    """One reason against an order, as a dry run lists it."""

    code: str
    detail: str
    facts: dict[str, Any]


class SignersWanted(Fact):
    """How many of one side sign, and who could."""

    party: Party
    count: int
    person_ids: tuple[UUID, ...]


class SimilarOrder(Fact):
    """Another order of the same amount to the same account."""

    order_id: UUID
    state: OrderState
    pay_on: date
    purpose: str


class DryRun(Fact):
    """What an order would meet if it were drawn up now."""

    is_possible: bool
    refusals: tuple[Refused, ...]
    amount_fen: int
    fund_left_fen: int
    """Of the fund in this bank account, after this order and all that are being signed."""
    bank_account_left_fen: int
    """Of all funds in this bank account, after this order and all that are being signed."""
    budget_left_fen: int | None
    owed_left_fen: int | None
    signers: tuple[SignersWanted, ...]
    notice_until: date | None
    similar_orders: tuple[SimilarOrder, ...]
    similar_invoices: tuple[Similar, ...]


class OrderSignature(Fact):
    party: Party
    office: str
    person_id: UUID
    key_id: str
    signed_at: datetime


class OrderDetail(Fact):
    order: PaymentOrder
    payee: Payee
    payload_digest: str
    signatures: tuple[OrderSignature, ...]
    signers_wanted: tuple[SignersWanted, ...]
    """Empty when nobody has to sign any more."""
    refunds: tuple[OrderRefund, ...]


class ReleasedOrder(Fact):
    """A payment that the bank's statement must show, for whoever matches it."""

    order_id: UUID
    number: str
    state: OrderState
    amount_fen: int
    fund: str
    bank_account: str
    pay_on: date
    released_at: datetime
    payee: Payee
    purpose: str
    bank_line_id: UUID | None


class PaymentNotice(Fact):
    """A large payment as it is published before it is made."""

    order_id: UUID
    amount_fen: int
    fund: str
    payee: PublicPayee
    purpose: str
    evidence: tuple[str, ...]
    published_on: date
    payable_from: date
    """The first day on which it may be made."""
