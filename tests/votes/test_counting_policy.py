"""Unsettled law is read otherwise than by default only under a clause."""

import pytest

from tests.make.counting import BASIS
from trustprop.kernel.errors import FieldsInvalid
from trustprop.votes import rules
from trustprop.votes.model.counting import CountingPolicy, InvalidBallots


@pytest.mark.parametrize(
    ("policy", "pointers"),
    [
        (CountingPolicy(), []),
        (CountingPolicy(silent_majority=BASIS, silent_majority_on_special=True), []),
        (CountingPolicy(silent_majority_on_special=True), ["/policy/silent_majority"]),
        (CountingPolicy(has_parking=True, parking_basis=BASIS), []),
        (
            CountingPolicy(has_parking=True, invalid_ballots=InvalidBallots.TAKE_PART),
            ["/policy/invalid_ballots_basis", "/policy/parking_basis"],
        ),
    ],
)
def test_every_reading_without_its_clause_is_named(
    policy: CountingPolicy, pointers: list[str]
) -> None:
    named: list[str] = []
    try:
        rules.check_policy(policy)
    except FieldsInvalid as refusal:
        named = [error.pointer for error in refusal.errors]
    assert named == pointers
