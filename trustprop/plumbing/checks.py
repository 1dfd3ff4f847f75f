"""Integrity queries: every house's ``checks.sql``, each query under ``-- name: what must hold``."""

import re
from pathlib import Path
from typing import Any

import asyncpg

HOUSES = Path(__file__).parent.parent
_NAME = re.compile(r"^-- name: (.+)$", re.MULTILINE)


def queries() -> dict[str, str]:
    """What must hold, and the query that must return no rows."""
    found: dict[str, str] = {}
    for path in sorted(HOUSES.glob("*/checks.sql")):
        pieces = _NAME.split(path.read_text(encoding="utf-8"))
        for name, sql in zip(pieces[1::2], pieces[2::2], strict=True):
            found[f"{path.parent.name}: {name.strip()}"] = sql.strip().rstrip(";")
    return found


async def run(connection: asyncpg.Connection) -> dict[str, list[Any]]:
    """The rows that break each rule; all empty when the books are sound."""
    return {
        name: [tuple(row) for row in await connection.fetch(sql)] for name, sql in queries().items()
    }
