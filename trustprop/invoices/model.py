"""What vendors, their accounts and contracts are, and an invoice from submission to payment."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.evidence.model import MediaType
from trustprop.kernel.errors import FieldError
from trustprop.kernel.money import MAX_FEN
from trustprop.kernel.struct import Command, Fact

VENDOR_ACCOUNT_ACT = "vendor-account"
CONTRACT_ACT = "contract"
PAYABLE = "2202"
"""应付账款: what accepted invoices stand on until they are paid."""

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Code = Annotated[str, Meta(min_length=1, max_length=40)]
Reason = Annotated[str, Meta(min_length=1, max_length=2000)]
Prose = Annotated[str, Meta(max_length=2000)]
Reference = Annotated[str, Meta(max_length=100)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Fen = Annotated[int, Meta(ge=-MAX_FEN, le=MAX_FEN)]
PositiveFen = Annotated[int, Meta(gt=0, le=MAX_FEN)]
NotNegativeFen = Annotated[int, Meta(ge=0, le=MAX_FEN)]


# Vendors


class VendorState(StrEnum):
    PROPOSED = "proposed"
    """Registered by the trustee; the committee has not admitted it."""
    ADMITTED = "admitted"
    SUSPENDED = "suspended"
    """Sends no invoices and is paid nothing until it is admitted again."""


class Vendor(Fact):
    """A firm that is paid from the owners' money."""

    vendor_id: UUID
    name: str
    credit_code: str
    """Unified social credit code (统一社会信用代码), GB 32100."""
    is_related_party: bool
    """Close to the trustee (Trust Law 28): needs a resolution."""
    resolution_id: UUID | None
    state: VendorState
    version: int
    registered_by: UUID
    registered_at: datetime
    decided_by: UUID | None = None
    """Who admitted or suspended it last."""
    reason: str = ""


class RegisterVendor(Command):
    id: UUID
    name: Name
    credit_code: str
    is_related_party: bool = False


class AdmitVendor(Command):
    resolution_id: UUID | None = None
    """For a related party: a resolution of matter ``related_party`` about this vendor."""


class SuspendVendor(Command):
    reason: Reason


class VendorAccountState(StrEnum):
    DRAFTED = "drafted"
    SIGNED = "signed"
    """By both sides; it can be paid once its rest is over."""
    REPLACED = "replaced"
    REFUSED = "refused"


class VendorAccount(Fact):
    """A bank account that a vendor wants to be paid to."""

    account_id: UUID
    vendor_id: UUID
    holder: str
    bank: str
    number: str
    bank_code: str
    """联行号 of the branch (CNAPS, 12 digits); may be empty."""
    state: VendorAccountState
    act_id: UUID
    replaces_account_id: UUID | None = None
    usable_from_at: datetime | None = None
    """Signature plus rest; None until both sides have signed."""

    def is_usable(self, at: datetime) -> bool:
        rested = self.usable_from_at is not None and self.usable_from_at <= at
        return self.state is VendorAccountState.SIGNED and rested


class VendorAccountTerms(Fact):
    """What both sides sign about a bank account."""

    account_id: UUID
    vendor_id: UUID
    vendor_name: str
    credit_code: str
    holder: str
    bank: str
    number: str
    bank_code: str
    replaces_account_id: UUID | None


class DraftVendorAccount(Command):
    id: UUID
    act_id: UUID
    holder: Name
    bank: Name
    number: str
    expires_at: datetime
    bank_code: str = ""
    replaces_account_id: UUID | None = None


# Contracts


class ContractState(StrEnum):
    DRAFTED = "drafted"
    IN_FORCE = "in_force"
    ENDED = "ended"
    REFUSED = "refused"


class ContractTerms(Fact):
    """What both sides sign about a contract with a vendor."""

    contract_id: UUID
    vendor_id: UUID
    title: str
    fund: str
    budget_line_id: UUID
    starts_on: date
    ends_on: date
    """The last day."""
    amount_fen: int
    encumber_fen: int
    """The share that this budget line holds back from the signature on."""
    billed_before_fen: int
    """Billed before the service took over; counts towards the amount."""
    files: tuple[str, ...]


class Contract(Fact):
    terms: ContractTerms
    state: ContractState
    version: int
    act_id: UUID
    billed_fen: int
    """Of accepted invoices and credit notes."""
    encumbered_fen: int
    """Still held back on the budget line."""
    reason: str = ""

    @property
    def open_fen(self) -> int:
        """What may still be billed."""
        return self.terms.amount_fen - self.terms.billed_before_fen - self.billed_fen


