"""What an open budget is: documents with lines, their control in the books, and lawful changes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.kernel.money import MAX_FEN
from trustprop.kernel.struct import Command, Fact

Code = Annotated[str, Meta(min_length=1, max_length=40)]
Title = Annotated[str, Meta(min_length=1, max_length=200)]
Prose = Annotated[str, Meta(max_length=4000)]
Reason = Annotated[str, Meta(min_length=1, max_length=4000)]
Fen = Annotated[int, Meta(ge=0, le=MAX_FEN)]
PositiveFen = Annotated[int, Meta(gt=0, le=MAX_FEN)]
Percent = Annotated[int, Meta(ge=0, le=100)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


# Lines in the books


class MovementKind(StrEnum):
    """What changes a line; each is one row that is never changed again."""

    OPEN = "open"
    """Adopted: appropriation, and what a mid-year takeover found used or contracted."""
    ADJUST = "adjust"
    """By a resolution, a virement or an emergency; signed."""
    ENCUMBER = "encumber"
    """Contracted (保留)."""
    RELIEVE = "relieve"
    RESERVE = "reserve"
    """Ordered, being signed (预保留)."""
    UNRESERVE = "unreserve"
    SPEND = "spend"
    UNSPEND = "unspend"
    """An expense taken back: a reversal, a credit note."""


class MovementSource(Fact):
    """What moves a line. The same source moves it once in each way: again is a retry."""

    kind: Code
    """``contract``, ``payment_order``, ``invoice``, ``entry``, ``adjustment``, …"""
    id: UUID
    version: int = 0
    """A new version of the same order may reserve again."""


class LineControl(Fact):
    """A line of a budget in force, as the books hold it."""

    line_id: UUID
    budget_id: UUID
    year: int
    code: str
    title: str
    account: str
    fund: str
    category: str
    scope: str
    warning_percent: int
    """The limit in force when the budget was adopted."""
    appropriated_fen: int
    adjusted_fen: int = 0
    actual_fen: int = 0
    encumbered_fen: int = 0
    reserved_fen: int = 0
    movements: int = 0
    """How many movements made these figures."""

    @property
    def budgeted_fen(self) -> int:
        return self.appropriated_fen + self.adjusted_fen

    @property
    def used_fen(self) -> int:
        return self.actual_fen + self.encumbered_fen + self.reserved_fen

    @property
    def available_fen(self) -> int:
        """Appropriation ± adjustments − actual − encumbered − reserved."""
        return self.budgeted_fen - self.used_fen

    @property
    def is_near_limit(self) -> bool:
        """Used up to the warning or beyond."""
        return self.used_fen * 100 >= self.budgeted_fen * self.warning_percent


class Change(Fact):
    """A wish to move one line."""

    kind: MovementKind
    line_id: UUID
    amount_fen: int
    """Above zero; signed for an adjustment."""
    source: MovementSource
    on: date
    """The accounting date."""
    from_reserved_fen: int = 0
    from_encumbered_fen: int = 0
    fund: str | None = None
    """The fund that is to pay, when the asker knows it."""


class Movement(Fact):
    """One change of one line, as recorded; the line's figures are the sums of its movements."""

    line_id: UUID
    number: int
    """Gapless in the line, from 1."""
    kind: MovementKind
    source: MovementSource
    moved_on: date
    recorded_at: datetime
    appropriated_fen: int = 0
    adjusted_fen: int = 0
    actual_fen: int = 0
    encumbered_fen: int = 0
    reserved_fen: int = 0

    @property
    def key(self) -> tuple[UUID, MovementKind, MovementSource]:
        return (self.line_id, self.kind, self.source)


class Spending(Fact):
    """One of many expenses that use lines in one call."""

    line_id: UUID
    amount_fen: int
    source: MovementSource
    from_reserved_fen: int = 0
    from_encumbered_fen: int = 0
    fund: str | None = None
    on: date | None = None
    """The accounting date; the caller's day when it is left out."""


