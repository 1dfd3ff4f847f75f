"""A vote while it is held: the roll, papers, proxies, the box, notices and witnesses."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from msgspec import Meta

from trustprop.identity.model import KeyId
from trustprop.kernel.struct import Command, Fact
from trustprop.votes.model.counting import (
    BallotAnswer,
    Channel,
    CountingPolicy,
    Question,
    Result,
    Seat,
    Weight,
)

PRINTABLE = r"^[^\x00]*$"
Reason = Annotated[str, Meta(min_length=1, max_length=2000, pattern=PRINTABLE)]
PersonName = Annotated[str, Meta(min_length=1, max_length=200, pattern=PRINTABLE)]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Evidence = Annotated[tuple[Digest, ...], Meta(min_length=1, max_length=20)]
Secret = Annotated[bytes, Meta(min_length=16, max_length=64)]
Instant = Annotated[datetime, Meta(tz=True)]
Answers = Annotated[tuple[BallotAnswer, ...], Meta(max_length=2000)]


# The vote


class VoteState(StrEnum):
    PREPARED = "prepared"
    """The roll is drawn and the questions are frozen."""
    OPEN = "open"
    """Takes ballots from ``opens_at`` until ``closes_at``."""
    CLOSED = "closed"
    COUNTED = "counted"
    ABANDONED = "abandoned"


class PrepareVote(Fact):
    """What the house above puts to the vote."""

    vote_id: UUID
    subject_id: UUID
    """The meeting."""
    is_rehearsal: bool = False
    record_on: date
    """Whoever owns on this day votes; later transfers change nothing."""
    policy: CountingPolicy
    questions: tuple[Question, ...]


class Vote(Fact):
    """One round of ballots."""

    vote_id: UUID
    subject_id: UUID
    is_rehearsal: bool
    record_on: date
    policy: CountingPolicy
    questions: tuple[Question, ...]
    """In the order of the ballot."""
    roll_digest: str
    """SHA-256 of the canonical bytes of the roll, hex."""
    heads: int
    area_dm2: int
    state: VoteState
    opens_at: datetime | None
    closes_at: datetime | None
    sealing_key: str
    """X25519 public key to which answers to secret questions are sealed, hex."""
    box_size: int
    """How many ballots the box holds."""
    box_head: str
    """The chain over every ballot, hex; it begins with the digest of the vote itself."""

    @property
    def is_secret(self) -> bool:
        return any(question.is_secret for question in self.questions)


class Turnout(Fact):
    """Who has returned a valid ballot so far: area and heads, never choices."""

    vote_id: UUID
    total: Weight
    returned: Weight


class RollLine(Fact):
    """One voter of the published roll: names masked."""

    serial: int
    owners: tuple[str, ...]
    homes: tuple[str, ...]
    """``7-2-1203`` as on the door."""
    area_dm2: int


class VoteRoll(Fact):
    vote_id: UUID
    record_on: date
    roll_digest: str
    heads: int
    area_dm2: int
    lines: tuple[RollLine, ...]


# Papers


class BallotPaper(Fact):
    """What is printed: one per voter, the same however often it is printed."""

    voter_id: UUID
    serial: int
    code: str
    """In the QR code and below it; the service keeps only its hash."""


class DeliveryMethod(StrEnum):
    HAND = "hand"
    POST = "post"
    ELECTRONIC = "electronic"
    POSTING = "posting"
    """公告送达: posted in the compound, for whoever cannot be reached."""


class Deliver(Command):
    """That a ballot reached its owner."""

    id: UUID
    voter_id: UUID
    method: DeliveryMethod
    delivered_at: Instant
    evidence: Evidence
    has_warning: bool
    """Whether the warning of the silent majority stood on it."""


class DeliverMany(Command):
    deliveries: Annotated[tuple[Deliver, ...], Meta(min_length=1, max_length=500)]


class Delivery(Fact):
    delivery_id: UUID
    voter_id: UUID
    method: DeliveryMethod
    delivered_at: datetime
    recorded_by: UUID
    evidence: tuple[str, ...]
    has_warning: bool


class DeliveriesRecorded(Fact):
    recorded: int


class Flaw(StrEnum):
    """Why a paper is no valid ballot."""

    UNSIGNED = "unsigned"
    AMBIGUOUS = "ambiguous"
    """Two crosses on one question, or none that can be told from a blot."""
    DAMAGED = "damaged"
    NOT_OFFICIAL = "not_official"
    """Not a paper of this vote, or a copy of one."""


class EnterPaper(Command):
    """What one person reads on a returned paper."""

    id: UUID
    code: Annotated[str, Meta(min_length=8, max_length=64)]
    """From the QR code."""
    scan: Digest
    """Of the signed sheet, among the evidence."""
    answers: Answers = ()
    flaw: Flaw | None = None
    owner_id: UUID | None = None
    """Which of several co-owners signed; left out when all did."""
    proxy_id: UUID | None = None
    """The written proxy under which it was signed."""


class PaperState(StrEnum):
    OPEN = "open"
    """One person has read it; another one must."""
    DIFFERING = "differing"
    """Two have read it differently; a third person decides."""
    SETTLED = "settled"
    """Two have read the same: the ballot is in the box."""


class PaperEntry(Fact):
    """As kept: what was read is sealed from those who read the paper after."""

    entry_id: UUID
    voter_id: UUID
    round: int
    """Three persons who all read differently end a round; then it is read again."""
    entered_by: UUID
    reading: bytes
    """Equal for equal readings, and worthless once the key of the vote is destroyed."""
    scan: str
    at: datetime


class PaperStanding(Fact):
    """How far the reading of a paper is; never what was read."""

    voter_id: UUID
    serial: int
    state: PaperState
    entered_by: tuple[UUID, ...]
    """In this round, in order."""


# Who acts for a voter


class AppointVoter(Command):
    """Co-owners name the one of them who votes for all."""

    id: UUID
    voter_id: UUID
    owner_id: UUID
    evidence: Evidence


class VoterAppointment(Fact):
    appointment_id: UUID
    voter_id: UUID
    owner_id: UUID
    evidence: tuple[str, ...]
    recorded_by: UUID
    at: datetime


class GiveProxy(Command):
    """A written mandate (授权委托书) to vote for an owner as the owner says."""

    id: UUID
    voter_id: UUID
    holder_name: PersonName
    holder_identity_number: PersonName
    """Only a keyed hash of it is kept, so that the cap per holder can be watched."""
    holder_person_id: UUID | None = None
    """Set when the holder is signed up here and may cast it online."""
    is_staff_of_firm: bool
    """What the holder declares; staff of the property firm hold no proxies."""
    evidence: Evidence


class Proxy(Fact):
    proxy_id: UUID
    voter_id: UUID
    holder_name: str
    holder_commitment: bytes
    holder_person_id: UUID | None
    evidence: tuple[str, ...]
    recorded_by: UUID
    given_at: datetime
    ended_at: datetime | None = None


class ProxyView(Fact):
    proxy_id: UUID
    voter_id: UUID
    holder_name: str
    """Masked."""
    given_at: datetime
    ended_at: datetime | None


class EndProxy(Command):
    reason: Reason


# The box


class CastBallot(Command):
    """An owner's ballot, sent by the owner."""

    id: UUID
    answers: Answers
    secret: Secret
    """Random bytes that the sender keeps: they find the ballot's slips in the published count. They
    are never sent back and, for secret questions, forgotten with the count."""
    voter_id: UUID | None = None
    """Wanted when the person stands on the roll more than once."""
    proxy_id: UUID | None = None
    """Cast for the voter of this written proxy by its holder."""


