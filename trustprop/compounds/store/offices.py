"""Mandates."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

import asyncpg
from sqlalchemy import select, update

from trustprop.compounds.model import (
    MandateTerm,
)
from trustprop.compounds.rules import BothSides
from trustprop.compounds.tables import (
    mandate,
)
from trustprop.kernel.caller import Party
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx


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
