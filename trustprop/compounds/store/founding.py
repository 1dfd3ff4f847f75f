"""The compound itself, its rule profile, and who may come in."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import insert

from trustprop.compounds.model import (
    Access,
    Compound,
    Limit,
)
from trustprop.compounds.tables import (
    compound,
    compound_secret,
    invitation,
)
from trustprop.kernel.caller import Mandate, Office
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx

_PROFILES = Path(__file__).parents[1] / "profiles"


@cache
def profile_names() -> frozenset[str]:
    return frozenset(path.stem for path in _PROFILES.glob("*.json"))


@cache
def profile(name: str) -> Mapping[str, Limit]:
    """The limits of a place: the national ones with the local ones laid over them."""
    kind = dict[str, Limit]
    national = msgspec.json.decode((_PROFILES / "national.json").read_bytes(), type=kind)
    local = msgspec.json.decode((_PROFILES / f"{name}.json").read_bytes(), type=kind)
    return national | local


_ACCESS = """
    SELECT
        ARRAY(
            SELECT mandate_id || ' ' || office FROM mandate
            WHERE compound_id = $1 AND person_id = $2
              AND valid_from <= $3 AND valid_until >= $3 AND (ended_on IS NULL OR ended_on > $3)
            ORDER BY valid_from, mandate_id
        ) AS mandates,
        EXISTS (
            SELECT FROM resident
            WHERE compound_id = $1 AND person_id = $2
              AND since_on <= $3
              AND (
                  until_on IS NULL
                  OR until_on > $3
                  OR (kind = 'owner' AND until_on > CAST($3 AS date) - CAST($4 AS integer))
              )
        ) AS is_resident,
        EXISTS (SELECT FROM invitation WHERE compound_id = $1 AND person_id = $2) AS is_invited
"""
FORMER_OWNER_READS_DAYS = 120
"""A notice, the longest window of a vote and its objections fit in."""


async def find_access(tx: Tx, compound_id: UUID, person_id: UUID, on: date) -> Access | None:
    """What a person is here on a day; None for a stranger. One statement.

    Whoever sold their home reads on for a while: the ballot of a vote under way is still theirs
    when they held the home on its record date.
    """
    row = await tx.raw.fetchrow(_ACCESS, compound_id, person_id, on, FORMER_OWNER_READS_DAYS)
    assert row is not None
    if not (row["mandates"] or row["is_resident"] or row["is_invited"]):
        return None
    held = tuple(text.split(" ") for text in row["mandates"])
    mandates = tuple(Mandate(mandate_id=UUID(id_), office=Office(office)) for id_, office in held)
    return Access(mandates=mandates, is_resident=row["is_resident"])


async def add_compound(tx: Tx, added: Compound, salt: bytes) -> bool:
    """False when it is already there."""
    made = await tx.execute(insert(compound).values(**values_of(added)).on_conflict_do_nothing())
    if made.rowcount == 0:
        return False
    await tx.execute(
        insert(compound_secret).values(compound_id=added.compound_id, identity_salt=salt)
    )
    return True


async def find_compound(tx: Tx, compound_id: UUID) -> Compound | None:
    found = (await tx.execute(_compound(compound_id))).one_or_none()
    return rows.to(Compound, found) if found else None


async def lock_compound(tx: Tx, compound_id: UUID) -> Compound | None:
    """One at a time decides about mandates, texts, homes and numbers of a compound."""
    statement = _compound(compound_id).with_for_update(key_share=True)
    found = (await tx.execute(statement)).one_or_none()
    return rows.to(Compound, found) if found else None


def _compound(compound_id: UUID) -> Select[Any]:
    return select(
        compound.c.compound_id,
        compound.c.name,
        compound.c.credit_code,
        compound.c.address,
        compound.c.state,
        compound.c.rule_profile,
        compound.c.created_at,
    ).where(compound.c.compound_id == compound_id)


async def open_compound(tx: Tx, compound_id: UUID) -> None:
    await tx.execute(
        update(compound).where(compound.c.compound_id == compound_id).values(state="open")
    )


async def salt(tx: Tx, compound_id: UUID) -> bytes:
    statement = select(compound_secret.c.identity_salt)
    found = await tx.execute(statement.where(compound_secret.c.compound_id == compound_id))
    secret: bytes = found.scalar_one()
    return secret


async def invite(tx: Tx, compound_id: UUID, person_ids: Collection[UUID], at: datetime) -> None:
    invited = [
        {"compound_id": compound_id, "person_id": person_id, "invited_at": at}
        for person_id in sorted(set(person_ids))
    ]
    if invited:
        await tx.execute(insert(invitation).on_conflict_do_nothing(), invited)


def values_of(struct: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(struct)
