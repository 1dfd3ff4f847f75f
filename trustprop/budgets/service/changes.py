"""Changes of a budget in force: by the assembly, within a category by both sides, in an emergency."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from msgspec.structs import replace

from trustprop.acts import service as acts
from trustprop.acts.model import Act, DraftAct
from trustprop.acts.service import Effect
from trustprop.budgets import rules
from trustprop.budgets.model import (
    Adjustment,
    Budget,
    Change,
    ChangeState,
    DecideChange,
    Emergency,
    EmergencyNow,
    GiveNotice,
    LineControl,
    MovementKind,
    MovementSource,
    ProposeAdjustment,
    ProposeEmergency,
    ProposeVirement,
    Virement,
)
from trustprop.budgets.service import documents
from trustprop.budgets.service.availability import lock_lines, move_lines
from trustprop.budgets.store import availability as control_store
from trustprop.budgets.store import changes as store
from trustprop.budgets.store import documents as document_store
from trustprop.compounds import service as compounds
from trustprop.evidence import service as evidence
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.ledger import service as ledger
from trustprop.meetings import service as meetings
from trustprop.meetings.model import Matter
from trustprop.plumbing.database import Tx

C = TypeVar("C", Adjustment, Virement, Emergency)
VIREMENT_ACT = "budget-virement"
EMERGENCY_ACT = "budget-emergency"


async def propose_adjustment(
    tx: Tx, caller: Caller, budget_id: UUID, command: ProposeAdjustment
) -> Adjustment:
    """A change to put before the assembly. Raises Missing, BudgetNotAdopted, FieldsInvalid,
    LineOfAnotherBudget, ChangeAlreadyDiffers or SpendingExceedsIncome.
    """
    caller.check_office(*documents.DRAFTERS)
    await ledger.lock_books(tx, caller.compound_id)
    there = await store.lock_adjustment(tx, caller.compound_id, command.id)
    if there is not None:
        return _same(there, rules.same_adjustment(there, command) and there.budget_id == budget_id)
    await _budget_in_force(tx, caller, budget_id)
    rules.check_adjustment(command)
    await _check_new_lines(tx, caller, budget_id, command)
    adjustment = Adjustment(
        adjustment_id=command.id,
        budget_id=budget_id,
        title=command.title,
        reason=command.reason,
        deltas=command.deltas,
        new_lines=command.new_lines,
        new_income=command.new_income,
        state=ChangeState.PROPOSED,
        proposed_by=caller.person_id,
        proposed_at=caller.at,
    )
    await _check_means(tx, caller, adjustment)
    await store.insert_adjustment(tx, caller.compound_id, adjustment)
    return adjustment


async def adopt_adjustment(
    tx: Tx, caller: Caller, adjustment_id: UUID, command: DecideChange
) -> Adjustment:
    """In force by its own resolution of the matter ``budget_adjustment``.

    Raises Missing, ChangeNotProposed, what meetings.require raises, SpendingExceedsIncome, or
    BudgetExceeded when a line gives what it no longer has.
    """
    caller.check_office(*documents.DECIDERS)
    await ledger.lock_books(tx, caller.compound_id)
    there = await store.lock_adjustment(tx, caller.compound_id, adjustment_id)
    if there is None:
        raise Missing(kind="budget adjustment")
    if there.resolution_id == command.resolution_id:
        return there
    await meetings.require(
        tx, caller, command.resolution_id, Matter.BUDGET_ADJUSTMENT, subject_id=adjustment_id
    )
    adjustment = rules.adjust(there, command.resolution_id, caller.at)
    await _check_means(tx, caller, adjustment)
    await _apply_adjustment(tx, caller, adjustment)
    await store.save_adjustment(tx, caller.compound_id, adjustment)
    return adjustment


async def propose_virement(
    tx: Tx, caller: Caller, budget_id: UUID, command: ProposeVirement
) -> Virement:
    """Drafts the act that both sides sign to move money inside a category.

    Raises Missing, BudgetNotAdopted, LineOfAnotherBudget, VirementAcrossCategories,
    VirementLimitExceeded, BudgetExceeded or ChangeAlreadyDiffers.
    """
    caller.check_office(*documents.DRAFTERS)
    await ledger.lock_books(tx, caller.compound_id)
    there = await store.lock_virement(tx, caller.compound_id, command.id)
    if there is not None:
        return _same(there, rules.same_virement(there, command) and there.budget_id == budget_id)
    await _budget_in_force(tx, caller, budget_id)
    virement = Virement(
        virement_id=command.id,
        budget_id=budget_id,
        from_line_id=command.from_line_id,
        to_line_id=command.to_line_id,
        amount_fen=command.amount_fen,
        reason=command.reason,
        state=ChangeState.PROPOSED,
        act_id=command.id,
        proposed_by=caller.person_id,
        proposed_at=caller.at,
    )
    giving, gaining = await _check_virement(tx, caller, virement)
    await _draft_act(
        tx,
        caller,
        VIREMENT_ACT,
        command.id,
        {
            "budget_id": str(budget_id),
            "from_line": {
                "line_id": str(giving.line_id),
                "code": giving.code,
                "title": giving.title,
            },
            "to_line": {
                "line_id": str(gaining.line_id),
                "code": gaining.code,
                "title": gaining.title,
            },
            "amount_fen": command.amount_fen,
            "reason": command.reason,
        },
    )
    await store.insert_virement(tx, caller.compound_id, virement)
    return virement


async def propose_emergency(
    tx: Tx, caller: Caller, budget_id: UUID, command: ProposeEmergency
) -> Emergency:
    """Drafts the act that both sides sign to have money at once, under the cap of the text.

    Raises Missing, BudgetNotAdopted, FieldsInvalid, LineOfAnotherBudget, EmergencyCapExceeded or
    ChangeAlreadyDiffers.
    """
    caller.check_office(*documents.DRAFTERS, *documents.DECIDERS)
    await ledger.lock_books(tx, caller.compound_id)
    there = await store.lock_emergency(tx, caller.compound_id, command.id)
    if there is not None:
        return _same(there, rules.same_emergency(there, command) and there.budget_id == budget_id)
    await _budget_in_force(tx, caller, budget_id)
    rules.check_emergency(command)
    line_id = await _emergency_line(tx, caller, budget_id, command)
    await _check_cap(tx, caller, command.amount_fen)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    emergency = Emergency(
        emergency_id=command.id,
        budget_id=budget_id,
        line_id=line_id,
        new_line=command.new_line,
        amount_fen=command.amount_fen,
        reason=command.reason,
        evidence=command.evidence,
        state=ChangeState.PROPOSED,
        act_id=command.id,
        proposed_by=caller.person_id,
        proposed_at=caller.at,
    )
    await _draft_act(tx, caller, EMERGENCY_ACT, command.id, _emergency_body(emergency))
    await store.insert_emergency(tx, caller.compound_id, emergency)
    return emergency


async def give_notice(tx: Tx, caller: Caller, emergency_id: UUID, command: GiveNotice) -> Emergency:
    """The owners were told; due within the hours that the texts set."""
    caller.check_office(*documents.DRAFTERS, *documents.DECIDERS)
    emergency = await _lock_emergency(tx, caller, emergency_id)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    emergency = rules.give_notice(emergency, command.evidence, caller.at)
    await store.save_emergency(tx, caller.compound_id, emergency)
    return emergency


async def ratify(tx: Tx, caller: Caller, emergency_id: UUID, command: DecideChange) -> Emergency:
    """The assembly ratifies by a resolution of the matter ``budget_adjustment`` about it."""
    caller.check_office(*documents.DECIDERS)
    emergency = await _lock_emergency(tx, caller, emergency_id)
    await meetings.require(
        tx, caller, command.resolution_id, Matter.BUDGET_ADJUSTMENT, subject_id=emergency_id
    )
    emergency = rules.ratify(emergency, command.resolution_id, caller.at)
    await store.save_emergency(tx, caller.compound_id, emergency)
    return emergency


async def emergencies(tx: Tx, caller: Caller) -> tuple[EmergencyNow, ...]:
    """Every emergency with its clocks: overdue notices and ratifications are said so."""
    documents.check_reads(caller)
    found = await store.emergencies(tx, caller.compound_id)
    return tuple(rules.look(emergency, caller.at) for emergency in found)


async def adjustments(tx: Tx, caller: Caller, budget_id: UUID) -> tuple[Adjustment, ...]:
    documents.check_reads(caller)
    return await store.adjustments_of(tx, caller.compound_id, budget_id)


async def virements(tx: Tx, caller: Caller, budget_id: UUID) -> tuple[Virement, ...]:
    documents.check_reads(caller)
    return await store.virements_of(tx, caller.compound_id, budget_id)


# Effects of acts


async def _virement_signed(tx: Tx, caller: Caller, act: Act) -> None:
    await ledger.lock_books(tx, caller.compound_id)
    virement = await store.lock_virement(tx, caller.compound_id, act.subject_id)
    assert virement is not None
    rules.check_proposed(virement.state)
    await _check_virement(tx, caller, virement)
    source = MovementSource(kind="virement", id=virement.virement_id)
    amounts = {
        virement.from_line_id: -virement.amount_fen,
        virement.to_line_id: virement.amount_fen,
    }
    await move_lines(tx, caller, _adjusting(amounts, source, local_date(caller.at)))
    await store.save_virement(
        tx,
        caller.compound_id,
        replace(virement, state=ChangeState.IN_FORCE, in_force_at=caller.at),
    )


async def _virement_ended(tx: Tx, caller: Caller, act: Act) -> None:
    virement = await store.lock_virement(tx, caller.compound_id, act.subject_id)
    assert virement is not None
    await store.save_virement(tx, caller.compound_id, replace(virement, state=ChangeState.ENDED))


async def _emergency_signed(tx: Tx, caller: Caller, act: Act) -> None:
    await ledger.lock_books(tx, caller.compound_id)
    emergency = await store.lock_emergency(tx, caller.compound_id, act.subject_id)
    assert emergency is not None
    await _check_cap(tx, caller, emergency.amount_fen)
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    emergency = rules.start_emergency(
        emergency,
        limits.emergency_notice_hours.value,
        limits.emergency_ratification_days.value,
        caller.at,
    )
    source = MovementSource(kind="emergency", id=emergency.emergency_id)
    today = local_date(caller.at)
    if emergency.new_line is not None:
        line = rules.as_line(emergency.new_line, emergency.emergency_id)
        await document_store.insert_lines(
            tx, caller.compound_id, emergency.budget_id, [line], emergency.emergency_id
        )
        await documents.open_lines(tx, caller, [line], source, today, with_amounts=False)
    amounts = {emergency.line_id: emergency.amount_fen}
    await move_lines(tx, caller, _adjusting(amounts, source, today))
    await store.save_emergency(tx, caller.compound_id, emergency)


async def _emergency_ended(tx: Tx, caller: Caller, act: Act) -> None:
    emergency = await store.lock_emergency(tx, caller.compound_id, act.subject_id)
    assert emergency is not None
    await store.save_emergency(tx, caller.compound_id, replace(emergency, state=ChangeState.ENDED))


EFFECTS: Mapping[str, Effect] = {
    VIREMENT_ACT: Effect(on_signed=_virement_signed, on_ended=_virement_ended),
    EMERGENCY_ACT: Effect(on_signed=_emergency_signed, on_ended=_emergency_ended),
}


# Steps


async def _apply_adjustment(tx: Tx, caller: Caller, adjustment: Adjustment) -> None:
    source = MovementSource(kind="adjustment", id=adjustment.adjustment_id)
    today = local_date(caller.at)
    lines = [rules.as_line(line, adjustment.adjustment_id) for line in adjustment.new_lines]
    place = (tx, caller.compound_id, adjustment.budget_id)
    await document_store.insert_lines(*place, lines, adjustment.adjustment_id)
    await document_store.insert_income(*place, adjustment.new_income, adjustment.adjustment_id)
    await documents.open_lines(tx, caller, lines, source, today)
    amounts = {delta.line_id: delta.amount_fen for delta in adjustment.deltas}
    if amounts:
        await move_lines(tx, caller, _adjusting(amounts, source, today))


async def _check_means(tx: Tx, caller: Caller, adjustment: Adjustment) -> None:
    """Only funds that plan more than before answer for it."""
    budget_id = adjustment.budget_id
    controls = await control_store.controls_of_budget(tx, caller.compound_id, budget_id)
    in_force = {control.line_id: control for control in controls}
    rules.check_of_budget(in_force, budget_id, (delta.line_id for delta in adjustment.deltas))
    income = await document_store.income_of(tx, caller.compound_id, budget_id)
    before = rules.means(rules.planned_after(controls, (), ()), income)
    planned = rules.planned_after(controls, adjustment.deltas, adjustment.new_lines)
    after = rules.means(planned, (*income, *adjustment.new_income))
    rules.check_growing_means(before, after)


async def _check_new_lines(
    tx: Tx, caller: Caller, budget_id: UUID, command: ProposeAdjustment
) -> None:
    fund_codes, accounts = await documents.places(tx, caller.compound_id)
    lines = await document_store.lines_of(tx, caller.compound_id, budget_id)
    income = await document_store.income_of(tx, caller.compound_id, budget_id)
    rules.check_additions(
        command.new_lines,
        command.new_income,
        {line.code for line in lines},
        {item.code for item in income},
        fund_codes,
        accounts,
    )
    await documents.check_line_ids(tx, caller, None, command.new_lines, "/new_lines")


async def _check_virement(
    tx: Tx, caller: Caller, virement: Virement
) -> tuple[LineControl, LineControl]:
    wanted = (virement.from_line_id, virement.to_line_id)
    lines = await lock_lines(tx, caller.compound_id, wanted)
    rules.check_of_budget(lines, virement.budget_id, wanted)
    giving, gaining = (lines[line_id] for line_id in wanted)
    given_fen = await store.given_by(tx, caller.compound_id, giving.line_id)
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    rules.check_virement(
        giving,
        gaining,
        virement.amount_fen,
        given_fen,
        limits.virement_percent.value,
        limits.virement_percent.source.citation,
    )
    source = MovementSource(kind="virement", id=virement.virement_id)
    changes = _adjusting({giving.line_id: -virement.amount_fen}, source, local_date(caller.at))
    rules.check_change(giving, changes[0])
    return giving, gaining


async def _emergency_line(
    tx: Tx, caller: Caller, budget_id: UUID, command: ProposeEmergency
) -> UUID:
    if command.new_line is None:
        assert command.line_id is not None
        lines = await lock_lines(tx, caller.compound_id, [command.line_id])
        rules.check_of_budget(lines, budget_id, [command.line_id])
        return command.line_id
    fund_codes, accounts = await documents.places(tx, caller.compound_id)
    lines_there = await document_store.lines_of(tx, caller.compound_id, budget_id)
    codes = {line.code for line in lines_there}
    rules.check_new_line(command.new_line, codes, fund_codes, accounts, "/new_line")
    await documents.check_line_ids(tx, caller, None, [command.new_line], "/new_line")
    return command.new_line.line_id


async def _check_cap(tx: Tx, caller: Caller, amount_fen: int) -> None:
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    cap = limits.emergency_cap_fen
    found = await store.emergencies(tx, caller.compound_id)
    rules.check_cap(found, amount_fen, cap.value, cap.source.citation)


async def _draft_act(
    tx: Tx, caller: Caller, kind: str, subject_id: UUID, body: dict[str, Any]
) -> None:
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    await acts.draft(
        tx,
        caller,
        DraftAct(
            act_id=subject_id,
            kind=kind,
            subject_id=subject_id,
            body=body,
            expires_at=caller.at + timedelta(days=limits.order_valid_days.value),
        ),
    )


def _emergency_body(emergency: Emergency) -> dict[str, Any]:
    return {
        "budget_id": str(emergency.budget_id),
        "line_id": str(emergency.line_id),
        "new_line": msgspec.to_builtins(emergency.new_line),
        "amount_fen": emergency.amount_fen,
        "reason": emergency.reason,
        "evidence": list(emergency.evidence),
    }


def _adjusting(amounts: Mapping[UUID, int], source: MovementSource, on: date) -> list[Change]:
    return [
        Change(
            kind=MovementKind.ADJUST, line_id=line_id, amount_fen=amount_fen, source=source, on=on
        )
        for line_id, amount_fen in amounts.items()
    ]


def _same(there: C, is_same: bool) -> C:
    if not is_same:
        raise rules.ChangeAlreadyDiffers
    return there


async def _lock_emergency(tx: Tx, caller: Caller, emergency_id: UUID) -> Emergency:
    emergency = await store.lock_emergency(tx, caller.compound_id, emergency_id)
    if emergency is None:
        raise Missing(kind="emergency")
    return emergency


async def _budget_in_force(tx: Tx, caller: Caller, budget_id: UUID) -> Budget:
    budget = await document_store.find_budget(tx, caller.compound_id, budget_id)
    if budget is None:
        raise Missing(kind="budget")
    rules.check_in_force(budget)
    return budget
