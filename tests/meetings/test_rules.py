"""The arithmetic of Civil Code 278 against tallies worked out by hand."""

import json
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.make import meetings as make
from tests.make.compounds import clause
from tests.make.ground import new_id
from trustprop.compounds import rules as compound_rules
from trustprop.compounds import store as compound_store
from trustprop.compounds.model import HeadCount, Limits
from trustprop.kernel.errors import FieldsInvalid
from trustprop.meetings import rules
from trustprop.meetings.model import Body, Figures, Majority, Matter, ResolutionState

CASES = json.loads((Path(__file__).parent / "vote-cases.json").read_text(encoding="utf-8"))
K = HeadCount(homes=600, heads=563, area_dm2=5_922_000)
TODAY = date(2025, 9, 15)


def limits(*clauses: tuple[str, int]) -> Limits:
    adopted = [(new_id(), "议事规则", clause(name, value)) for name, value in clauses]
    return compound_rules.resolve(compound_store.profile("national"), adopted)


def figures_of(case: dict[str, int]) -> Figures:
    return Figures(**{name: case[name] for name in Figures.__struct_fields__})


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_the_tally_is_the_one_worked_by_hand(case: dict) -> None:
    counted = rules.tally(figures_of(case), Majority(case["majority"]))
    expected = case["expect"]
    assert counted.is_passed is expected["passed"]
    assert {name: getattr(counted, name) for name in expected if name != "passed"} == {
        name: value for name, value in expected.items() if name != "passed"
    }


@pytest.mark.parametrize(
    ("case", "area", "heads", "for_area", "for_heads", "majority", "passed"),
    [
        ("1", 3948000, 376, 1974000, 189, "ordinary", False),
        ("2", 3948000, 376, 1974001, 189, "ordinary", True),
        ("3", 4500000, 375, 4500000, 375, "ordinary", False),
        ("4", 3947999, 376, 3947999, 376, "ordinary", False),
        ("5", 4000000, 400, 3000000, 300, "special", True),
        ("6", 4000000, 400, 3000000, 299, "special", False),
        ("7", 4000000, 400, 3000000, 299, "ordinary", True),
        ("8", 4200000, 420, 2090000, 215, "ordinary", False),
        ("9, heads merged", 4012000, 374, 2500000, 236, "ordinary", False),
        ("9, as if not merged", 4012000, 378, 2500000, 240, "ordinary", True),
        ("10, spouses held", 4100000, 375, 3000000, 280, "ordinary", False),
        ("10, once they appoint one", 4110800, 376, 3000000, 280, "ordinary", True),
        ("11a", 3650000, 350, 2520000, 240, "ordinary", False),
        ("11b", 5890000, 560, 4760000, 450, "ordinary", True),
    ],
)
def test_every_hand_worked_case_of_the_whole_compound(
    case: str, area: int, heads: int, for_area: int, for_heads: int, majority: str, *, passed: bool
) -> None:
    figures = make.figures(
        participating_area_dm2=area,
        participating_heads=heads,
        for_area_dm2=for_area,
        for_heads=for_heads,
    )
    assert rules.tally(figures, Majority(majority)).is_passed is passed, case


@pytest.mark.parametrize(
    ("members", "present", "in_favour", "passed"),
    [(7, 4, 3, False), (7, 4, 4, True), (7, 3, 3, False), (2, 2, 1, False), (2, 2, 2, True)],
)
def test_a_committee_needs_more_than_half_of_all_its_members(
    members: int, present: int, in_favour: int, *, passed: bool
) -> None:
    figures = Figures(total_heads=members, participating_heads=present, for_heads=in_favour)
    assert rules.tally_committee(figures).is_passed is passed


@pytest.mark.parametrize(
    ("area_dm2", "heads", "may_call"),
    [(1_184_400, 113, True), (1_184_400, 112, False), (1_184_399, 113, False)],
)
def test_a_fifth_of_area_and_of_heads_may_call_a_meeting(
    area_dm2: int, heads: int, *, may_call: bool
) -> None:
    assert rules.may_call_meeting(K, area_dm2=area_dm2, heads=heads) is may_call


@st.composite
def votes(draw: st.DrawFn) -> Figures:
    total_area, total_heads = draw(st.integers(1, 10**10)), draw(st.integers(1, 10**5))
    area, heads = draw(st.integers(0, total_area)), draw(st.integers(0, total_heads))
    return Figures(
        total_area_dm2=total_area,
        total_heads=total_heads,
        participating_area_dm2=area,
        participating_heads=heads,
        for_area_dm2=draw(st.integers(0, area)),
        for_heads=draw(st.integers(0, heads)),
    )


@given(votes())
def test_what_passes_as_special_passes_as_ordinary(figures: Figures) -> None:
    if rules.tally(figures, Majority.SPECIAL).is_passed:
        assert rules.tally(figures, Majority.ORDINARY).is_passed


@given(votes(), st.sampled_from(Majority))
def test_one_more_vote_in_favour_never_defeats_a_motion(
    figures: Figures, majority: Majority
) -> None:
    if figures.for_heads < figures.participating_heads:
        more = replace(figures, for_heads=figures.for_heads + 1)
        assert rules.tally(more, majority).is_passed >= rules.tally(figures, majority).is_passed


@given(votes())
def test_a_motion_and_its_opposite_never_both_pass(figures: Figures) -> None:
    opposite = replace(
        figures,
        for_area_dm2=figures.participating_area_dm2 - figures.for_area_dm2,
        for_heads=figures.participating_heads - figures.for_heads,
    )
    both = (
        rules.tally(figures, Majority.ORDINARY).is_passed,
        rules.tally(opposite, Majority.ORDINARY).is_passed,
    )
    assert both != (True, True)


