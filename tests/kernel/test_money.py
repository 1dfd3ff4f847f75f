import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustprop.kernel import money


@pytest.mark.parametrize(
    ("amount_fen", "text"),
    [(0, "0.00"), (1, "0.01"), (-1, "-0.01"), (1234000, "12,340.00"), (-100005, "-1,000.05")],
)
def test_fen_read_as_yuan(amount_fen: int, text: str) -> None:
    assert money.yuan(amount_fen) == text
    assert money.fen(text) == amount_fen


@pytest.mark.parametrize(
    "text", ["1.005", "", "abc", "1e400", "NaN", "Infinity", "1.2.3", "99999999999999999"]
)
def test_what_is_no_exact_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        money.fen(text)


@pytest.mark.parametrize("text", ["¥8", "￥8.00", "8,00".replace(",", "."), " 8 "])
def test_yuan_signs_and_spaces_are_understood(text: str) -> None:
    assert money.fen(text) == 800


@given(
    st.integers(0, money.MAX_FEN),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=50).filter(any),
)
def test_apportioned_parts_sum_to_the_whole_and_differ_by_less_than_a_fen(
    total: int, weights: list[int]
) -> None:
    parts = money.apportion(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part * whole - total * weight) < whole
