"""Money moved inside a category by both sides, within the limit of the adopted text."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from trustprop.acts.model import Act
from trustprop.acts.service import Effect
from trustprop.budgets import rules
from trustprop.budgets.model import (
    ChangeState,
    LineControl,
    MovementSource,
    ProposeVirement,
    Virement,
)
from trustprop.budgets.service import changes, documents
from trustprop.budgets.service.availability import lock_lines, move_lines
from trustprop.budgets.store import changes as store
from trustprop.compounds import service as compounds
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import local_date
from trustprop.ledger import service as ledger
from trustprop.plumbing.database import Tx

VIREMENT_ACT = "budget-virement"


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
        return changes.same(
            there, rules.same_virement(there, command) and there.budget_id == budget_id
        )
    await changes.budget_in_force(tx, caller, budget_id)
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
    body = _act_body(virement, giving, gaining)
    await changes.draft_act(tx, caller, VIREMENT_ACT, command.id, body)
    await store.insert_virement(tx, caller.compound_id, virement)
    return virement


async def virements(tx: Tx, caller: Caller, budget_id: UUID) -> tuple[Virement, ...]:
    """Raises Missing."""
    await documents.check_there(tx, caller, budget_id)
    return await store.virements_of(tx, caller.compound_id, budget_id)


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
    await move_lines(tx, caller, changes.adjusting(amounts, source, local_date(caller.at)))
    await store.save_virement(
        tx,
        caller.compound_id,
        replace(virement, state=ChangeState.IN_FORCE, in_force_at=caller.at),
    )


async def _virement_ended(tx: Tx, caller: Caller, act: Act) -> None:
    virement = await store.lock_virement(tx, caller.compound_id, act.subject_id)
    assert virement is not None
    await store.save_virement(tx, caller.compound_id, replace(virement, state=ChangeState.ENDED))


def _act_body(virement: Virement, giving: LineControl, gaining: LineControl) -> dict[str, Any]:
    lines = {"from_line": giving, "to_line": gaining}
    return {
        "budget_id": str(virement.budget_id),
        "amount_fen": virement.amount_fen,
        "reason": virement.reason,
    } | {
        name: {"line_id": str(line.line_id), "code": line.code, "title": line.title}
        for name, line in lines.items()
    }


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
    (gift,) = changes.adjusting(
        {giving.line_id: -virement.amount_fen}, source, local_date(caller.at)
    )
    rules.check_change(giving, gift)
    return giving, gaining


EFFECTS: Mapping[str, Effect] = {
    VIREMENT_ACT: Effect(on_signed=_virement_signed, on_ended=_virement_ended),
}