class Availability(Fact):
    """What a line has left."""

    line_id: UUID
    code: str
    title: str
    account: str
    fund: str
    category: str
    scope: str
    appropriated_fen: int
    adjusted_fen: int
    actual_fen: int
    encumbered_fen: int
    reserved_fen: int
    available_fen: int
    is_near_limit: bool


class LineExecution(Fact):
    """Budget against actual of one line at the end of a month."""

    line_id: UUID
    code: str
    title: str
    account: str
    fund: str
    category: str
    scope: str
    annual_fen: int
    """Appropriation with every adjustment up to the month's end."""
    used_before_fen: int
    """Used in the year before this month, earlier bookkeeping included."""
    this_month_fen: int
    encumbered_fen: int
    reserved_fen: int
    year_to_date_fen: int
    available_fen: int


# Documents


class BudgetState(StrEnum):
    DRAFT = "draft"
    CONSULTING = "consulting"
    """Published for comments; may still be revised."""
    ADOPTED = "adopted"
    SUPERSEDED = "superseded"
    """Another budget of the same year was adopted."""


class LineDraft(Command):
    """One line: what may be spent on what, why so much, and which service stands against it."""

    line_id: UUID
    code: Code
    title: Title
    account: Code
    fund: Code
    category: Code
    """Virement is possible inside one category."""
    amount_fen: Fen
    scope: Annotated[str, Meta(max_length=80)] = ""
    """A building or stair; empty for the whole compound."""
    assumption: Prose = ""
    service_standard: Prose = ""
    used_before_fen: Fen = 0
    """Used in this year before the service took over."""
    encumbered_before_fen: Fen = 0
    """Contracted and not yet used when the service took over."""


class IncomeDraft(Command):
    """Money that a fund expects, and how much of it will realistically come in."""

    code: Code
    title: Title
    account: Code
    """Income (4…), or net assets (3…) where the fund spends what it has saved."""
    fund: Code
    amount_fen: Fen
    collection_percent: Percent
    assumption: Prose = ""

    @property
    def collectable_fen(self) -> int:
        return self.amount_fen * self.collection_percent // 100


class BudgetLine(LineDraft, frozen=True, kw_only=True):
    """A line as stored; ``added_by`` names the adjustment or emergency that opened it later."""

    added_by: UUID | None = None


class Budget(Fact):
    budget_id: UUID
    year: int
    title: str
    state: BudgetState
    version: int
    warning_percent: int
    drafted_by: UUID | None
    drafted_at: datetime
    consulting_since: datetime | None = None
    adopted_at: datetime | None = None
    resolution_id: UUID | None = None


class FundMeans(Fact):
    """One fund's plan: what it may spend against what will realistically come in (以收定支)."""

    fund: str
    planned_fen: int
    expected_fen: int
    collectable_fen: int


class BudgetDocument(Fact):
    """A budget with everything in it."""

    budget: Budget
    lines: tuple[BudgetLine, ...]
    income: tuple[IncomeDraft, ...]
    means: tuple[FundMeans, ...]


class BudgetVersion(Fact):
    """A version as it was saved, for ever."""

    budget_id: UUID
    version: int
    digest: str
    """SHA-256 of the canonical document, in hex."""
    document: bytes
    saved_by: UUID | None
    saved_at: datetime


class DraftBudget(Command):
    id: UUID
    year: Annotated[int, Meta(ge=2000, le=2200)]
    title: Title
    lines: Annotated[tuple[LineDraft, ...], Meta(min_length=1, max_length=500)]
    income: Annotated[tuple[IncomeDraft, ...], Meta(min_length=1, max_length=200)]


class ReviseBudget(Command):
    """The whole document again; it becomes the next version."""

    title: Title
    lines: Annotated[tuple[LineDraft, ...], Meta(min_length=1, max_length=500)]
    income: Annotated[tuple[IncomeDraft, ...], Meta(min_length=1, max_length=200)]


