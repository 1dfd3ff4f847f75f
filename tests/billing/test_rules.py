"""Fees, allocation, ageing, revenue and remuneration without a database."""

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.make import billing as make
from tests.make.ground import new_id
from trustprop.billing import rules
from trustprop.billing.model import (
    AdoptTariff,
    Apply,
    Charge,
    ChargeKind,
    ParkingSpace,
    ReceivableMovement,
    ReceiveOther,
    RevenueContract,
    RevenueKind,
    Tariff,
)
from trustprop.compounds.model import RemunerationBasis, RemunerationKind, RemunerationRule
from trustprop.kernel.errors import FieldsInvalid
from trustprop.kernel.periods import Period

SEPTEMBER = Period(2025, 9)
HOME = new_id()


@pytest.mark.parametrize(
    ("area_dm2", "rate_fen", "fee_fen"),
    [(8950, 280, 25_060), (10_800, 280, 30_240), (12_600, 280, 35_280), (1, 50, 1), (1, 49, 0)],
)
def test_a_fee_is_area_times_rate_rounded_half_up(area_dm2: int, rate_fen: int, fee_fen: int):
    assert rules.fee_by_area(area_dm2, rate_fen) == fee_fen


def tariff(rate_fen: int, valid_from: str) -> Tariff:
    return Tariff(
        tariff_id=new_id(),
        kind=ChargeKind.PROPERTY_FEE,
        rate_fen=rate_fen,
        valid_from=valid_from,
        resolution_id=None,
        clause="§11",
    )


def test_the_latest_tariff_that_is_valid_counts():
    known = [tariff(250, "2024-01"), tariff(280, "2025-07"), tariff(300, "2025-10")]
    assert rules.tariff_in_force(known, ChargeKind.PROPERTY_FEE, SEPTEMBER).rate_fen == 280
    with pytest.raises(rules.TariffMissing):
        rules.tariff_in_force(known, ChargeKind.PROPERTY_FEE, Period(2023, 12))


