"""Rolls, ballots and published counts for the pure count; nothing here touches a database."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from uuid import UUID

from trustprop.kernel.canonical import sha256
from trustprop.votes import rules
from trustprop.votes.model.counting import (
    Ballot,
    BallotAnswer,
    Basis,
    Candidate,
    Channel,
    Choice,
    Majority,
    Poll,
    Question,
    QuestionKind,
    Voter,
    VoterHome,
    Weight,
)
from trustprop.votes.model.document import BoxHead, RollTotals, VoteDocument, VoteHead

FOR, AGAINST, ABSTAIN = Choice.FOR, Choice.AGAINST, Choice.ABSTAIN
CAST_AT = datetime(2025, 9, 20, 4, tzinfo=UTC)
BASIS = Basis(text_id=UUID(int=77), text_version=2, clause="31")


def motion(number: int = 1, majority: Majority = Majority.ORDINARY, **facts: object) -> Question:
    values = {
        "question_id": UUID(int=number),
        "position": number,
        "kind": QuestionKind.MOTION,
        "title": f"议题{number}",
        "majority": majority,
        "legal_basis": "民法典 278(1)(9)",
    }
    return Question(**(values | facts))


def election(number: int, seats: int, candidates: int, **facts: object) -> Question:
    names = "甲乙丙丁戊己庚辛"
    values = {
        "kind": QuestionKind.ELECTION,
        "seats": seats,
        "candidates": tuple(
            Candidate(candidate_id=UUID(int=number * 100 + place), name=names[place])
            for place in range(candidates)
        ),
    }
    return motion(number, **(values | facts))


def home(number: int, area_dm2: int, building: str = "1", stair: str = "1") -> VoterHome:
    return VoterHome(
        home_id=UUID(int=10**6 + number),
        building=building,
        stair=stair,
        number=str(number),
        area_dm2=area_dm2,
    )


def voter(
    serial: int, *areas: int, owners: int = 1, building: str = "1", stair: str = "1"
) -> Voter:
    """A head with homes of these areas; 100.00 m² when none is named."""
    return Voter(
        voter_id=UUID(int=2 * 10**6 + serial),
        serial=serial,
        owner_ids=tuple(UUID(int=3 * 10**6 + serial * 10 + place) for place in range(owners)),
        homes=tuple(
            home(serial * 100 + place, area_dm2, building, stair)
            for place, area_dm2 in enumerate(areas or (10_000,))
        ),
    )


def voters(count: int) -> tuple[Voter, ...]:
    return tuple(voter(serial) for serial in range(1, count + 1))


def compound_k() -> tuple[Voter, ...]:
    """600 homes (360 of 89.50, 180 of 108.00, 60 of 126.00 m²) and 563 heads.

    The developer's 18 unsold ones are one head; 14 owners have two homes and 3 have three.
    """
    areas = [8_950] * 360 + [10_800] * 180 + [12_600] * 60
    sizes = [18] + [2] * 14 + [3] * 3 + [1] * 545
    found, start = [], 0
    for serial, size in enumerate(sizes, start=1):
        found.append(voter(serial, *areas[start : start + size]))
        start += size
    assert start == 600
    return tuple(found)


def ballot(
    of: Voter,
    sequence: int,
    *answers: BallotAnswer,
    owner: int | None = None,
    is_invalid: bool = False,
) -> Ballot:
    """``owner`` is the place among the co-owners; None for all together."""
    return Ballot(
        ballot_id=UUID(int=4 * 10**6 + sequence),
        sequence=sequence,
        voter_id=of.voter_id,
        owner_id=None if owner is None else of.owner_ids[owner],
        channel=Channel.ONLINE,
        cast_at=CAST_AT,
        answers=answers,
        is_invalid=is_invalid,
    )


def answer(question: Question, choice: Choice, candidate: int | None = None) -> BallotAnswer:
    candidate_id = None if candidate is None else question.candidates[candidate].candidate_id
    return BallotAnswer(question_id=question.question_id, choice=choice, candidate_id=candidate_id)


def yes_to_all(questions: Iterable[Question]) -> tuple[BallotAnswer, ...]:
    return tuple(
        BallotAnswer(question_id=question_id, candidate_id=candidate_id, choice=FOR)
        for question in questions
        for question_id, candidate_id in rules.items_of(question)
    )


def secrets_of(ballots: Iterable[Ballot]) -> dict[UUID, bytes]:
    return {one.ballot_id: sha256(b"secret" + one.ballot_id.bytes)[:20] for one in ballots}


def head(poll: Poll, **facts: object) -> VoteHead:
    values = {
        "compound_id": UUID(int=9_001),
        "vote_id": UUID(int=9_002),
        "subject_id": UUID(int=9_003),
        "is_rehearsal": False,
        "record_on": date(2025, 9, 1),
        "opens_at": datetime(2025, 9, 16, 16, tzinfo=UTC),
        "closes_at": datetime(2025, 10, 8, 16, tzinfo=UTC),
        "counted_at": datetime(2025, 10, 8, 16, 20, 30, 500_000, tzinfo=UTC),
        "roll": RollTotals(
            digest="ab" * 32,
            heads=len(poll.voters),
            area_dm2=sum(one.area_dm2 for voter in poll.voters for one in voter.homes),
        ),
        "policy": poll.policy,
        "questions": tuple(sorted(poll.questions, key=lambda question: question.position)),
        "box": BoxHead(size=len(poll.ballots), head="cd" * 32),
    }
    return VoteHead(**(values | facts))


def document(poll: Poll, secrets: Mapping[UUID, bytes] | None = None) -> VoteDocument:
    secrets = secrets or secrets_of(poll.ballots)
    return rules.draw_document(head(poll), poll, rules.count(poll), secrets)


def weight(area_dm2: int, heads: int) -> Weight:
    return Weight(heads=heads, area_dm2=area_dm2)
