"""What is said before the vote: the speaking list, advice by show of hands, comments."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.compounds.model import PRINTABLE, Name
from trustprop.kernel.struct import Command, Fact
from trustprop.votes.model.counting import Choice
from trustprop.votes.model.deliberation import Advice

SPEECH = timedelta(minutes=2)
SPEECHES_EACH = 2
"""Per person and motion (罗伯特议事规则 as practised: 每次不超过两分钟, 不超过两次)."""


class Stance(StrEnum):
    """Whoever speaks says first which side they take."""

    FOR = "for"
    AGAINST = "against"
    QUESTION = "question"


class AskToSpeak(Command):
    id: UUID
    stance: Stance


class Speech(Fact):
    speech_id: UUID
    meeting_id: UUID
    motion_id: UUID
    person_id: UUID
    stance: Stance
    asked_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None

    def is_running(self, at: datetime) -> bool:
        """Two minutes end by themselves."""
        return (
            self.started_at is not None and self.ended_at is None and at < self.started_at + SPEECH
        )


class OpenDeliberation(Command):
    id: UUID
    question: Name
    motion_id: UUID | None = None


class Deliberation(Fact):
    """One person, one vote: it orders the agenda and can never make a resolution."""

    deliberation_id: UUID
    meeting_id: UUID
    motion_id: UUID | None
    question: str
    opened_by: UUID
    opened_at: datetime
    closed_at: datetime | None
    advice: Advice | None
    """Once it is closed."""


class Deliberate(Command):
    choice: Choice


class WriteRemark(Command):
    """A word of the firm, the supervisor or anybody else on the meeting or on one motion."""

    id: UUID
    body: Annotated[str, Meta(min_length=1, max_length=4000, pattern=PRINTABLE)]
    motion_id: UUID | None = None


class Remark(Fact):
    remark_id: UUID
    meeting_id: UUID
    motion_id: UUID | None
    written_for: str
    """The office or ``resident``; nobody else learns the name."""
    body: str
    at: datetime
