"""A motion: six elements, the class of its matter, the clauses that it changes, whom it elects."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from trustprop.compounds.model import (
    PRINTABLE,
    WHOLE,
    ClauseChange,
    ClauseDifference,
    Name,
    Prose,
    Scope,
    TextKind,
)
from trustprop.identity.model import KeyId
from trustprop.kernel.caller import Office
from trustprop.kernel.struct import Command, Fact
from trustprop.meetings.model.resolutions import Digest, Matter
from trustprop.votes.model.counting import Majority

Element = Annotated[str, Meta(max_length=2000, pattern=PRINTABLE)]


class Elements(Command):
    """动议六要素. All six are wanted before a motion comes on the agenda."""

    time: Element = ""
    place: Element = ""
    people: Element = ""
    """Who does it."""
    resources: Element = ""
    """Where the money comes from."""
    action: Element = ""
    outcome: Element = ""
    """What is reached when it is done."""


class Amendment(Command):
    """Changes to one governing text; together they make its next version."""

    text_id: UUID
    """Of the version that comes of it."""
    kind: TextKind
    title: Name
    changes: Annotated[tuple[ClauseChange, ...], Meta(min_length=1, max_length=500)]


class Nominee(Command):
    candidate_id: UUID
    """Also of the mandate and of the resolution, if elected."""
    person_id: UUID
    name: Name
    office: Office
    key_id: KeyId | None = None
    """A signing key that this person has proved."""


class Election(Command):
    """Who stands for which seats, and whose mandates the elected replace."""

    seats: Annotated[int, Meta(ge=1, le=50)]
    candidates: Annotated[tuple[Nominee, ...], Meta(min_length=1, max_length=100)]
    term_from: date
    term_until: date
    replaces: Annotated[tuple[UUID, ...], Meta(max_length=50)] = ()
    """Mandates that end with the handover once more than half of the seats are filled."""


class MotionContent(Command):
    """All that is put to the vote."""

    matter: Matter
    title: Name
    decision: Prose
    """The words that are voted on."""
    elements: Elements = Elements()
    scope: Scope = WHOLE
    """Who is asked: everybody, or the owners of one building or stair (受益范围)."""
    subject_id: UUID | None = None
    """The budget, vendor, transfer or other thing that it decides about."""
    attachments: Annotated[tuple[Digest, ...], Meta(max_length=50)] = ()
    is_secret: bool = False
    """Elections of persons only."""
    amendment: Amendment | None = None
    election: Election | None = None
    revokes_resolution_id: UUID | None = None
    """It takes an earlier decision back, and opens nothing itself."""
    effective_on: date | None = None
    """Left out: when the meeting takes effect."""
    valid_until: date | None = None


class AddMotion(MotionContent, kw_only=True):
    id: UUID


class Motion(Fact):
    motion_id: UUID
    meeting_id: UUID
    position: int
    """1, 2, 3 … in the order of being moved."""
    version: int
    content: MotionContent
    majority: Majority
    """By law and texts on the day of screening; frozen with the agenda."""
    legal_basis: str
    moved_by: UUID
    is_moved_by_committee: bool
    """Others need somebody who seconds it."""
    moved_at: datetime
    seconds: int = 0
    withdrawn_at: datetime | None = None
    digest: str | None = None
    """Over everything above as it was frozen."""


class MotionDifference(Fact):
    """What a motion changes in a text."""

    motion_id: UUID
    kind: TextKind
    title: str
    from_version: int
    """The version in force; 0 when there is none."""
    clauses: tuple[ClauseDifference, ...]


class MotionOutcome(Fact):
    """What became of a motion after the count."""

    motion_id: UUID
    position: int
    title: str
    is_passed: bool
    needs_legal_review: bool
    elected: tuple[UUID, ...]
    """Candidates, best first."""
    open_seats: int
    resolutions: tuple[UUID, ...]
    """Made by the effect; empty before it, and in a rehearsal for ever."""
