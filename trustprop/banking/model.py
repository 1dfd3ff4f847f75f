"""What the bank says: statements, their lines, how they match the books, and alarms."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.billing.model import Apply, ChargeKind
from trustprop.kernel.money import MAX_FEN
from trustprop.kernel.periods import Period
from trustprop.kernel.struct import Command, Fact
from trustprop.ledger.model import FundClaim

AccountCode = Annotated[str, Meta(pattern=r"^1002\d{2}$")]
FundCode = Annotated[str, Meta(pattern=r"^(OP|PR|RS|MF|AG|PJ-[0-9]{3})$")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Prose = Annotated[str, Meta(min_length=1, max_length=1000)]

CLEARANCE_ACT = "alarm-clearance"
UNIDENTIFIED = "220904"
"""暂收待查款."""
INTEREST = "4601"


class Format(StrEnum):
    """How a file says it; the CSV layouts are data in ``rules.profiles``."""

    CSV = "csv"
    CAMT053 = "camt.053"
    MT940 = "mt940"


class ReadLine(Fact):
    """One movement as a file says it."""

    booked_on: date
    amount_fen: int
    """Above zero when money came in, below when it went out."""
    balance_fen: int | None
    """Right after it."""
    counterparty_name: str
    counterparty_number: str
    memo: str
    reference: str


class ReadStatement(Fact):
    """A file as read, oldest line first."""

    profile: str
    account_number: str
    """Empty where the file does not say."""
    opening_fen: int | None
    closing_fen: int | None
    lines: tuple[ReadLine, ...]


class ImportStatement(Command):
    id: UUID
    account: AccountCode
    file_sha256: Sha256
    """The bank's own file, uploaded before."""
    profile: Annotated[str, Meta(max_length=20)] | None = None
    """One of the profiles; None to find out."""


class BankStatement(Fact):
    """One import."""

    statement_id: UUID
    account: str
    profile: str
    file_sha256: str
    first_on: date | None
    last_on: date | None
    opening_fen: int | None
    closing_fen: int | None
    lines: int
    new_lines: int
    """Fewer than ``lines`` where it overlaps what was imported before."""
    imported_by: UUID | None
    imported_at: datetime


class LineState(StrEnum):
    UNMATCHED = "unmatched"
    """Nothing in the books answers to it yet."""
    PROPOSED = "proposed"
    """Something may; a person decides."""
    MATCHED = "matched"
    ALARM = "alarm"
    """Money went out without an order that both sides signed."""
    EXPLAINED = "explained"
    """It did, and both sides have signed why; the books do not show it."""


class MatchRule(StrEnum):
    """Why a line and the books belong together."""

    REFERENCE = "reference"
    REFERENCE_SUM = "reference-sum"
    AMOUNT_DATE_PAYEE = "amount-date-payee"
    AMOUNT_DATE = "amount-date"
    AMBIGUOUS = "ambiguous"
    OTHER_PAYEE = "other-payee"
    INTEREST = "interest"
    NOTHING = "nothing"
    BY_HAND = "by-hand"
    UNIDENTIFIED = "unidentified"
    CLEARANCE = "clearance"


class BankLine(Fact):
    line_id: UUID
    statement_id: UUID
    account: str
    booked_on: date
    day_index: int
    """Its place among the lines of its day, from 0."""
    amount_fen: int
    balance_fen: int | None
    counterparty_name: str
    counterparty_number: str
    memo: str
    reference: str
    state: LineState = LineState.UNMATCHED
    match_rule: MatchRule | None = None
    match_reason: str = ""
    candidates: tuple[UUID, ...] = ()
    """Entries that a person may confirm."""
    version: int = 1


class BankMatch(Fact):
    """Part of a line and part of an entry that are the same money."""

    line_id: UUID
    entry_id: UUID
    amount_fen: int
    rule: MatchRule
    reason: str
    matched_by: UUID | None
    """None when a rule did it."""
    matched_at: datetime
    booked_on: date
    """When the bank booked it."""
    accounting_on: date
    """When the books did."""


class CashMovement(Fact):
    """What one entry does to one bank account."""

    entry_id: UUID
    number: int
    accounting_on: date
    amount_fen: int
    """Above zero when money comes in."""
    is_opening: bool
    memo: str
    partner_id: UUID | None = None
    """The entry that it takes back, or that takes it back."""


class SealedReconciliation(Fact):
    """Where a bank account stood when a month was closed, and what only one side knew of then."""

    account: str
    period: int
    bank_fen: int
    books_fen: int
    open_lines: tuple[UUID, ...]
    open_entries: tuple[UUID, ...]
    sealed_at: datetime

    @property
    def last_on(self) -> date:
        return Period.from_number(self.period).last_on


