"""Entries as they stand in the journal, its books row and its tree nodes."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Uuid, and_, any_, exists, literal, select

from trustprop.kernel.merkle import Node
from trustprop.kernel.periods import Period
from trustprop.ledger.model import (
    AttestedEntry,
    AttestedLine,
    Books,
    EntryKind,
    JournalEntry,
    Posting,
    SealedPeriod,
    Side,
    Source,
)
from trustprop.ledger.rules import leaf
from trustprop.ledger.tables import books, entry, entry_line, period
from trustprop.plumbing.database import Tx

_reversal = entry.alias("reversal")
_ENTRY = (
    entry.c.number,
    entry.c.entry_id,
    entry.c.kind,
    entry.c.accounting_on,
    entry.c.recorded_at,
    entry.c.memo,
    entry.c.memo_salt,
    entry.c.source_kind,
    entry.c.source_id,
    entry.c.act_id,
    entry.c.resolution_id,
    entry.c.reverses_entry_id,
    entry.c.evidence,
    entry.c.leaf_hash,
    _reversal.c.entry_id.label("reversed_by"),
)
_LINE = (
    entry_line.c.number,
    entry_line.c.account,
    entry_line.c.fund,
    entry_line.c.debit_fen,
    entry_line.c.credit_fen,
    entry_line.c.budget_line_id,
    entry_line.c.counterparty_id,
    entry_line.c.scope,
    entry_line.c.project,
)


async def find_books(tx: Tx, compound_id: UUID) -> Books | None:
    found = await tx.execute(
        select(
            books.c.tree_size, books.c.frontier, books.c.opened_on, books.c.closed_through
        ).where(books.c.compound_id == compound_id)
    )
    row = found.one_or_none()
    if row is None:
        return None
    return Books(
        compound_id=compound_id,
        tree_size=row.tree_size,
        frontier=tuple(row.frontier),
        opened_on=row.opened_on,
        closed_through=row.closed_through,
    )


async def find_entry(tx: Tx, compound_id: UUID, entry_id: UUID) -> JournalEntry | None:
    found = await _fetch(tx, compound_id, entry.c.entry_id == entry_id, limit=1)
    return found[0] if found else None


async def entries_by_id(
    tx: Tx, compound_id: UUID, entry_ids: Collection[UUID]
) -> tuple[JournalEntry, ...]:
    if not entry_ids:
        return ()
    ids = literal(list(entry_ids), ARRAY(Uuid))
    return await _fetch(tx, compound_id, entry.c.entry_id == any_(ids))


async def entries(
    tx: Tx,
    compound_id: UUID,
    *,
    after: int = 0,
    as_of: int | None = None,
    in_period: Period | None = None,
    since_on: date | None = None,
    account: str | None = None,
    fund: str | None = None,
    kind: EntryKind | None = None,
    counterparty_id: UUID | None = None,
    budget_line_id: UUID | None = None,
    limit: int | None = None,
) -> tuple[JournalEntry, ...]:
    """In journal order after this number, whole entries with any line that fits."""
    wanted = [entry.c.number > after]
    if as_of is not None:
        wanted.append(entry.c.number <= as_of)
    if in_period is not None:
        wanted.append(entry.c.accounting_on.between(in_period.first_on, in_period.last_on))
    if since_on is not None:
        wanted.append(entry.c.accounting_on >= since_on)
    if kind is not None:
        wanted.append(entry.c.kind == kind)
    line = {
        entry_line.c.account: account,
        entry_line.c.fund: fund,
        entry_line.c.counterparty_id: counterparty_id,
        entry_line.c.budget_line_id: budget_line_id,
    }
    fitting = [column == value for column, value in line.items() if value is not None]
    if fitting:
        wanted.append(
            exists().where(
                entry_line.c.compound_id == entry.c.compound_id,
                entry_line.c.number == entry.c.number,
                *fitting,
            )
        )
    return await _fetch(tx, compound_id, *wanted, limit=limit)


async def attested(
    tx: Tx, compound_id: UUID, *, first: int, last: int
) -> tuple[AttestedEntry, ...]:
    """What the leaves of these journal numbers attest, in order."""
    heads = await _heads(tx, compound_id, entry.c.number.between(first, last), limit=None)
    lines = await _lines(tx, compound_id, first, last)
    return tuple(_to_attested(head, lines.get(head.number, ())) for head in heads)


async def openings(
    tx: Tx, compound_id: UUID, entry_ids: Collection[UUID]
) -> dict[UUID, tuple[str, str]]:
    """Memo and its salt's opening in hex: what shows that a memo is the one committed to."""
    found = await tx.execute(
        select(entry.c.entry_id, entry.c.memo, entry.c.memo_salt).where(
            entry.c.compound_id == compound_id,
            entry.c.entry_id == any_(literal(list(entry_ids), ARRAY(Uuid))),
        )
    )
    return {row.entry_id: (row.memo, leaf.memo_opening(row.memo_salt).hex()) for row in found}


async def sealed_periods(tx: Tx, compound_id: UUID) -> tuple[SealedPeriod, ...]:
    found = await tx.execute(
        select(period.c.period, period.c.closed_at, period.c.tree_size, period.c.root)
        .where(period.c.compound_id == compound_id)
        .order_by(period.c.period)
    )
    return tuple(
        SealedPeriod(
            period=Period.from_number(row.period),
            closed_at=row.closed_at,
            tree_size=row.tree_size,
            root=row.root.hex(),
        )
        for row in found
    )


