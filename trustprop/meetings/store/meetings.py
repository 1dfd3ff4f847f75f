"""Statements of meetings and their steps, supports and motions."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace
from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from trustprop.meetings.model.meetings import Meeting, Step, StepDone
from trustprop.meetings.model.motions import Motion, MotionContent
from trustprop.meetings.tables.meetings import (
    meeting,
    meeting_step,
    meeting_support,
    motion,
    motion_second,
)
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx

_CHANGING = (
    "version",
    "agenda_digest",
    "vote_id",
    "record_on",
    "notice_on",
    "opens_at",
    "closes_at",
    "extensions",
    "chair_id",
    "ended_at",
    "ended_reason",
)


def meeting_number(year: int, serial: int, *, is_rehearsal: bool) -> str:
    """How people write it: ``2026-001``, and ``R2026-001`` of a rehearsal."""
    return f"{'R' if is_rehearsal else ''}{year}-{serial:03d}"


async def next_meeting_serial(tx: Tx, compound_id: UUID, year: int, *, is_rehearsal: bool) -> int:
    """The caller holds the lock on the compound, so that no number is given twice."""
    statement = select(func.coalesce(func.max(meeting.c.serial), 0) + 1).where(
        meeting.c.compound_id == compound_id,
        meeting.c.is_rehearsal == is_rehearsal,
        meeting.c.year == year,
    )
    serial: int = (await tx.execute(statement)).scalar_one()
    return serial


async def add_meeting(tx: Tx, compound_id: UUID, added: Meeting) -> None:
    year, serial = added.number.removeprefix("R").split("-")
    await tx.execute(
        insert(meeting).values(
            compound_id=compound_id,
            meeting_id=added.meeting_id,
            year=int(year),
            serial=int(serial),
            kind=added.kind.value,
            form=added.form.value,
            title=added.title,
            place=added.place,
            called_by=added.called_by.value,
            is_rehearsal=added.is_rehearsal,
            proposed_by=added.proposed_by,
            proposed_at=added.proposed_at,
            version=added.version,
            extensions=added.extensions,
        )
    )
    await _add_steps(tx, compound_id, added.meeting_id, added.steps)


async def save_meeting(tx: Tx, compound_id: UUID, before: Meeting, after: Meeting) -> None:
    """What changed, and the steps that were taken."""
    await tx.execute(
        update(meeting)
        .where(meeting.c.compound_id == compound_id, meeting.c.meeting_id == after.meeting_id)
        .values({name: getattr(after, name) for name in _CHANGING})
    )
    await _add_steps(tx, compound_id, after.meeting_id, after.steps[len(before.steps) :])


async def _add_steps(
    tx: Tx, compound_id: UUID, meeting_id: UUID, steps: Iterable[StepDone]
) -> None:
    """One at a time: each one's trigger looks for the step before it."""
    for done in steps:
        await tx.execute(
            insert(meeting_step).values(
                compound_id=compound_id,
                meeting_id=meeting_id,
                step=done.step.value,
                number=done.number,
                done_at=done.done_at,
                done_by=done.done_by,
                facts=msgspec.to_builtins(done.facts),
                evidence=list(done.evidence),
            )
        )


async def find_meeting(tx: Tx, compound_id: UUID, meeting_id: UUID) -> Meeting | None:
    return await _one(tx, _meetings(compound_id).where(meeting.c.meeting_id == meeting_id))


async def lock_meeting(tx: Tx, compound_id: UUID, meeting_id: UUID) -> Meeting | None:
    """The first lock of every command about a meeting."""
    statement = _meetings(compound_id).where(meeting.c.meeting_id == meeting_id)
    if (await tx.execute(statement.with_for_update())).first() is None:
        return None
    return await _one(tx, statement)


async def _one(tx: Tx, statement: Select[Any]) -> Meeting | None:
    """With the steps as they stand once the row is held."""
    row = (await tx.execute(statement)).first()
    if row is None:
        return None
    found = (await tx.execute(_steps(row.compound_id, row.meeting_id))).all()
    return _meeting(row, found)


