"""The votes worked by hand (domain, §5), each cast ballot by ballot over a roll and counted."""

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.make import counting as make
from tests.make.counting import ABSTAIN, AGAINST, BASIS, FOR, weight
from trustprop.votes import rules
from trustprop.votes.model.counting import (
    NOTHING,
    Appointment,
    Ballot,
    Choice,
    CountingPolicy,
    InvalidBallots,
    Majority,
    Poll,
    Question,
    Result,
    Standing,
    Voter,
    Weight,
)
from trustprop.votes.model.deliberation import Advice

CASES = json.loads((Path(__file__).parent / "vote-cases.json").read_text(encoding="utf-8"))
MOTION = make.motion(1)
SPECIAL = make.motion(1, Majority.SPECIAL)
K = weight(5_922_000, 563)


def heads_of(first: int, group: Weight, **place: str) -> list[Voter]:
    """As many heads as the group has, with its area to the last dm²."""
    if group == NOTHING:
        return []
    share, rest = divmod(group.area_dm2, group.heads)
    return [
        make.voter(first + number, share + (rest if number == 0 else 0), **place)
        for number in range(group.heads)
    ]


def less(whole: Weight, part: Weight) -> Weight:
    return weight(whole.area_dm2 - part.area_dm2, whole.heads - part.heads)


class Hall:
    """A roll that grows group by group, each group casting one choice."""

    def __init__(self, question: Question = MOTION) -> None:
        self.question = question
        self.voters: list[Voter] = []
        self.ballots: list[Ballot] = []

    def add(self, group: Weight, choice: Choice | None = None, **place: str) -> list[Voter]:
        added = heads_of(len(self.voters) + 1, group, **place)
        self.voters += added
        if choice is not None:
            for voter in added:
                self.cast(voter, choice)
        return added

    def cast(self, voter: Voter, choice: Choice, **how: Any) -> Ballot:
        answer = make.answer(self.question, choice)
        self.ballots.append(make.ballot(voter, len(self.ballots) + 1, answer, **how))
        return self.ballots[-1]

    def poll(self, **facts: Any) -> Poll:
        return Poll(
            questions=(self.question,),
            voters=tuple(self.voters),
            ballots=tuple(self.ballots),
            **facts,
        )

    def count(self, **facts: Any) -> Result:
        (result,) = rules.count(self.poll(**facts)).results
        return result


def hall_of(
    question: Question, participating: Weight, in_favour: Weight, total: Weight = K
) -> Hall:
    hall = Hall(question)
    hall.add(in_favour, FOR)
    hall.add(less(participating, in_favour), AGAINST)
    hall.add(less(total, participating))
    return hall


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_every_case_of_the_file_comes_out_as_worked_by_hand(case: dict[str, Any]) -> None:
    total = weight(case["total_area_dm2"], case["total_heads"])
    participating = weight(case["participating_area_dm2"], case["participating_heads"])
    in_favour = weight(case["for_area_dm2"], case["for_heads"])
    question = make.motion(1, Majority(case["majority"]))
    result = hall_of(question, participating, in_favour, total).count()
    reading = result.reading
    assert (reading.total, reading.participating, reading.in_favour) == (
        total, participating, in_favour,
    )  # fmt: skip
    found = {name: getattr(reading.tally, name) for name in case["expect"] if name != "passed"}
    assert found | {"passed": result.is_passed} == case["expect"]


def test_compound_k_has_563_heads_and_59_220_square_metres() -> None:
    hall = Hall()
    hall.voters += make.compound_k()
    assert hall.count().total == K


# The table, case by case; areas in dm²


def counted(question: Question, participating: tuple[int, int], for_: tuple[int, int]) -> Result:
    return hall_of(question, weight(*participating), weight(*for_)).count()


def test_1_exactly_half_of_the_area_fails() -> None:
    result = counted(MOTION, (3_948_000, 376), (1_974_000, 189))
    assert not result.is_passed
    assert (result.reading.tally.quorum_area, result.reading.tally.majority_area) == (True, False)


def test_2_one_hundredth_of_a_square_metre_more_passes() -> None:
    assert counted(MOTION, (3_948_000, 376), (1_974_001, 189)).is_passed


def test_3_one_head_short_of_the_quorum_is_no_valid_vote() -> None:
    tally = counted(MOTION, (4_500_000, 375), (4_500_000, 375)).reading.tally
    assert (tally.quorum_heads, tally.majority_area, tally.majority_heads) == (False, True, True)


