"""What a compound's page says follows from its published statements, to the fen."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period
from trustprop.statements.model import Statement
from trustprop.web import overview
from trustprop.web.span import Span

SAMPLE = Path(__file__).parents[2] / "reports/statement/sample.json"


@pytest.fixture(scope="module")
def statement() -> Statement:
    return msgspec.convert(msgspec.json.decode(SAMPLE.read_bytes())["statement"], Statement)


def test_opening_and_in_less_out_is_closing(statement: Statement) -> None:
    shown = overview.overview([statement])
    assert shown.opening_fen + shown.in_fen - shown.out_fen == shown.closing_fen
    assert shown.income_fen == statement.figures.summary.income_fen
    assert shown.expense_fen == statement.figures.summary.expense_fen


def test_months_that_do_not_follow_each_other_are_never_added_up(statement: Statement) -> None:
    with pytest.raises(AssertionError):
        overview.overview([statement, statement])


@given(
    amount=st.integers(0, 10**9),
    weights=st.lists(st.integers(0, 10**9), min_size=1, max_size=40).filter(any),
)
def test_parts_of_an_amount_add_up_to_it(amount: int, weights: list[int]) -> None:
    parts = overview.apportion(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert amount * weight // total <= part <= amount * weight // total + 1


def test_a_hundred_yuan_is_spent_to_the_last_fen(statement: Statement) -> None:
    shares = overview.shares(overview.overview([statement]), 8950, 5_922_000)
    assert sum(share.of_hundred_fen for share in shares) == 100_00
    spent = sum(share.item.amount_fen for share in shares)
    assert sum(share.of_home_fen for share in shares) == spent * 8950 // 5_922_000


def test_the_month_in_plain_words_leads_to_its_figures(statement: Statement) -> None:
    told = overview.sentences(statement)
    first = told[0]
    assert "收进 220,340.92 元" in first.told.zh
    assert "220,340.92 came in" in first.told.en
    assert all(one.place.startswith(("statements/", "entries/")) for one in told)


@pytest.mark.parametrize(
    ("text", "first", "last", "before", "after"),
    [
        ("2025-09", (2025, 9), (2025, 9), "2025-08", "2025-10"),
        ("2025-12", (2025, 12), (2025, 12), "2025-11", "2026-01"),
        ("2025-Q1", (2025, 1), (2025, 3), "2024-Q4", "2025-Q2"),
        ("2025-Q4", (2025, 10), (2025, 12), "2025-Q3", "2026-Q1"),
        ("2025", (2025, 1), (2025, 12), "2024", "2026"),
    ],
)
def test_spans_are_written_as_they_are_read(
    text: str, first: tuple[int, int], last: tuple[int, int], before: str, after: str
) -> None:
    span = Span.parse(text)
    assert (span.first, span.last) == (Period(*first), Period(*last))
    assert (str(span), str(span.previous), str(span.next)) == (text, before, after)


@pytest.mark.parametrize(
    "text", ["", "2025-13", "2025-Q5", "25-09", "2025-9", "2025-09-01", "٢٠٢٥"]
)
def test_other_words_are_no_span(text: str) -> None:
    with pytest.raises(Missing):
        Span.parse(text)
