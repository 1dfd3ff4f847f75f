"""The count: from roll, policy and ballots to results with their whole arithmetic.

Order means nothing but the sequence of the box: the first valid ballot of an owner stands.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from uuid import UUID

from trustprop.kernel.struct import Fact
from trustprop.votes.model.counting import (
    NOTHING,
    Ballot,
    Choice,
    Count,
    CountingPolicy,
    InvalidBallots,
    Majority,
    Poll,
    Question,
    QuestionKind,
    Reading,
    Result,
    Seat,
    Standing,
    Voter,
    VoterHome,
    Weight,
)
from trustprop.votes.rules.tally import tally

Item = tuple[UUID, UUID | None]
"""What one cross answers: a question, and in an election the candidate."""
_ABSENT = "absent"
"""Beside the choices and the standings: who returned nothing, and joins nobody."""


class _Heard(Fact):
    """What a voter said. Choices are in the order of the items, and empty unless counted."""

    standing: Standing
    choices: tuple[Choice, ...] = ()
    ballot_id: UUID | None = None


class _Asked(Fact):
    """The voters of one scope, sorted by what became of their ballots."""

    total: Weight
    areas: list[int]
    """Of those who are counted."""
    choices: list[tuple[Choice, ...]]
    """By item, in the same order."""
    invalid: Weight
    held: Weight
    silent: Weight


class Cast(Fact):
    """The weights of one item, before any reading of the law."""

    total: Weight
    choices: dict[Choice, Weight]
    invalid: Weight
    held: Weight
    silent: Weight


def count(poll: Poll) -> Count:
    """Every question and every candidate, the seats, and what became of each voter's ballots."""
    questions = sorted(poll.questions, key=lambda question: question.position)
    items = [item for question in questions for item in items_of(question)]
    heard, warned = _hear(poll, items), silent_voters(poll)
    asked: dict[tuple[str, str], _Asked] = {}
    results: list[Result] = []
    for question in questions:
        scope = (question.building, question.stair)
        if scope not in asked:
            asked[scope] = _ask(poll.voters, question, heard, warned)
        for _, candidate_id in items_of(question):
            cast = _cast(asked[scope], len(results))
            results.append(result_of(question, candidate_id, cast, poll.policy))
    return Count(
        results=tuple(results),
        seats=tuple(
            seat_of(question, results)
            for question in questions
            if question.kind is QuestionKind.ELECTION
        ),
        standing={voter_id: said.standing for voter_id, said in heard.items()},
        standing_ballots=frozenset(
            said.ballot_id for said in heard.values() if said.ballot_id is not None
        ),
    )


def items_of(question: Question) -> list[Item]:
    """The crosses that a question asks for, in the order of the ballot."""
    if question.kind is QuestionKind.MOTION:
        return [(question.question_id, None)]
    return [(question.question_id, candidate.candidate_id) for candidate in question.candidates]


def silent_voters(poll: Poll) -> frozenset[UUID]:
    """Who was reached and warned and returned nothing, where a silent-majority clause is in force."""
    if poll.policy.silent_majority is None:
        return frozenset()
    return poll.warned - {ballot.voter_id for ballot in poll.ballots}


def homes_in(voter: Voter, question: Question) -> list[VoterHome]:
    """The homes of a voter that lie in the scope of a question."""
    return [
        home
        for home in voter.homes
        if question.building in ("", home.building) and question.stair in ("", home.stair)
    ]


def weight_in(voter: Voter, question: Question) -> Weight:
    """What a voter weighs in the scope of a question: one head, and the homes that lie in it."""
    homes = homes_in(voter, question)
    return Weight(heads=1, area_dm2=sum(home.area_dm2 for home in homes)) if homes else NOTHING


# Who is heard


def _hear(poll: Poll, items: list[Item]) -> dict[UUID, _Heard]:
    """Every voter of whom there is a ballot."""
    ballots: defaultdict[UUID, list[Ballot]] = defaultdict(list)
    for ballot in sorted(poll.ballots, key=lambda ballot: ballot.sequence):
        ballots[ballot.voter_id].append(ballot)
    appointed = {one.voter_id: one.owner_id for one in poll.appointments}
    assert len(appointed) == len(poll.appointments), "a voter has appointed two"
    places = _places(items)
    voters = {voter.voter_id: voter for voter in poll.voters}
    return {
        voter_id: _hear_voter(voters[voter_id], returned, appointed.get(voter_id), places)
        for voter_id, returned in ballots.items()
    }