def test_4_one_hundredth_short_of_the_quorum_is_no_valid_vote_though_it_prints_as_66_67() -> None:
    tally = counted(MOTION, (3_947_999, 376), (3_947_999, 376)).reading.tally
    assert (tally.quorum_area, tally.quorum_heads) == (False, True)


def test_5_exactly_three_quarters_of_both_pass_a_special_matter() -> None:
    assert counted(SPECIAL, (4_000_000, 400), (3_000_000, 300)).is_passed


def test_6_one_head_less_fails_a_special_matter() -> None:
    tally = counted(SPECIAL, (4_000_000, 400), (3_000_000, 299)).reading.tally
    assert (tally.majority_area, tally.majority_heads) == (True, False)


def test_7_the_same_figures_pass_an_ordinary_matter() -> None:
    assert counted(MOTION, (4_000_000, 400), (3_000_000, 299)).is_passed


def test_8_who_abstains_takes_part_and_works_like_a_no() -> None:
    hall = Hall()
    hall.add(weight(2_090_000, 215), FOR)
    hall.add(weight(1_510_000, 150), AGAINST)
    hall.add(weight(600_000, 55), ABSTAIN)
    hall.add(less(K, weight(4_200_000, 420)))
    result = hall.count()
    assert result.in_favour.area_dm2 > result.against.area_dm2
    assert result.abstaining == weight(600_000, 55)
    assert not result.is_passed
    assert not result.reading.tally.majority_area


def test_9_two_owners_of_three_homes_each_are_two_heads_however_many_ballots_they_send() -> None:
    hall = Hall()
    for _ in range(2):
        owner = make.voter(len(hall.voters) + 1, 8_950, 8_950, 10_800)
        hall.voters.append(owner)
        for _ in owner.homes:
            hall.cast(owner, FOR)
    both = weight(2 * 28_700, 2)
    hall.add(less(weight(2_500_000, 236), both), FOR)
    hall.add(weight(4_012_000 - 2_500_000, 374 - 236), AGAINST)
    hall.add(less(K, weight(4_012_000, 374)))
    assert len(hall.ballots) == 378
    result = hall.count()
    assert result.reading.participating == weight(4_012_000, 374)
    assert result.reading.in_favour == weight(2_500_000, 236)
    assert not result.reading.tally.quorum_heads


def spouses() -> tuple[Hall, Voter]:
    """Case 10: a husband for and a wife against, in 108.00 m²; 375 others took part."""
    hall = hall_of(
        MOTION, weight(4_100_000, 375), weight(3_000_000, 280), less(K, weight(10_800, 1))
    )
    couple = make.voter(len(hall.voters) + 1, 10_800, owners=2)
    hall.voters.append(couple)
    hall.cast(couple, FOR, owner=0)
    hall.cast(couple, AGAINST, owner=1)
    return hall, couple


def test_10_spouses_who_disagree_are_held_and_the_quorum_is_missed() -> None:
    hall, couple = spouses()
    result = hall.count()
    assert result.held == weight(10_800, 1)
    assert result.reading.participating == weight(4_100_000, 375)
    assert not result.reading.tally.quorum_heads
    assert rules.count(hall.poll()).standing[couple.voter_id] is Standing.HELD


@pytest.mark.parametrize(("place", "in_favour"), [(0, 281), (1, 280)])
def test_10_once_they_appoint_one_that_one_votes_for_both(place: int, in_favour: int) -> None:
    hall, couple = spouses()
    appointed = Appointment(voter_id=couple.voter_id, owner_id=couple.owner_ids[place])
    result = hall.count(appointments=(appointed,))
    assert (result.is_passed, result.held) == (True, NOTHING)
    assert result.reading.participating == weight(4_110_800, 376)
    assert result.reading.in_favour.heads == in_favour


def silence(**policy: Any) -> Result:
    """Case 11: 36,500.00 / 350 returned, 22,400.00 / 210 reached and warned, 320.00 / 3 not reached."""
    question = policy.pop("question", MOTION)
    hall = Hall(question)
    hall.add(weight(2_520_000, 240), FOR)
    hall.add(weight(1_130_000, 110), AGAINST)
    reached = hall.add(weight(2_240_000, 210))
    hall.add(weight(32_000, 3))
    warned = frozenset(voter.voter_id for voter in reached)
    return hall.count(warned=warned, policy=CountingPolicy(**policy))


def test_11a_without_a_silent_majority_clause_the_silent_take_no_part() -> None:
    result = silence()
    assert not result.reading.tally.quorum_area
    assert (result.reading.participating, result.silent) == (weight(3_650_000, 350), NOTHING)
    assert result.without_silent is None
    assert not result.needs_legal_review


