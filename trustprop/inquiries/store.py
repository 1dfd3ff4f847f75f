"""Statements over inquiries."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from trustprop.inquiries.model import Inquiry
from trustprop.inquiries.tables import inquiry
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx


async def add(tx: Tx, compound_id: UUID, added: Inquiry) -> bool:
    """False when the id is taken."""
    result = await tx.execute(
        insert(inquiry)
        .values(
            compound_id=compound_id,
            inquiry_id=added.inquiry_id,
            kind=added.kind.value,
            target_kind=added.target_kind.value,
            target_id=added.target_id,
            place=added.place,
            body=added.body,
            asked_by=added.asked_by,
            asked_at=added.asked_at,
            due_on=added.due_on,
        )
        .on_conflict_do_nothing()
    )
    return result.rowcount == 1


async def lock(tx: Tx, compound_id: UUID, inquiry_id: UUID) -> Inquiry | None:
    found = await tx.execute(
        _inquiries(compound_id).where(inquiry.c.inquiry_id == inquiry_id).with_for_update()
    )
    row = found.first()
    return None if row is None else rows.to(Inquiry, row)


async def find(tx: Tx, compound_id: UUID, inquiry_id: UUID) -> Inquiry | None:
    found = await tx.execute(_inquiries(compound_id).where(inquiry.c.inquiry_id == inquiry_id))
    row = found.first()
    return None if row is None else rows.to(Inquiry, row)


async def save_answer(tx: Tx, compound_id: UUID, answered: Inquiry) -> None:
    await tx.execute(
        update(inquiry)
        .where(inquiry.c.compound_id == compound_id, inquiry.c.inquiry_id == answered.inquiry_id)
        .values(
            answer=answered.answer,
            answered_by=answered.answered_by,
            answered_for=answered.answered_for,
            answered_at=answered.answered_at,
        )
    )


async def page(
    tx: Tx,
    compound_id: UUID,
    *,
    target_id: UUID | None,
    limit: int,
    after: tuple[datetime, UUID] | None,
) -> tuple[Inquiry, ...]:
    """Newest first."""
    statement = _inquiries(compound_id)
    if target_id is not None:
        statement = statement.where(inquiry.c.target_id == target_id)
    if after is not None:
        statement = statement.where(tuple_(inquiry.c.asked_at, inquiry.c.inquiry_id) < after)
    found = await tx.execute(
        statement.order_by(inquiry.c.asked_at.desc(), inquiry.c.inquiry_id.desc()).limit(limit)
    )
    return rows.all_of(Inquiry, found)


async def unanswered(tx: Tx, compound_id: UUID) -> tuple[Inquiry, ...]:
    """The most urgent first."""
    found = await tx.execute(
        _inquiries(compound_id)
        .where(inquiry.c.answered_at.is_(None))
        .order_by(inquiry.c.due_on, inquiry.c.asked_at, inquiry.c.inquiry_id)
    )
    return rows.all_of(Inquiry, found)


async def between(
    tx: Tx, compound_id: UUID, start_at: datetime, end_at: datetime
) -> tuple[Inquiry, ...]:
    """Asked before the end and not answered before the start, in the order of asking."""
    found = await tx.execute(
        _inquiries(compound_id)
        .where(
            inquiry.c.asked_at < end_at,
            inquiry.c.answered_at.is_(None) | (inquiry.c.answered_at >= start_at),
        )
        .order_by(inquiry.c.asked_at, inquiry.c.inquiry_id)
    )
    return rows.all_of(Inquiry, found)


def _inquiries(compound_id: UUID) -> Select[Any]:
    return select(
        inquiry.c.inquiry_id,
        inquiry.c.kind,
        inquiry.c.target_kind,
        inquiry.c.target_id,
        inquiry.c.place,
        inquiry.c.body,
        inquiry.c.asked_by,
        inquiry.c.asked_at,
        inquiry.c.due_on,
        inquiry.c.answer,
        inquiry.c.answered_by,
        inquiry.c.answered_for,
        inquiry.c.answered_at,
    ).where(inquiry.c.compound_id == compound_id)
