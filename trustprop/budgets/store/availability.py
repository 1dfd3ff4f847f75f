"""Lines in the books: locked in id order, moved in one statement."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

import asyncpg

from trustprop.budgets.model import (
    LineControl,
    LineExecution,
    Movement,
    MovementKind,
    MovementSource,
)
from trustprop.plumbing import rows
from trustprop.plumbing.database import Tx

_CONTROL = """
    SELECT c.line_id, l.budget_id, b.year, l.code, l.title, l.account, l.fund, l.category, l.scope,
           b.warning_percent, b.resolution_id, c.appropriated_fen, c.adjusted_fen, c.actual_fen, c.encumbered_fen,
           c.reserved_fen, c.movements
    FROM line_control AS c
    JOIN budget_line AS l ON l.compound_id = c.compound_id AND l.line_id = c.line_id
    JOIN budget AS b ON b.compound_id = l.compound_id AND b.budget_id = l.budget_id
    WHERE c.compound_id = $1
"""


async def lock_controls(
    tx: Tx, compound_id: UUID, line_ids: Collection[UUID]
) -> dict[UUID, LineControl]:
    """In id order, so that two commands over the same lines cannot deadlock."""
    found = await tx.raw.fetch(
        f"{_CONTROL} AND c.line_id = ANY($2) ORDER BY c.line_id FOR UPDATE OF c",
        compound_id,
        sorted(set(line_ids)),
    )
    return {row["line_id"]: rows.to(LineControl, row) for row in found}


async def find_controls(
    tx: Tx, compound_id: UUID, line_ids: Collection[UUID]
) -> dict[UUID, LineControl]:
    found = await tx.raw.fetch(
        f"{_CONTROL} AND c.line_id = ANY($2)", compound_id, sorted(set(line_ids))
    )
    return {row["line_id"]: rows.to(LineControl, row) for row in found}


async def controls_of_budget(tx: Tx, compound_id: UUID, budget_id: UUID) -> tuple[LineControl, ...]:
    found = await tx.raw.fetch(
        f"{_CONTROL} AND l.budget_id = $2 ORDER BY l.code, l.line_id", compound_id, budget_id
    )
    return rows.all_of(LineControl, found)


async def find_line_year(tx: Tx, compound_id: UUID, line_id: UUID) -> tuple[str, int] | None:
    """Code and year of a line whose budget is not in force."""
    row = await tx.raw.fetchrow(
        """
        SELECT l.code, b.year
        FROM budget_line AS l
        JOIN budget AS b ON b.compound_id = l.compound_id AND b.budget_id = l.budget_id
        WHERE l.compound_id = $1 AND l.line_id = $2
        """,
        compound_id,
        line_id,
    )
    return (row["code"], row["year"]) if row else None


async def movements_of(
    tx: Tx, compound_id: UUID, source_ids: Collection[UUID], line_ids: Collection[UUID]
) -> tuple[Movement, ...]:
    """What these sources already did to these lines."""
    found = await tx.raw.fetch(
        """
        SELECT * FROM line_movement
        WHERE compound_id = $1 AND line_id = ANY($2) AND source_id = ANY($3)
        """,
        compound_id,
        sorted(set(line_ids)),
        sorted(set(source_ids)),
    )
    return tuple(_movement(row) for row in found)


async def movements_after(
    tx: Tx, compound_id: UUID, line_id: UUID, number: int, limit: int
) -> tuple[Movement, ...]:
    found = await tx.raw.fetch(
        """
        SELECT * FROM line_movement
        WHERE compound_id = $1 AND line_id = $2 AND number > $3
        ORDER BY number
        LIMIT $4
        """,
        compound_id,
        line_id,
        number,
        limit,
    )
    return tuple(_movement(row) for row in found)


async def open_controls(tx: Tx, compound_id: UUID, movements: Sequence[Movement]) -> None:
    """Lines come into force, each with its first movement."""
    await tx.raw.execute(
        """
        WITH opened AS (
            SELECT * FROM unnest(
                CAST($2 AS uuid[]), CAST($3 AS bigint[]), CAST($4 AS bigint[]), CAST($5 AS bigint[]),
                CAST($6 AS bigint[])
            ) AS m (line_id, appropriated_fen, adjusted_fen, actual_fen, encumbered_fen)
        )
        INSERT INTO line_control
            (compound_id, line_id, appropriated_fen, adjusted_fen, actual_fen, encumbered_fen,
             reserved_fen, movements)
        SELECT $1, line_id, appropriated_fen, adjusted_fen, actual_fen, encumbered_fen, 0, 1
        FROM opened ORDER BY line_id
        """,
        compound_id,
        [m.line_id for m in movements],
        [m.appropriated_fen for m in movements],
        [m.adjusted_fen for m in movements],
        [m.actual_fen for m in movements],
        [m.encumbered_fen for m in movements],
    )
    await tx.raw.execute(_INSERT, *_arrays(compound_id, movements))


async def save_movements(tx: Tx, compound_id: UUID, movements: Sequence[Movement]) -> None:
    """Appends the movements and adds them to their lines, in one statement."""
    await tx.raw.execute(_MOVE, *_arrays(compound_id, movements))


_MOVED = """
    SELECT * FROM unnest(
        CAST($2 AS uuid[]), CAST($3 AS integer[]), CAST($4 AS text[]), CAST($5 AS text[]),
        CAST($6 AS uuid[]), CAST($7 AS integer[]), CAST($8 AS date[]), CAST($9 AS timestamptz[]),
        CAST($10 AS bigint[]), CAST($11 AS bigint[]), CAST($12 AS bigint[]), CAST($13 AS bigint[]),
        CAST($14 AS bigint[])
    ) AS m (line_id, number, kind, source_kind, source_id, source_version, moved_on, recorded_at,
            appropriated_fen, adjusted_fen, actual_fen, encumbered_fen, reserved_fen)
