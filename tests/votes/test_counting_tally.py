"""The arithmetic of Civil Code 278 and 279, figure by figure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustprop.votes import rules
from trustprop.votes.model.counting import Majority, Weight

K = Weight(heads=563, area_dm2=5_922_000)


def weight(area_dm2: int, heads: int) -> Weight:
    return Weight(heads=heads, area_dm2=area_dm2)


@pytest.mark.parametrize(
    ("members", "present", "in_favour", "passed"),
    [(7, 4, 3, False), (7, 4, 4, True), (7, 3, 3, False), (2, 2, 1, False), (2, 2, 2, True)],
)
def test_a_committee_needs_more_than_half_of_all_its_members(
    members: int, present: int, in_favour: int, *, passed: bool
) -> None:
    counted = rules.tally_committee(members=members, present=present, in_favour=in_favour)
    assert counted.is_passed is passed


@pytest.mark.parametrize(
    ("area_dm2", "heads", "may_call"),
    [(1_184_400, 113, True), (1_184_400, 112, False), (1_184_399, 113, False)],
)
def test_a_fifth_of_area_and_of_heads_may_call_a_meeting(
    area_dm2: int, heads: int, *, may_call: bool
) -> None:
    assert rules.may_call_meeting(K, weight(area_dm2, heads)) is may_call


@pytest.mark.parametrize(
    ("participating", "in_favour", "passed"),
    [
        (K, K, True),
        (K, weight(5_922_000, 562), False),
        (K, weight(5_921_999, 563), False),
        (weight(5_922_000, 562), weight(5_922_000, 562), False),
        (weight(5_921_999, 563), weight(5_921_999, 563), False),
    ],
)
def test_where_all_must_agree_one_silent_owner_is_enough_to_fail(
    participating: Weight, in_favour: Weight, *, passed: bool
) -> None:
    assert rules.tally(K, participating, in_favour, Majority.UNANIMOUS).is_passed is passed


@pytest.mark.parametrize("majority", Majority)
def test_nothing_passes_where_nobody_is_entitled(majority: Majority) -> None:
    nobody = weight(0, 0)
    counted = rules.tally(nobody, nobody, nobody, majority)
    assert not counted.quorum_area
    assert not counted.quorum_heads
    assert not counted.majority_area
    assert not counted.majority_heads


@st.composite
def votes(draw: st.DrawFn) -> tuple[Weight, Weight, Weight]:
    """Total, taking part, in favour."""
    total = weight(draw(st.integers(1, 10**10)), draw(st.integers(1, 10**5)))
    area, heads = draw(st.integers(0, total.area_dm2)), draw(st.integers(0, total.heads))
    in_favour = weight(draw(st.integers(0, area)), draw(st.integers(0, heads)))
    return total, weight(area, heads), in_favour


@given(votes())
def test_unanimous_implies_special_and_special_implies_ordinary(
    vote: tuple[Weight, Weight, Weight],
) -> None:
    passed = [rules.tally(*vote, majority).is_passed for majority in Majority]
    assert list(Majority) == [Majority.ORDINARY, Majority.SPECIAL, Majority.UNANIMOUS]
    assert passed == sorted(passed, reverse=True)


@given(votes())
def test_a_motion_and_its_opposite_never_both_pass(vote: tuple[Weight, Weight, Weight]) -> None:
    total, participating, in_favour = vote
    against = weight(
        participating.area_dm2 - in_favour.area_dm2, participating.heads - in_favour.heads
    )
    both = [
        rules.tally(total, participating, side, Majority.ORDINARY).is_passed
        for side in (in_favour, against)
    ]
    assert both != [True, True]