class DraftContract(Command):
    id: UUID
    act_id: UUID
    vendor_id: UUID
    title: Name
    fund: Code
    budget_line_id: UUID
    starts_on: date
    ends_on: date
    amount_fen: PositiveFen
    expires_at: datetime
    encumber_fen: NotNegativeFen | None = None
    """Left out: the amount less what was billed before."""
    billed_before_fen: NotNegativeFen = 0
    files: Annotated[tuple[Sha256, ...], Meta(max_length=20)] = ()


class EndContract(Command):
    reason: Reason


# Invoices


class InvoiceKind(StrEnum):
    E_INVOICE = "e_invoice"
    """数电票: twenty digits, no separate code."""
    PAPER = "paper"
    """Paper and older electronic invoices: code of ten or twelve digits, number of eight."""
    UTILITY = "utility"
    """A bill for electricity, water or gas."""
    OTHER = "other"


class InvoiceState(StrEnum):
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    """The work is done and the amount right; the expense is in the books."""
    ORDERED = "ordered"
    PAID = "paid"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"

    @property
    def is_live(self) -> bool:
        """Whether it keeps its number, reference and files from being used again."""
        return self not in (InvoiceState.REJECTED, InvoiceState.WITHDRAWN)


class SubmitInvoice(Command):
    id: UUID
    kind: InvoiceKind
    issued_on: date
    net_fen: Fen
    gross_fen: Fen
    """Below zero for a red invoice (红字) or credit note."""
    description: Annotated[str, Meta(min_length=1, max_length=500)]
    tax_fen: Fen = 0
    vendor_id: UUID | None = None
    """A vendor's own key need not say."""
    number: Annotated[str, Meta(max_length=40)] = ""
    code: Annotated[str, Meta(max_length=12)] = ""
    """发票代码 of a paper invoice."""
    vendor_reference: Reference = ""
    """The vendor's own number for it; one reference is one invoice."""
    contract_id: UUID | None = None
    corrects_id: UUID | None = None
    """The blue invoice that a red one takes back."""
    files: Annotated[tuple[Sha256, ...], Meta(max_length=10)] = ()
    """The invoice itself as XML, PDF, OFD or image; one file belongs to one invoice."""
    attachments: Annotated[tuple[Sha256, ...], Meta(max_length=20)] = ()
    """What goes with it, such as an attendance sheet; may stand behind several invoices."""


class Submission(Fact):
    """A submission after every check that needs no other invoice, as it is stored."""

    content: SubmitInvoice
    vendor_id: UUID
    number: str
    fiscal_number: str
    """Code and number of a tax invoice, unique over all compounds; empty for other bills."""
    number_hash: str
    """Hex; empty where there is no fiscal number."""
    claims: tuple[str, ...]
    """What no other live invoice here may have: its number, reference and files."""
    is_xml_checked: bool
    digest: bytes
    """Of the content, so that a retry can be told from another invoice under the same id.

    It never leaves the database and is never signed, so plain JSON in field order is enough.
    """


class Verdict(StrEnum):
    """What the database says about one submission."""

    SUBMITTED = "submitted"
    ALREADY = "already"
    ID_TAKEN = "id-taken"
    VENDOR_MISSING = "vendor-missing"
    VENDOR_NOT_ADMITTED = "vendor-not-admitted"
    DUPLICATE_HERE = "duplicate-here"
    DUPLICATE_ELSEWHERE = "duplicate-elsewhere"


class Invoice(Fact):
    """An invoice as it stands."""

    invoice_id: UUID
    vendor_id: UUID
    contract_id: UUID | None
    corrects_id: UUID | None
    kind: InvoiceKind
    number: str
    """Code and number together for a paper invoice."""
    vendor_reference: str
    issued_on: date
    net_fen: int
    tax_fen: int
    gross_fen: int
    description: str
    files: tuple[str, ...]
    attachments: tuple[str, ...]
    is_xml_checked: bool
    """Its XML was read and agrees with it, with the vendor and with the compound."""
    state: InvoiceState
    version: int
    submitted_at: datetime
    fund: str | None = None
    """The one fund that pays it; chosen at acceptance."""
    entry_id: UUID | None = None
    """The accrual in the journal."""
    order_id: UUID | None = None
    """The payment order that holds or has paid it."""
    reason: str = ""

    @property
    def is_red(self) -> bool:
        return self.gross_fen < 0


class InvoiceEvent(Fact):
    """One step in the life of an invoice."""

    version: int
    state: InvoiceState
    at: datetime
    person_id: UUID | None
    """Who did it; None for a machine."""
    order_id: UUID | None = None
    reason: str = ""