"""
_INSERT = f"""
    INSERT INTO line_movement
        (compound_id, line_id, number, kind, source_kind, source_id, source_version, moved_on,
         recorded_at, appropriated_fen, adjusted_fen, actual_fen, encumbered_fen, reserved_fen)
    SELECT $1, line_id, number, kind, source_kind, source_id, source_version, moved_on,
           recorded_at, appropriated_fen, adjusted_fen, actual_fen, encumbered_fen, reserved_fen
    FROM ({_MOVED}) AS moved
    RETURNING line_id, adjusted_fen, actual_fen, encumbered_fen, reserved_fen
"""
_MOVE = f"""
    WITH inserted AS ({_INSERT}), summed AS (
        SELECT line_id, count(*) AS movements, sum(adjusted_fen) AS adjusted_fen,
               sum(actual_fen) AS actual_fen, sum(encumbered_fen) AS encumbered_fen,
               sum(reserved_fen) AS reserved_fen
        FROM inserted GROUP BY line_id
    )
    UPDATE line_control AS c
    SET adjusted_fen = c.adjusted_fen + s.adjusted_fen,
        actual_fen = c.actual_fen + s.actual_fen,
        encumbered_fen = c.encumbered_fen + s.encumbered_fen,
        reserved_fen = c.reserved_fen + s.reserved_fen,
        movements = c.movements + s.movements
    FROM summed AS s
    WHERE c.compound_id = $1 AND c.line_id = s.line_id
"""


def _arrays(compound_id: UUID, movements: Sequence[Movement]) -> tuple[object, ...]:
    return (
        compound_id,
        [m.line_id for m in movements],
        [m.number for m in movements],
        [m.kind.value for m in movements],
        [m.source.kind for m in movements],
        [m.source.id for m in movements],
        [m.source.version for m in movements],
        [m.moved_on for m in movements],
        [m.recorded_at for m in movements],
        [m.appropriated_fen for m in movements],
        [m.adjusted_fen for m in movements],
        [m.actual_fen for m in movements],
        [m.encumbered_fen for m in movements],
        [m.reserved_fen for m in movements],
    )


async def execution(
    tx: Tx, compound_id: UUID, year: int, first_on: date, last_on: date
) -> tuple[LineExecution, ...]:
    """Every line in force in a year, as its movements up to the last day left it."""
    found = await tx.raw.fetch(
        """
        SELECT l.line_id, l.code, l.title, l.account, l.fund, l.category, l.scope,
               CAST(sum(m.appropriated_fen + m.adjusted_fen) AS bigint) AS annual_fen,
               CAST(coalesce(sum(m.actual_fen) FILTER (
                   WHERE m.moved_on < $3 OR m.kind = 'open'), 0) AS bigint) AS used_before_fen,
               CAST(coalesce(sum(m.actual_fen) FILTER (
                   WHERE m.moved_on >= $3 AND m.kind <> 'open'), 0) AS bigint) AS this_month_fen,
               CAST(sum(m.encumbered_fen) AS bigint) AS encumbered_fen,
               CAST(sum(m.reserved_fen) AS bigint) AS reserved_fen,
               CAST(sum(m.actual_fen) AS bigint) AS year_to_date_fen,
               CAST(sum(m.appropriated_fen + m.adjusted_fen - m.actual_fen - m.encumbered_fen
                        - m.reserved_fen) AS bigint) AS available_fen
        FROM budget AS b
        JOIN budget_line AS l ON l.compound_id = b.compound_id AND l.budget_id = b.budget_id
        JOIN line_movement AS m ON m.compound_id = l.compound_id AND m.line_id = l.line_id
        WHERE b.compound_id = $1 AND b.year = $2 AND b.state = 'adopted' AND m.moved_on <= $4
        GROUP BY l.compound_id, l.line_id
        ORDER BY l.fund, l.code
        """,
        compound_id,
        year,
        first_on,
        last_on,
    )
    return rows.all_of(LineExecution, found)


def _movement(row: asyncpg.Record) -> Movement:
    return Movement(
        line_id=row["line_id"],
        number=row["number"],
        kind=MovementKind(row["kind"]),
        source=MovementSource(
            kind=row["source_kind"], id=row["source_id"], version=row["source_version"]
        ),
        moved_on=row["moved_on"],
        recorded_at=row["recorded_at"],
        appropriated_fen=row["appropriated_fen"],
        adjusted_fen=row["adjusted_fen"],
        actual_fen=row["actual_fen"],
        encumbered_fen=row["encumbered_fen"],
        reserved_fen=row["reserved_fen"],
    )
