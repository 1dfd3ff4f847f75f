"""Adjustments, virements and emergencies of a budget in force."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make import funds as make_funds
from tests.make import meetings as make_meetings
from tests.make.budgets import add_budget, income_draft, line_draft, source
from tests.make.compounds import clause
from tests.make.ground import make_caller, new_id
from tests.make.meetings import MINUTES
from trustprop.acts import service as acts
from trustprop.budgets import rules, service
from trustprop.budgets.model import (
    ChangeState,
    DecideChange,
    GiveNotice,
    LineDelta,
    ProposeAdjustment,
    ProposeEmergency,
    ProposeVirement,
)
from trustprop.kernel.caller import Office
from trustprop.kernel.errors import FieldsInvalid
from trustprop.kernel.periods import Period
from trustprop.meetings.model import Matter


class Ground:
    """A budget of 1,000 yuan of income and three lines, with signers of both sides."""

    async def make(self, tx, caller):
        await make_funds.add_books(
            tx, caller, clause("virement_percent", 10), clause("emergency_cap_fen", 500_00, "19")
        )
        self.signers = await make_acts.make_signers(tx, caller.compound_id)
        self.manager = make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id)
        self.repairs = line_draft("510206", 400_00)
        self.lifts = line_draft("510201", 300_00)
        self.office = line_draft("5106", 100_00, category="办公")
        income = income_draft(amount_fen=1000_00, collection_percent=90)
        document = await add_budget(
            tx, caller, self.repairs, self.lifts, self.office, income=(income,)
        )
        self.budget_id = document.budget.budget_id
        return self

    def virement(self, amount_fen, giving=None, gaining=None):
        return ProposeVirement(
            id=new_id(),
            from_line_id=(giving or self.repairs).line_id,
            to_line_id=(gaining or self.lifts).line_id,
            amount_fen=amount_fen,
            reason="电梯检修增加",
        )

    async def sign(self, tx, change):
        act = await acts.find(tx, self.manager.compound_id, change.act_id)
        return await make_acts.sign_both(tx, self.signers, act, service.EFFECTS)

    async def available(self, tx, line):
        return (
            await service.availability(tx, self.manager.compound_id, line.line_id)
        ).available_fen


@pytest.fixture
async def ground(tx, caller):
    return await Ground().make(tx, caller)


def emergency(amount_fen, line=None, **facts):
    values = {
        "id": new_id(),
        "reason": "水泵爆管",
        "amount_fen": amount_fen,
        "line_id": line.line_id if line else None,
    }
    return ProposeEmergency(**(values | facts))


# Adjustment


async def test_an_adjustment_moves_lines_and_opens_new_ones_by_its_own_resolution(
    tx, caller, ground
):
    pumps = line_draft("510205", 80_00)
    command = ProposeAdjustment(
        id=new_id(),
        title="中期调整",
        reason="水泵老化",
        deltas=(LineDelta(line_id=ground.office.line_id, amount_fen=-30_00),),
        new_lines=(pumps,),
    )
    proposed = await service.propose_adjustment(tx, ground.manager, ground.budget_id, command)
    assert proposed.state is ChangeState.PROPOSED
    assert await ground.available(tx, ground.office) == 100_00
    resolution = await make_meetings.add_resolution(
        tx, caller, Matter.BUDGET_ADJUSTMENT, command.id
    )
    decision = DecideChange(resolution_id=resolution.resolution_id)
    adopted = await service.adopt_adjustment(tx, ground.manager, command.id, decision)
    assert adopted.state is ChangeState.IN_FORCE
    assert await service.adopt_adjustment(tx, ground.manager, command.id, decision) == adopted
    assert await ground.available(tx, ground.office) == 70_00
    assert await ground.available(tx, pumps) == 80_00
    rows = await service.execution(tx, caller.compound_id, Period(2025, 9))
    assert {row.code: row.annual_fen for row in rows} == {
        "510206": 400_00,
        "510201": 300_00,
        "5106": 70_00,
        "510205": 80_00,
    }


async def test_more_spending_needs_more_income(tx, caller, ground):
    more = ProposeAdjustment(
        id=new_id(),
        title="追加",
        reason="补足",
        deltas=(LineDelta(line_id=ground.repairs.line_id, amount_fen=100_01),),
    )
    with pytest.raises(rules.SpendingExceedsIncome):
        await service.propose_adjustment(tx, ground.manager, ground.budget_id, more)
    covered = replace(more, new_income=(income_draft("I-2", 10_00, account="4901"),))
    proposed = await service.propose_adjustment(tx, ground.manager, ground.budget_id, covered)
    assert proposed.new_income == covered.new_income


async def test_an_adjustment_takes_nothing_that_is_used(tx, caller, ground):
    await service.spend(tx, ground.manager, ground.office.line_id, 90_00, source())
    command = ProposeAdjustment(
        id=new_id(),
        title="削减",
        reason="节约",
        deltas=(LineDelta(line_id=ground.office.line_id, amount_fen=-10_01),),
    )
    await service.propose_adjustment(tx, ground.manager, ground.budget_id, command)
    resolution = await make_meetings.add_resolution(
        tx, caller, Matter.BUDGET_ADJUSTMENT, command.id
    )
    decision = DecideChange(resolution_id=resolution.resolution_id)
    with pytest.raises(rules.BudgetExceeded):
        await service.adopt_adjustment(tx, ground.manager, command.id, decision)


async def test_an_adjustment_of_nothing_is_refused(tx, ground):
    empty = ProposeAdjustment(id=new_id(), title="空", reason="无")
    with pytest.raises(FieldsInvalid):
        await service.propose_adjustment(tx, ground.manager, ground.budget_id, empty)


# Virement


async def test_both_sides_move_money_inside_a_category(tx, ground):
    command = ground.virement(40_00)
    proposed = await service.propose_virement(tx, ground.manager, ground.budget_id, command)
    assert await ground.available(tx, ground.repairs) == 400_00
    await ground.sign(tx, proposed)
    assert await ground.available(tx, ground.repairs) == 360_00
    assert await ground.available(tx, ground.lifts) == 340_00
    (virement,) = await service.virements(tx, ground.manager, ground.budget_id)
    assert virement.state is ChangeState.IN_FORCE


async def test_the_virement_limit_counts_the_whole_year(tx, ground):
    first = await service.propose_virement(
        tx, ground.manager, ground.budget_id, ground.virement(30_00)
    )
    await ground.sign(tx, first)
    with pytest.raises(rules.VirementLimitExceeded) as refused:
        await service.propose_virement(tx, ground.manager, ground.budget_id, ground.virement(10_01))
    assert (refused.value.limit_fen, refused.value.given_fen) == (40_00, 30_00)
    assert "18" in refused.value.source


async def test_two_virements_signed_after_each_other_stay_within_the_limit_together(tx, ground):
    first = await service.propose_virement(
        tx, ground.manager, ground.budget_id, ground.virement(30_00)
    )
    second = await service.propose_virement(
        tx, ground.manager, ground.budget_id, ground.virement(30_00)
    )
    await ground.sign(tx, first)
    with pytest.raises(rules.VirementLimitExceeded):
        await ground.sign(tx, second)


async def test_no_virement_across_categories(tx, ground):
    command = ground.virement(1_00, gaining=ground.office)
    with pytest.raises(rules.VirementAcrossCategories):
        await service.propose_virement(tx, ground.manager, ground.budget_id, command)


async def test_a_virement_gives_only_what_is_available(tx, ground):
    await service.spend(tx, ground.manager, ground.repairs.line_id, 390_00, source())
    with pytest.raises(rules.BudgetExceeded):
        await service.propose_virement(tx, ground.manager, ground.budget_id, ground.virement(10_01))


async def test_a_rejected_virement_moves_nothing(tx, ground):
    proposed = await service.propose_virement(
        tx, ground.manager, ground.budget_id, ground.virement(40_00)
    )
    await acts.reject(
        tx, ground.signers.director.caller, proposed.act_id, "不同意", service.EFFECTS
    )
    (virement,) = await service.virements(tx, ground.manager, ground.budget_id)
    assert virement.state is ChangeState.ENDED
    assert await ground.available(tx, ground.repairs) == 400_00


async def test_a_virement_sent_twice_is_one_virement(tx, ground):
    command = ground.virement(40_00)
    first = await service.propose_virement(tx, ground.manager, ground.budget_id, command)
    assert await service.propose_virement(tx, ground.manager, ground.budget_id, command) == first
    with pytest.raises(rules.ChangeAlreadyDiffers):
        await service.propose_virement(
            tx, ground.manager, ground.budget_id, replace(command, amount_fen=39_00)
        )


# Emergency


async def test_an_emergency_has_money_at_once_and_its_clocks_run(tx, caller, ground):
    command = emergency(200_00, ground.repairs)
    proposed = await service.propose_emergency(tx, ground.manager, ground.budget_id, command)
    await ground.sign(tx, proposed)
    assert await ground.available(tx, ground.repairs) == 600_00
    (now,) = await service.emergencies(tx, ground.manager)
    assert now.emergency.notice_due_at == caller.at + timedelta(hours=24)
    assert not now.is_overdue
    later = replace(ground.manager, at=caller.at + timedelta(hours=25))
    (late,) = await service.emergencies(tx, later)
    assert (late.is_notice_overdue, late.is_ratification_overdue) == (True, False)
    much_later = replace(ground.manager, at=caller.at + timedelta(days=91))
    (overdue,) = await service.emergencies(tx, much_later)
    assert overdue.is_ratification_overdue


async def test_an_emergency_is_told_and_ratified(tx, caller, ground):
    command = emergency(200_00, ground.repairs)
    await ground.sign(
        tx, await service.propose_emergency(tx, ground.manager, ground.budget_id, command)
    )
    await make_meetings.add_minutes(tx, caller.compound_id)
    noticed = await service.give_notice(
        tx, ground.manager, command.id, GiveNotice(evidence=(MINUTES,))
    )
    assert noticed.noticed_at == caller.at
    resolution = await make_meetings.add_resolution(
        tx, caller, Matter.BUDGET_ADJUSTMENT, command.id
    )
    decision = DecideChange(resolution_id=resolution.resolution_id)
    ratified = await service.ratify(tx, ground.manager, command.id, decision)
    assert ratified.ratified_at == caller.at
    much_later = replace(ground.manager, at=caller.at + timedelta(days=365))
    (now,) = await service.emergencies(tx, much_later)
    assert not now.is_overdue


async def test_an_emergency_may_open_a_line_that_the_budget_never_had(tx, caller, ground):
    pumps = line_draft("510205", 120_00)
    command = emergency(120_00, new_line=pumps)
    await ground.sign(
        tx, await service.propose_emergency(tx, ground.manager, ground.budget_id, command)
    )
    left = await service.availability(tx, caller.compound_id, pumps.line_id)
    assert (left.appropriated_fen, left.adjusted_fen, left.available_fen) == (0, 120_00, 120_00)


async def test_the_cap_holds_for_all_emergencies_that_are_not_ratified(tx, ground):
    first = await service.propose_emergency(
        tx, ground.manager, ground.budget_id, emergency(300_00, ground.repairs)
    )
    second = await service.propose_emergency(
        tx, ground.manager, ground.budget_id, emergency(300_00, ground.lifts)
    )
    await ground.sign(tx, first)
    with pytest.raises(rules.EmergencyCapExceeded):
        await ground.sign(tx, second)
    with pytest.raises(rules.EmergencyCapExceeded) as refused:
        await service.propose_emergency(
            tx, ground.manager, ground.budget_id, emergency(200_01, ground.lifts)
        )
    assert (refused.value.cap_fen, refused.value.open_fen) == (500_00, 300_00)


async def test_without_a_clause_there_is_no_emergency_path(tx, caller):
    await make_funds.add_books(tx, caller)
    line = line_draft()
    document = await add_budget(tx, caller, line)
    manager = make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id)
    with pytest.raises(rules.EmergencyCapExceeded):
        await service.propose_emergency(tx, manager, document.budget.budget_id, emergency(1, line))


async def test_an_emergency_names_one_line(tx, ground):
    for command in (
        emergency(1_00),
        emergency(1_00, ground.repairs, new_line=line_draft("510205", 1_00)),
        emergency(1_00, new_line=line_draft("510205", 2_00)),
    ):
        with pytest.raises(FieldsInvalid):
            await service.propose_emergency(tx, ground.manager, ground.budget_id, command)


async def test_an_emergency_that_ended_unsigned_cannot_be_ratified(tx, caller, ground):
    command = emergency(100_00, ground.repairs)
    proposed = await service.propose_emergency(tx, ground.manager, ground.budget_id, command)
    await acts.reject(tx, ground.signers.director.caller, proposed.act_id, "不急", service.EFFECTS)
    resolution = await make_meetings.add_resolution(
        tx, caller, Matter.BUDGET_ADJUSTMENT, command.id
    )
    decision = DecideChange(resolution_id=resolution.resolution_id)
    with pytest.raises(rules.EmergencyNotInForce):
        await service.ratify(tx, ground.manager, command.id, decision)