class AdoptBudget(Command):
    resolution_id: UUID
    version: int
    """The version that the resolution is about."""


class Comment(Fact):
    comment_id: UUID
    budget_id: UUID
    version: int
    line_id: UUID | None
    body: str
    commented_at: datetime
    answer: str | None = None
    answered_at: datetime | None = None


class WriteComment(Command):
    id: UUID
    body: Reason
    line_id: UUID | None = None


class AnswerComment(Command):
    answer: Reason


# Changes of a budget in force


class ChangeState(StrEnum):
    PROPOSED = "proposed"
    """Waits for its resolution or its signatures."""
    IN_FORCE = "in_force"
    ENDED = "ended"
    """Rejected, withdrawn or expired before it took effect."""


class LineDelta(Command):
    line_id: UUID
    amount_fen: Annotated[int, Meta(ge=-MAX_FEN, le=MAX_FEN)]
    """Signed: what the line gains or loses."""


class ProposeAdjustment(Command):
    """A change that the assembly decides on its own (依法调整)."""

    id: UUID
    title: Title
    reason: Reason
    deltas: Annotated[tuple[LineDelta, ...], Meta(max_length=500)] = ()
    new_lines: Annotated[tuple[LineDraft, ...], Meta(max_length=100)] = ()
    new_income: Annotated[tuple[IncomeDraft, ...], Meta(max_length=100)] = ()


class Adjustment(Fact):
    adjustment_id: UUID
    budget_id: UUID
    title: str
    reason: str
    deltas: tuple[LineDelta, ...]
    new_lines: tuple[LineDraft, ...]
    new_income: tuple[IncomeDraft, ...]
    state: ChangeState
    proposed_by: UUID | None
    proposed_at: datetime
    in_force_at: datetime | None = None
    resolution_id: UUID | None = None


class DecideChange(Command):
    resolution_id: UUID


class ProposeVirement(Command):
    """Money from one line to another of the same category and fund, within the limit of the text."""

    id: UUID
    from_line_id: UUID
    to_line_id: UUID
    amount_fen: PositiveFen
    reason: Reason


class Virement(Fact):
    virement_id: UUID
    budget_id: UUID
    from_line_id: UUID
    to_line_id: UUID
    amount_fen: int
    reason: str
    state: ChangeState
    act_id: UUID
    proposed_by: UUID | None
    proposed_at: datetime
    in_force_at: datetime | None = None


class ProposeEmergency(Command):
    """Money at once for a danger: both sides sign, everybody is told, the assembly ratifies."""

    id: UUID
    reason: Reason
    amount_fen: PositiveFen
    line_id: UUID | None = None
    """The line that gains, or a new line below."""
    new_line: LineDraft | None = None
    evidence: Annotated[tuple[Sha256, ...], Meta(max_length=50)] = ()


class Emergency(Fact):
    emergency_id: UUID
    budget_id: UUID
    line_id: UUID
    new_line: LineDraft | None
    amount_fen: int
    reason: str
    evidence: tuple[str, ...]
    state: ChangeState
    act_id: UUID
    proposed_by: UUID | None
    proposed_at: datetime
    in_force_at: datetime | None = None
    notice_due_at: datetime | None = None
    noticed_at: datetime | None = None
    notice_evidence: tuple[str, ...] = ()
    ratify_by: date | None = None
    resolution_id: UUID | None = None
    """The resolution that ratified it."""
    ratified_at: datetime | None = None


class EmergencyNow(Fact):
    """An emergency with its clocks read at one moment."""

    emergency: Emergency
    is_notice_overdue: bool
    is_ratification_overdue: bool

    @property
    def is_overdue(self) -> bool:
        return self.is_notice_overdue or self.is_ratification_overdue


class GiveNotice(Command):
    """What was posted for the owners to see."""

    evidence: Annotated[tuple[Sha256, ...], Meta(min_length=1, max_length=50)]
