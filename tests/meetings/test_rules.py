"""Which majority a matter needs, what a record must say, and on what one may stand."""

from datetime import date
from uuid import UUID

import pytest
from msgspec.structs import replace

from tests.make import meetings as make
from tests.make.compounds import clause
from tests.make.ground import new_id
from trustprop.compounds import rules as compound_rules
from trustprop.compounds import store as compound_store
from trustprop.compounds.model import WHOLE, HeadCount, Limits, Scope
from trustprop.kernel.errors import FieldsInvalid
from trustprop.meetings import rules
from trustprop.meetings.model import Body, Figures, Matter, ResolutionState
from trustprop.meetings.rules.resolutions import ResolutionOfAnotherScope
from trustprop.votes.model.counting import Majority

K = HeadCount(homes=600, heads=563, area_dm2=5_922_000)
TODAY = date(2025, 9, 15)


def limits(*clauses: tuple[str, int]) -> Limits:
    adopted = [(new_id(), "议事规则", clause(name, value)) for name, value in clauses]
    return compound_rules.resolve(compound_store.profile("national"), adopted)


@pytest.mark.parametrize("matter", sorted(set(Matter) - rules.UNANIMOUS))
def test_the_class_of_a_matter_is_the_one_of_the_law_and_cites_it(matter: Matter) -> None:
    special = {Matter.MAINTENANCE_FUND_RAISE, Matter.COMMON_PART_BUSINESS, Matter.RECONSTRUCT}
    expected = Majority.SPECIAL if matter in special else Majority.ORDINARY
    assert rules.majority_of(matter, limits()) is expected
    assert rules.law_of(matter, limits()).source.citation.startswith("民法典 278(1)")


def test_a_dwelling_becomes_a_shop_when_every_interested_owner_agrees() -> None:
    unanimous = limits(("special_majority_other", 1))
    assert rules.majority_of(Matter.CHANGE_TO_BUSINESS, unanimous) is Majority.UNANIMOUS
    assert "279" in rules.law_of(Matter.CHANGE_TO_BUSINESS, unanimous).source.citation


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
        ({"scope": Scope(building="7")}, ResolutionOfAnotherScope),
        ({"scope": Scope(building="7", stair="1")}, ResolutionOfAnotherScope),
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
        rules.check_stands(resolution, Matter.BUDGET, [SUBJECT], WHOLE, TODAY)


def test_a_confirmed_resolution_carries_its_own_subject_from_its_first_to_its_last_day() -> None:
    resolution = make.resolution(subject_id=SUBJECT, valid_from=TODAY, valid_until=TODAY)
    assert rules.check_stands(resolution, Matter.BUDGET, [SUBJECT], WHOLE, TODAY) is resolution
    assert rules.check_stands(resolution, Matter.BUDGET, [], WHOLE, TODAY) is resolution
    with pytest.raises(rules.ResolutionMissing):
        rules.check_stands(None, Matter.BUDGET, [], WHOLE, TODAY)


def test_a_decision_that_names_no_subject_carries_one_only_where_the_door_says_so() -> None:
    general = make.resolution(Matter.COMMON_PART_BUSINESS, subject_id=None)
    business = Matter.COMMON_PART_BUSINESS
    assert rules.check_stands(general, business, [SUBJECT, None], WHOLE, TODAY) is general
    with pytest.raises(rules.ResolutionOfAnotherSubject):
        rules.check_stands(general, business, [SUBJECT], WHOLE, TODAY)


def test_a_decision_that_takes_another_back_opens_nothing() -> None:
    taking = make.resolution(Matter.FEE, revokes_resolution_id=new_id())
    with pytest.raises(rules.ResolutionTakesBack):
        rules.check_stands(taking, Matter.FEE, [], WHOLE, TODAY)


def test_the_whole_compound_decides_nothing_of_a_building_alone() -> None:
    whole = make.resolution(Matter.MAINTENANCE_FUND_USE, subject_id=SUBJECT)
    with pytest.raises(ResolutionOfAnotherScope):
        rules.check_stands(
            whole, Matter.MAINTENANCE_FUND_USE, [SUBJECT], Scope(building="7"), TODAY
        )