class PlatformResult(StrEnum):
    """What the tax authority's verification platform says; a person looks it up."""

    VALID = "valid"
    VOID = "void"
    RED = "red"
    """Taken back by a red invoice."""
    NOT_FOUND = "not_found"


class CheckOnPlatform(Command):
    id: UUID
    result: PlatformResult
    checked_at: datetime
    note: Prose = ""


class PlatformCheck(Fact):
    check_id: UUID
    result: PlatformResult
    checked_at: datetime
    checked_by: UUID
    recorded_at: datetime
    note: str


class AcceptedLine(Command):
    """Where a part of the amount belongs."""

    account: Code
    amount_fen: Fen
    """Of the invoice's own sign."""
    budget_line_id: UUID | None = None
    """Needed for an expense (5…); free for a prepayment or asset (1…); none for a liability (2…)."""
    counterparty_id: UUID | None = None
    """Whose sub-ledger, where the account keeps one; the vendor when left out on an asset."""
    scope: Annotated[str, Meta(max_length=80)] = ""
    project: Annotated[str, Meta(max_length=40)] = ""


class AcceptInvoice(Command):
    """The trustee's manager says that the work is done and the amount right."""

    entry_id: UUID
    accounting_on: date
    fund: Code
    memo: Annotated[str, Meta(min_length=1, max_length=500)]
    lines: Annotated[tuple[AcceptedLine, ...], Meta(min_length=1, max_length=50)]
    evidence: Annotated[tuple[Sha256, ...], Meta(min_length=1, max_length=20)]
    """Proof of the work: an acceptance sheet, photographs, a meter reading."""
    acknowledged_similar: Annotated[tuple[UUID, ...], Meta(max_length=200)] = ()
    """Every invoice with the same payee, amount and date, looked at and found to be another."""


class TakeBackAcceptance(Command):
    """The acceptance was wrong: another line, another fund, work that was not done."""

    reversal_id: UUID
    """The entry that takes back the entry of the acceptance."""
    accounting_on: date
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class EndInvoice(Command):
    """Rejects or withdraws."""

    reason: Reason


class Similar(Fact):
    """Another live invoice of the same vendor, amount and date."""

    invoice_id: UUID
    number: str
    state: InvoiceState


class InvoiceDetail(Fact):
    """Everything about one invoice; the similar ones are shown to office holders only."""

    invoice: Invoice
    events: tuple[InvoiceEvent, ...]
    lines: tuple[AcceptedLine, ...]
    acceptance_evidence: tuple[str, ...]
    platform_checks: tuple[PlatformCheck, ...]
    similar: tuple[Similar, ...]


# Batches


class SubmitBatch(Command):
    invoices: Annotated[tuple[SubmitInvoice, ...], Meta(min_length=1, max_length=1000)]


class ItemError(Fact):
    pointer: str
    code: str
    detail: str


class ItemVerdict(Fact):
    """What became of one invoice of a batch."""

    id: UUID
    is_submitted: bool
    code: str = ""
    """The refusal's code."""
    detail: str = ""
    errors: tuple[ItemError, ...] = ()


class BatchVerdict(Fact):
    submitted: int
    refused: int
    items: tuple[ItemVerdict, ...]


# What the XML of an e-invoice says


class EInvoiceLine(Fact):
    name: str
    amount_fen: int
    tax_fen: int | None
    """None where the line does not say."""


class EInvoice(Fact):
    """The fields of a 数电票 that are checked."""

    number: str
    issued_on: date
    seller_name: str
    seller_id: str
    buyer_name: str
    buyer_id: str
    net_fen: int
    tax_fen: int
    gross_fen: int
    lines: tuple[EInvoiceLine, ...]
    remark: str


class Buyer(Fact):
    """A title that an invoice may be made out to."""

    name: str
    credit_code: str
    must_name: str = ""
    """Words that the remark must hold: the compound, when the title is the trustee's."""


class Surroundings(Fact):
    """What submissions are checked against; only what they name is loaded."""

    today: date
    grace_days: int = 0
    vendors: Mapping[UUID, Vendor] = {}
    contracts: Mapping[UUID, Contract] = {}
    blue: Mapping[UUID, Invoice] = {}
    """The invoices that red ones cite."""
    taken_back_fen: Mapping[UUID, int] = {}
    """What other live red invoices already take back of each; zero or below."""
    buyers: tuple[Buyer, ...] = ()
    files: Mapping[str, MediaType] = {}
    """The uploaded ones among the files named."""
    e_invoices: Mapping[str, EInvoice | FieldError] = {}
    """What each XML says, or why it could not be read; by its digest."""
