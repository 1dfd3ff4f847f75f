"""Statements of compounds: what is read with every request is one statement on the driver."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from sqlalchemy import Select, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from trustprop.compounds.model import (
    Access,
    Clause,
    Compound,
    GoverningText,
    Home,
    Limit,
    MandateTerm,
    Owner,
    Resident,
    TrustInstrument,
)
from trustprop.compounds.rules import BothSides
from trustprop.compounds.tables import (
    building,
    clause,
    compound,
    compound_secret,
    governing_text,
    home,
    home_owner,
    invitation,
    mandate,
    owner,
    resident,
    trust_instrument,
)
from trustprop.kernel.caller import Mandate, Office, Party
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx

_PROFILES = Path(__file__).parent / "profiles"


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


# Who may come in


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


# Compounds


async def add_compound(tx: Tx, added: Compound, salt: bytes) -> bool:
    """False when it is already there."""
    made = await tx.execute(insert(compound).values(**_values(added)).on_conflict_do_nothing())
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


# Homes and owners


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
        await tx.execute(insert(owner), [tenancy | _values(added) for added in new_owners])
    if not new_homes:
        return
    buildings = sorted({added.building for added in new_homes})
    await tx.execute(
        insert(building).on_conflict_do_nothing(),
        [tenancy | {"building": code} for code in buildings],
    )
    values = [tenancy | _values(added) for added in new_homes]
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
        insert(resident).values(compound_id=compound_id, **_values(added)).on_conflict_do_nothing()
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


# Mandates


async def mandate_terms(
    tx: Tx, compound_id: UUID, *, person_id: UUID | None = None, mandate_id: UUID | None = None
) -> tuple[MandateTerm, ...]:
    """All terms, past and to come, in order of their beginning."""
    statement = (
        select(
            mandate.c.mandate_id,
            mandate.c.person_id,
            mandate.c.office,
            mandate.c.valid_from,
            mandate.c.valid_until,
            mandate.c.ended_on,
            mandate.c.act_id,
            mandate.c.resolution_id,
            mandate.c.ended_by_resolution_id,
        )
        .where(mandate.c.compound_id == compound_id)
        .order_by(mandate.c.valid_from, mandate.c.mandate_id)
    )
    if person_id is not None:
        statement = statement.where(mandate.c.person_id == person_id)
    if mandate_id is not None:
        statement = statement.where(mandate.c.mandate_id == mandate_id)
    return rows.all_of(MandateTerm, await tx.execute(statement))


async def add_mandate(tx: Tx, compound_id: UUID, term: MandateTerm) -> None:
    """Raises BothSides when the trigger finds what the rule could not see yet."""
    try:
        await tx.raw.execute(
            """
            INSERT INTO mandate (compound_id, mandate_id, person_id, office, party, valid_from,
                                 valid_until, ended_on, act_id, resolution_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            compound_id,
            term.mandate_id,
            term.person_id,
            term.office,
            term.party,
            term.valid_from,
            term.valid_until,
            term.ended_on,
            term.act_id,
            term.resolution_id,
        )
    except asyncpg.ExclusionViolationError:
        other = Party.OWNERS if term.party is Party.TRUSTEE else Party.TRUSTEE
        raise BothSides(person_id=term.person_id, party=other) from None


async def end_mandates(
    tx: Tx,
    compound_id: UUID,
    mandate_ids: Collection[UUID],
    ended_on: date,
    resolution_id: UUID | None = None,
) -> None:
    await tx.execute(
        update(mandate)
        .where(mandate.c.compound_id == compound_id, mandate.c.mandate_id.in_(mandate_ids))
        .values(ended_on=ended_on, ended_by_resolution_id=resolution_id)
    )


# Texts


async def add_instrument(tx: Tx, compound_id: UUID, added: TrustInstrument) -> None:
    values = _values(added)
    for name in ("trustee", "remuneration"):
        values[name] = msgspec.to_builtins(values[name])
    await tx.execute(insert(trust_instrument).values(compound_id=compound_id, **values))