async def meetings(
    tx: Tx, compound_id: UUID, *, limit: int, after: tuple[datetime, UUID] | None
) -> tuple[Meeting, ...]:
    """The latest first."""
    statement = _meetings(compound_id)
    if after is not None:
        proposed_at, meeting_id = after
        statement = statement.where(
            (meeting.c.proposed_at < proposed_at)
            | ((meeting.c.proposed_at == proposed_at) & (meeting.c.meeting_id < meeting_id))
        )
    page = statement.order_by(meeting.c.proposed_at.desc(), meeting.c.meeting_id.desc())
    found = (await tx.execute(page.limit(limit))).all()
    ids = [row.meeting_id for row in found]
    steps = (await tx.execute(_steps(compound_id, *ids))).all() if ids else []
    return tuple(
        _meeting(row, [step for step in steps if step.meeting_id == row.meeting_id])
        for row in found
    )


def _meetings(compound_id: UUID) -> Select[Any]:
    return select(
        meeting.c.compound_id,
        meeting.c.meeting_id,
        meeting.c.year,
        meeting.c.serial,
        meeting.c.kind,
        meeting.c.form,
        meeting.c.title,
        meeting.c.place,
        meeting.c.called_by,
        meeting.c.is_rehearsal,
        meeting.c.proposed_by,
        meeting.c.proposed_at,
        meeting.c.version,
        meeting.c.agenda_digest,
        meeting.c.vote_id,
        meeting.c.record_on,
        meeting.c.notice_on,
        meeting.c.opens_at,
        meeting.c.closes_at,
        meeting.c.extensions,
        meeting.c.chair_id,
        meeting.c.ended_at,
        meeting.c.ended_reason,
    ).where(meeting.c.compound_id == compound_id)


def _steps(compound_id: UUID, *meeting_ids: UUID) -> Select[Any]:
    return (
        select(
            meeting_step.c.meeting_id,
            meeting_step.c.step,
            meeting_step.c.number,
            meeting_step.c.done_at,
            meeting_step.c.done_by,
            meeting_step.c.facts,
            meeting_step.c.evidence,
        )
        .where(
            meeting_step.c.compound_id == compound_id,
            meeting_step.c.meeting_id.in_(meeting_ids),
        )
        .order_by(meeting_step.c.done_at, meeting_step.c.number)
    )


def _meeting(row: Any, steps: Iterable[Any]) -> Meeting:
    values = dict(row._mapping)  # noqa: SLF001 - public, for all its underscore
    is_rehearsal = values["is_rehearsal"]
    year, serial = values.pop("year"), values.pop("serial")
    number = meeting_number(year, serial, is_rehearsal=is_rehearsal)
    order = list(Step)
    done = sorted(
        rows.all_of(StepDone, steps),
        key=lambda step: (step.done_at, order.index(step.step), step.number),
    )
    bare = rows.to(Meeting, values | {"number": number})
    return replace(bare, steps=tuple(done))


async def has_taken_effect(tx: Tx, compound_id: UUID) -> bool:
    """Whether any meeting that was no rehearsal has made resolutions here."""
    statement = select(
        exists().where(
            meeting_step.c.compound_id == compound_id,
            meeting_step.c.step == Step.EFFECT.value,
            meeting.c.compound_id == meeting_step.c.compound_id,
            meeting.c.meeting_id == meeting_step.c.meeting_id,
            meeting.c.is_rehearsal.is_(False),
        )
    )
    return bool((await tx.execute(statement)).scalar_one())


# Support


async def add_supports(
    tx: Tx,
    compound_id: UUID,
    meeting_id: UUID,
    home_ids: Iterable[UUID],
    *,
    person_id: UUID | None,
    recorded_by: UUID,
    at: datetime,
    evidence: Iterable[str],
) -> None:
    """A home supports once; who is there already stays."""
    values = [
        {
            "compound_id": compound_id,
            "meeting_id": meeting_id,
            "home_id": home_id,
            "person_id": person_id,
            "recorded_by": recorded_by,
            "at": at,
            "evidence": list(evidence),
        }
        for home_id in sorted(home_ids)
    ]
    if values:
        await tx.execute(insert(meeting_support).on_conflict_do_nothing(), values)


