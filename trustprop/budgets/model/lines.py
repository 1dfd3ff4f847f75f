"""A line in the books: its control, what moves it, and what a report says of it."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from trustprop.budgets.model.words import (
    Code,
)
from trustprop.kernel.struct import Fact


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
    resolution_id: UUID
    """Which adopted the budget, and must still stand when more is spent."""
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
