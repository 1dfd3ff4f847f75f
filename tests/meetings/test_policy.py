"""Unsettled law is off without a clause, and no text weakens what the law demands of a meeting."""

import pytest
from msgspec.structs import replace

from tests.make import compounds as make_compounds
from tests.make.ground import new_id
from trustprop.compounds import rules as compound_rules
from trustprop.compounds import store as compound_store
from trustprop.compounds.model import GoverningText, Limits
from trustprop.kernel.errors import FieldsInvalid
from trustprop.meetings.rules.policy import policy_of
from trustprop.votes.model.counting import Basis, CountingPolicy, InvalidBallots
from trustprop.votes.rules.policy import check_policy

NATIONAL = compound_store.profile("national")


def text_with(*clauses: tuple[str, int]) -> GoverningText:
    made = [
        make_compounds.clause(name, value, code=str(i))
        for i, (name, value) in enumerate(clauses, start=30)
    ]
    return replace(compound_rules.as_text(make_compounds.text(*made), 1, new_id()), version=4)


def limits_of(text: GoverningText) -> Limits:
    clauses = [(text.text_id, text.title, clause) for clause in text.clauses]
    return compound_rules.resolve(NATIONAL, clauses)


def test_without_a_clause_every_unsettled_reading_is_off() -> None:
    policy = policy_of(compound_rules.resolve(NATIONAL, []), [])
    assert policy == CountingPolicy(proxies_per_holder=1)
    check_policy(policy)


def test_each_unsettled_reading_names_the_clause_and_version_that_it_stands_on() -> None:
    text = text_with(
        ("silent_majority", 1), ("invalid_ballots_take_part", 1), ("parking_in_base", 1)
    )
    policy = policy_of(limits_of(text), [text])
    assert policy.silent_majority == Basis(text_id=text.text_id, text_version=4, clause="30")
    assert policy.invalid_ballots is InvalidBallots.TAKE_PART
    assert policy.invalid_ballots_basis == Basis(text_id=text.text_id, text_version=4, clause="31")
    assert (policy.has_parking, policy.silent_majority_on_special) == (True, False)
    check_policy(policy)


@pytest.mark.parametrize(
    ("clauses", "is_on"),
    [
        ((("silent_majority_special", 1),), False),
        ((("silent_majority", 1),), False),
        ((("silent_majority", 1), ("silent_majority_special", 1)), True),
    ],
)
def test_silence_joins_a_special_majority_only_where_both_clauses_say_so(
    clauses: tuple[tuple[str, int], ...], is_on: bool
) -> None:
    text = text_with(*clauses)
    assert policy_of(limits_of(text), [text]).silent_majority_on_special is is_on


def test_a_clause_that_says_no_is_no_basis() -> None:
    text = text_with(("silent_majority", 0), ("parking_in_base", 0))
    assert policy_of(limits_of(text), [text]) == CountingPolicy(proxies_per_holder=1)


@pytest.mark.parametrize(
    ("name", "weaker", "stricter"),
    [
        ("meeting_notice_days", 14, 20),
        ("extraordinary_notice_days", 14, 15),
        ("meeting_call_percent", 21, 10),
        ("meeting_window_min_days", 4, 10),
        ("meeting_window_max_days", 61, 30),
        ("meeting_extensions", 4, 0),
        ("result_objection_days", 6, 15),
        ("result_posting_days", 14, 30),
        ("filing_days", 31, 15),
        ("handover_days", 11, 3),
        ("proxies_per_holder", 21, 0),
    ],
)
def test_a_text_is_stricter_than_the_law_and_never_weaker(
    name: str, weaker: int, stricter: int
) -> None:
    wrong = make_compounds.text(make_compounds.clause(name, weaker))
    with pytest.raises(FieldsInvalid) as refused:
        compound_rules.check_text(wrong, NATIONAL)
    assert refused.value.errors[0].code == "weakens-law"
    right = make_compounds.text(make_compounds.clause(name, stricter))
    compound_rules.check_text(right, NATIONAL)