async def supporting_homes(tx: Tx, compound_id: UUID, meeting_id: UUID) -> frozenset[UUID]:
    statement = select(meeting_support.c.home_id).where(
        meeting_support.c.compound_id == compound_id,
        meeting_support.c.meeting_id == meeting_id,
    )
    return frozenset((await tx.execute(statement)).scalars())


# Motions


async def add_motion(tx: Tx, compound_id: UUID, added: Motion) -> None:
    await tx.execute(insert(motion).values(compound_id=compound_id, **_motion_values(added)))


async def save_motion(tx: Tx, compound_id: UUID, changed: Motion) -> None:
    values = _motion_values(changed)
    for kept in ("motion_id", "meeting_id", "position", "moved_by", "moved_at"):
        del values[kept]
    del values["is_moved_by_committee"]
    await tx.execute(
        update(motion)
        .where(motion.c.compound_id == compound_id, motion.c.motion_id == changed.motion_id)
        .values(**values)
    )


def _motion_values(kept: Motion) -> dict[str, Any]:
    return {
        "motion_id": kept.motion_id,
        "meeting_id": kept.meeting_id,
        "position": kept.position,
        "version": kept.version,
        "matter": kept.content.matter.value,
        "majority": kept.majority.value,
        "legal_basis": kept.legal_basis,
        "content": msgspec.to_builtins(kept.content),
        "moved_by": kept.moved_by,
        "is_moved_by_committee": kept.is_moved_by_committee,
        "moved_at": kept.moved_at,
        "withdrawn_at": kept.withdrawn_at,
        "digest": kept.digest,
    }


async def motions(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[Motion, ...]:
    """In the order of being moved, withdrawn ones too."""
    statement = _motions(compound_id).where(motion.c.meeting_id == meeting_id)
    return tuple(_motion(row) for row in await tx.execute(statement.order_by(motion.c.position)))


async def find_motion(tx: Tx, compound_id: UUID, motion_id: UUID) -> Motion | None:
    found = await tx.execute(_motions(compound_id).where(motion.c.motion_id == motion_id))
    row = found.first()
    return None if row is None else _motion(row)


def _motions(compound_id: UUID) -> Select[Any]:
    seconds = (
        select(func.count())
        .where(
            motion_second.c.compound_id == motion.c.compound_id,
            motion_second.c.motion_id == motion.c.motion_id,
            motion_second.c.version == motion.c.version,
        )
        .scalar_subquery()
    )
    return select(
        motion.c.motion_id,
        motion.c.meeting_id,
        motion.c.position,
        motion.c.version,
        motion.c.majority,
        motion.c.legal_basis,
        motion.c.content,
        motion.c.moved_by,
        motion.c.is_moved_by_committee,
        motion.c.moved_at,
        motion.c.withdrawn_at,
        motion.c.digest,
        seconds.label("seconds"),
    ).where(motion.c.compound_id == compound_id)


def _motion(row: Any) -> Motion:
    values = dict(row._mapping)  # noqa: SLF001 - public, for all its underscore
    content = msgspec.convert(values.pop("content"), MotionContent)
    return rows.to(Motion, values | {"content": content})


async def add_second(
    tx: Tx, compound_id: UUID, seconded: Motion, person_id: UUID, at: datetime
) -> None:
    """Of the motion as it reads now; who has seconded it already stays."""
    await tx.execute(
        insert(motion_second)
        .values(
            compound_id=compound_id,
            motion_id=seconded.motion_id,
            version=seconded.version,
            person_id=person_id,
            at=at,
        )
        .on_conflict_do_nothing()
    )


async def seconders(tx: Tx, compound_id: UUID, meeting_id: UUID) -> frozenset[UUID]:
    statement = select(motion_second.c.person_id).where(
        motion_second.c.compound_id == compound_id,
        motion.c.compound_id == motion_second.c.compound_id,
        motion.c.motion_id == motion_second.c.motion_id,
        motion.c.meeting_id == meeting_id,
        motion.c.withdrawn_at.is_(None),
    )
    return frozenset((await tx.execute(statement)).scalars())