def test_11b_with_the_clause_the_reached_and_warned_join_the_majority_and_both_readings_show() -> (
    None
):
    result = silence(silent_majority=BASIS)
    assert result.is_passed
    assert result.reading.participating == weight(5_890_000, 560)
    assert result.reading.in_favour == weight(4_760_000, 450)
    assert result.silent == weight(2_240_000, 210)
    assert result.without_silent is not None
    assert result.without_silent.participating == weight(3_650_000, 350)
    assert not result.without_silent.tally.is_passed
    assert result.needs_legal_review


@pytest.mark.parametrize(
    ("majority", "on_special", "joins"),
    [
        (Majority.ORDINARY, False, True),
        (Majority.SPECIAL, False, False),
        (Majority.SPECIAL, True, True),
        (Majority.UNANIMOUS, True, False),
    ],
)
def test_11_the_silent_join_special_matters_by_express_clause_and_unanimous_ones_never(
    majority: Majority, *, on_special: bool, joins: bool
) -> None:
    result = silence(
        question=make.motion(1, majority),
        silent_majority=BASIS,
        silent_majority_on_special=on_special,
    )
    assert (result.without_silent is not None) is joins
    assert result.reading.participating.heads == (560 if joins else 350)


def test_11_where_no_majority_agrees_the_silent_strengthen_none() -> None:
    hall = Hall()
    hall.add(weight(40_000, 4), FOR)
    hall.add(weight(40_000, 4), AGAINST)
    reached = hall.add(weight(20_000, 2))
    policy = CountingPolicy(silent_majority=BASIS)
    warned = frozenset(voter.voter_id for voter in reached)
    result = hall.count(warned=warned, policy=policy)
    assert result.reading.participating == weight(100_000, 10)
    assert result.reading.in_favour == weight(40_000, 4)


def test_12_a_building_decides_in_its_own_scope() -> None:
    hall = Hall(make.motion(1, building="7"))
    hall.add(weight(170_000, 17), FOR, building="7")
    hall.add(weight(160_150, 16), AGAINST, building="7")
    hall.add(weight(163_350, 15), building="7")
    hall.add(weight(5_000_000, 400), AGAINST, building="1")
    result = hall.count()
    assert result.total == weight(493_500, 48)
    assert result.reading.participating == weight(330_150, 33)
    assert result.is_passed


def test_12_a_stair_decides_in_its_own_scope() -> None:
    hall = Hall(make.motion(1, building="7", stair="2"))
    hall.add(weight(30_000, 3), FOR, building="7", stair="2")
    hall.add(weight(90_000, 9), AGAINST, building="7", stair="1")
    hall.add(weight(90_000, 9), AGAINST, building="1", stair="2")
    result = hall.count()
    assert (result.total, result.is_passed) == (weight(30_000, 3), True)


def test_12_an_owner_of_homes_in_two_buildings_weighs_in_each_what_lies_there() -> None:
    here = make.voter(1, 9_000, building="7")
    owner = replace(here, homes=(*here.homes, make.home(999, 12_600, building="8")))
    for building, area_dm2 in (("7", 9_000), ("8", 12_600), ("", 21_600)):
        question = make.motion(1, building=building)
        assert rules.weight_in(owner, question) == weight(area_dm2, 1)
    assert rules.weight_in(owner, make.motion(1, building="9")) == NOTHING


def test_13_three_of_a_committee_of_seven_decide_nothing() -> None:
    assert not rules.tally_committee(members=7, present=4, in_favour=3).is_passed


def test_14_113_heads_and_a_fifth_of_the_area_call_a_meeting() -> None:
    assert rules.may_call_meeting(K, weight(1_184_400, 113))
    assert not rules.may_call_meeting(K, weight(1_184_400, 112))


# The rules without numbers


def test_the_first_valid_ballot_of_an_owner_stands_and_a_later_one_does_not() -> None:
    hall = Hall()
    (voter,) = hall.add(weight(10_000, 1))
    invalid = hall.cast(voter, AGAINST, is_invalid=True)
    first, later = hall.cast(voter, FOR), hall.cast(voter, AGAINST)
    found = rules.count(hall.poll())
    assert found.standing_ballots == {first.ballot_id}
    assert {invalid.ballot_id, later.ballot_id}.isdisjoint(found.standing_ballots)
    assert hall.count().in_favour == weight(10_000, 1)


