"""What holds for every roll and every box: order means nothing, and a yes does no harm of its own."""

import ast
import random
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.make import counting as make
from tests.make.counting import AGAINST, BASIS, FOR
from tests.votes.test_document import polls
from trustprop.votes import rules
from trustprop.votes.model.counting import (
    Appointment,
    CountingPolicy,
    Majority,
    Poll,
    Result,
    Standing,
    Voter,
    Weight,
)

ROOMS = Path(__file__).parents[2] / "trustprop" / "votes"


@given(polls(), st.randoms(use_true_random=False))
def test_the_order_in_which_anything_is_listed_means_nothing(
    poll: Poll, chance: random.Random
) -> None:
    shuffled = replace(
        poll,
        **{
            name: tuple(chance.sample(getattr(poll, name), len(getattr(poll, name))))
            for name in ("questions", "voters", "ballots", "appointments")
        },
    )
    assert rules.count(shuffled) == rules.count(poll)


def add_yes(poll: Poll, voter: Voter, owner: int | None) -> Poll:
    """One ballot more, the last in the box, that agrees to everything."""
    last = max((one.sequence for one in poll.ballots), default=0) + 1
    yes = make.ballot(voter, last, *make.yes_to_all(poll.questions), owner=owner)
    return replace(poll, ballots=(*poll.ballots, yes))


def defeated(before: Poll, after: Poll) -> list[Result]:
    """What passed before and does not after."""
    pairs = zip(rules.count(before).results, rules.count(after).results, strict=True)
    return [new for old, new in pairs if old.is_passed and not new.is_passed]


@given(polls(), st.sampled_from(Majority), st.booleans(), st.data())
def test_a_yes_never_defeats_anything_unless_it_makes_co_owners_disagree(
    poll: Poll, majority: Majority, on_special: bool, data: st.DataObject
) -> None:
    """The one way is the law of co-owners: two who differ are held, and take no part (case 10)."""
    policy = poll.policy
    poll = replace(
        poll,
        questions=tuple(replace(one, majority=majority) for one in poll.questions),
        policy=replace(
            policy, silent_majority_on_special=on_special and policy.silent_majority is not None
        ),
    )
    voter = data.draw(st.sampled_from(poll.voters))
    owner = data.draw(st.sampled_from([None, *range(len(voter.owner_ids))]))
    more = add_yes(poll, voter, owner)
    if rules.count(more).standing[voter.voter_id] is not Standing.HELD:
        assert defeated(poll, more) == []


@given(polls(), st.data())
def test_a_yes_of_somebody_who_took_no_part_never_defeats_anything(
    poll: Poll, data: st.DataObject
) -> None:
    """It raises participation, yet what agreed enough agrees enough with one more agreeing."""
    returned = {ballot.voter_id for ballot in poll.ballots}
    absent = [voter for voter in poll.voters if voter.voter_id not in returned]
    assume(absent)
    assert defeated(poll, add_yes(poll, data.draw(st.sampled_from(absent)), None)) == []


@given(polls())
def test_a_yes_of_somebody_who_owns_alone_never_defeats_anything(poll: Poll) -> None:
    for voter in poll.voters:
        if len(voter.owner_ids) == 1:
            assert defeated(poll, add_yes(poll, voter, 0)) == []


def couple_and(others: int, *answers: object) -> tuple[Poll, Voter]:
    """A couple of whom one has answered so, others who agree to everything, and one who is absent."""
    first, second = make.motion(1), make.motion(2)
    couple = make.voter(1, owners=2)
    agreeing = [make.voter(serial) for serial in range(2, 2 + others)]
    ballots = [make.ballot(couple, 1, *answers, owner=1)]
    ballots += [make.ballot(one, one.serial, *make.yes_to_all((first, second))) for one in agreeing]
    poll = Poll(
        questions=(first, second),
        voters=(couple, *agreeing, make.voter(99)),
        ballots=tuple(ballots),
    )
    return poll, couple


def test_the_quorum_law_a_yes_against_a_co_owners_no_takes_the_home_out_and_may_miss_the_quorum() -> (
    None
):
    """Four of six take part and three agree; once the couple is held, three of six are no quorum."""
    motion = make.motion(1)
    poll, couple = couple_and(3, make.answer(motion, AGAINST), make.answer(make.motion(2), AGAINST))
    poll = replace(poll, voters=(*poll.voters, make.voter(98)))
    more = add_yes(poll, couple, 0)
    lost = defeated(poll, more)
    assert [result.question_id for result in lost] == [one.question_id for one in poll.questions]
    assert all(not one.reading.tally.quorum_heads for one in lost)
    assert all(one.reading.tally.majority_heads for one in lost)


