"""Statements of speeches, deliberations and remarks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert

from trustprop.meetings.model.debate import Deliberation, Remark, Speech
from trustprop.meetings.tables.meetings import (
    deliberation,
    deliberation_vote,
    meeting_remark,
    speech,
)
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx
from trustprop.votes.model.counting import Choice


async def add_speech(tx: Tx, compound_id: UUID, added: Speech) -> bool:
    """False when the id is taken."""
    values = asdict(added) | {"stance": added.stance.value}
    result = await tx.execute(
        insert(speech).values(compound_id=compound_id, **values).on_conflict_do_nothing()
    )
    return result.rowcount == 1


async def find_speech(tx: Tx, compound_id: UUID, speech_id: UUID) -> Speech | None:
    row = (await tx.execute(_speeches(compound_id).where(speech.c.speech_id == speech_id))).first()
    return None if row is None else rows.to(Speech, row)


async def speeches(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[Speech, ...]:
    """The log of a debate, in the order of asking."""
    statement = _speeches(compound_id).where(speech.c.meeting_id == meeting_id)
    ordered = statement.order_by(speech.c.asked_at, speech.c.speech_id)
    return rows.all_of(Speech, await tx.execute(ordered))


async def save_speech(tx: Tx, compound_id: UUID, changed: Speech) -> None:
    await tx.execute(
        update(speech)
        .where(speech.c.compound_id == compound_id, speech.c.speech_id == changed.speech_id)
        .values(started_at=changed.started_at, ended_at=changed.ended_at)
    )


def _speeches(compound_id: UUID) -> Select[Any]:
    return select(
        speech.c.speech_id,
        speech.c.meeting_id,
        speech.c.motion_id,
        speech.c.person_id,
        speech.c.stance,
        speech.c.asked_at,
        speech.c.started_at,
        speech.c.ended_at,
    ).where(speech.c.compound_id == compound_id)


async def add_deliberation(tx: Tx, compound_id: UUID, added: Deliberation) -> bool:
    """False when the id is taken."""
    values = asdict(added)
    del values["advice"]
    result = await tx.execute(
        insert(deliberation).values(compound_id=compound_id, **values).on_conflict_do_nothing()
    )
    return result.rowcount == 1


async def lock_deliberation(
    tx: Tx, compound_id: UUID, deliberation_id: UUID
) -> Deliberation | None:
    statement = _deliberations(compound_id).where(deliberation.c.deliberation_id == deliberation_id)
    row = (await tx.execute(statement.with_for_update())).first()
    return None if row is None else _bare(row)


async def deliberations(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[Deliberation, ...]:
    statement = _deliberations(compound_id).where(deliberation.c.meeting_id == meeting_id)
    ordered = statement.order_by(deliberation.c.opened_at, deliberation.c.deliberation_id)
    return tuple(_bare(row) for row in await tx.execute(ordered))


async def close_deliberation(
    tx: Tx, compound_id: UUID, deliberation_id: UUID, at: datetime
) -> None:
    await tx.execute(
        update(deliberation)
        .where(
            deliberation.c.compound_id == compound_id,
            deliberation.c.deliberation_id == deliberation_id,
        )
        .values(closed_at=at)
    )


def _deliberations(compound_id: UUID) -> Select[Any]:
    return select(
        deliberation.c.deliberation_id,
        deliberation.c.meeting_id,
        deliberation.c.motion_id,
        deliberation.c.question,
        deliberation.c.opened_by,
        deliberation.c.opened_at,
        deliberation.c.closed_at,
    ).where(deliberation.c.compound_id == compound_id)


def _bare(row: Any) -> Deliberation:
    """Without its advice."""
    values = dict(row._mapping)  # noqa: SLF001 - public, for all its underscore
    return Deliberation(advice=None, **values)


async def deliberate(
    tx: Tx, compound_id: UUID, deliberation_id: UUID, person_id: UUID, choice: Choice, at: datetime
) -> bool:
    """False when this person has answered already."""
    result = await tx.execute(
        insert(deliberation_vote)
        .values(
            compound_id=compound_id,
            deliberation_id=deliberation_id,
            person_id=person_id,
            choice=choice.value,
            at=at,
        )
        .on_conflict_do_nothing()
    )
    return result.rowcount == 1


async def choices(tx: Tx, compound_id: UUID, deliberation_id: UUID) -> dict[UUID, Choice]:
    statement = select(deliberation_vote.c.person_id, deliberation_vote.c.choice).where(
        deliberation_vote.c.compound_id == compound_id,
        deliberation_vote.c.deliberation_id == deliberation_id,
    )
    return {row.person_id: Choice(row.choice) for row in await tx.execute(statement)}


async def add_remark(tx: Tx, compound_id: UUID, added: Remark, written_by: UUID) -> bool:
    """False when the id is taken."""
    result = await tx.execute(
        insert(meeting_remark)
        .values(compound_id=compound_id, written_by=written_by, **asdict(added))
        .on_conflict_do_nothing()
    )
    return result.rowcount == 1


async def remarks(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[Remark, ...]:
    statement = (
        select(
            meeting_remark.c.remark_id,
            meeting_remark.c.meeting_id,
            meeting_remark.c.motion_id,
            meeting_remark.c.written_for,
            meeting_remark.c.body,
            meeting_remark.c.at,
        )
        .where(
            meeting_remark.c.compound_id == compound_id,
            meeting_remark.c.meeting_id == meeting_id,
        )
        .order_by(meeting_remark.c.at, meeting_remark.c.remark_id)
    )
    return rows.all_of(Remark, await tx.execute(statement))
