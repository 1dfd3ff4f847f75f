"""What follows a vote: objections, filing, handover, and what was done under a resolution."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.compounds.model import Name, Prose
from trustprop.kernel.struct import Command, Fact
from trustprop.meetings.model.meetings import Evidence
from trustprop.meetings.model.resolutions import Digest, Resolution


class ObjectionTarget(StrEnum):
    ROLL = "roll"
    RESULT = "result"


class RaiseObjection(Command):
    id: UUID
    target: ObjectionTarget
    body: Prose
    evidence: Annotated[tuple[Digest, ...], Meta(max_length=20)] = ()


class AnswerObjection(Command):
    answer: Prose
    is_upheld: bool
    """An objection that is right ends the meeting: nothing is mended in it."""
    evidence: Annotated[tuple[Digest, ...], Meta(max_length=20)] = ()


class MeetingObjection(Fact):
    objection_id: UUID
    meeting_id: UUID
    target: ObjectionTarget
    body: str
    evidence: tuple[str, ...]
    raised_by: UUID | None
    """Shown to the objector and the committee only."""
    raised_at: datetime
    answer: str | None = None
    is_upheld: bool | None = None
    answer_evidence: tuple[str, ...] = ()
    answered_by: UUID | None = None
    answered_at: datetime | None = None


class FilingKind(StrEnum):
    MEMBERS = "members"
    """业主委员会备案 (Regulations 16)."""
    TEXTS = "texts"
    """管理规约、业主大会议事规则."""
    DECISIONS = "decisions"


class RecordFiling(Command):
    """The receipt of the street office (街道办事处)."""

    id: UUID
    kind: FilingKind
    filed_on: date
    receipt_number: Name
    evidence: Evidence


class Filing(Fact):
    filing_id: UUID
    meeting_id: UUID
    kind: FilingKind
    filed_on: date
    receipt_number: str
    evidence: tuple[str, ...]
    recorded_by: UUID
    recorded_at: datetime


class RecordHandover(Command):
    """What the old committee gave to the new one; both signed the list."""

    id: UUID
    motion_id: UUID
    """The election."""
    handed_on: date
    items: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=500)]
    """Seals, contracts, keys, files, accounts."""
    evidence: Evidence
    """The scan with both signatures."""


class Handover(Fact):
    handover_id: UUID
    meeting_id: UUID
    motion_id: UUID
    handed_on: date
    items: tuple[str, ...]
    evidence: tuple[str, ...]
    recorded_by: UUID
    recorded_at: datetime


class WriteFollowUp(Command):
    id: UUID
    done_on: date
    body: Prose
    evidence: Annotated[tuple[Digest, ...], Meta(max_length=50)] = ()


class FollowUp(Fact):
    """What was done under a resolution."""

    follow_up_id: UUID
    resolution_id: UUID
    done_on: date
    body: str
    evidence: tuple[str, ...]
    written_by: UUID
    written_at: datetime


class EffectTaken(Fact):
    """What a meeting decided; a rehearsal decides nothing."""

    meeting_id: UUID
    resolutions: tuple[Resolution, ...]
