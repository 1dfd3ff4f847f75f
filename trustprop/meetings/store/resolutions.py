"""Statements of resolutions."""

from typing import Any
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import Select, and_, func, insert, select

from trustprop.compounds.model import Scope
from trustprop.kernel.caller import Caller
from trustprop.meetings.model import (
    Body,
    Figures,
    Matter,
    Resolution,
    ResolutionState,
)
from trustprop.meetings.rules import resolutions as rules
from trustprop.meetings.tables.resolutions import resolution, resolution_outcome
from trustprop.plumbing.database import Tx
from trustprop.votes.model.counting import Majority

_FIGURES = Figures.__struct_fields__


async def next_serial(tx: Tx, compound_id: UUID, year: int) -> int:
    """The caller holds the lock on the compound, so that no number is given twice."""
    statement = select(func.coalesce(func.max(resolution.c.serial), 0) + 1).where(
        resolution.c.compound_id == compound_id, resolution.c.year == year
    )
    serial: int = (await tx.execute(statement)).scalar_one()
    return serial


async def add(tx: Tx, compound_id: UUID, added: Resolution) -> None:
    values = asdict(added)
    year, serial = values.pop("number").split("-")
    del values["state"], values["tally"]
    values |= asdict(values.pop("figures")) | asdict(values.pop("scope"))
    values |= {"year": int(year), "serial": int(serial), "minutes": list(added.minutes)}
    await tx.execute(insert(resolution).values(compound_id=compound_id, **values))


async def find(tx: Tx, compound_id: UUID, resolution_id: UUID) -> Resolution | None:
    statement = _resolutions(compound_id).where(resolution.c.resolution_id == resolution_id)
    row = (await tx.execute(statement)).one_or_none()
    return _resolution(row) if row else None


async def every(tx: Tx, compound_id: UUID) -> tuple[Resolution, ...]:
    """In order of their numbers."""
    statement = _resolutions(compound_id).order_by(resolution.c.year, resolution.c.serial)
    return tuple(_resolution(row) for row in await tx.execute(statement))


async def ids_of_meeting(tx: Tx, compound_id: UUID, meeting_id: UUID) -> frozenset[UUID]:
    statement = select(resolution.c.resolution_id).where(
        resolution.c.compound_id == compound_id, resolution.c.meeting_id == meeting_id
    )
    return frozenset((await tx.execute(statement)).scalars())


async def add_outcome(
    tx: Tx,
    caller: Caller,
    resolution_id: UUID,
    state: ResolutionState,
    act_id: UUID | None = None,
    *,
    by_resolution_id: UUID | None = None,
) -> None:
    """By an act of both sides, or by a count: its own, or that of the decision that takes it back."""
    await tx.execute(
        insert(resolution_outcome).values(
            compound_id=caller.compound_id,
            resolution_id=resolution_id,
            state=state,
            act_id=act_id,
            by_resolution_id=by_resolution_id,
            at=caller.at,
        )
    )


def _resolutions(compound_id: UUID) -> Select[Any]:
    """With what became of each: a revocation comes after a confirmation."""
    outcome = (
        select(func.max(resolution_outcome.c.state))
        .where(
            and_(
                resolution_outcome.c.compound_id == resolution.c.compound_id,
                resolution_outcome.c.resolution_id == resolution.c.resolution_id,
            )
        )
        .scalar_subquery()
    )
    return select(
        resolution.c.resolution_id,
        resolution.c.act_id,
        resolution.c.year,
        resolution.c.serial,
        resolution.c.matter,
        resolution.c.majority,
        resolution.c.legal_basis,
        resolution.c.decided_by,
        resolution.c.building,
        resolution.c.stair,
        resolution.c.subject_id,
        resolution.c.title,
        resolution.c.decision,
        resolution.c.record_on,
        resolution.c.held_on,
        resolution.c.valid_from,
        resolution.c.valid_until,
        resolution.c.total_area_dm2,
        resolution.c.total_heads,
        resolution.c.participating_area_dm2,
        resolution.c.participating_heads,
        resolution.c.for_area_dm2,
        resolution.c.for_heads,
        resolution.c.minutes,
        resolution.c.recorded_at,
        resolution.c.meeting_id,
        resolution.c.motion_id,
        resolution.c.count_digest,
        resolution.c.revokes_resolution_id,
        resolution.c.needs_legal_review,
        func.coalesce(outcome, "recorded").label("state"),
    ).where(resolution.c.compound_id == compound_id)


def _resolution(row: Any) -> Resolution:
    values = dict(row._mapping)  # noqa: SLF001 - public, for all its underscore
    figures = Figures(**{name: values.pop(name) for name in _FIGURES})
    decided_by, majority = Body(values.pop("decided_by")), Majority(values.pop("majority"))
    return Resolution(
        number=number(values.pop("year"), values.pop("serial")),
        scope=Scope(building=values.pop("building"), stair=values.pop("stair")),
        matter=Matter(values.pop("matter")),
        state=ResolutionState(values.pop("state")),
        minutes=tuple(values.pop("minutes")),
        majority=majority,
        decided_by=decided_by,
        figures=figures,
        tally=rules.tally_of(figures, decided_by, majority),
        **values,
    )


def number(year: int, serial: int) -> str:
    """How people write it: ``2025-003``."""
    return f"{year}-{serial:03d}"
