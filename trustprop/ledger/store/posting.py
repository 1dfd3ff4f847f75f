"""The calls that write the books. Each is one SQL function, inside the caller's transaction."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from trustprop.kernel.periods import Period
from trustprop.ledger.model import Books, Entry, PostedEntry, Posting, SealedPeriod
from trustprop.ledger.rules import refusal_of
from trustprop.plumbing.database import Tx

REFUSAL = "TP001"
"""The SQLSTATE of a refusal: its code is the message, its facts are the detail."""


def _call(function: str, parameters: int) -> str:
    told = ", ".join(f"${n}" for n in range(1, parameters + 1))
    return f"SELECT entry_id, number, recorded_at, leaf_hash FROM {function}({told})"


_POST = _call("ledger_post", 23)
_POST_PAIR = _call("ledger_post_pair", 26)
"""The same for one entry of two lines on two accounts of one fund."""


async def lock_books(tx: Tx, compound_id: UUID) -> Books:
    """Raises BooksNotOpen."""
    with _refusals():
        row = await tx.raw.fetchrow(
            "SELECT compound_id, tree_size, frontier, opened_on, closed_through FROM ledger_lock($1)",
            compound_id,
        )
    return Books(
        compound_id=compound_id,
        tree_size=row["tree_size"],
        frontier=tuple(row["frontier"]),
        opened_on=row["opened_on"],
        closed_through=row["closed_through"],
    )


async def open_books(tx: Tx, compound_id: UUID, opened_on: date) -> None:
    """Raises BooksAlreadyOpen unless they were opened on this very day."""
    with _refusals():
        await tx.raw.execute("SELECT ledger_open_books($1, $2)", compound_id, opened_on)


async def post(
    tx: Tx,
    compound_id: UUID,
    recorded_at: datetime,
    entries: Sequence[Entry],
    make_salt: Callable[[], bytes],
) -> tuple[PostedEntry, ...]:
    """Raises what the posting function refuses."""
    if len(entries) == 1 and _is_pair(entries[0]):
        call, arguments = _POST_PAIR, _pair(entries[0], make_salt())
    else:
        call, arguments = _POST, _arrays(entries, [make_salt() for _ in entries])
    with _refusals():
        rows = await tx.raw.fetch(call, compound_id, recorded_at, *arguments)
    return tuple(
        PostedEntry(
            entry_id=row["entry_id"],
            number=row["number"],
            recorded_at=row["recorded_at"],
            leaf_hash=row["leaf_hash"].hex(),
        )
        for row in rows
    )


async def close_period(
    tx: Tx, compound_id: UUID, period: Period, closed_at: datetime
) -> SealedPeriod:
    """Raises PeriodOutOfOrder, PeriodNotOver."""
    with _refusals():
        row = await tx.raw.fetchrow(
            "SELECT closed_at, tree_size, root FROM ledger_close_period($1, $2, $3)",
            compound_id,
            period.number,
            closed_at,
        )
    return SealedPeriod(
        period=period,
        closed_at=row["closed_at"],
        tree_size=row["tree_size"],
        root=row["root"].hex(),
    )


def _is_pair(entry: Entry) -> bool:
    if len(entry.lines) != 2:
        return False
    one, other = entry.lines
    return one.fund == other.fund and one.account != other.account


def _pair(entry: Entry, salt: bytes) -> tuple[Any, ...]:
    one, other = entry.lines
    return (
        entry.entry_id,
        entry.kind.value,
        entry.accounting_on,
        entry.memo,
        salt,
        entry.source.kind,
        entry.source.id,
        entry.act_id,
        entry.resolution_id,
        entry.reverses,
        bytes.fromhex("".join(entry.evidence)),
        one.fund,
        *_side(one),
        *_side(other),
    )


def _side(line: Posting) -> tuple[Any, ...]:
    return (
        line.account,
        line.signed_fen,
        line.budget_line_id,
        line.counterparty_id,
        line.scope,
        line.project,
    )


def _arrays(entries: Sequence[Entry], salts: Sequence[bytes]) -> tuple[Any, ...]:
    """Entries as parallel arrays, then their lines, each naming its entry by position."""
    lines = [
        (position, number, salts[position - 1], line)
        for position, entry in enumerate(entries, 1)
        for number, line in enumerate(entry.lines, 1)
    ]
    return (
        [entry.entry_id for entry in entries],
        [entry.kind.value for entry in entries],
        [entry.accounting_on for entry in entries],
        [entry.memo for entry in entries],
        list(salts),
        [entry.source.kind for entry in entries],
        [entry.source.id for entry in entries],
        [entry.act_id for entry in entries],
        [entry.resolution_id for entry in entries],
        [entry.reverses for entry in entries],
        [bytes.fromhex("".join(entry.evidence)) for entry in entries],
        [position for position, _, _, _ in lines],
        [number for _, number, _, _ in lines],
        [salt for _, _, salt, _ in lines],
        [line.account for _, _, _, line in lines],
        [line.fund for _, _, _, line in lines],
        [line.signed_fen for _, _, _, line in lines],
        [line.budget_line_id for _, _, _, line in lines],
        [line.counterparty_id for _, _, _, line in lines],
        [line.scope for _, _, _, line in lines],
        [line.project for _, _, _, line in lines],
    )


@contextmanager
def _refusals() -> Iterator[None]:
    """What the function refused, as the refusal that the rules know by that code."""
    try:
        yield
    except asyncpg.PostgresError as error:
        if error.sqlstate != REFUSAL:
            raise
        raise refusal_of(error.args[0], msgspec.json.decode(error.detail)) from None
