"""Statements of objections, filings, handovers and follow-ups."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert

from trustprop.meetings.model.afterwards import Filing, FollowUp, Handover, MeetingObjection
from trustprop.meetings.tables.meetings import (
    filing,
    follow_up,
    handover,
    meeting_objection,
)
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx


async def add_objection(tx: Tx, compound_id: UUID, added: MeetingObjection) -> bool:
    """False when the id is taken."""
    values = asdict(added) | {
        "target": added.target.value,
        "evidence": list(added.evidence),
        "answer_evidence": list(added.answer_evidence),
    }
    result = await tx.execute(
        insert(meeting_objection).values(compound_id=compound_id, **values).on_conflict_do_nothing()
    )
    return result.rowcount == 1


async def find_objection(tx: Tx, compound_id: UUID, objection_id: UUID) -> MeetingObjection | None:
    statement = _objections(compound_id).where(meeting_objection.c.objection_id == objection_id)
    row = (await tx.execute(statement)).first()
    return None if row is None else rows.to(MeetingObjection, row)


async def objections(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[MeetingObjection, ...]:
    statement = _objections(compound_id).where(meeting_objection.c.meeting_id == meeting_id)
    ordered = statement.order_by(meeting_objection.c.raised_at, meeting_objection.c.objection_id)
    return rows.all_of(MeetingObjection, await tx.execute(ordered))


async def save_answer(tx: Tx, compound_id: UUID, answered: MeetingObjection) -> None:
    await tx.execute(
        update(meeting_objection)
        .where(
            meeting_objection.c.compound_id == compound_id,
            meeting_objection.c.objection_id == answered.objection_id,
        )
        .values(
            answer=answered.answer,
            is_upheld=answered.is_upheld,
            answer_evidence=list(answered.answer_evidence),
            answered_by=answered.answered_by,
            answered_at=answered.answered_at,
        )
    )


def _objections(compound_id: UUID) -> Select[Any]:
    return select(
        meeting_objection.c.objection_id,
        meeting_objection.c.meeting_id,
        meeting_objection.c.target,
        meeting_objection.c.body,
        meeting_objection.c.evidence,
        meeting_objection.c.raised_by,
        meeting_objection.c.raised_at,
        meeting_objection.c.answer,
        meeting_objection.c.is_upheld,
        meeting_objection.c.answer_evidence,
        meeting_objection.c.answered_by,
        meeting_objection.c.answered_at,
    ).where(meeting_objection.c.compound_id == compound_id)


async def add_filing(tx: Tx, compound_id: UUID, added: Filing) -> bool:
    """False when the id is taken."""
    values = asdict(added) | {"kind": added.kind.value, "evidence": list(added.evidence)}
    result = await tx.execute(
        insert(filing).values(compound_id=compound_id, **values).on_conflict_do_nothing()
    )
    return result.rowcount == 1


async def filings(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[Filing, ...]:
    statement = (
        select(
            filing.c.filing_id,
            filing.c.meeting_id,
            filing.c.kind,
            filing.c.filed_on,
            filing.c.receipt_number,
            filing.c.evidence,
            filing.c.recorded_by,
            filing.c.recorded_at,
        )
        .where(filing.c.compound_id == compound_id, filing.c.meeting_id == meeting_id)
        .order_by(filing.c.filed_on, filing.c.filing_id)
    )
    return rows.all_of(Filing, await tx.execute(statement))


async def add_handover(tx: Tx, compound_id: UUID, added: Handover) -> bool:
    """False when the election has its handover already."""
    values = asdict(added) | {"items": list(added.items), "evidence": list(added.evidence)}
    result = await tx.execute(
        insert(handover).values(compound_id=compound_id, **values).on_conflict_do_nothing()
    )
    return result.rowcount == 1


async def handovers(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[Handover, ...]:
    statement = (
        select(
            handover.c.handover_id,
            handover.c.meeting_id,
            handover.c.motion_id,
            handover.c.handed_on,
            handover.c["items"],
            handover.c.evidence,
            handover.c.recorded_by,
            handover.c.recorded_at,
        )
        .where(handover.c.compound_id == compound_id, handover.c.meeting_id == meeting_id)
        .order_by(handover.c.handed_on, handover.c.handover_id)
    )
    return rows.all_of(Handover, await tx.execute(statement))


async def add_follow_up(tx: Tx, compound_id: UUID, added: FollowUp) -> bool:
    """False when the id is taken."""
    values = asdict(added) | {"evidence": list(added.evidence)}
    result = await tx.execute(
        insert(follow_up).values(compound_id=compound_id, **values).on_conflict_do_nothing()
    )
    return result.rowcount == 1


async def follow_ups(
    tx: Tx, compound_id: UUID, resolution_ids: Collection[UUID]
) -> tuple[FollowUp, ...]:
    """In the order of being done."""
    statement = (
        select(
            follow_up.c.follow_up_id,
            follow_up.c.resolution_id,
            follow_up.c.done_on,
            follow_up.c.body,
            follow_up.c.evidence,
            follow_up.c.written_by,
            follow_up.c.written_at,
        )
        .where(
            follow_up.c.compound_id == compound_id,
            follow_up.c.resolution_id.in_(sorted(resolution_ids)),
        )
        .order_by(follow_up.c.done_on, follow_up.c.follow_up_id)
    )
    return rows.all_of(FollowUp, await tx.execute(statement))