@pytest.mark.parametrize(("resolution_id", "clause"), [(None, None), (new_id(), "§11")])
def test_a_tariff_rests_on_exactly_one_decision(resolution_id: UUID | None, clause: str | None):
    command = AdoptTariff(
        id=new_id(),
        kind=ChargeKind.PROPERTY_FEE,
        rate_fen=280,
        valid_from="2025-01",
        resolution_id=resolution_id,
        clause=clause,
    )
    with pytest.raises(FieldsInvalid):
        rules.check_tariff(command)


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "counts"),
    [
        ("2025-09", None, 1),
        ("2025-10", None, 0),
        ("2025-01", "2025-09", 1),
        ("2025-01", "2025-08", 0),
    ],
)
def test_a_space_is_charged_from_its_first_to_its_last_month(
    valid_from: str, valid_until: str | None, counts: int
):
    space = ParkingSpace(
        space_id=new_id(),
        code="B1-001",
        kind=ChargeKind.PARKING_FEE,
        home_id=HOME,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    counted = rules.spaces_by_home([space], ChargeKind.PARKING_FEE, SEPTEMBER)
    assert counted.get(HOME, 0) == counts


# Receipts


def test_arrears_are_settled_before_the_present_month():
    august = make.charge(HOME, 10_000, on=date(2025, 8, 1))
    september = make.charge(HOME, 25_060)
    (applied,) = rules.apply_receipts([make.receipt(HOME, 12_000)], [september, august])
    assert applied.parts == ((august, 10_000), (september, 2_000))
    assert applied.surplus_fen == 0


def test_what_is_left_after_all_debts_is_paid_ahead():
    (applied,) = rules.apply_receipts(
        [make.receipt(HOME, 30_000)], [make.charge(HOME, 25_060, settled_fen=5_060)]
    )
    assert (applied.arrears_fen, applied.surplus_fen) == (20_000, 10_000)


def test_two_receipts_of_one_home_do_not_settle_the_same_debt():
    first, second = rules.apply_receipts(
        [make.receipt(HOME, 20_000), make.receipt(HOME, 20_000)], [make.charge(HOME, 25_060)]
    )
    assert (first.arrears_fen, second.arrears_fen, second.surplus_fen) == (20_000, 5_060, 14_940)


def test_a_payer_who_says_what_it_is_for_is_obeyed():
    fee = make.charge(HOME, 25_060, on=date(2025, 8, 1))
    parking = make.charge(HOME, 6_000, kind=ChargeKind.PARKING_FEE)
    (applied,) = rules.apply_receipts(
        [make.receipt(HOME, 6_000, kind=ChargeKind.PARKING_FEE)], [fee, parking]
    )
    assert applied.parts == ((parking, 6_000),)
    (ahead,) = rules.apply_receipts(
        [make.receipt(HOME, 6_000, apply=Apply.PREPAYMENT)], [fee, parking]
    )
    assert (ahead.parts, ahead.surplus_fen) == ((), 6_000)


def test_a_debt_of_another_fund_is_never_settled():
    ground = make.charge(HOME, 15_000, kind=ChargeKind.GROUND_PARKING)
    (applied,) = rules.apply_receipts([make.receipt(HOME, 15_000)], [ground])
    assert applied.parts == ()


amounts = st.integers(min_value=1, max_value=100_000)


@given(st.lists(amounts, max_size=6), st.lists(amounts, min_size=1, max_size=6))
def test_every_fen_received_settles_a_debt_or_is_paid_ahead(owed: list[int], paid: list[int]):
    charges = [make.charge(HOME, fen, on=date(2025, i + 1, 1)) for i, fen in enumerate(owed)]
    applied = rules.apply_receipts([make.receipt(HOME, fen) for fen in paid], charges)
    settled = sum(one.arrears_fen for one in applied)
    assert settled + sum(one.surplus_fen for one in applied) == sum(paid)
    assert settled == min(sum(owed), sum(paid))


def test_a_summary_is_of_one_day_account_and_fund():
    one = make.receipt(HOME)
    with pytest.raises(FieldsInvalid) as refused:
        rules.check_summary([one, make.receipt(HOME, received_on=date(2025, 9, 11))])
    assert [error.pointer for error in refused.value.errors] == ["/receipts/1"]


@pytest.mark.parametrize("account", ["100201", "112101", "2202", "2205", "3101", "5106"])
def test_other_money_is_credited_to_no_asset_payable_or_expense(account: str):
    command = ReceiveOther(
        id=new_id(),
        received_on=date(2025, 9, 1),
        account="100201",
        fund="OP",
        amount_fen=1,
        credit_account=account,
        memo="试",
    )
    with pytest.raises(FieldsInvalid):
        rules.check_other(command)


# Ageing


@pytest.mark.parametrize(
    ("days", "column"),
    [(0, 0), (30, 0), (31, 1), (90, 1), (91, 2), (180, 2), (181, 3), (365, 3), (366, 4), (2000, 4)],
)
def test_a_debt_ages_by_whole_days(days: int, column: int):
    on = date(2025, 9, 30)
    assert rules.age(date.fromordinal(on.toordinal() - days), on) == column


def test_fewer_than_five_homes_are_not_shown_nor_to_be_computed():
    counts = [
        [10, 4, 0, 0, 0, 14],
        [10, 7, 9, 0, 0, 26],
        [20, 11, 9, 0, 0, 40],
    ]
    hidden = rules.suppress(counts)
    assert (0, 1) in hidden
    assert len([cell for cell in hidden if cell[0] == 0]) > 1
    assert len([cell for cell in hidden if cell[1] == 1]) > 1
    assert (2, 5) not in hidden


@given(
    st.lists(
        st.lists(st.integers(min_value=0, max_value=12), min_size=5, max_size=5),
        min_size=1,
        max_size=6,
    )
)
def test_no_single_hidden_cell_stands_alone_in_its_line(inner: list[list[int]]):
    rows = [[*row, sum(row)] for row in inner]
    counts = [*rows, [sum(column) for column in zip(*rows, strict=True)]]
    hidden = rules.suppress(counts)
    for r, row in enumerate(counts):
        for c, homes in enumerate(row):
            if 0 < homes < 5 and (r, c) != (len(counts) - 1, 5):
                assert (r, c) in hidden
    lines = [[(r, c) for c in range(6)] for r in range(len(counts))]
    lines += [[(r, c) for r in range(len(counts))] for c in range(6)]
    for line in lines:
        concealed = [cell for cell in line if cell in hidden]
        shown = [cell for cell in line if cell not in hidden and counts[cell[0]][cell[1]]]
        corner = (len(counts) - 1, 5)
        assert len(concealed) != 1 or not [cell for cell in shown if cell != corner]


# Revenue and remuneration


def contract(amount_fen: int, starts_on: date, ends_on: date) -> RevenueContract:
    return RevenueContract(
        contract_id=new_id(),
        counterparty="示例传媒",
        is_individual=False,
        kind=RevenueKind.LIFT_ADVERTISING,
        income_account="4312",
        fund="PR",
        starts_on=starts_on,
        ends_on=ends_on,
        amount_fen=amount_fen,
        recognised_before_fen=0,
        received_before_fen=0,
        resolution_id=None,
    )


def test_a_quarter_of_advertising_is_earned_month_by_month():
    quarter = contract(2_160_000, date(2025, 7, 1), date(2025, 9, 30))
    shares = [rules.month_share(quarter, Period(2025, month)) for month in range(6, 11)]
    assert shares == [0, 720_000, 720_000, 720_000, 0]


@given(st.integers(min_value=1, max_value=10**9), st.integers(min_value=1, max_value=60))
def test_the_months_of_a_contract_sum_to_its_amount(amount_fen: int, months: int):
    first = Period(2025, 1)
    last = first
    for _ in range(months - 1):
        last = last.next
    made = contract(amount_fen, first.first_on, last.last_on)
    touched = rules.months_of(made.starts_on, made.ends_on)
    assert len(touched) == months
    assert sum(rules.month_share(made, month) for month in touched) == amount_fen


def remuneration(**facts: object) -> RemunerationRule:
    values = {"kind": RemunerationKind.PERCENT, "basis": RemunerationBasis.COLLECTED}
    return RemunerationRule(**(values | facts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "base_fen", "amount_fen"),
    [
        (
            RemunerationRule(kind=RemunerationKind.FIXED, fixed_fen_per_month=1_280_000),
            99,
            1_280_000,
        ),
        (remuneration(rate_basis_points=850), 15_031_500, 1_277_678),
        (remuneration(rate_basis_points=1000, cap_fen_per_month=1_000_000), 15_031_500, 1_000_000),
        (remuneration(rate_basis_points=1000), -5, 0),
    ],
)
def test_the_remuneration_is_what_was_agreed(
    rule: RemunerationRule, base_fen: int, amount_fen: int
):
    assert rules.remuneration(rule, base_fen) == amount_fen


@pytest.mark.parametrize(
    ("fund", "account", "counts"),
    [("OP", "5101", True), ("OP", "510206", True), ("OP", "5201", False), ("PR", "5101", False)],
)
def test_only_the_nine_cost_items_of_operations_are_a_base(fund: str, account: str, counts: bool):
    assert rules.is_service_cost(fund, account) is counts
    assert rules.month_of_year(120_005) == 10_000


def test_the_collection_rate_of_the_month_is_ninety_point_six_five():
    moved = ReceivableMovement(
        period="2025-09",
        kind=ChargeKind.PROPERTY_FEE,
        opening_fen=6_120_460,
        charged_fen=16_581_600,
        from_prepaid_fen=1_326_360,
        received_fen=14_336_980,
        received_arrears_fen=631_840,
        closing_fen=7_038_720,
        collected_current_fen=15_031_500,
    )
    assert moved.collection_basis_points == 9065


def test_opening_items_must_be_each_homes_balance():
    rules.check_opening({HOME: 5}, {HOME: 5}, "112101")
    with pytest.raises(rules.OpeningDiffersFromBooks):
        rules.check_opening({}, {HOME: 5}, "112101")


def test_a_charge_that_is_listed_again_is_not_new():
    listed: Charge = make.charge(HOME)
    assert rules.is_new_charge(listed, None)
    assert not rules.is_new_charge(listed, make_settled(listed))
    with pytest.raises(rules.SameIdOtherContent):
        rules.is_new_charge(listed, make.charge(HOME, 1))


def make_settled(charge: Charge) -> Charge:
    return replace(charge, settled_fen=charge.amount_fen)


def test_buildings_stand_in_the_order_in_which_people_count_them():
    table = rules.draw_up_ageing(date(2025, 9, 30), [], ["10", "2", "1", "东", "12A", "12"])
    assert [row.building for row in table.rows] == ["1", "2", "10", "12", "12A", "东"]