class BallotContent(Fact):
    """The canonical bytes of a ballot are the RFC 8785 bytes of exactly this."""

    type: str
    compound_id: UUID
    vote_id: UUID
    ballot_id: UUID
    voter_id: UUID
    owner_id: UUID | None
    channel: Channel
    proxy_id: UUID | None
    cast_at: datetime
    flaw: Flaw | None
    answers: tuple[BallotAnswer, ...]
    """To the open questions."""
    secret: str
    """Base64; empty where it is sealed with the answers."""
    sealed: str
    """Base64: answers to secret questions, sealed to the key of the vote; empty without any."""


class SealedAnswers(Fact):
    """What is sealed, in the order of the questions, so that the length says nothing."""

    secret: str
    choices: str
    """One letter for every choice that the ballot asks for."""


class BoxedBallot(Fact):
    """A ballot in the box, as kept."""

    sequence: int
    ballot_id: UUID
    voter_id: UUID
    owner_id: UUID | None
    channel: Channel
    proxy_id: UUID | None
    cast_at: datetime
    recorded_by: UUID
    flaw: Flaw | None
    content: bytes
    is_sealed: bool
    digest: bytes
    chain: bytes
    paper_round: int | None
    """The round of readings that it was made from."""
    evidence: tuple[str, ...]


