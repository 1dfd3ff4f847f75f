"""Lawful changes of a budget in force: adjustment, virement, emergency."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.budgets.model.documents import IncomeDraft, LineDraft
from trustprop.budgets.model.words import (
    PositiveFen,
    Reason,
    Sha256,
    Title,
)
from trustprop.kernel.money import MAX_FEN
from trustprop.kernel.struct import Command, Fact


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