def test_co_owners_who_say_the_same_count_once_and_a_blank_says_the_same_as_an_abstention() -> None:
    second = make.motion(2)
    voter = make.voter(1, owners=2)
    one = make.ballot(voter, 1, make.answer(MOTION, FOR), owner=0)
    other = make.ballot(voter, 2, make.answer(MOTION, FOR), make.answer(second, ABSTAIN), owner=1)
    poll = Poll(questions=(MOTION, second), voters=(voter,), ballots=(one, other))
    found = rules.count(poll)
    assert found.standing_ballots == {one.ballot_id}
    assert [result.in_favour.heads for result in found.results] == [1, 0]


def test_co_owners_who_differ_in_anything_are_held_in_everything() -> None:
    second = make.motion(2)
    voter = make.voter(1, owners=2)
    both_for = (make.answer(MOTION, FOR), make.answer(second, FOR))
    one = make.ballot(voter, 1, *both_for, owner=0)
    other = make.ballot(voter, 2, make.answer(MOTION, FOR), owner=1)
    found = rules.count(Poll(questions=(MOTION, second), voters=(voter,), ballots=(one, other)))
    assert [result.held.heads for result in found.results] == [1, 1]
    assert found.standing_ballots == frozenset()


def test_one_co_owner_alone_speaks_for_all_until_another_does() -> None:
    hall = Hall()
    voter = make.voter(1, owners=3)
    hall.voters.append(voter)
    hall.cast(voter, FOR, owner=2)
    assert hall.count().is_passed
    hall.cast(voter, AGAINST, owner=2)
    assert hall.count().is_passed, "a second ballot of the same owner"
    hall.cast(voter, AGAINST, owner=0)
    assert hall.count().held.heads == 1


def test_an_invalid_ballot_of_a_co_owner_contradicts_nobody() -> None:
    hall = Hall()
    voter = make.voter(1, owners=2)
    hall.voters.append(voter)
    hall.cast(voter, AGAINST, owner=0, is_invalid=True)
    hall.cast(voter, FOR, owner=1)
    assert hall.count().is_passed


def test_a_ballot_of_all_co_owners_is_the_ballot_of_each() -> None:
    hall = Hall()
    voter = make.voter(1, owners=2)
    hall.voters.append(voter)
    hall.cast(voter, FOR)
    hall.cast(voter, AGAINST, owner=1)
    assert hall.count().is_passed


def test_where_another_spoke_the_appointed_one_must_speak() -> None:
    hall = Hall()
    voter = make.voter(1, owners=2)
    hall.voters.append(voter)
    hall.cast(voter, FOR, owner=0)
    appointed = Appointment(voter_id=voter.voter_id, owner_id=voter.owner_ids[1])
    assert hall.count(appointments=(appointed,)).held.heads == 1


def test_who_returned_a_held_or_invalid_ballot_is_not_silent() -> None:
    hall, couple = spouses()
    (spoilt,) = heads_of(9_000, weight(100, 1))
    hall.voters.append(spoilt)
    hall.cast(spoilt, FOR, is_invalid=True)
    warned = frozenset({couple.voter_id, spoilt.voter_id})
    result = hall.count(warned=warned, policy=CountingPolicy(silent_majority=BASIS))
    assert result.silent == NOTHING


@pytest.mark.parametrize(
    ("policy", "participating"),
    [
        (CountingPolicy(), 2),
        (
            CountingPolicy(invalid_ballots=InvalidBallots.TAKE_PART, invalid_ballots_basis=BASIS),
            3,
        ),
    ],
)
def test_an_invalid_ballot_takes_part_by_clause_alone_and_a_flip_asks_for_review(
    policy: CountingPolicy, participating: int
) -> None:
    """Of three heads two agree: with the invalid ballot taking part the special matter fails."""
    hall = Hall(SPECIAL)
    hall.add(weight(20_000, 2), FOR)
    (spoilt,) = hall.add(weight(10_000, 1))
    hall.cast(spoilt, FOR, is_invalid=True)
    result = hall.count(policy=policy)
    assert result.invalid == weight(10_000, 1)
    assert result.reading.participating.heads == participating
    assert result.otherwise_invalid.participating.heads == 5 - participating
    assert result.is_passed is (participating == 2)
    assert result.needs_legal_review


def test_an_invalid_ballot_that_flips_nothing_asks_for_no_review() -> None:
    hall = Hall()
    hall.add(weight(90_000, 9), FOR)
    (spoilt,) = hall.add(weight(10_000, 1))
    hall.cast(spoilt, FOR, is_invalid=True)
    assert not hall.count().needs_legal_review


