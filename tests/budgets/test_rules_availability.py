"""A line is never overspent, and its availability is what its movements add up to."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.make.budgets import change, control, source
from trustprop.budgets import rules
from trustprop.budgets.model import Change, LineControl, Movement, MovementKind
from trustprop.kernel.errors import Refusal

AT = datetime(2025, 9, 15, 4, 0, tzinfo=UTC)
K = MovementKind


def moved(line: LineControl, *changes: Change) -> LineControl:
    lines, _ = rules.move({line.line_id: line}, {}, changes, AT)
    return lines[line.line_id]


@pytest.mark.parametrize(
    ("annual", "used", "month", "encumbered", "available"),
    [
        (72_000_00, 41_250_00, 5_386_00, 9_800_00, 15_564_00),
        (186_000_00, 121_480_55, 14_862_37, 0, 49_657_08),
        (100_800_00, 67_200_00, 8_400_00, 25_200_00, 0),
        (561_600_00, 374_400_00, 46_800_00, 140_400_00, 0),
        (15_600_00, 10_870_30, 1_260_50, 0, 3_469_20),
        (18_000_00, 7_420_00, 1_380_00, 0, 9_200_00),
        (76_000_00, 0, 0, 68_400_00, 7_600_00),
    ],
)
def test_september_of_compound_k_comes_out_as_worked_by_hand(
    annual, used, month, encumbered, available
):
    line = control(annual, actual_fen=used, encumbered_fen=encumbered)
    if month:
        line = moved(line, change(line, K.SPEND, month))
    assert line.available_fen == available


def test_each_kind_of_use_takes_from_what_is_available():
    line = control(100_00)
    line = moved(
        line,
        change(line, K.ENCUMBER, 10_00),
        change(line, K.RESERVE, 20_00),
        change(line, K.SPEND, 30_00),
        change(line, K.ADJUST, -5_00),
    )
    assert (line.encumbered_fen, line.reserved_fen, line.actual_fen) == (10_00, 20_00, 30_00)
    assert line.available_fen == 35_00


def test_spending_what_was_reserved_and_encumbered_frees_it_in_the_same_step():
    line = control(100_00, encumbered_fen=60_00, reserved_fen=40_00)
    line = moved(
        line, change(line, K.SPEND, 70_00, from_encumbered_fen=50_00, from_reserved_fen=20_00)
    )
    assert (line.actual_fen, line.encumbered_fen, line.reserved_fen) == (70_00, 10_00, 20_00)
    assert line.available_fen == 0


@pytest.mark.parametrize("kind", [K.SPEND, K.RESERVE, K.ENCUMBER])
def test_the_last_fen_may_be_used_and_not_one_more(kind):
    line = control(100_00)
    assert moved(line, change(line, kind, 100_00)).available_fen == 0
    with pytest.raises(rules.BudgetExceeded) as refused:
        moved(line, change(line, kind, 100_01))
    assert refused.value.facts == {
        "line": "510206",
        "available_fen": 100_00,
        "requested_fen": 100_01,
    }


def test_an_adjustment_cannot_take_what_is_used():
    line = control(100_00, actual_fen=60_00)
    assert moved(line, change(line, K.ADJUST, -40_00)).available_fen == 0
    with pytest.raises(rules.BudgetExceeded):
        moved(line, change(line, K.ADJUST, -40_01))


@pytest.mark.parametrize(
    ("kind", "figure"),
    [(K.RELIEVE, "encumbered"), (K.UNRESERVE, "reserved"), (K.UNSPEND, "actual")],
)
def test_nothing_is_taken_back_that_was_not_there(kind, figure):
    line = control(100_00, **{f"{figure}_fen": 5_00})
    assert moved(line, change(line, kind, 5_00)).available_fen == 100_00
    with pytest.raises(rules.LineHoldsLess) as refused:
        moved(line, change(line, kind, 5_01))
    assert refused.value.figure == figure


def test_a_line_does_not_pay_for_another_fund():
    line = control(100_00)
    with pytest.raises(rules.LineOfAnotherFund):
        moved(line, change(line, K.RESERVE, 1_00, fund="PR"))


def test_the_new_year_needs_its_own_budget():
    line = control(100_00)
    assert moved(line, change(line, K.SPEND, 1_00, on=date(2025, 12, 31))).actual_fen == 1_00
    with pytest.raises(rules.BudgetNotInForce):
        moved(line, change(line, K.SPEND, 1_00, on=date(2026, 1, 1)))


def test_what_was_reserved_last_year_can_still_be_given_back():
    line = control(100_00, reserved_fen=1_00)
    assert moved(line, change(line, K.UNRESERVE, 1_00, on=date(2026, 1, 1))).reserved_fen == 0


def test_without_a_line_nothing_is_spent():
    line = control()
    with pytest.raises(rules.NoBudgetLine):
        rules.move({}, {}, [change(line, K.SPEND, 1)], AT)


def test_the_same_source_moves_a_line_once():
    line = control(100_00)
    once = change(line, K.SPEND, 30_00)
    lines, first = rules.move({line.line_id: line}, {}, [once, once], AT)
    assert lines[line.line_id].actual_fen == 30_00
    recorded = {movement.key: movement for movement in first}
    lines, again = rules.move(lines, recorded, [once], AT)
    assert (lines[line.line_id].actual_fen, again) == (30_00, ())


def test_the_same_source_with_another_amount_is_refused():
    line = control(100_00)
    reason = source()
    with pytest.raises(rules.SourceMovedOtherwise):
        moved(
            line,
            change(line, K.RESERVE, 30_00, source=reason),
            change(line, K.RESERVE, 31_00, source=reason),
        )


def test_a_new_version_of_an_order_reserves_anew():
    line = control(100_00)
    first = source("payment_order", version=1)
    second = type(first)(kind=first.kind, id=first.id, version=2)
    line = moved(
        line,
        change(line, K.RESERVE, 30_00, source=first),
        change(line, K.UNRESERVE, 30_00, source=first),
        change(line, K.RESERVE, 50_00, source=second),
    )
    assert line.reserved_fen == 50_00


@pytest.mark.parametrize(
    ("used", "is_near"), [(89_99, False), (90_00, True), (100_00, True), (0, False)]
)
def test_nine_tenths_used_is_near_the_limit(used, is_near):
    assert control(100_00, actual_fen=used).is_near_limit is is_near


kinds = st.sampled_from([kind for kind in MovementKind if kind is not MovementKind.OPEN])
amounts = st.integers(min_value=1, max_value=150)
wishes = st.lists(st.tuples(kinds, amounts, st.integers(0, 60), st.integers(0, 60)), max_size=40)


@given(appropriated=st.integers(0, 300), sequence=wishes)
def test_no_sequence_of_movements_overspends_and_the_movements_prove_the_line(
    appropriated, sequence
):
    line = opened = control(appropriated)
    made: list[Movement] = []
    for kind, amount, from_reserved, from_encumbered in sequence:
        is_spend = kind is K.SPEND
        wish = change(
            line,
            kind,
            -amount if kind is K.ADJUST and from_reserved % 2 else amount,
            from_reserved_fen=from_reserved if is_spend else 0,
            from_encumbered_fen=from_encumbered if is_spend else 0,
        )
        try:
            lines, movements = rules.move({line.line_id: line}, {}, [wish], AT)
        except Refusal:
            continue
        line = lines[line.line_id]
        made += movements
    figures = (line.actual_fen, line.encumbered_fen, line.reserved_fen)
    assert min(figures) >= 0
    assert line.available_fen >= 0
    assert line.available_fen == appropriated + line.adjusted_fen - sum(figures)
    assert line.adjusted_fen == opened.adjusted_fen + sum(m.adjusted_fen for m in made)
    assert line.actual_fen == sum(m.actual_fen for m in made)
    assert line.encumbered_fen == sum(m.encumbered_fen for m in made)
    assert line.reserved_fen == sum(m.reserved_fen for m in made)
    assert [m.number for m in made] == list(range(2, line.movements + 1))


@given(sequence=wishes)
def test_every_change_of_an_accepted_batch_leaves_one_movement(sequence):
    """Changes decided together hold together or not at all."""
    line = control(200)
    changes = [
        change(line, kind, amount) for kind, amount, _, _ in sequence if kind is not K.ADJUST
    ]
    try:
        lines, movements = rules.move({line.line_id: line}, {}, changes, AT)
    except Refusal:
        return
    assert len(movements) == len(changes)
    assert lines[line.line_id].movements == 1 + len(changes)
