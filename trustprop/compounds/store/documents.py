"""The trust instrument, governing texts and the limits that their clauses set."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert

from trustprop.compounds.model import (
    Clause,
    GoverningText,
    TrustInstrument,
)
from trustprop.compounds.store.founding import values_of
from trustprop.compounds.tables import (
    clause,
    governing_text,
    trust_instrument,
)
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx


async def add_instrument(tx: Tx, compound_id: UUID, added: TrustInstrument) -> None:
    values = values_of(added)
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
    values = values_of(added)
    del values["clauses"]
    await tx.execute(insert(governing_text).values(compound_id=compound_id, **values))
    numbered = [
        {"compound_id": compound_id, "text_id": added.text_id, "position": i, **values_of(part)}
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