class BallotReceipt(Fact):
    """That a ballot is in the box at its place, signed by the service."""

    vote_id: UUID
    voter_id: UUID
    ballot_id: UUID
    sequence: int
    cast_at: datetime
    digest: str
    chain: str
    note: str
    """A C2SP signed note: whoever keeps it can show an edited or removed ballot."""


class PaperOutcome(Fact):
    """What came of one reading of a paper."""

    voter_id: UUID
    serial: int
    state: PaperState
    receipt: BallotReceipt | None = None


class EventKind(StrEnum):
    OBJECTED = "objected"
    STRUCK = "struck"
    """The objection was right: the ballot is out, the owner may vote again."""
    UPHELD = "upheld"
    """The objection was not: the ballot stays."""
    FOUND_INVALID = "found_invalid"


class BallotEvent(Fact):
    ballot_id: UUID
    number: int
    kind: EventKind
    by: UUID
    at: datetime
    reason: str
    evidence: tuple[str, ...]


class ObjectToBallot(Command):
    """An owner contests a ballot recorded in their name."""

    reason: Reason


class DecideObjection(Command):
    is_struck: bool
    reason: Reason


class FindInvalid(Command):
    reason: Reason
    evidence: Evidence


class NoticeKind(StrEnum):
    """What an owner is told."""

    BALLOT_RECORDED = "ballot_recorded"
    SECOND_BALLOT_REFUSED = "second_ballot_refused"
    PROXY_RECORDED = "proxy_recorded"
    PROXY_ENDED = "proxy_ended"
    VOTER_APPOINTED = "voter_appointed"
    OBJECTION_RECEIVED = "objection_received"
    BALLOT_STRUCK = "ballot_struck"
    BALLOT_UPHELD = "ballot_upheld"
    BALLOT_FOUND_INVALID = "ballot_found_invalid"


class VoterNotice(Fact):
    voter_id: UUID
    number: int
    kind: NoticeKind
    facts: dict[str, Any]
    at: datetime


class MyBallotLine(Fact):
    """A ballot as its owner sees it."""

    receipt: BallotReceipt
    owner_id: UUID | None
    channel: Channel
    answers: tuple[BallotAnswer, ...]
    """Shown to the owner in whose name it stands, and to nobody else; without those that are sealed."""
    secret: str
    """Base64; of a ballot on paper, whose owner did not make it: it finds the slips in the count."""
    flaw: Flaw | None
    is_sealed: bool
    is_mine: bool
    """Cast by me or in my name; what another co-owner sent is not shown."""
    events: tuple[BallotEvent, ...]


class MyBallot(Fact):
    """What one owner may see of their own vote."""

    voter_id: UUID
    serial: int
    heads: int
    area_dm2: int
    homes: tuple[str, ...]
    ballots: tuple[MyBallotLine, ...]
    notices: tuple[VoterNotice, ...]


class MyVote(Fact):
    """Every place of a person on the roll; most have one."""

    vote_id: UUID
    places: tuple[MyBallot, ...]


class ContestedBallot(Fact):
    """A ballot that somebody contested or found invalid; never what is on it."""

    sequence: int
    ballot_id: UUID
    serial: int
    channel: Channel
    cast_at: datetime
    events: tuple[BallotEvent, ...]


# The count


class VoteCount(Fact):
    """The count as kept; its document never changes."""

    document: bytes
    digest: str
    root: str
    tree_size: int
    counted_at: datetime
    counted_by: UUID


class CountedVote(Fact):
    """What a vote came to."""

    vote_id: UUID
    digest: str
    """SHA-256 of the published document, which the witnesses sign."""
    root: str
    tree_size: int
    counted_at: datetime
    results: tuple[Result, ...]
    seats: tuple[Seat, ...]
    owner_witnesses: int
    committee_witnesses: int
    is_witnessed: bool


class WitnessRole(StrEnum):
    OWNER = "owner"
    COMMITTEE = "committee"


class Witness(Command):
    """Someone who watched the public count stands for its digest.

    A committee member signs it with their key, an owner by their session; owners without either
    sign the count sheet, whose scan an office holder brings with the serials that signed.
    """

    count_digest: Digest
    key_id: KeyId | None = None
    signature: bytes | None = None
    serials: Annotated[tuple[int, ...], Meta(max_length=500)] = ()
    evidence: Annotated[tuple[Digest, ...], Meta(max_length=20)] = ()


class CountWitness(Fact):
    number: int
    role: WitnessRole
    person_id: UUID
    """Who signed, or who brought the sheet."""
    voter_id: UUID | None
    key_id: str | None
    signature: bytes | None
    evidence: tuple[str, ...]
    at: datetime