async def nodes(tx: Tx, compound_id: UUID, wanted: Collection[Node]) -> dict[Node, bytes]:
    """The hashes of these full nodes; level 0 is the leaves themselves."""
    found = await tx.raw.fetch(
        """
        SELECT n.level, n.index, n.hash
        FROM tree_node n
        JOIN unnest($2::integer[], $3::bigint[]) AS w (level, index)
            ON w.level = n.level AND w.index = n.index
        WHERE n.compound_id = $1
        UNION ALL
        SELECT 0, e.number - 1, e.leaf_hash
        FROM entry e
        WHERE e.compound_id = $1 AND e.number = ANY ($4::bigint[])
        """,
        compound_id,
        [level for level, _ in wanted],
        [index for _, index in wanted],
        [index + 1 for level, index in wanted if level == 0],
    )
    return {(row["level"], row["index"]): row["hash"] for row in found}


async def _fetch(
    tx: Tx, compound_id: UUID, *wanted: ColumnElement[bool], limit: int | None = None
) -> tuple[JournalEntry, ...]:
    heads = await _heads(tx, compound_id, *wanted, limit=limit)
    if not heads:
        return ()
    numbers = [head.number for head in heads]
    lines = await _lines(tx, compound_id, min(numbers), max(numbers), numbers)
    return tuple(_to_entry(head, lines[head.number]) for head in heads)


async def _heads(
    tx: Tx, compound_id: UUID, *wanted: ColumnElement[bool], limit: int | None
) -> Sequence[Any]:
    reversed_by = and_(
        _reversal.c.compound_id == entry.c.compound_id,
        _reversal.c.reverses_entry_id == entry.c.entry_id,
    )
    found = await tx.execute(
        select(*_ENTRY)
        .select_from(entry.outerjoin(_reversal, reversed_by))
        .where(entry.c.compound_id == compound_id, *wanted)
        .order_by(entry.c.number)
        .limit(limit)
    )
    return found.all()


async def _lines(
    tx: Tx, compound_id: UUID, first: int, last: int, numbers: list[int] | None = None
) -> dict[int, list[Any]]:
    wanted: ColumnElement[bool] = entry_line.c.number.between(first, last)
    if numbers is not None and len(numbers) <= last - first:
        wanted = entry_line.c.number == any_(literal(numbers, ARRAY(BigInteger)))
    found = await tx.execute(
        select(*_LINE)
        .where(entry_line.c.compound_id == compound_id, wanted)
        .order_by(entry_line.c.number, entry_line.c.line)
    )
    by_number: dict[int, list[Any]] = {}
    for row in found:
        by_number.setdefault(row.number, []).append(row)
    return by_number


def _to_entry(head: Any, lines: Sequence[Any]) -> JournalEntry:
    return JournalEntry(
        number=head.number,
        entry_id=head.entry_id,
        kind=EntryKind(head.kind),
        accounting_on=head.accounting_on,
        recorded_at=head.recorded_at,
        memo=head.memo,
        lines=tuple(_to_posting(line) for line in lines),
        source=Source(kind=head.source_kind, id=head.source_id),
        evidence=tuple(digest.hex() for digest in head.evidence),
        act_id=head.act_id,
        resolution_id=head.resolution_id,
        reverses=head.reverses_entry_id,
        reversed_by=head.reversed_by,
        leaf_hash=head.leaf_hash.hex(),
    )


def _to_posting(line: Any) -> Posting:
    return Posting(
        account=line.account,
        fund=line.fund,
        side=Side.DEBIT if line.debit_fen else Side.CREDIT,
        amount_fen=line.debit_fen or line.credit_fen,
        budget_line_id=line.budget_line_id,
        counterparty_id=line.counterparty_id,
        scope=line.scope,
        project=line.project,
    )


def _to_attested(head: Any, lines: Sequence[Any]) -> AttestedEntry:
    opening = leaf.memo_opening(head.memo_salt)
    return AttestedEntry(
        entry_id=head.entry_id,
        kind=EntryKind(head.kind),
        accounting_on=head.accounting_on,
        recorded_at=head.recorded_at,
        memo_commitment=leaf.memo_commitment(opening, head.memo).hex(),
        source=Source(kind=head.source_kind, id=head.source_id),
        lines=tuple(_to_attested_line(head, n, line) for n, line in enumerate(lines, 1)),
        evidence=tuple(digest.hex() for digest in head.evidence),
        act_id=head.act_id,
        resolution_id=head.resolution_id,
        reverses=head.reverses_entry_id,
    )


def _to_attested_line(head: Any, number: int, line: Any) -> AttestedLine:
    commitment = ""
    if line.counterparty_id is not None:
        opening = leaf.counterparty_opening(head.memo_salt, number)
        commitment = leaf.counterparty_commitment(opening, line.counterparty_id).hex()
    return AttestedLine(
        account=line.account,
        fund=line.fund,
        signed_fen=line.debit_fen - line.credit_fen,
        budget_line_id=line.budget_line_id,
        counterparty_commitment=commitment,
        scope=line.scope,
        project=line.project,
    )
