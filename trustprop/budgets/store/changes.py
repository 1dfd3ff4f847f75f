"""Adjustments, virements and emergencies."""

from typing import Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import asdict
from sqlalchemy import Column, func, insert, select, update

from trustprop.budgets.model import Adjustment, ChangeState, Emergency, Virement
from trustprop.budgets.tables import budget_adjustment, budget_emergency, budget_virement
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx

T = TypeVar("T", bound=Struct)


async def lock_adjustment(tx: Tx, compound_id: UUID, adjustment_id: UUID) -> Adjustment | None:
    return await _lock(
        tx, Adjustment, budget_adjustment.c.adjustment_id, compound_id, adjustment_id
    )


async def lock_virement(tx: Tx, compound_id: UUID, virement_id: UUID) -> Virement | None:
    return await _lock(tx, Virement, budget_virement.c.virement_id, compound_id, virement_id)


async def lock_emergency(tx: Tx, compound_id: UUID, emergency_id: UUID) -> Emergency | None:
    return await _lock(tx, Emergency, budget_emergency.c.emergency_id, compound_id, emergency_id)


async def adjustments_of(tx: Tx, compound_id: UUID, budget_id: UUID) -> tuple[Adjustment, ...]:
    return await _of_budget(
        tx, Adjustment, budget_adjustment.c.adjustment_id, compound_id, budget_id
    )


async def virements_of(tx: Tx, compound_id: UUID, budget_id: UUID) -> tuple[Virement, ...]:
    return await _of_budget(tx, Virement, budget_virement.c.virement_id, compound_id, budget_id)


async def emergencies_of(tx: Tx, compound_id: UUID, budget_id: UUID) -> tuple[Emergency, ...]:
    return await _of_budget(tx, Emergency, budget_emergency.c.emergency_id, compound_id, budget_id)


async def emergencies(tx: Tx, compound_id: UUID) -> tuple[Emergency, ...]:
    """Every emergency of the compound, by id."""
    found = await tx.execute(
        select(budget_emergency)
        .where(budget_emergency.c.compound_id == compound_id)
        .order_by(budget_emergency.c.emergency_id)
    )
    return rows.all_of(Emergency, found)


async def insert_adjustment(tx: Tx, compound_id: UUID, adjustment: Adjustment) -> None:
    values = asdict(adjustment)
    for name in ("deltas", "new_lines", "new_income"):
        values[name] = msgspec.to_builtins(values[name])
    await tx.execute(insert(budget_adjustment).values(compound_id=compound_id, **values))


async def insert_virement(tx: Tx, compound_id: UUID, virement: Virement) -> None:
    await tx.execute(insert(budget_virement).values(compound_id=compound_id, **asdict(virement)))


async def insert_emergency(tx: Tx, compound_id: UUID, emergency: Emergency) -> None:
    values = asdict(emergency)
    values["new_line"] = msgspec.to_builtins(values["new_line"])
    for name in ("evidence", "notice_evidence"):
        values[name] = list(values[name])
    await tx.execute(insert(budget_emergency).values(compound_id=compound_id, **values))


async def save_adjustment(tx: Tx, compound_id: UUID, changed: Adjustment) -> None:
    await tx.execute(
        update(budget_adjustment)
        .where(
            budget_adjustment.c.compound_id == compound_id,
            budget_adjustment.c.adjustment_id == changed.adjustment_id,
        )
        .values(
            state=changed.state.value,
            in_force_at=changed.in_force_at,
            resolution_id=changed.resolution_id,
        )
    )


async def save_virement(tx: Tx, compound_id: UUID, changed: Virement) -> None:
    await tx.execute(
        update(budget_virement)
        .where(
            budget_virement.c.compound_id == compound_id,
            budget_virement.c.virement_id == changed.virement_id,
        )
        .values(state=changed.state.value, in_force_at=changed.in_force_at)
    )


async def save_emergency(tx: Tx, compound_id: UUID, changed: Emergency) -> None:
    await tx.execute(
        update(budget_emergency)
        .where(
            budget_emergency.c.compound_id == compound_id,
            budget_emergency.c.emergency_id == changed.emergency_id,
        )
        .values(
            state=changed.state.value,
            in_force_at=changed.in_force_at,
            notice_due_at=changed.notice_due_at,
            noticed_at=changed.noticed_at,
            notice_evidence=list(changed.notice_evidence),
            ratify_by=changed.ratify_by,
            resolution_id=changed.resolution_id,
            ratified_at=changed.ratified_at,
        )
    )


async def given_by(tx: Tx, compound_id: UUID, line_id: UUID) -> int:
    """What a line gave to others by virements in force; a line belongs to one year."""
    found = await tx.execute(
        select(func.coalesce(func.sum(budget_virement.c.amount_fen), 0)).where(
            budget_virement.c.compound_id == compound_id,
            budget_virement.c.from_line_id == line_id,
            budget_virement.c.state == ChangeState.IN_FORCE.value,
        )
    )
    return int(found.scalar_one())


async def _lock(
    tx: Tx, kind: type[T], key: Column[Any], compound_id: UUID, change_id: UUID
) -> T | None:
    table = key.table
    row = (
        await tx.execute(
            select(table)
            .where(table.c.compound_id == compound_id, key == change_id)
            .with_for_update()
        )
    ).one_or_none()
    return rows.to(kind, row) if row else None


async def _of_budget(
    tx: Tx, kind: type[T], key: Column[Any], compound_id: UUID, budget_id: UUID
) -> tuple[T, ...]:
    table = key.table
    found = await tx.execute(
        select(table)
        .where(table.c.compound_id == compound_id, table.c.budget_id == budget_id)
        .order_by(key)
    )
    return rows.all_of(kind, found)
