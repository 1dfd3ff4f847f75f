"""What the count needs to know, and what it says: whole numbers only, areas in dm² (0.01 m²)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from trustprop.kernel.struct import Fact


class Majority(StrEnum):
    """How many must agree, by area and by heads."""

    ORDINARY = "ordinary"
    """More than half (过半数) of those taking part: exactly half is not enough (Civil Code 278(2))."""
    SPECIAL = "special"
    """Three quarters or more (四分之三以上) of those taking part (Civil Code 278(2))."""
    UNANIMOUS = "unanimous"
    """Every interested owner (Civil Code 279; Interpretation 11): whoever is silent does not agree."""


class QuestionKind(StrEnum):
    MOTION = "motion"
    ELECTION = "election"


class Choice(StrEnum):
    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"
    """Takes part and agrees to nothing. A blank item of a signed ballot is this too."""


class Weight(Fact):
    """What counts: heads and area, of one owner or of many together."""

    heads: int
    area_dm2: int


NOTHING = Weight(heads=0, area_dm2=0)


class Candidate(Fact):
    candidate_id: UUID
    name: str


class Question(Fact):
    """One item of the ballot. An election asks the same of every candidate."""

    question_id: UUID
    position: int
    kind: QuestionKind
    title: str
    majority: Majority
    legal_basis: str
    """Why this majority: the article, or the clause that asks for more."""
    building: str = ""
    stair: str = ""
    """The scope (受益范围): empty for everybody."""
    is_secret: bool = False
    seats: int = 0
    candidates: tuple[Candidate, ...] = ()
    """Of an election, in the order of the ballot."""


class VoterHome(Fact):
    home_id: UUID
    building: str
    stair: str
    number: str
    area_dm2: int


class Voter(Fact):
    """One head on the roll of the record date: the same set of owners with all their homes.

    Interpretation 9: what is unsold or not delivered is one head, the developer's, altogether.
    """

    voter_id: UUID
    serial: int
    """On the ballot: 1, 2, 3 … in the order of the first home."""
    owner_ids: tuple[UUID, ...]
    homes: tuple[VoterHome, ...]
    is_developer: bool = False


class Channel(StrEnum):
    ONLINE = "online"
    PAPER = "paper"
    PROXY = "proxy"


class BallotAnswer(Fact):
    """One cross on a ballot; ``candidate_id`` in an election."""

    question_id: UUID
    choice: Choice
    candidate_id: UUID | None = None


class Ballot(Fact):
    """A ballot as it was received. Answers that are missing are abstentions."""

    ballot_id: UUID
    sequence: int
    """In the box: 1, 2, 3 … in the order of receipt; the first valid one stands."""
    voter_id: UUID
    owner_id: UUID | None
    """The co-owner who cast it; None for all of them together, or for an organisation."""
    channel: Channel
    cast_at: datetime
    answers: tuple[BallotAnswer, ...]
    is_invalid: bool = False
    """Found invalid on paper (unsigned, two crosses), struck after an objection, or objected to and
    not decided."""


class Appointment(Fact):
    """Co-owners name the one of them who votes for all."""

    voter_id: UUID
    owner_id: UUID


class InvalidBallots(StrEnum):
    """Unsettled law: whether the owner of an invalid ballot takes part."""

    TAKE_NO_PART = "take_no_part"
    TAKE_PART = "take_part"


class Basis(Fact):
    """The clause that a policy stands on."""

    text_id: UUID
    text_version: int
    clause: str


class CountingPolicy(Fact):
    """How a compound counts where the law leaves it open; frozen when the roll is drawn."""

    invalid_ballots: InvalidBallots = InvalidBallots.TAKE_NO_PART
    invalid_ballots_basis: Basis | None = None
    """Wanted for any other reading than the default."""
    silent_majority: Basis | None = None
    """The clause by which who was reached and warned, and is silent, joins the majority; None: off."""
    silent_majority_on_special: bool = False
    """Only where the clause says so expressly."""
    has_parking: bool = False
    parking_basis: Basis | None = None
    """Separately registered parking spaces are homes of the roll under a cited clause only."""
    proxies_per_holder: int = 0
    """How many written proxies one person may hold; 0 for none, by clause."""


class Poll(Fact):
    """All that the count looks at. The order within the tuples means nothing."""

    questions: tuple[Question, ...]
    voters: tuple[Voter, ...]
    ballots: tuple[Ballot, ...]
    appointments: tuple[Appointment, ...] = ()
    warned: frozenset[UUID] = frozenset()
    """Voters to whom the ballot was delivered with the warning of the silent majority, proved."""
    policy: CountingPolicy = CountingPolicy()


class Tally(Fact):
    """What the figures come to."""

    quorum_area: bool
    quorum_heads: bool
    majority_area: bool
    majority_heads: bool

    @property
    def is_passed(self) -> bool:
        return all((self.quorum_area, self.quorum_heads, self.majority_area, self.majority_heads))


class Reading(Fact):
    """One reading of the law, with all its figures."""

    total: Weight
    participating: Weight
    in_favour: Weight
    tally: Tally


class Result(Fact):
    """A question, or one candidate of an election, with its whole arithmetic."""

    question_id: UUID
    candidate_id: UUID | None
    total: Weight
    in_favour: Weight
    against: Weight
    abstaining: Weight
    invalid: Weight
    held: Weight
    """Owners whose co-owners disagree and have appointed nobody, or whose appointed one is silent
    where another spoke: they take no part until they agree on one."""
    silent: Weight
    """Reached, warned and silent: nothing unless the compound has a silent-majority clause."""
    reading: Reading
    """By which the question is decided under the policy."""
    otherwise_invalid: Reading
    """The same with invalid ballots read the other way."""
    without_silent: Reading | None
    """Where a silent-majority clause decides: the same without it. Both are printed."""
    is_passed: bool
    needs_legal_review: bool
    """The result would be another under the other reading of unsettled law."""


class Standing(StrEnum):
    """What became of a voter's ballots."""

    COUNTED = "counted"
    INVALID = "invalid"
    HELD = "held"
    SILENT = "silent"
    """Returned nothing, was reached and warned, and joins the majority by a clause. Stands in the
    published register alone."""


class Seat(Fact):
    """Of an election: who sits, best first. A seat that nobody won stays open."""

    question_id: UUID
    elected: tuple[UUID, ...]
    open_seats: int
    tied: tuple[UUID, ...]
    """Who stand equal over the last seats: none of them sits, and the seats stay open."""


class Count(Fact):
    results: tuple[Result, ...]
    seats: tuple[Seat, ...]
    standing: dict[UUID, Standing]
    """By voter, of those who returned anything."""
    standing_ballots: frozenset[UUID]
    """The ballots that were counted: at most one per voter."""
