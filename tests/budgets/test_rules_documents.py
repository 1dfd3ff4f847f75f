"""Spending stays within what will realistically come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.make.budgets import budget_draft, income_draft, line_draft
from tests.make.ground import SEPTEMBER, new_id
from trustprop.budgets import rules
from trustprop.budgets.model import Budget, BudgetState

lines = st.lists(st.tuples(st.sampled_from(["OP", "PR"]), st.integers(0, 10**6)), max_size=12)
incomes = st.lists(
    st.tuples(st.sampled_from(["OP", "PR"]), st.integers(0, 10**6), st.integers(0, 100)),
    max_size=12,
)


@pytest.mark.parametrize(
    ("amount", "percent", "collectable"),
    [(100_00, 90, 90_00), (1, 99, 0), (333, 50, 166), (100_00, 100, 100_00), (100_00, 0, 0)],
)
def test_a_collection_percent_never_rounds_up(amount, percent, collectable):
    assert (
        income_draft(amount_fen=amount, collection_percent=percent).collectable_fen == collectable
    )


@given(planned=lines, expected=incomes)
def test_a_plan_passes_exactly_when_every_fund_is_within_its_own_means(planned, expected):
    found = rules.means(
        [line_draft(amount_fen=amount, fund=fund) for fund, amount in planned],
        [
            income_draft(amount_fen=amount, fund=fund, collection_percent=percent)
            for fund, amount, percent in expected
        ],
    )
    assert sum(fund.planned_fen for fund in found) == sum(amount for _, amount in planned)
    is_within = all(
        sum(amount for fund, amount in planned if fund == code)
        <= sum(amount * percent // 100 for fund, amount, percent in expected if fund == code)
        for code in ("OP", "PR")
    )
    try:
        rules.check_means(found)
    except rules.SpendingExceedsIncome:
        assert not is_within
    else:
        assert is_within


def test_a_change_answers_only_for_the_funds_that_plan_more():
    income = [income_draft(amount_fen=100, collection_percent=100)]
    before = rules.means([line_draft(amount_fen=150)], income)
    less = rules.means([line_draft(amount_fen=140)], income)
    rules.check_growing_means(before, less)
    with pytest.raises(rules.SpendingExceedsIncome):
        rules.check_growing_means(less, before)


def test_the_same_document_in_another_order_has_the_same_bytes():
    command = budget_draft(line_draft("5106"), line_draft("510206"))
    budget = Budget(
        budget_id=new_id(),
        year=2025,
        title=command.title,
        state=BudgetState.DRAFT,
        version=1,
        warning_percent=90,
        drafted_by=None,
        drafted_at=SEPTEMBER,
    )
    first = rules.canonical_document(budget, command.lines, command.income)
    assert rules.canonical_document(budget, command.lines[::-1], command.income) == first


@pytest.mark.parametrize(
    ("text", "is_month"),
    [("2025-09", True), ("2025-13", False), ("2025-9", False), ("September", False), ("", False)],
)
def test_a_month_in_an_address_is_a_month(text, is_month):
    if is_month:
        assert str(rules.period(text)) == text
    else:
        with pytest.raises(Exception, match="invalid-fields"):
            rules.period(text)
