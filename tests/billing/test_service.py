"""The month of compound K through billing: charges, receipts, revenue, remuneration."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import pytest
from msgspec.structs import replace

from tests.make import billing as make
from tests.make import compounds as make_compounds
from tests.make import ledger as make_ledger
from tests.make import meetings as make_meetings
from tests.make.ground import make_caller, new_id
from tests.make.ledger import credit, debit
from trustprop.billing import rules, service
from trustprop.billing.model import (
    AccrueRemuneration,
    Apply,
    ChargeKind,
    DrawUpContract,
    HoldRemuneration,
    LiftHold,
    OpeningReceivable,
    OpenReceivables,
    ReceiveOther,
    RevenueKind,
    RunCharges,
    RunRevenue,
    SettleChannel,
    Summary,
)
from trustprop.compounds import service as compounds
from trustprop.compounds.model import (
    InstrumentAmendment,
    RemunerationBasis,
    RemunerationKind,
    RemunerationRule,
)
from trustprop.kernel.caller import Caller, Office, OfficeNeeded
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.meetings import store as meetings_store
from trustprop.meetings.model import Matter, ResolutionState
from trustprop.meetings.rules import ResolutionNotInForce, ResolutionOfAnotherSubject
from trustprop.plumbing.database import Tx

SEPTEMBER = Period(2025, 9)
LISTED = date(2025, 1, 1)


async def balances(tx: Tx, caller: Caller) -> Mapping[str, int]:
    found = await ledger.balances(tx, caller.compound_id)
    return {f"{one.account}/{one.fund}": one.balance_fen for one in found}


def run(kind: ChargeKind = ChargeKind.PROPERTY_FEE, run_id: UUID | None = None) -> RunCharges:
    return RunCharges(id=run_id or new_id(), period="2025-09", kind=kind)


async def test_every_home_is_charged_by_its_area(tx: Tx, caller: Caller):
    await make.open_compound(tx, caller)
    done = await service.run_charges(tx, caller, run())
    assert (done.charges, done.amount_fen, done.from_prepaid) == (600, 16_581_600, 0)
    assert await balances(tx, caller) == {"112101/OP": 16_581_600, "4301/OP": -16_581_600}


async def test_what_was_paid_ahead_settles_the_charge_at_once(tx: Tx, caller: Caller):
    homes = await make.open_compound(tx, caller)
    await make.open_with(
        tx,
        caller,
        debit("100201", 30_000),
        credit("220301", 26_000, counterparty_id=homes[0].home_id),
        credit("220301", 4_000, counterparty_id=homes[1].home_id),
    )
    done = await service.run_charges(tx, caller, run())
    assert (done.from_prepaid, done.from_prepaid_fen) == (2, 25_060 + 4_000)
    first = await service.home_ledger(tx, caller, homes[0].home_id)
    assert (first.owed_fen, first.prepaid_fen) == (0, 940)
    second = await service.home_ledger(tx, caller, homes[1].home_id)
    assert (second.owed_fen, second.prepaid_fen) == (21_060, 0)
    assert [line.what for line in second.lines] == ["charge", "prepayment_used"]


async def test_a_repeated_run_is_answered_and_another_one_refused(tx: Tx, caller: Caller):
    await make.open_compound(tx, caller)
    command = run()
    first = await service.run_charges(tx, caller, command)
    assert await service.run_charges(tx, caller, command) == first
    with pytest.raises(rules.PeriodAlreadyCharged):
        await service.run_charges(tx, caller, run())


async def test_without_a_tariff_nothing_is_charged(tx: Tx, caller: Caller):
    await make.open_money(tx, caller)
    with pytest.raises(rules.TariffMissing):
        await service.run_charges(tx, caller, run())


async def test_parking_is_charged_by_the_space(tx: Tx, caller: Caller):
    homes = await make.open_compound(tx, caller)
    await make.rent(tx, caller, ChargeKind.PARKING_FEE, (*homes[:219], homes[0]))
    done = await service.run_charges(tx, caller, run(ChargeKind.PARKING_FEE))
    assert (done.charges, done.amount_fen) == (219, 1_320_000)
    assert (await balances(tx, caller))["4302/OP"] == -1_320_000


async def test_a_receipt_settles_arrears_first_and_keeps_the_surplus(tx: Tx, caller: Caller):
    homes = await make.open_compound(tx, caller)
    await owe(tx, caller, homes[0].home_id, 10_000)
    await service.run_charges(tx, caller, run())
    (received,) = await service.receive(
        tx, caller, make.receive(make.receipt(homes[0].home_id, 40_000))
    )
    assert (received.arrears_fen, received.surplus_fen) == (35_060, 4_940)
    account = await service.home_ledger(tx, caller, homes[0].home_id)
    assert (account.owed_fen, account.prepaid_fen) == (0, 4_940)


async def owe(tx: Tx, caller: Caller, home_id: UUID, amount_fen: int) -> None:
    """Arrears of May, from before the books were opened."""
    await make.open_with(
        tx,
        caller,
        debit("112101", amount_fen, counterparty_id=home_id),
        credit("310101", amount_fen),
    )
    item = OpeningReceivable(
        id=new_id(),
        home_id=home_id,
        kind=ChargeKind.PROPERTY_FEE,
        period="2025-05",
        amount_fen=amount_fen,
    )
    await service.opening_receivables(tx, caller, OpenReceivables(items=(item,)))


async def test_opening_receivables_must_be_what_the_books_say(tx: Tx, caller: Caller):
    homes = await make.open_compound(tx, caller)
    await owe(tx, caller, homes[0].home_id, 10_000)
    item = OpeningReceivable(
        id=new_id(),
        home_id=homes[1].home_id,
        kind=ChargeKind.PROPERTY_FEE,
        period="2025-05",
        amount_fen=1,
    )
    with pytest.raises(rules.OpeningDiffersFromBooks) as refused:
        await service.opening_receivables(tx, caller, OpenReceivables(items=(item,)))
    assert (refused.value.home_id, refused.value.listed_fen) == (str(homes[1].home_id), 1)


async def test_a_days_summary_is_one_entry_over_many_homes(tx: Tx, caller: Caller):
    homes = await make.open_compound(tx, caller)
    await service.run_charges(tx, caller, run())
    command = make.receive(
        *(make.receipt(home.home_id, account="101201") for home in homes[:20]),
        summary=Summary(id=new_id(), reference="WX20250910"),
    )
    before = (await ledger.books(tx, caller.compound_id)).tree_size
    received = await service.receive(tx, caller, command)
    assert (await ledger.books(tx, caller.compound_id)).tree_size == before + 1
    assert {one.entry_id for one in received} == {command.summary.id}
    assert (await balances(tx, caller))["101201/OP"] == 20 * 25_060


async def test_the_same_receipts_again_change_nothing_and_other_content_is_refused(
    tx: Tx, caller: Caller
):
    homes = await make.open_compound(tx, caller)
    await service.run_charges(tx, caller, run())
    one = make.receipt(homes[0].home_id)
    first = await service.receive(tx, caller, make.receive(one))
    assert await service.receive(tx, caller, make.receive(one)) == first
    changed = make.receipt(homes[0].home_id, 1, id=one.id)
    with pytest.raises(rules.SameIdOtherContent):
        await service.receive(tx, caller, make.receive(changed))


async def test_a_year_paid_ahead_is_a_prepayment_whatever_is_owed(tx: Tx, caller: Caller):
    homes = await make.open_compound(tx, caller)
    await service.run_charges(tx, caller, run())
    command = make.receipt(
        homes[0].home_id, 300_720, apply=Apply.PREPAYMENT, kind=ChargeKind.PROPERTY_FEE
    )
    (received,) = await service.receive(tx, caller, make.receive(command))
    assert (received.arrears_fen, received.surplus_fen) == (0, 300_720)


async def test_a_channel_pays_out_less_its_fee(tx: Tx, caller: Caller):
    homes = await make.open_compound(tx, caller)
    await service.run_charges(tx, caller, run())
    await service.receive(
        tx, caller, make.receive(make.receipt(homes[0].home_id, 25_060, account="101201"))
    )
    command = SettleChannel(
        id=new_id(),
        settled_on=date(2025, 9, 11),
        channel="101201",
        account="100201",
        gross_fen=25_060,
        fee_fen=95,
        reference="SETTLE0911",
    )
    settled = await service.settle_channel(tx, caller, command)
    assert await service.settle_channel(tx, caller, command) == settled
    held = await balances(tx, caller)
    assert (held["100201/OP"], held["5301/OP"]) == (24_965, 95)
    assert "101201/OP" not in held


def contract(kind: RevenueKind, account: str, amount_fen: int, **facts: object) -> DrawUpContract:
    values = {
        "id": new_id(),
        "counterparty": "示例传媒有限公司",
        "kind": kind,
        "income_account": account,
        "starts_on": date(2025, 1, 1),
        "ends_on": date(2025, 12, 31),
        "amount_fen": amount_fen,
    }
    return DrawUpContract(**(values | facts))  # type: ignore[arg-type]


async def test_a_month_of_revenue_comes_from_deferred_income_first(tx: Tx, caller: Caller):
    """Entries 5, 6 and 7 of the month: 7,200.00 and 1,000.00 released, 2,000.00 owed."""
    await make.open_money(tx, caller)
    advertising = contract(RevenueKind.LIFT_ADVERTISING, "4312", 8_640_000)
    locker = contract(RevenueKind.LOCKER, "4313", 1_200_000)
    station = contract(RevenueKind.BASE_STATION, "4313", 2_400_000)
    for command in (advertising, locker, station):
        await service.draw_up_contract(tx, caller, command)
    await make.open_with(
        tx,
        caller,
        debit("100202", 1_020_000, "PR"),
        credit("220303", 720_000, "PR", counterparty_id=advertising.id),
        credit("220303", 300_000, "PR", counterparty_id=locker.id),
    )
    command = RunRevenue(id=new_id(), period="2025-09")
    done = await service.run_revenue(tx, caller, command)
    assert sorted((s.amount_fen, s.from_deferred_fen) for s in done.shares) == [
        (100_000, 100_000),
        (200_000, 0),
        (720_000, 720_000),
    ]
    assert await service.run_revenue(tx, caller, command) == done
    held = await balances(tx, caller)
    assert (held["4312/PR"], held["4313/PR"]) == (-720_000, -300_000)
    assert (held["220303/PR"], held["112103/PR"]) == (-200_000, 200_000)


async def test_a_contracts_payment_settles_what_it_owes_and_defers_the_rest(tx: Tx, caller: Caller):
    await make.open_money(tx, caller)
    station = contract(RevenueKind.BASE_STATION, "4313", 2_400_000)
    await service.draw_up_contract(tx, caller, station)
    await service.run_revenue(tx, caller, RunRevenue(id=new_id(), period="2025-09"))
    payment = ReceiveOther(
        id=new_id(),
        received_on=date(2025, 9, 20),
        account="100202",
        fund="PR",
        amount_fen=600_000,
        contract_id=station.id,
        memo="基站场地费",
    )
    received = await service.receive_other(tx, caller, payment)
    assert (received.arrears_fen, received.surplus_fen) == (200_000, 400_000)
    (figure,) = await service.revenue_report(tx, caller.compound_id, SEPTEMBER)
    assert (figure.earned_fen, figure.received_fen) == (200_000, 600_000)
    assert (figure.owed_fen, figure.deferred_fen) == (0, 400_000)


@pytest.mark.parametrize(
    ("account", "fund", "credited", "amount_fen"),
    [
        ("100202", "PR", "431102", 986_000),
        ("100202", "PR", "4314", 35_000),
        ("100201", "AG", "220901", 400_000),
        ("100201", "AG", "2601", 431_250),
        ("100201", "OP", "220904", 25_060),
        ("100201", "OP", "4601", 6_231),
    ],
)
async def test_other_money_is_booked_where_it_belongs(
    tx: Tx, caller: Caller, account: str, fund: str, credited: str, amount_fen: int
):
    """Entries 14, 16, 17, 19, 21 and 41 of the month."""
    await make.open_money(tx, caller)
    command = ReceiveOther(
        id=new_id(),
        received_on=date(2025, 9, 20),
        account=account,
        fund=fund,
        amount_fen=amount_fen,
        credit_account=credited,
        memo="试",
    )
    await service.receive_other(tx, caller, command)
    assert (await balances(tx, caller))[f"{credited}/{fund}"] == -amount_fen


async def test_the_remuneration_is_accrued_by_the_trust_instrument_once(tx: Tx, caller: Caller):
    await make.open_compound(tx, caller)
    command = AccrueRemuneration(id=new_id(), period="2025-09")
    accrued = await service.accrue_remuneration(tx, caller, command)
    assert (accrued.amount_fen, accrued.is_held) == (1_280_000, False)
    assert await service.accrue_remuneration(tx, caller, command) == accrued
    with pytest.raises(rules.RemunerationAlreadyAccrued):
        await service.accrue_remuneration(
            tx, caller, AccrueRemuneration(id=new_id(), period="2025-09")
        )
    assert await balances(tx, caller) == {"5201/OP": 1_280_000, "2205/OP": -1_280_000}


async def test_the_remuneration_follows_the_version_in_force_while_its_resolution_stands(
    tx: Tx, caller: Caller
):
    await make.open_compound(tx, caller)
    decided = await make_meetings.add_resolution(tx, caller, Matter.REMUNERATION)
    amendment = InstrumentAmendment(
        instrument_id=new_id(),
        resolution_id=decided.resolution_id,
        effective_from=date(2025, 9, 30),
        remuneration=RemunerationRule(kind=RemunerationKind.FIXED, fixed_fen_per_month=1_500_000),
    )
    await compounds.amend_instrument(tx, caller, amendment, new_id())
    command = AccrueRemuneration(id=new_id(), period="2025-09")
    accrued = await service.accrue_remuneration(tx, caller, command)
    assert (accrued.instrument_id, accrued.amount_fen) == (amendment.instrument_id, 1_500_000)
    await meetings_store.add_outcome(
        tx, caller, decided.resolution_id, ResolutionState.REVOKED, new_id()
    )
    with pytest.raises(ResolutionNotInForce):
        await service.accrue_remuneration(
            tx, caller, AccrueRemuneration(id=new_id(), period="2025-10")
        )


async def test_a_parking_space_on_the_roll_pays_no_fee_by_its_area(tx: Tx, caller: Caller):
    await make_compounds.found_compound(tx, caller)
    heading = f"{make_compounds.HEADING},use"
    rows = [f"{make_compounds.row('101')},", f"{make_compounds.row('B1-001', area='12.00')},车位"]
    content = make_compounds.homes_csv(*rows, heading=heading)
    await compounds.import_homes(tx, caller, content, LISTED)
    await make.open_money(tx, caller)
    await make.adopt(tx, caller, ChargeKind.PROPERTY_FEE, 280)
    done = await service.run_charges(tx, caller, run())
    assert (done.charges, done.amount_fen) == (1, 25_060)


async def test_a_contract_that_begins_after_the_books_opened_needs_its_resolution(
    tx: Tx, caller: Caller
):
    await make.open_money(tx, caller)
    later = contract(
        RevenueKind.LOCKER, "4313", 100, starts_on=date(2025, 10, 1), ends_on=date(2025, 12, 31)
    )
    with pytest.raises(rules.BusinessNeedsResolution):
        await service.draw_up_contract(tx, caller, later)


@pytest.mark.parametrize(
    ("basis", "base_fen"),
    [
        (RemunerationBasis.COLLECTED, 25_060),
        (RemunerationBasis.ACTUAL, 30_000),
        (RemunerationBasis.BUDGETED, 0),
    ],
)
async def test_a_share_is_taken_of_what_the_instrument_names(
    tx: Tx, caller: Caller, basis: RemunerationBasis, base_fen: int
):
    share = RemunerationRule(kind=RemunerationKind.PERCENT, rate_basis_points=1000, basis=basis)
    await make_compounds.found_compound(tx, caller, remuneration=share)
    await compounds.import_homes(tx, caller, make_compounds.homes_csv(make_compounds.row()), LISTED)
    await make.open_money(tx, caller)
    await make.adopt(tx, caller, ChargeKind.PROPERTY_FEE, 280)
    await service.run_charges(tx, caller, run())
    (home,) = await compounds.homes(tx, caller.compound_id)
    await service.receive(tx, caller, make.receive(make.receipt(home.home_id)))
    spent = make_ledger.entry(debit("5101", 30_000), credit("2202", 30_000))
    await ledger.post(tx, caller, (spent,))
    command = AccrueRemuneration(id=new_id(), period="2025-09")
    if base_fen == 0:
        with pytest.raises(rules.NoRemunerationDue):
            await service.accrue_remuneration(tx, caller, command)
        return
    accrued = await service.accrue_remuneration(tx, caller, command)
    assert (accrued.basis_fen, accrued.amount_fen) == (base_fen, base_fen // 10)


async def test_a_hold_moves_the_remuneration_out_of_reach_and_lifting_brings_it_back(
    tx: Tx, caller: Caller
):
    await make.open_compound(tx, caller)
    await service.accrue_remuneration(tx, caller, AccrueRemuneration(id=new_id(), period="2025-09"))
    director = make_caller(Office.COMMITTEE_DIRECTOR, compound_id=caller.compound_id, at=caller.at)
    placed = HoldRemuneration(id=new_id(), reason="未经双签支出 3,000 元，未归还")
    hold = await service.hold_remuneration(tx, director, placed)
    assert hold.held_fen == 1_280_000
    assert (await balances(tx, caller)).get("2205/OP", 0) == 0
    assert (await balances(tx, caller))["2207/OP"] == -1_280_000
    lifted = await service.lift_hold(
        tx, director, hold.hold_id, LiftHold(id=new_id(), reason="已归还")
    )
    assert lifted.lifted_at == director.at
    assert (await balances(tx, caller))["2205/OP"] == -1_280_000


async def test_the_firm_cannot_lift_a_hold(tx: Tx, caller: Caller):
    await make.open_money(tx, caller)
    with pytest.raises(OfficeNeeded):
        await service.hold_remuneration(tx, caller, HoldRemuneration(id=new_id(), reason="试"))


async def test_the_months_receivable_moves_from_opening_to_closing(tx: Tx, caller: Caller):
    homes = await make.open_compound(tx, caller)
    await owe(tx, caller, homes[0].home_id, 10_000)
    await service.run_charges(tx, caller, run())
    await service.receive(
        tx,
        caller,
        make.receive(make.receipt(homes[0].home_id, 12_000), make.receipt(homes[1].home_id)),
    )
    moved = await service.receivable_movement(
        tx, caller.compound_id, SEPTEMBER, ChargeKind.PROPERTY_FEE
    )
    assert (moved.opening_fen, moved.charged_fen) == (10_000, 16_581_600)
    assert (moved.received_fen, moved.received_arrears_fen) == (37_060, 10_000)
    assert moved.collected_current_fen == 27_060
    assert moved.closing_fen == (await balances(tx, caller))["112101/OP"]


async def test_ageing_groups_by_building_and_hides_small_groups(tx: Tx, caller: Caller):
    homes = await make.open_compound(tx, caller)
    await owe(tx, caller, homes[0].home_id, 10_000)
    await service.run_charges(tx, caller, run())
    table = await service.ageing(tx, caller.compound_id, date(2025, 9, 30))
    row = next(row for row in table.rows if row.building == homes[0].building)
    assert row.cells[0].homes == 50 or row.cells[0].homes is None
    assert row.cells[2].homes is None
    assert row.cells[2].amount_fen is None
    assert table.total.amount_fen == 16_591_600


async def test_a_decision_about_one_contract_carries_no_other(tx: Tx, caller: Caller):
    await make_compounds.found_compound(tx, caller)
    await make.open_money(tx, caller)
    kiosk, advertising = (contract(RevenueKind.LIFT_ADVERTISING, "4312", 100) for _ in range(2))
    business = Matter.COMMON_PART_BUSINESS
    about_kiosk = await make_meetings.add_resolution(tx, caller, business, kiosk.id)
    about_all = await make_meetings.add_resolution(tx, caller, business)
    under = replace(advertising, resolution_id=about_kiosk.resolution_id)
    with pytest.raises(ResolutionOfAnotherSubject):
        await service.draw_up_contract(tx, caller, under)
    for command, decided in ((kiosk, about_kiosk), (advertising, about_all)):
        under = replace(command, resolution_id=decided.resolution_id)
        made = await service.draw_up_contract(tx, caller, under)
        assert made.resolution_id == decided.resolution_id