@pytest.mark.parametrize("matter", Matter)
def test_the_class_of_a_matter_is_the_one_of_the_law_and_cites_it(matter: Matter) -> None:
    special = {Matter.MAINTENANCE_FUND_RAISE, Matter.COMMON_PART_BUSINESS, Matter.RECONSTRUCT}
    expected = Majority.SPECIAL if matter in special else Majority.ORDINARY
    assert rules.majority_of(matter, limits()) is expected
    assert rules.law_of(matter, limits()).source.citation.startswith("民法典 278(1)")


def test_using_the_maintenance_fund_is_ordinary_and_raising_it_special() -> None:
    assert rules.majority_of(Matter.MAINTENANCE_FUND_USE, limits()) is Majority.ORDINARY
    assert rules.majority_of(Matter.MAINTENANCE_FUND_RAISE, limits()) is Majority.SPECIAL


def test_a_text_raises_a_majority_and_never_lowers_one() -> None:
    raised = limits(("special_majority_budget", 1))
    assert rules.majority_of(Matter.BUDGET, raised) is Majority.SPECIAL
    assert rules.law_of(Matter.BUDGET, raised).source.clause == "18"
    lowered = limits(("special_majority_reconstruct", 0))
    assert rules.majority_of(Matter.RECONSTRUCT, lowered) is Majority.SPECIAL


def test_a_motion_that_failed_is_refused_with_its_arithmetic() -> None:
    command = make.record_command(Matter.COMMON_PART_BUSINESS, figures=make.figures(for_heads=299))
    with pytest.raises(rules.ResolutionFailed) as refused:
        rules.check_recorded(command, limits(), K, TODAY)
    facts = refused.value.facts
    assert facts["majority"] is Majority.SPECIAL
    assert (facts["majority_area"], facts["majority_heads"]) == (True, False)
    assert (facts["for_heads"], facts["participating_heads"]) == (299, 400)


def test_totals_that_are_not_those_of_the_roll_are_refused() -> None:
    command = make.record_command(figures=make.figures(total_heads=600))
    with pytest.raises(rules.RollDiffers) as refused:
        rules.check_recorded(command, limits(), K, TODAY)
    assert (refused.value.facts["roll_heads"], refused.value.facts["total_heads"]) == (563, 600)


@pytest.mark.parametrize(
    ("changes", "pointers"),
    [
        ({"held_on": date(2025, 9, 16), "valid_from": date(2025, 9, 16)}, ["/held_on"]),
        ({"record_on": date(2025, 6, 22)}, ["/record_on"]),
        ({"valid_from": date(2025, 6, 20)}, ["/valid_from"]),
        ({"valid_until": date(2025, 6, 23)}, ["/valid_until"]),
        (
            {"figures": make.figures(for_heads=401, participating_area_dm2=5_922_001)},
            ["/figures/for_heads", "/figures/participating_area_dm2"],
        ),
    ],
)
def test_days_and_figures_out_of_order_are_all_named(changes: dict, pointers: list[str]) -> None:
    command = make.record_command(**changes)
    with pytest.raises(FieldsInvalid) as refused:
        rules.check_recorded(command, limits(), K, TODAY)
    assert [error.pointer for error in refused.value.errors] == pointers


@pytest.mark.parametrize("matter", sorted(set(Matter) - rules.COMMITTEE_DECIDES))
def test_the_committee_cannot_decide_in_the_assemblys_place(matter: Matter) -> None:
    figures = Figures(total_heads=7, participating_heads=7, for_heads=7)
    command = make.record_command(matter, decided_by=Body.COMMITTEE, figures=figures)
    with pytest.raises(rules.NotForCommittee):
        rules.check_recorded(command, limits(), HeadCount(homes=0, heads=7, area_dm2=0), TODAY)


SUBJECT = UUID(int=7)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"matter": Matter.FEE}, rules.ResolutionOfAnotherMatter),
        ({"subject_id": None}, rules.ResolutionOfAnotherSubject),
        ({"subject_id": UUID(int=8)}, rules.ResolutionOfAnotherSubject),
        ({"state": ResolutionState.RECORDED}, rules.ResolutionNotInForce),
        ({"state": ResolutionState.REJECTED}, rules.ResolutionNotInForce),
        ({"state": ResolutionState.REVOKED}, rules.ResolutionNotInForce),
        ({"valid_from": date(2025, 9, 16)}, rules.ResolutionNotInForce),
        ({"valid_until": date(2025, 9, 14)}, rules.ResolutionNotInForce),
    ],
)
def test_nothing_stands_on_a_resolution_that_does_not_carry_it(
    changes: dict, refusal: type[Exception]
) -> None:
    resolution = replace(make.resolution(Matter.BUDGET, subject_id=SUBJECT), **changes)
    with pytest.raises(refusal):
        rules.check_stands(resolution, Matter.BUDGET, SUBJECT, TODAY)


def test_a_confirmed_resolution_carries_its_own_subject_from_its_first_to_its_last_day() -> None:
    resolution = make.resolution(subject_id=SUBJECT, valid_from=TODAY, valid_until=TODAY)
    assert rules.check_stands(resolution, Matter.BUDGET, SUBJECT, TODAY) is resolution
    assert rules.check_stands(resolution, Matter.BUDGET, None, TODAY) is resolution
    with pytest.raises(rules.ResolutionMissing):
        rules.check_stands(None, Matter.BUDGET, None, TODAY)