def test_turning_a_flat_into_a_shop_needs_every_interested_owner() -> None:
    hall = Hall(make.motion(1, Majority.UNANIMOUS, building="7"))
    hall.add(weight(90_000, 9), FOR, building="7")
    (last,) = hall.add(weight(10_000, 1), building="7")
    assert not hall.count().is_passed, "silence is no consent"
    hall.cast(last, FOR)
    assert hall.count().is_passed


# Elections


def elect(seats: int, votes: list[list[int]], areas: list[int] | None = None) -> Any:
    """Each voter is for the candidates listed; candidates by their place."""
    election = make.election(1, seats=seats, candidates=4)
    areas = areas or [10_000] * len(votes)
    voters = tuple(make.voter(serial, area) for serial, area in enumerate(areas, 1))
    ballots = tuple(
        make.ballot(voter, number, *(make.answer(election, FOR, place) for place in chosen))
        for number, (voter, chosen) in enumerate(zip(voters, votes, strict=True), 1)
    )
    (seat,) = rules.count(Poll(questions=(election,), voters=voters, ballots=ballots)).seats
    places = {one.candidate_id: place for place, one in enumerate(election.candidates)}
    elected, tied = ([places[one] for one in ids] for ids in (seat.elected, seat.tied))
    return elected, seat.open_seats, tied


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ([[0, 1, 2], [0, 1, 2], [0, 1], [0]], ([0, 1], 0, [])),
        ([[2], [2], [2], [2]], ([2], 1, [])),
        ([[0, 1], [0, 1], [2], [2]], ([], 2, [])),
        ([[0, 1, 2], [0, 1, 2], [0, 1, 2], [0]], ([0], 1, [1, 2])),
        ([[0, 1, 2]] * 4, ([], 2, [0, 1, 2])),
        ([[0, 1]] * 4, ([0, 1], 0, [])),
        ([[], [], [], []], ([], 2, [])),
    ],
    ids=[
        "the best take the seats",
        "a seat that nobody won stays open",
        "exactly half is no majority",
        "a tie at the last seat leaves it open",
        "a tie over both seats leaves both open",
        "as many equals as seats all sit",
        "nobody chosen, nobody seated",
    ],
)
def test_seats_go_to_the_best_of_those_with_both_majorities(
    votes: list[list[int]], expected: Any
) -> None:
    assert elect(2, votes) == expected


def test_a_candidate_who_misses_either_majority_is_not_elected_and_the_seat_stays_open() -> None:
    by_area_alone = elect(1, [[0], [], []], areas=[30_000, 10_000, 10_000])
    by_heads_alone = elect(1, [[], [0], [0]], areas=[30_000, 10_000, 10_000])
    assert by_area_alone == by_heads_alone == ([], 1, [])


def test_equal_heads_are_ranked_by_area() -> None:
    votes = [[0, 1], [0, 1], [0], [1]]
    assert elect(1, votes, areas=[10_000, 10_000, 9_000, 9_001]) == ([1], 0, [])


# Policies and advice


def test_a_vote_that_advises_knows_persons_and_a_tie_fails() -> None:
    persons = [voter.voter_id for voter in make.voters(5)]
    advice = rules.deliberate(
        dict(zip(persons, [FOR, FOR, AGAINST, AGAINST, ABSTAIN], strict=True))
    )
    assert advice == Advice(in_favour=2, against=2, abstaining=1)
    assert not advice.is_advised
    assert rules.deliberate(dict.fromkeys(persons[:1], FOR)).is_advised
    assert not set(Advice.__struct_fields__) & set(Result.__struct_fields__) - {
        "in_favour", "against", "abstaining",
    }  # fmt: skip
    assert not hasattr(advice, "is_passed")


def test_two_appointed_or_two_answers_to_one_question_are_our_own_fault() -> None:
    voter = make.voter(1, owners=2)
    appointed = tuple(
        Appointment(voter_id=voter.voter_id, owner_id=owner) for owner in voter.owner_ids
    )
    with pytest.raises(AssertionError):
        rules.count(Poll(questions=(MOTION,), voters=(voter,), ballots=(), appointments=appointed))
    twice = make.ballot(voter, 1, make.answer(MOTION, FOR), make.answer(MOTION, AGAINST))
    with pytest.raises(AssertionError):
        rules.count(Poll(questions=(MOTION,), voters=(voter,), ballots=(twice,)))
