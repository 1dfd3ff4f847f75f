"""Homes, owners and residents."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import msgspec
from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from trustprop.compounds.model import (
    Home,
    Owner,
    Resident,
)
from trustprop.compounds.store.founding import values_of
from trustprop.compounds.tables import (
    building,
    home,
    home_owner,
    owner,
    resident,
)
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx


async def homes(
    tx: Tx, compound_id: UUID, on: date | None = None, home_id: UUID | None = None
) -> tuple[Home, ...]:
    """With their owners on a day, or with the latest owners. In order of building, stair, number."""
    present = home_owner.c.until_on.is_(None)
    held = (
        and_(present)
        if on is None
        else and_(home_owner.c.since_on <= on, or_(present, home_owner.c.until_on > on))
    )
    statement = (
        select(
            home.c.home_id,
            home.c.building,
            home.c.stair,
            home.c.number,
            home.c.area_dm2,
            home.c.area_source,
            home.c.delivered_on,
            home.c.use,
            func.array_agg(home_owner.c.owner_id).label("owner_ids"),
        )
        .join_from(
            home,
            home_owner,
            and_(
                home_owner.c.compound_id == home.c.compound_id,
                home_owner.c.home_id == home.c.home_id,
                held,
            ),
        )
        .where(home.c.compound_id == compound_id)
        .group_by(home.c.compound_id, home.c.home_id)
        .order_by(home.c.building, home.c.stair, home.c.number)
    )
    if home_id is not None:
        statement = statement.where(home.c.home_id == home_id)
    found = rows.all_of(Home, await tx.execute(statement))
    return tuple(msgspec.structs.replace(h, owner_ids=tuple(sorted(h.owner_ids))) for h in found)


async def owners(tx: Tx, compound_id: UUID) -> dict[UUID, Owner]:
    statement = select(owner.c.owner_id, owner.c.kind, owner.c.name, owner.c.identity_commitment)
    found = await tx.execute(statement.where(owner.c.compound_id == compound_id))
    return {row.owner_id: rows.to(Owner, row) for row in found}


async def add_homes(
    tx: Tx,
    compound_id: UUID,
    new_homes: Sequence[Home],
    new_owners: Sequence[Owner],
    since_on: date,
) -> None:
    """A handful of statements, whatever the number of homes."""
    tenancy = {"compound_id": compound_id}
    if new_owners:
        await tx.execute(insert(owner), [tenancy | values_of(added) for added in new_owners])
    if not new_homes:
        return
    buildings = sorted({added.building for added in new_homes})
    await tx.execute(
        insert(building).on_conflict_do_nothing(),
        [tenancy | {"building": code} for code in buildings],
    )
    values = [tenancy | values_of(added) for added in new_homes]
    for value in values:
        del value["owner_ids"]
    await tx.execute(insert(home), values)
    pairs = [(added.home_id, owner_id) for added in new_homes for owner_id in added.owner_ids]
    await add_ownerships(tx, compound_id, pairs, since_on)


async def add_ownerships(
    tx: Tx, compound_id: UUID, pairs: Sequence[tuple[UUID, UUID]], since_on: date
) -> None:
    values = [
        {"compound_id": compound_id, "home_id": home_id, "owner_id": owner_id, "since_on": since_on}
        for home_id, owner_id in pairs
    ]
    await tx.execute(insert(home_owner), values)


async def end_ownership(tx: Tx, compound_id: UUID, home_id: UUID, until_on: date) -> None:
    await tx.execute(
        update(home_owner)
        .where(
            home_owner.c.compound_id == compound_id,
            home_owner.c.home_id == home_id,
            home_owner.c.until_on.is_(None),
        )
        .values(until_on=until_on)
    )


async def latest_ownership(tx: Tx, compound_id: UUID, home_id: UUID) -> date | None:
    """Since when the present owners hold this home."""
    statement = select(func.max(home_owner.c.since_on).label("since_on")).where(
        home_owner.c.compound_id == compound_id, home_owner.c.home_id == home_id
    )
    since_on: date | None = (await tx.execute(statement)).scalar_one()
    return since_on


async def set_delivered(
    tx: Tx, compound_id: UUID, home_id: UUID, delivered_on: date | None
) -> None:
    await tx.execute(
        update(home)
        .where(home.c.compound_id == compound_id, home.c.home_id == home_id)
        .values(delivered_on=delivered_on)
    )


async def add_resident(tx: Tx, compound_id: UUID, added: Resident) -> None:
    await tx.execute(
        insert(resident)
        .values(compound_id=compound_id, **values_of(added))
        .on_conflict_do_nothing()
    )


async def end_residency_of_owners(
    tx: Tx, compound_id: UUID, home_id: UUID, staying: Collection[UUID], until_on: date
) -> None:
    """Whoever is linked to a home as its owner, and is none of those who stay."""
    await tx.execute(
        update(resident)
        .where(
            resident.c.compound_id == compound_id,
            resident.c.home_id == home_id,
            resident.c.kind == "owner",
            or_(resident.c.owner_id.is_(None), resident.c.owner_id.not_in(staying)),
            or_(resident.c.until_on.is_(None), resident.c.until_on > until_on),
        )
        .values(until_on=func.greatest(resident.c.since_on, until_on))
    )


async def owners_of_person(tx: Tx, compound_id: UUID, person_id: UUID, on: date) -> frozenset[UUID]:
    """Owners of a home on a day whom this person was found to be, then or later."""
    statement = (
        select(resident.c.owner_id)
        .join(
            home_owner,
            and_(
                home_owner.c.compound_id == resident.c.compound_id,
                home_owner.c.owner_id == resident.c.owner_id,
                home_owner.c.since_on <= on,
                or_(home_owner.c.until_on.is_(None), home_owner.c.until_on > on),
            ),
        )
        .where(
            resident.c.compound_id == compound_id,
            resident.c.person_id == person_id,
            or_(resident.c.until_on.is_(None), resident.c.until_on > on),
        )
        .distinct()
    )
    return frozenset((await tx.execute(statement)).scalars())


async def residencies(tx: Tx, compound_id: UUID, person_id: UUID) -> tuple[Resident, ...]:
    """Every tie of a person to a home, past ones too."""
    statement = (
        select(
            resident.c.person_id,
            resident.c.home_id,
            resident.c.kind,
            resident.c.since_on,
            resident.c.owner_id,
        )
        .where(resident.c.compound_id == compound_id, resident.c.person_id == person_id)
        .order_by(resident.c.since_on, resident.c.home_id)
    )
    return rows.all_of(Resident, await tx.execute(statement))