class _Places(Fact):
    """Where the items stand on the ballot: by question, then by candidate."""

    size: int
    of: dict[UUID, dict[UUID | None, int]]


def _places(items: list[Item]) -> _Places:
    found: defaultdict[UUID, dict[UUID | None, int]] = defaultdict(dict)
    for place, (question_id, candidate_id) in enumerate(items):
        found[question_id][candidate_id] = place
    return _Places(size=len(items), of=dict(found))


def _hear_voter(
    voter: Voter, returned: list[Ballot], appointed: UUID | None, places: _Places
) -> _Heard:
    """Who was appointed speaks for all; else the first valid ballots of all who spoke must agree.

    A ballot of all together is the ballot of each. One blank item is an abstention, written or not.
    """
    speakers = (appointed,) if appointed else voter.owner_ids
    speaking = [ballot for ballot in returned if ballot.owner_id in (None, *speakers)]
    if not speaking:
        return _Heard(standing=Standing.HELD)
    valid = [ballot for ballot in speaking if not ballot.is_invalid]
    if not valid:
        return _Heard(standing=Standing.INVALID)
    choices = _choices(valid[0], places)
    for ballot in _first_of_each(valid, speakers):
        if ballot is not valid[0] and _choices(ballot, places) != choices:
            return _Heard(standing=Standing.HELD)
    return _Heard(standing=Standing.COUNTED, choices=choices, ballot_id=valid[0].ballot_id)


def _first_of_each(valid: list[Ballot], speakers: tuple[UUID, ...]) -> Iterable[Ballot]:
    """The first ballot of every co-owner who cast one; ``valid`` is in the order of receipt."""
    if len(valid) == 1:
        return valid
    firsts = (
        next((ballot for ballot in valid if ballot.owner_id in (None, owner)), None)
        for owner in speakers
    )
    return [ballot for ballot in firsts if ballot is not None]


def _choices(ballot: Ballot, places: _Places) -> tuple[Choice, ...]:
    given: list[Choice | None] = [None] * places.size
    for answer in ballot.answers:
        place = places.of[answer.question_id][answer.candidate_id]
        assert given[place] is None, "a ballot answers one item twice"
        given[place] = answer.choice
    return tuple([choice or Choice.ABSTAIN for choice in given])


# The weights of one item


def _ask(
    voters: Iterable[Voter],
    question: Question,
    heard: Mapping[UUID, _Heard],
    warned: frozenset[UUID],
) -> _Asked:
    """Sorts the voters of a question's scope once for all questions of that scope."""
    areas: list[int] = []
    rows: list[tuple[Choice, ...]] = []
    others: dict[str, list[int]] = {standing: [] for standing in (*Standing, _ABSENT)}
    for voter in voters:
        area_dm2 = weight_in(voter, question).area_dm2
        if not area_dm2:
            continue
        said = heard.get(voter.voter_id)
        if said is None:
            kind = Standing.SILENT if voter.voter_id in warned else _ABSENT
            others[kind].append(area_dm2)
        elif said.choices:
            areas.append(area_dm2)
            rows.append(said.choices)
        else:
            others[said.standing].append(area_dm2)
    return _Asked(
        total=_weigh([*areas, *(area for group in others.values() for area in group)]),
        areas=areas,
        choices=list(zip(*rows, strict=True)),
        invalid=_weigh(others[Standing.INVALID]),
        held=_weigh(others[Standing.HELD]),
        silent=_weigh(others[Standing.SILENT]),
    )


def _weigh(areas: list[int]) -> Weight:
    """One head for each."""
    return Weight(heads=len(areas), area_dm2=sum(areas))