async def instruments(tx: Tx, compound_id: UUID) -> tuple[TrustInstrument, ...]:
    """Every version, the first one first."""
    statement = (
        select(
            trust_instrument.c.instrument_id,
            trust_instrument.c.purpose,
            trust_instrument.c.settlor,
            trust_instrument.c.settlor_address,
            trust_instrument.c.trustee,
            trust_instrument.c.beneficiaries,
            trust_instrument.c.property,
            trust_instrument.c.benefit,
            trust_instrument.c.remuneration,
            trust_instrument.c.effective_from,
            trust_instrument.c.ends_on,
            trust_instrument.c.act_id,
            trust_instrument.c.version,
            trust_instrument.c.resolution_id,
        )
        .where(trust_instrument.c.compound_id == compound_id)
        .order_by(trust_instrument.c.version)
    )
    return rows.all_of(TrustInstrument, await tx.execute(statement))


async def add_text(tx: Tx, compound_id: UUID, added: GoverningText) -> None:
    values = _values(added)
    del values["clauses"]
    await tx.execute(insert(governing_text).values(compound_id=compound_id, **values))
    numbered = [
        {"compound_id": compound_id, "text_id": added.text_id, "position": i, **_values(part)}
        for i, part in enumerate(added.clauses, start=1)
    ]
    await tx.execute(insert(clause), numbered)


async def texts(tx: Tx, compound_id: UUID) -> tuple[GoverningText, ...]:
    """Every version with its clauses, by kind and version."""
    statement = (
        select(
            governing_text.c.text_id,
            governing_text.c.kind,
            governing_text.c.version,
            governing_text.c.title,
            governing_text.c.effective_from,
            governing_text.c.document_sha256,
            governing_text.c.act_id,
            governing_text.c.resolution_id,
        )
        .where(governing_text.c.compound_id == compound_id)
        .order_by(governing_text.c.kind, governing_text.c.version)
    )
    found = rows.all_of(GoverningText, await tx.execute(statement))
    clauses: dict[UUID, list[Clause]] = {text.text_id: [] for text in found}
    for row in await tx.execute(_clauses(compound_id)):
        clauses[row.text_id].append(
            Clause(
                code=row.code, body=row.body, limit_name=row.limit_name, limit_value=row.limit_value
            )
        )
    return tuple(
        msgspec.structs.replace(text, clauses=tuple(clauses[text.text_id])) for text in found
    )


def _clauses(compound_id: UUID) -> Select[Any]:
    return (
        select(
            clause.c.text_id,
            clause.c.code,
            clause.c.body,
            clause.c.limit_name,
            clause.c.limit_value,
        )
        .where(clause.c.compound_id == compound_id)
        .order_by(clause.c.text_id, clause.c.position)
    )


_LIMITS = """
    SELECT compound.rule_profile, in_force.text_id, in_force.title, clause.code,
           clause.limit_name, clause.limit_value
    FROM compound
    LEFT JOIN (
        SELECT DISTINCT ON (kind, CASE kind WHEN 'other' THEN title END)
               text_id, title, effective_from, version
        FROM governing_text
        WHERE compound_id = $1 AND effective_from <= $2
        ORDER BY kind, CASE kind WHEN 'other' THEN title END, version DESC
    ) AS in_force ON true
    LEFT JOIN clause ON clause.compound_id = $1
        AND clause.text_id = in_force.text_id
        AND clause.limit_name IS NOT NULL
    WHERE compound.compound_id = $1
    ORDER BY in_force.effective_from, in_force.text_id, clause.position
"""


async def limit_clauses(
    tx: Tx, compound_id: UUID, on: date
) -> tuple[str, list[tuple[UUID, str, Clause]]] | None:
    """The rule profile and the clauses in effect that set limits, latest text last. One statement."""
    found = await tx.raw.fetch(_LIMITS, compound_id, on)
    if not found:
        return None
    clauses = [
        (
            row["text_id"],
            row["title"],
            Clause(
                code=row["code"],
                body="",
                limit_name=row["limit_name"],
                limit_value=row["limit_value"],
            ),
        )
        for row in found
        if row["code"] is not None
    ]
    return found[0]["rule_profile"], clauses


def _values(struct: msgspec.Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(struct)
