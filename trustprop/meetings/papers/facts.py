"""What the papers of a meeting are drawn from, and what every one of them begins with."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from trustprop.compounds.model import Compound
from trustprop.kernel.struct import Fact
from trustprop.meetings.model.afterwards import MeetingObjection
from trustprop.meetings.model.debate import Speech
from trustprop.meetings.model.meetings import Deadline, Meeting, Step
from trustprop.meetings.model.motions import Motion, MotionDifference
from trustprop.meetings.model.papers import Item, PaperHead
from trustprop.votes.model.counting import Channel, CountingPolicy, Weight
from trustprop.votes.model.document import VoteDocument


class MeetingFacts(Fact):
    """A meeting with its roll drawn: what stands on every paper of it."""

    compound: Compound
    meeting: Meeting
    motions: tuple[Motion, ...]
    """Those on the agenda, by position."""
    deadlines: tuple[Deadline, ...]
    policy: CountingPolicy
    homes: int
    total: Weight
    issued_on: date
    url: str
    silent_majority: str | None
    """The clause in words."""
    names: Mapping[UUID, str] = {}
    """Masked, of the people who moved or spoke."""
    files: Mapping[str, str] = {}
    """Names of attachments by their digests."""
    differences: Mapping[UUID, MotionDifference] = {}
    """By motion."""
    committee: int = 0
    """Members in office."""


class CountFacts(Fact):
    """The published count, and who watched it."""

    document: VoteDocument
    digest: str
    returned: Mapping[Channel, int]
    """Ballots in the box by channel."""
    owner_witnesses: int
    committee_witnesses: int


class AfterFacts(Fact):
    """What is known once the result is posted."""

    resolutions: Mapping[UUID, str] = {}
    """Their numbers, by motion; of an election the first."""
    speeches: tuple[Speech, ...] = ()
    objections: tuple[MeetingObjection, ...] = ()


def head(facts: MeetingFacts) -> PaperHead:
    meeting = facts.meeting
    return PaperHead(
        compound=facts.compound.name,
        credit_code=facts.compound.credit_code or None,
        meeting=meeting.title,
        number=meeting.number,
        is_rehearsal=meeting.is_rehearsal,
        issued_on=facts.issued_on,
        url=facts.url,
    )


def items(facts: MeetingFacts) -> tuple[Item, ...]:
    return tuple(item(facts, motion) for motion in facts.motions)


def item(facts: MeetingFacts, motion: Motion) -> Item:
    """Numbered as on the ballot: withdrawn motions leave no gap."""
    content = motion.content
    election = content.election
    return Item(
        position=facts.motions.index(motion) + 1,
        title=content.title,
        matter=content.matter,
        majority=motion.majority,
        legal_basis=motion.legal_basis,
        building=content.scope.building,
        stair=content.scope.stair,
        is_secret=content.is_secret,
        seats=election.seats if election else 0,
        candidates=tuple(one.name for one in election.candidates) if election else (),
    )


def moved_by(facts: MeetingFacts, motion: Motion) -> str | None:
    """Masked; None stands for the committee."""
    return None if motion.is_moved_by_committee else name_of(facts, motion.moved_by)


def name_of(facts: MeetingFacts, person_id: UUID) -> str:
    """Masked; of whoever is no longer known here nothing is left but the mask."""
    return facts.names.get(person_id, "**")


def deadline(facts: MeetingFacts, step: Step) -> Deadline:
    return next(one for one in facts.deadlines if one.step is step)