def _cast(asked: _Asked, place: int) -> Cast:
    choices = asked.choices[place] if asked.areas else ()
    areas = dict.fromkeys(Choice, 0)
    for choice, area_dm2 in zip(choices, asked.areas, strict=True):
        areas[choice] += area_dm2
    return Cast(
        total=asked.total,
        choices={
            choice: Weight(heads=choices.count(choice), area_dm2=areas[choice]) for choice in Choice
        },
        invalid=asked.invalid,
        held=asked.held,
        silent=asked.silent,
    )


def _sum(*weights: Weight) -> Weight:
    return Weight(
        heads=sum(weight.heads for weight in weights),
        area_dm2=sum(weight.area_dm2 for weight in weights),
    )


# The readings of the law


def result_of(
    question: Question, candidate_id: UUID | None, cast: Cast, policy: CountingPolicy
) -> Result:
    """The result by the compound's reading, with the other readings beside it."""
    takes_part = policy.invalid_ballots is InvalidBallots.TAKE_PART
    joins = joins_majority(question, policy)
    reading = _read(cast, question.majority, takes_part, joins)
    otherwise_invalid = _read(cast, question.majority, not takes_part, joins)
    without_silent = _read(cast, question.majority, takes_part, False) if joins else None
    is_passed = reading.tally.is_passed
    others = [otherwise_invalid] + ([without_silent] if without_silent else [])
    return Result(
        question_id=question.question_id,
        candidate_id=candidate_id,
        total=cast.total,
        in_favour=cast.choices[Choice.FOR],
        against=cast.choices[Choice.AGAINST],
        abstaining=cast.choices[Choice.ABSTAIN],
        invalid=cast.invalid,
        held=cast.held,
        silent=cast.silent,
        reading=reading,
        otherwise_invalid=otherwise_invalid,
        without_silent=without_silent,
        is_passed=is_passed,
        needs_legal_review=any(other.tally.is_passed is not is_passed for other in others),
    )


def joins_majority(question: Question, policy: CountingPolicy) -> bool:
    """Whether who is reached, warned and silent joins the majority (指导规则 26(2)), by a clause.

    Of special matters only where the clause says so; where all must agree (279) never.
    """
    if policy.silent_majority is None or question.majority is Majority.UNANIMOUS:
        return False
    return question.majority is Majority.ORDINARY or policy.silent_majority_on_special


def _read(cast: Cast, majority: Majority, takes_part: bool, joins: bool) -> Reading:
    """One reading: whether invalid ballots take part, and whether the silent do.

    The silent take part; they agree only where more than half of those who voted do, by area and
    by heads. Where no such majority agrees, there is none that their silence could strengthen.
    """
    in_favour = cast.choices[Choice.FOR]
    participating = _sum(*cast.choices.values(), cast.invalid if takes_part else NOTHING)
    if joins:
        agree = tally(cast.total, participating, in_favour, Majority.ORDINARY)
        participating = _sum(participating, cast.silent)
        if agree.majority_area and agree.majority_heads:
            in_favour = _sum(in_favour, cast.silent)
    return Reading(
        total=cast.total,
        participating=participating,
        in_favour=in_favour,
        tally=tally(cast.total, participating, in_favour, majority),
    )


# The seats of an election


def seat_of(question: Question, results: Iterable[Result]) -> Seat:
    """The best of those who have both majorities: by heads in favour, then by area.

    Who stand equal over the last seats do not sit: the lot is not ours to draw.
    """
    assert question.seats > 0, "an election without a seat"
    able = [one for one in results if one.question_id == question.question_id and one.is_passed]
    best = sorted(able, key=_rank, reverse=True)
    last = best[question.seats - 1 : question.seats + 1]
    tied: tuple[UUID, ...] = ()
    if len(last) == 2 and _rank(last[0]) == _rank(last[1]):
        tied = _candidates(one for one in best if _rank(one) == _rank(last[0]))
    elected = tuple(one for one in _candidates(best[: question.seats]) if one not in tied)
    return Seat(
        question_id=question.question_id,
        elected=elected,
        open_seats=question.seats - len(elected),
        tied=tied,
    )


def _candidates(results: Iterable[Result]) -> tuple[UUID, ...]:
    return tuple(one.candidate_id for one in results if one.candidate_id is not None)


def _rank(result: Result) -> tuple[int, int]:
    return result.in_favour.heads, result.in_favour.area_dm2
