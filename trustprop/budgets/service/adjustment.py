"""Changes that the assembly decides on its own (依法调整)."""

from uuid import UUID

from trustprop.budgets import rules
from trustprop.budgets.model import (
    Adjustment,
    ChangeState,
    DecideChange,
    MovementSource,
    ProposeAdjustment,
)
from trustprop.budgets.service import changes, documents
from trustprop.budgets.service.availability import move_lines
from trustprop.budgets.store import availability as control_store
from trustprop.budgets.store import changes as store
from trustprop.budgets.store import documents as document_store
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.ledger import service as ledger
from trustprop.meetings import service as meetings
from trustprop.meetings.model import Matter
from trustprop.plumbing.database import Tx


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
        return changes.same(
            there, rules.same_adjustment(there, command) and there.budget_id == budget_id
        )
    await changes.budget_in_force(tx, caller, budget_id)
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


async def adjustments(tx: Tx, caller: Caller, budget_id: UUID) -> tuple[Adjustment, ...]:
    """Raises Missing."""
    await documents.check_there(tx, caller, budget_id)
    return await store.adjustments_of(tx, caller.compound_id, budget_id)


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
        await move_lines(tx, caller, changes.adjusting(amounts, source, today))


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