class Candidate(Fact):
    """A movement of the books that no bank line answers to yet, with all that could name it."""

    entry_id: UUID
    on: date
    amount_fen: int
    """What is left of it; above zero when money comes in."""
    references: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    """Account numbers of the other side; masked ones carry their last digits only."""
    order_id: UUID | None = None
    label: str = ""
    """How a person calls it, such as ``2025-0007``."""


class Decision(Fact):
    """What a rule says of a line."""

    line_id: UUID
    state: LineState
    rule: MatchRule
    reason: str
    candidates: tuple[Candidate, ...] = ()


class Matching(Fact):
    """What an import or a new look at the lines brought about."""

    matched: int
    proposed: int
    alarms: int
    unmatched: int


class ImportedStatement(Fact):
    statement: BankStatement
    matching: Matching
    gaps: tuple["Gap", ...]


class Gap(Fact):
    """Between two lines the balance moved by something that no imported line shows."""

    account: str
    after_on: date
    before_on: date
    expected_fen: int
    found_fen: int

    @property
    def missing_fen(self) -> int:
        return self.found_fen - self.expected_fen


class ConfirmMatch(Command):
    """A person says which entries a line is; their amounts sum to the line's."""

    entry_ids: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=500)]


class BookUnidentified(Command):
    """借 bank / 贷 220904: it came, and nobody knows from whom."""

    entry_id: UUID
    fund: FundCode = "OP"


class BookInterest(Command):
    """借 bank / 贷 4601: the bank's interest."""

    entry_id: UUID
    fund: FundCode


class Identify(Command):
    """The payer of an unidentified receipt is found: 借 220904 / 贷 what the home owes."""

    receipt_id: UUID
    home_id: UUID
    identified_on: date
    kind: ChargeKind | None = None
    apply: Apply = Apply.OLDEST_FIRST


class Unidentified(Fact):
    """Money of 220904 with the line by which it came."""

    line_id: UUID
    entry_id: UUID
    fund: str
    amount_fen: int
    receipt_id: UUID | None
    """The receipt by which it was identified."""
    identified_at: datetime | None


class AlarmState(StrEnum):
    OPEN = "open"
    CLEARED = "cleared"


class Alarm(Fact):
    """A bank debit without a dual-signed order."""

    alarm_id: UUID
    line_id: UUID
    account: str
    booked_on: date
    amount_fen: int
    """Below zero."""
    counterparty_name: str
    reason: str
    state: AlarmState
    raised_at: datetime
    cleared_at: datetime | None
    cleared_by: UUID | None
    """The person who matched it; None when both sides explained it."""
    act_id: UUID | None
    explanation: str


class ExplainAlarm(Command):
    """Both sides sign what happened; with an account the entry is posted as well."""

    act_id: UUID
    explanation: Prose
    account: Annotated[str, Meta(pattern=r"^\d{4,8}$")] | None = None
    """What is debited, such as 5301 for a bank's fee; None when the bank owes it back."""
    fund: FundCode | None = None
    budget_line_id: UUID | None = None
    counterparty_id: UUID | None = None
    evidence: tuple[Sha256, ...] = ()


class ClearanceBody(Fact):
    """What is signed: the line of the bank, the explanation, and what is posted."""

    alarm_id: UUID
    line_id: UUID
    bank_account: str
    booked_on: date
    amount_fen: Annotated[int, Meta(gt=0, le=MAX_FEN)]
    """What left the account."""
    explanation: str
    account: str | None
    fund: str | None
    budget_line_id: UUID | None
    counterparty_id: UUID | None
    evidence: tuple[str, ...]


class ItemKind(StrEnum):
    RECEIPT_NOT_ON_BANK = "receipt_not_on_bank"
    PAYMENT_NOT_ON_BANK = "payment_not_on_bank"
    LINE_NOT_IN_BOOKS = "line_not_in_books"


class ReconcilingItem(Fact):
    kind: ItemKind
    id: UUID
    """Of the entry, or of the bank line."""
    on: date
    amount_fen: int
    """Above zero when money came in."""
    memo: str


class Reconciliation(Fact):
    """Three ways to the same figure: the bank, the books, the claims of the funds."""

    account: str
    on: date
    bank_fen: int
    receipts_not_on_bank_fen: int
    payments_not_on_bank_fen: int
    adjusted_bank_fen: int
    lines_not_in_books_fen: int
    books_fen: int
    claims: tuple[FundClaim, ...]
    claims_fen: int
    unexplained_fen: int
    """What no item explains: a gap in the statements or another opening balance."""
    items: tuple[ReconcilingItem, ...]
    alarms: tuple[Alarm, ...]
    """Those still open."""
    gaps: tuple[Gap, ...]
    is_reconciled: bool
    """Adjusted bank = books = claims, with no alarm open."""
