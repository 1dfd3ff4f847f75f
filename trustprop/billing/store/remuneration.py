"""Statements over the trustee's remuneration and its holds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, insert, select, update

from trustprop.billing.model import RemunerationAccrual, RemunerationHold
from trustprop.billing.store.facts import fact, number
from trustprop.billing.tables import remuneration_accrual, remuneration_hold
from trustprop.kernel.periods import Period
from trustprop.plumbing.database import Tx


async def add_accrual(tx: Tx, compound_id: UUID, accrual: RemunerationAccrual) -> None:
    await tx.execute(
        insert(remuneration_accrual).values(
            compound_id=compound_id,
            accrual_id=accrual.accrual_id,
            period=number(accrual.period),
            instrument_id=accrual.instrument_id,
            kind=accrual.kind.value,
            basis=accrual.basis.value if accrual.basis else None,
            basis_fen=accrual.basis_fen,
            rate_basis_points=accrual.rate_basis_points,
            cap_fen=accrual.cap_fen,
            uncapped_fen=accrual.uncapped_fen,
            amount_fen=accrual.amount_fen,
            is_held=accrual.is_held,
            entry_id=accrual.entry_id,
        )
    )


async def find_accrual(tx: Tx, compound_id: UUID, period: Period) -> RemunerationAccrual | None:
    accrual = remuneration_accrual.c
    row = (
        await tx.execute(
            select(
                accrual.accrual_id,
                accrual.period,
                accrual.instrument_id,
                accrual.kind,
                accrual.basis,
                accrual.basis_fen,
                accrual.rate_basis_points,
                accrual.cap_fen,
                accrual.uncapped_fen,
                accrual.amount_fen,
                accrual.is_held,
                accrual.entry_id,
            ).where(accrual.compound_id == compound_id, accrual.period == period.number)
        )
    ).first()
    return None if row is None else fact(RemunerationAccrual, row)


async def add_hold(tx: Tx, compound_id: UUID, hold: RemunerationHold) -> None:
    await tx.execute(
        insert(remuneration_hold).values(
            compound_id=compound_id,
            hold_id=hold.hold_id,
            reason=hold.reason,
            held_at=hold.held_at,
            held_fen=hold.held_fen,
        )
    )


async def lift_hold(
    tx: Tx, compound_id: UUID, hold_id: UUID, lifted_at: datetime, reason: str
) -> None:
    await tx.execute(
        update(remuneration_hold)
        .where(
            remuneration_hold.c.compound_id == compound_id, remuneration_hold.c.hold_id == hold_id
        )
        .values(lifted_at=lifted_at, lifted_reason=reason)
    )


async def find_open_hold(tx: Tx, compound_id: UUID) -> RemunerationHold | None:
    row = (
        await tx.execute(_holds(compound_id).where(remuneration_hold.c.lifted_at.is_(None)))
    ).first()
    return None if row is None else fact(RemunerationHold, row)


async def find_hold(tx: Tx, compound_id: UUID, hold_id: UUID) -> RemunerationHold | None:
    row = (
        await tx.execute(_holds(compound_id).where(remuneration_hold.c.hold_id == hold_id))
    ).first()
    return None if row is None else fact(RemunerationHold, row)


def _holds(compound_id: UUID) -> Select[tuple[object, ...]]:
    hold = remuneration_hold.c
    return select(
        hold.hold_id,
        hold.reason,
        hold.held_at,
        hold.held_fen,
        hold.lifted_at,
        hold.lifted_reason,
    ).where(hold.compound_id == compound_id)