def test_the_law_of_co_owners_a_yes_beside_a_half_filled_yes_holds_both() -> None:
    """Who differs in one question is held in all, so the other question can lose its majority too."""
    poll, couple = couple_and(1, make.answer(make.motion(1), FOR))
    against = make.ballot(poll.voters[2], 50, make.answer(make.motion(1), AGAINST))
    poll = replace(poll, ballots=(*poll.ballots, against))
    lost = defeated(poll, add_yes(poll, couple, 0))
    assert [one.question_id for one in lost] == [make.motion(1).question_id]
    assert not lost[0].reading.tally.majority_heads


def test_the_quorum_law_a_yes_where_another_was_appointed_ends_a_silence_that_counted() -> None:
    couple = make.voter(1, owners=2)
    others = make.voters(4)[1:]
    motion = make.motion(1)
    ballots = tuple(make.ballot(one, one.serial, make.answer(motion, FOR)) for one in others[:1])
    poll = Poll(
        questions=(motion,),
        voters=(couple, *others[:2]),
        ballots=ballots,
        appointments=(Appointment(voter_id=couple.voter_id, owner_id=couple.owner_ids[1]),),
        warned=frozenset({couple.voter_id}),
        policy=CountingPolicy(silent_majority=BASIS),
    )
    (lost,) = defeated(poll, add_yes(poll, couple, 0))
    assert not lost.reading.tally.quorum_heads


def test_a_yes_to_one_motion_that_leaves_another_blank_is_no_yes_to_that_one() -> None:
    """It takes part there and agrees to nothing: an abstention in the denominator (case 8)."""
    first, second = make.motion(1), make.motion(2)
    voters = make.voters(4)
    full = (make.answer(first, FOR), make.answer(second, FOR))
    ballots = [make.ballot(voters[0], 1, *full), make.ballot(voters[1], 2, *full)]
    ballots.append(make.ballot(voters[2], 3, make.answer(first, FOR)))
    poll = Poll(questions=(first, second), voters=voters, ballots=tuple(ballots))
    more = make.ballot(voters[3], 4, make.answer(first, FOR))
    (lost,) = defeated(poll, replace(poll, ballots=(*ballots, more)))
    assert lost.question_id == second.question_id


@given(polls())
def test_what_passes_as_unanimous_passes_as_special_and_as_ordinary(poll: Poll) -> None:
    """By one reading of who takes part: a silent majority joins ordinary matters alone."""
    poll = replace(poll, policy=replace(poll.policy, silent_majority=None))
    passed = [
        [
            result.is_passed
            for result in rules.count(
                replace(
                    poll,
                    questions=tuple(replace(one, majority=majority) for one in poll.questions),
                )
            ).results
        ]
        for majority in Majority
    ]
    for ordinary, special, unanimous in zip(*passed, strict=True):
        assert unanimous <= special <= ordinary


@given(polls())
def test_everybody_in_the_scope_is_counted_once_and_nobody_else(poll: Poll) -> None:
    for result in rules.count(poll).results:
        parts = (
            result.in_favour, result.against, result.abstaining,
            result.invalid, result.held, result.silent,
        )  # fmt: skip
        together = Weight(
            heads=sum(part.heads for part in parts), area_dm2=sum(part.area_dm2 for part in parts)
        )
        assert together.heads <= result.total.heads
        assert together.area_dm2 <= result.total.area_dm2
        for reading in (result.reading, result.otherwise_invalid, result.without_silent):
            if reading is not None:
                assert reading.in_favour.heads <= reading.participating.heads <= together.heads
                assert reading.in_favour.area_dm2 <= reading.participating.area_dm2


@given(polls())
def test_at_most_one_ballot_of_a_voter_counts(poll: Poll) -> None:
    found = rules.count(poll)
    voters = [one.voter_id for one in poll.ballots if one.ballot_id in found.standing_ballots]
    assert len(voters) == len(set(voters)) == len(found.standing_ballots)
    assert set(voters) == {
        voter for voter, standing in found.standing.items() if standing is Standing.COUNTED
    }


@pytest.mark.parametrize(
    "path",
    [
        *(ROOMS / "rules").glob("*.py"),
        *(ROOMS / "model").glob("*.py"),
        *(ROOMS / "verify").glob("*.py"),
    ],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_no_room_of_the_count_knows_a_float(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        assert not isinstance(node, ast.Div), "divides with a remainder, or not at all"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert getattr(node, "id", "") not in ("float", "Decimal")
        assert getattr(getattr(node, "func", None), "id", "") != "round"
