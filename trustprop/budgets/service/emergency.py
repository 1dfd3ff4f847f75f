"""Money at once for a danger: both sides sign, the owners are told, the assembly ratifies."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from trustprop.acts.model import Act
from trustprop.acts.service import Effect
from trustprop.budgets import rules
from trustprop.budgets.model import (
    ChangeState,
    DecideChange,
    Emergency,
    EmergencyNow,
    GiveNotice,
    MovementSource,
    ProposeEmergency,
)
from trustprop.budgets.service import changes, documents
from trustprop.budgets.service.availability import lock_lines, move_lines
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

EMERGENCY_ACT = "budget-emergency"


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
        return changes.same(
            there, rules.same_emergency(there, command) and there.budget_id == budget_id
        )
    await changes.budget_in_force(tx, caller, budget_id)
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
    await changes.draft_act(tx, caller, EMERGENCY_ACT, command.id, _emergency_body(emergency))
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
    await move_lines(tx, caller, changes.adjusting(amounts, source, today))
    await store.save_emergency(tx, caller.compound_id, emergency)


async def _emergency_ended(tx: Tx, caller: Caller, act: Act) -> None:
    emergency = await store.lock_emergency(tx, caller.compound_id, act.subject_id)
    assert emergency is not None
    await store.save_emergency(tx, caller.compound_id, replace(emergency, state=ChangeState.ENDED))


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


def _emergency_body(emergency: Emergency) -> dict[str, Any]:
    return {
        "budget_id": str(emergency.budget_id),
        "line_id": str(emergency.line_id),
        "new_line": msgspec.to_builtins(emergency.new_line),
        "amount_fen": emergency.amount_fen,
        "reason": emergency.reason,
        "evidence": list(emergency.evidence),
    }


async def _lock_emergency(tx: Tx, caller: Caller, emergency_id: UUID) -> Emergency:
    emergency = await store.lock_emergency(tx, caller.compound_id, emergency_id)
    if emergency is None:
        raise Missing(kind="emergency")
    return emergency


EFFECTS: Mapping[str, Effect] = {
    EMERGENCY_ACT: Effect(on_signed=_emergency_signed, on_ended=_emergency_ended),
}
