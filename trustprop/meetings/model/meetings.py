"""A meeting of the owners: who called it, how far it has come, and which day comes next."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from trustprop.compounds.model import Name, Prose
from trustprop.kernel.struct import Command, Fact
from trustprop.meetings.model.resolutions import Digest
from trustprop.votes.model.holding import Instant

Evidence = Annotated[tuple[Digest, ...], Meta(min_length=1, max_length=50)]
"""Photographs, scans, lists: by their digests among the evidence."""


class MeetingKind(StrEnum):
    ANNUAL = "annual"
    """定期会议."""
    EXTRAORDINARY = "extraordinary"
    """临时会议."""


class MeetingForm(StrEnum):
    """How the owners take part (Regulations 12)."""

    ASSEMBLY = "assembly"
    """集体讨论: they meet and debate before ballots go out."""
    WRITTEN = "written"
    """书面征求意见."""
    ONLINE = "online"
    """互联网方式, with paper for whoever wants it."""


class CalledBy(StrEnum):
    COMMITTEE = "committee"
    OWNERS = "owners"
    """Owners with 20 % of the area and of the heads (Regulations 13)."""


class Step(StrEnum):
    """From the proposal to the end of the year in which a court can revoke the decision."""

    PROPOSAL = "proposal"
    SCREENING = "screening"
    AGENDA = "agenda"
    ROLL = "roll"
    NOTICE = "notice"
    DEBATE = "debate"
    BALLOTS_OUT = "ballots_out"
    BALLOTS_IN = "ballots_in"
    CLOSE = "close"
    COUNT = "count"
    TALLY = "tally"
    POSTING = "posting"
    OBJECTIONS = "objections"
    FILING = "filing"
    EFFECT = "effect"
    REVOCATION_WINDOW = "revocation_window"


class StepDone(Fact):
    """What was done, by whom, and what proves it."""

    step: Step
    number: int
    """1; the roll is drawn again when the notice did not go out on its day."""
    done_at: datetime
    done_by: UUID | None
    facts: dict[str, Any]
    evidence: tuple[str, ...] = ()


class Meeting(Fact):
    meeting_id: UUID
    number: str
    """``2026-001``: gapless per compound and year; a rehearsal counts apart, ``R2026-001``."""
    kind: MeetingKind
    form: MeetingForm
    title: str
    place: str
    called_by: CalledBy
    is_rehearsal: bool
    """Played with invented ballots: it goes through every step and decides nothing."""
    proposed_by: UUID
    proposed_at: datetime
    version: int = 1
    agenda_digest: str | None = None
    """Over every motion as it was frozen; named again in the notice."""
    vote_id: UUID | None = None
    record_on: date | None = None
    notice_on: date | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    extensions: int = 0
    chair_id: UUID | None = None
    ended_at: datetime | None = None
    """Cancelled: nothing can be decided in it any more."""
    ended_reason: str | None = None
    steps: tuple[StepDone, ...] = ()
    """In the order in which they were done."""

    @property
    def step(self) -> Step | None:
        """The furthest step that was done; None while owners are still gathering support."""
        order = list(Step)
        return max((done.step for done in self.steps), key=order.index, default=None)

    def done(self, step: Step) -> StepDone | None:
        """How a step was done last."""
        found = [done for done in self.steps if done.step is step]
        return found[-1] if found else None


class MeetingView(Fact):
    """A meeting as it is shown, with the step that it stands at."""

    meeting: Meeting
    step: Step | None


class Propose(Command):
    id: UUID
    kind: MeetingKind
    form: MeetingForm
    title: Name
    place: Name
    called_by: CalledBy = CalledBy.COMMITTEE
    is_rehearsal: bool = False


class Support(Command):
    """An owner joins the call; who keeps a signed list brings its homes and its scan."""

    homes: Annotated[tuple[UUID, ...], Meta(max_length=10_000)] = ()
    """Of a signed list. Left out: the caller's own homes."""
    evidence: Annotated[tuple[Digest, ...], Meta(max_length=50)] = ()


class Supported(Fact):
    """How much of the compound stands behind a call, by the roll of its day."""

    heads: int
    area_dm2: int
    total_heads: int
    total_area_dm2: int
    percent: int
    """Needed of both, by the limit ``meeting_call_percent``."""
    is_enough: bool


class DrawRoll(Command):
    vote_id: UUID
    """Of the vote that will hold the ballots."""


class AnnounceMeeting(Command):
    """Everything that was posted, in full: what is not in it cannot be voted on."""

    agenda_digest: Digest
    motions: Annotated[tuple[UUID, ...], Meta(min_length=1, max_length=200)]
    opens_at: Instant
    closes_at: Instant
    posted: Evidence
    """That the notice with agenda, texts and roll hangs in the compound."""
    told_residents_committee: Evidence
    """That the residents' committee (居民委员会) was told (Regulations 14)."""


class OpenDebate(Command):
    chair_id: UUID
    """A person with no motion of their own."""
    place: Name


class SendBallotsOut(Command):
    evidence: Annotated[tuple[Digest, ...], Meta(max_length=50)] = ()


class ExtendWindow(Command):
    closes_at: Instant
    posted: Evidence


class PostResult(Command):
    posted: Evidence
    """That decision, tally and count digest hang in the compound."""


class TakeEffect(Command):
    """Makes the resolutions; each has the id of its motion, or of the candidate that it elects."""

    effective_on: date | None = None
    """Not before the posting; left out: today."""


class Cancel(Command):
    reason: Prose


class Consequence(StrEnum):
    """What a day that was missed means."""

    WAITS = "waits"
    """The next step waits for it."""
    LATE = "late"
    """It must still be done, and everybody sees that it came late."""
    CANCELLED = "cancelled"
    """The law cannot be kept any more: the meeting can only be cancelled and called anew."""


class Deadline(Fact):
    """One step in the calendar of a meeting. Days are days in Asia/Shanghai."""

    step: Step
    by: str
    """Who does it: ``committee``, ``owners``, ``chair``, ``time``."""
    earliest_on: date | None
    due_on: date | None
    """The last day."""
    until_on: date | None
    """How long what was posted stays posted, and objections are heard."""
    if_missed: Consequence
    citation: str
    done_at: datetime | None
    is_late: bool
    """Done after its day, or not done though the day is over."""
    is_provisional: bool
    """The notice is not given yet, or the holidays of the year are not announced yet."""
