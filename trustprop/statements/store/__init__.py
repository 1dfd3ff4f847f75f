"""What a month is read from (every house's tables) and where its own results are written."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import desc, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from trustprop.kernel.merkle import full_nodes
from trustprop.kernel.periods import Period
from trustprop.plumbing.database import Tx
from trustprop.statements import rules
from trustprop.statements.model import (
    CloseBody,
    CloseState,
    Erratum,
    PeriodClose,
    Published,
    Turnover,
)
from trustprop.statements.tables import erratum, period_close, statement, statement_print

# -- closes --------------------------------------------------------------------------------------


async def add_close(tx: Tx, compound_id: UUID, close: PeriodClose, figures: bytes) -> None:
    body = close.body
    await tx.execute(
        insert(period_close).values(
            compound_id=compound_id,
            act_id=close.act_id,
            period=Period.parse(body.period).number,
            state=close.state,
            tree_size=body.tree_size,
            root=bytes.fromhex(body.root),
            trial_balance_digest=bytes.fromhex(body.trial_balance_digest),
            figures_digest=bytes.fromhex(body.figures_digest),
            figures=figures,
            drafted_at=close.drafted_at,
        )
    )


async def find_close(
    tx: Tx, compound_id: UUID, *, act_id: UUID | None = None, period: Period | None = None
) -> tuple[PeriodClose, bytes] | None:
    """By act, or the one of a period that has not ended without effect; with its figures."""
    wanted = period_close.c.act_id == act_id
    if period is not None:
        wanted = (period_close.c.period == period.number) & (period_close.c.state != "ended")
    found = await tx.execute(
        select(
            period_close.c.act_id,
            period_close.c.period,
            period_close.c.state,
            period_close.c.tree_size,
            period_close.c.root,
            period_close.c.trial_balance_digest,
            period_close.c.figures_digest,
            period_close.c.figures,
            period_close.c.drafted_at,
            period_close.c.ended_at,
        ).where(period_close.c.compound_id == compound_id, wanted)
    )
    row = found.one_or_none()
    return None if row is None else (_close(row), row.figures)


def _close(row: Any) -> PeriodClose:
    return PeriodClose(
        act_id=row.act_id,
        state=CloseState(row.state),
        body=CloseBody(
            period=str(Period.from_number(row.period)),
            tree_size=row.tree_size,
            root=row.root.hex(),
            trial_balance_digest=row.trial_balance_digest.hex(),
            figures_digest=row.figures_digest.hex(),
        ),
        drafted_at=row.drafted_at,
        ended_at=row.ended_at,
    )


async def end_close(
    tx: Tx, compound_id: UUID, act_id: UUID, state: CloseState, at: datetime
) -> None:
    await tx.execute(
        update(period_close)
        .where(period_close.c.compound_id == compound_id, period_close.c.act_id == act_id)
        .values(state=state, ended_at=at)
    )


# -- statements ----------------------------------------------------------------------------------

_HEAD = (
    statement.c.year,
    statement.c.serial,
    statement.c.period,
    statement.c.tree_size,
    statement.c.digest,
    statement.c.previous_digest,
    statement.c.published_at,
)


async def next_serial(tx: Tx, compound_id: UUID, year: int) -> int:
    """The caller holds the books, so nobody else takes it."""
    found = await tx.execute(
        select(func.coalesce(func.max(statement.c.serial), 0) + 1).where(
            statement.c.compound_id == compound_id, statement.c.year == year
        )
    )
    return int(found.scalar_one())


async def add_statement(
    tx: Tx,
    compound_id: UUID,
    *,
    serial: int,
    period: Period,
    act_id: UUID,
    tree_size: int,
    document: bytes,
    digest: bytes,
    previous_digest: bytes | None,
    journal: bytes,
    note: str,
    published_at: datetime,
) -> None:
    await tx.execute(
        insert(statement).values(
            compound_id=compound_id,
            year=period.year,
            serial=serial,
            period=period.number,
            act_id=act_id,
            tree_size=tree_size,
            document=document,
            digest=digest,
            previous_digest=previous_digest,
            journal=journal,
            note=note,
            published_at=published_at,
        )
    )


async def last_before(tx: Tx, compound_id: UUID, period: Period) -> Any | None:
    """The head of the last statement of an earlier month."""
    found = await tx.execute(
        select(*_HEAD)
        .where(statement.c.compound_id == compound_id, statement.c.period < period.number)
        .order_by(desc(statement.c.period))
        .limit(1)
    )
    return found.one_or_none()


async def find_of_period(tx: Tx, compound_id: UUID, period: Period) -> Published | None:
    found = await tx.execute(
        select(*_HEAD).where(
            statement.c.compound_id == compound_id, statement.c.period == period.number
        )
    )
    row = found.one_or_none()
    return None if row is None else _published(row)


async def published(tx: Tx, compound_id: UUID) -> tuple[Published, ...]:
    """The newest first, each with the months that corrected it."""
    found = await tx.execute(
        select(*_HEAD)
        .where(statement.c.compound_id == compound_id)
        .order_by(desc(statement.c.period))
    )
    corrections = await tx.execute(
        select(erratum.c.year, erratum.c.serial, erratum.c.period)
        .where(erratum.c.compound_id == compound_id)
        .distinct()
        .order_by(erratum.c.period)
    )
    by_statement: dict[tuple[int, int], list[str]] = {}
    for row in corrections:
        corrected = by_statement.setdefault((row.year, row.serial), [])
        corrected.append(str(Period.from_number(row.period)))
    return tuple(
        _published(row, tuple(by_statement.get((row.year, row.serial), ()))) for row in found
    )


def _published(row: Any, corrected_by: tuple[str, ...] = ()) -> Published:
    return Published(
        number=rules.public_number(row.year, row.serial),
        period=str(Period.from_number(row.period)),
        digest=row.digest.hex(),
        previous_digest=row.previous_digest.hex() if row.previous_digest else None,
        published_at=row.published_at,
        corrected_by=corrected_by,
    )


async def documents(
    tx: Tx, compound_id: UUID, year: int, serial: int
) -> tuple[bytes, bytes, str] | None:
    """Statement, journal and note as published."""
    found = await tx.execute(
        select(statement.c.document, statement.c.journal, statement.c.note).where(
            statement.c.compound_id == compound_id,
            statement.c.year == year,
            statement.c.serial == serial,
        )
    )
    row = found.one_or_none()
    return None if row is None else (row.document, row.journal, row.note)


async def months(tx: Tx, compound_id: UUID, first: Period, last: Period) -> tuple[bytes, ...]:
    """The statements of these months, byte for byte, in order."""
    found = await tx.execute(
        select(statement.c.document)
        .where(
            statement.c.compound_id == compound_id,
            statement.c.period.between(first.number, last.number),
        )
        .order_by(statement.c.period)
    )
    return tuple(found.scalars())


async def ends(tx: Tx, compound_id: UUID) -> tuple[Period, Period] | None:
    """The first and the last published month."""
    found = await tx.execute(
        select(
            func.min(statement.c.period).label("first"), func.max(statement.c.period).label("last")
        ).where(statement.c.compound_id == compound_id)
    )
    row = found.one()
    if row.first is None:
        return None
    return Period.from_number(row.first), Period.from_number(row.last)


async def statement_of_entry(tx: Tx, compound_id: UUID, number: int) -> tuple[int, int] | None:
    """Year and serial of the published statement of the month that an entry belongs to."""
    row = await tx.raw.fetchrow(
        """
        SELECT s.year, s.serial
        FROM entry AS e
        JOIN statement AS s ON s.compound_id = e.compound_id AND s.period = e.period
        WHERE e.compound_id = $1 AND e.number = $2 AND e.number <= s.tree_size
        """,
        compound_id,
        number,
    )
    return None if row is None else (row["year"], row["serial"])


async def add_print(
    tx: Tx, compound_id: UUID, year: int, serial: int, lang: str, sha256: bytes, size: int
) -> None:
    """The same print again changes nothing: equal input gives equal bytes."""
    await tx.execute(
        upsert(statement_print)
        .values(
            compound_id=compound_id, year=year, serial=serial, lang=lang, sha256=sha256, size=size
        )
        .on_conflict_do_nothing()
    )


async def find_print(tx: Tx, compound_id: UUID, year: int, serial: int, lang: str) -> bytes | None:
    """The SHA-256 under which the print rests among the files."""
    found = await tx.execute(
        select(statement_print.c.sha256).where(
            statement_print.c.compound_id == compound_id,
            statement_print.c.year == year,
            statement_print.c.serial == serial,
            statement_print.c.lang == lang,
        )
    )
    return found.scalar_one_or_none()


# -- errata --------------------------------------------------------------------------------------


async def add_erratum(
    tx: Tx,
    compound_id: UUID,
    added: Erratum,
    recorded_by: UUID | None,
) -> None:
    year, _, serial = added.statement_number.partition("-")
    await tx.execute(
        insert(erratum).values(
            compound_id=compound_id,
            erratum_id=added.erratum_id,
            year=int(year),
            serial=int(serial),
            entry_id=added.entry_id,
            period=Period.parse(added.period).number,
            explanation=added.explanation,
            recorded_by=recorded_by,
            recorded_at=added.recorded_at,
        )
    )


async def errata(
    tx: Tx,
    compound_id: UUID,
    *,
    period: Period | None = None,
    erratum_id: UUID | None = None,
    entry_id: UUID | None = None,
) -> tuple[Erratum, ...]:
    """Printed by a month's statement, or one by its id or its entry."""
    wanted = {
        erratum.c.period: period.number if period else None,
        erratum.c.erratum_id: erratum_id,
        erratum.c.entry_id: entry_id,
    }
    found = await tx.execute(
        select(
            erratum.c.erratum_id,
            erratum.c.year,
            erratum.c.serial,
            erratum.c.entry_id,
            erratum.c.period,
            erratum.c.explanation,
            erratum.c.recorded_at,
        )
        .where(
            erratum.c.compound_id == compound_id,
            *(column == value for column, value in wanted.items() if value is not None),
        )
        .order_by(erratum.c.recorded_at, erratum.c.erratum_id)
    )
    return tuple(
        Erratum(
            erratum_id=row.erratum_id,
            statement_number=rules.public_number(row.year, row.serial),
            entry_id=row.entry_id,
            period=str(Period.from_number(row.period)),
            explanation=row.explanation,
            recorded_at=row.recorded_at,
        )
        for row in found
    )


# -- the books of the month ----------------------------------------------------------------------


async def entry_numbers(tx: Tx, compound_id: UUID, period: Period, tree_size: int) -> list[int]:
    found = await tx.raw.fetch(
        """
        SELECT number FROM entry
        WHERE compound_id = $1 AND accounting_on BETWEEN $2 AND $3 AND number <= $4
        ORDER BY number
        """,
        compound_id,
        period.first_on,
        period.last_on,
        tree_size,
    )
    return [row["number"] for row in found]


async def posted_since(tx: Tx, compound_id: UUID, period: Period, tree_size: int) -> int:
    """How many entries of the month came after that size of the tree."""
    count = await tx.raw.fetchval(
        """
        SELECT count(*) FROM entry
        WHERE compound_id = $1 AND accounting_on BETWEEN $2 AND $3 AND number > $4
        """,
        compound_id,
        period.first_on,
        period.last_on,
        tree_size,
    )
    return int(count)


async def leaves(tx: Tx, compound_id: UUID, after: int, up_to: int) -> tuple[bytes, ...]:
    found = await tx.raw.fetch(
        "SELECT leaf_hash FROM entry WHERE compound_id = $1 AND number > $2 AND number <= $3 "
        "ORDER BY number",
        compound_id,
        after,
        up_to,
    )
    return tuple(row["leaf_hash"] for row in found)


async def frontier(tx: Tx, compound_id: UUID, tree_size: int) -> tuple[bytes, ...]:
    """The peaks of the tree at a size, by level; empty bytes where a level has none."""
    nodes = full_nodes(0, tree_size)
    found = await tx.raw.fetch(
        """
        SELECT n.level, n.hash
        FROM unnest($2::integer[], $3::bigint[]) AS w (level, index)
        JOIN tree_node AS n ON n.compound_id = $1 AND n.level = w.level AND n.index = w.index
        UNION ALL
        SELECT 0, e.leaf_hash
        FROM entry AS e
        WHERE e.compound_id = $1 AND e.number = $4 AND $4 % 2 = 1
        """,
        compound_id,
        [level for level, _index in nodes],
        [index for _level, index in nodes],
        tree_size,
    )
    peaks = {row["level"]: row["hash"] for row in found}
    return tuple(peaks.get(level, b"") for level in range(tree_size.bit_length()))


async def turnovers(tx: Tx, compound_id: UUID, first: Period, last: Period) -> tuple[Turnover, ...]:
    """What the months from the first to the last did to each account of each fund."""
    found = await tx.execute(
        text(
            """
            SELECT fund, account, CAST(sum(debit_fen) AS bigint) AS debit_fen,
                   CAST(sum(credit_fen) AS bigint) AS credit_fen
            FROM turnover
            WHERE compound_id = :compound_id AND period BETWEEN :first AND :last
            GROUP BY fund, account
            ORDER BY fund, account
            """
        ),
        {"compound_id": compound_id, "first": first.number, "last": last.number},
    )
    return tuple(
        Turnover(
            fund=row.fund, account=row.account, debit_fen=row.debit_fen, credit_fen=row.credit_fen
        )
        for row in found
    )


# -- what the other houses know of the month -----------------------------------------------------


async def orders(
    tx: Tx, compound_id: UUID, act_ids: Collection[UUID], last_on: date
) -> Sequence[Any]:
    """Payment orders by act, with the bank's reference when it booked them by that day."""
    found = await tx.execute(
        text(
            """
            SELECT o.order_id, o.act_id, o.number_year, o.number, o.body, l.code AS budget_line,
                   (
                       SELECT string_agg(b.reference, ', ' ORDER BY b.booked_on, b.line_id)
                       FROM bank_match AS m
                       JOIN bank_line AS b ON b.compound_id = m.compound_id AND b.line_id = m.line_id
                       WHERE m.compound_id = o.compound_id AND m.account = o.bank_account
                         AND m.entry_id = o.order_id AND b.booked_on <= :last_on
                   ) AS bank_reference
            FROM payment_order AS o
            LEFT JOIN budget_line AS l
                ON l.compound_id = o.compound_id AND l.line_id = o.budget_line_id
            WHERE o.compound_id = :compound_id AND o.act_id = ANY (CAST(:act_ids AS uuid[]))
            """
        ),
        {"compound_id": compound_id, "act_ids": list(act_ids), "last_on": last_on},
    )
    return found.all()


async def acts(tx: Tx, compound_id: UUID, act_ids: Collection[UUID]) -> Sequence[Any]:
    """The version of each act that was signed, signature by signature with its key."""
    found = await tx.execute(
        text(
            """
            SELECT a.act_id, a.kind, v.payload, v.digest, s.party, s.office, s.key_id, k.scheme,
                   k.public_key, s.signature, s.signed_at
            FROM act AS a
            JOIN act_version AS v
                ON v.compound_id = a.compound_id AND v.act_id = a.act_id AND v.version = a.version
            JOIN act_signature AS s
                ON s.compound_id = a.compound_id AND s.act_id = a.act_id AND s.version = a.version
            JOIN signing_key AS k ON k.compound_id = s.compound_id AND k.key_id = s.key_id
            WHERE a.compound_id = :compound_id AND a.act_id = ANY (CAST(:act_ids AS uuid[]))
            ORDER BY a.act_id, s.party DESC, s.signed_at, s.key_id
            """
        ),
        {"compound_id": compound_id, "act_ids": list(act_ids)},
    )
    return found.all()


async def used_before_books(tx: Tx, compound_id: UUID, year: int) -> dict[UUID, int]:
    """What budget lines had used when these books took them over in mid-year."""
    found = await tx.raw.fetch(
        """
        SELECT m.line_id, CAST(sum(m.actual_fen) AS bigint) AS used_fen
        FROM budget AS b
        JOIN budget_line AS l ON l.compound_id = b.compound_id AND l.budget_id = b.budget_id
        JOIN line_movement AS m ON m.compound_id = l.compound_id AND m.line_id = l.line_id
        WHERE b.compound_id = $1 AND b.year = $2 AND b.state = 'adopted' AND m.kind = 'open'
        GROUP BY m.line_id
        """,
        compound_id,
        year,
    )
    return {row["line_id"]: row["used_fen"] for row in found}


async def contracts(tx: Tx, compound_id: UUID) -> Sequence[Any]:
    """Contracts that hold part of a budget line."""
    found = await tx.execute(
        text(
            """
            SELECT c.title, v.name AS counterparty, c.fund, l.code AS budget_line, c.ends_on,
                   c.encumbered_fen
            FROM contract AS c
            JOIN vendor AS v ON v.compound_id = c.compound_id AND v.vendor_id = c.vendor_id
            LEFT JOIN budget_line AS l
                ON l.compound_id = c.compound_id AND l.line_id = c.budget_line_id
            WHERE c.compound_id = :compound_id AND c.encumbered_fen > 0
            ORDER BY c.fund, l.code, c.title, c.contract_id
            """
        ),
        {"compound_id": compound_id},
    )
    return found.all()


async def resolutions(tx: Tx, compound_id: UUID, ids: Collection[UUID]) -> Sequence[Any]:
    found = await tx.execute(
        text(
            """
            SELECT resolution_id, year, serial, title, held_on
            FROM resolution
            WHERE compound_id = :compound_id AND resolution_id = ANY (CAST(:ids AS uuid[]))
            """
        ),
        {"compound_id": compound_id, "ids": list(ids)},
    )
    return found.all()


async def through_channel(tx: Tx, compound_id: UUID, period: Period) -> tuple[int, int]:
    """Received through the payment channel in the month, and settled by it to the bank."""
    row = await tx.raw.fetchrow(
        """
        SELECT (SELECT coalesce(sum(r.amount_fen), 0)::bigint FROM receipt AS r
                WHERE r.compound_id = $1 AND r.account LIKE '1012%'
                  AND r.received_on BETWEEN $2 AND $3) AS received_fen,
               (SELECT coalesce(sum(s.gross_fen), 0)::bigint FROM channel_settlement AS s
                WHERE s.compound_id = $1 AND s.settled_on BETWEEN $2 AND $3) AS settled_fen
        """,
        compound_id,
        period.first_on,
        period.last_on,
    )
    return row["received_fen"], row["settled_fen"]


async def not_yet_run(tx: Tx, compound_id: UUID, period: Period) -> tuple[str, ...]:
    """Charges and contracts of public revenue that have not been booked for the month."""
    found = await tx.raw.fetch(
        """
        SELECT DISTINCT t.kind AS what
        FROM tariff AS t
        WHERE t.compound_id = $1 AND t.valid_from <= $2
          AND NOT EXISTS (
              SELECT FROM charge_run AS r
              WHERE r.compound_id = t.compound_id AND r.kind = t.kind AND r.period = $2
          )
        UNION
        SELECT DISTINCT c.kind
        FROM revenue_contract AS c
        WHERE c.compound_id = $1 AND c.starts_on <= $4 AND c.ends_on >= $3
          AND NOT EXISTS (
              SELECT FROM revenue_share AS s
              WHERE s.compound_id = c.compound_id AND s.contract_id = c.contract_id
                AND s.period = $2
          )
        ORDER BY what
        """,
        compound_id,
        period.number,
        period.first_on,
        period.last_on,
    )
    return tuple(row["what"] for row in found)


# -- what a publication fixes --------------------------------------------------------------------


async def numbered_leaves(tx: Tx, compound_id: UUID, size: int) -> tuple[tuple[int, bytes], ...]:
    """The entries that are there, in the order of their numbers; nothing says that none is missing."""
    found = await tx.raw.fetch(
        "SELECT number, leaf_hash FROM entry WHERE compound_id = $1 AND number BETWEEN 1 AND $2 "
        "ORDER BY number",
        compound_id,
        size,
    )
    return tuple((row["number"], row["leaf_hash"]) for row in found)


async def first_latecomer(tx: Tx, compound_id: UUID, period: str, size: int) -> int | None:
    """The first entry after that size of the tree that is dated in the month or before it."""
    found: int | None = await tx.raw.fetchval(
        "SELECT min(number) FROM entry "
        "WHERE compound_id = $1 AND number > $2 AND accounting_on <= $3",
        compound_id,
        size,
        Period.parse(period).last_on,
    )
    return found


async def tree_nodes(tx: Tx, compound_id: UUID, size: int) -> dict[tuple[int, int], bytes]:
    """Every stored node of the tree of that size, by level and index."""
    found = await tx.raw.fetch(
        "SELECT level, index, hash FROM tree_node "
        "WHERE compound_id = $1 AND (index + 1) << level <= $2",
        compound_id,
        size,
    )
    return {(row["level"], row["index"]): row["hash"] for row in found}


async def sealed_root(tx: Tx, compound_id: UUID, period: str) -> str | None:
    found: bytes | None = await tx.raw.fetchval(
        "SELECT root FROM period WHERE compound_id = $1 AND period = $2",
        compound_id,
        Period.parse(period).number,
    )
    return None if found is None else found.hex()


async def sealed_balances(tx: Tx, compound_id: UUID, period: str) -> dict[tuple[str, str], int]:
    """By account and fund, as the close of the month wrote them down."""
    found = await tx.raw.fetch(
        "SELECT account, fund, balance_fen FROM period_balance "
        "WHERE compound_id = $1 AND period = $2",
        compound_id,
        Period.parse(period).number,
    )
    return {(row["account"], row["fund"]): row["balance_fen"] for row in found}


async def signed_act_ids(tx: Tx, compound_id: UUID) -> tuple[UUID, ...]:
    found = await tx.raw.fetch(
        "SELECT act_id FROM act WHERE compound_id = $1 AND state = 'signed' ORDER BY act_id",
        compound_id,
    )
    return tuple(row["act_id"] for row in found)


async def payees(tx: Tx, compound_id: UUID) -> Sequence[Any]:
    """Of each order that has paid, the payee of the version that was signed."""
    found = await tx.execute(
        text(
            """
            SELECT o.act_id, p.kind, p.name, p.bank, p.account_number, p.salt
            FROM payment_order AS o
            JOIN payment_payee AS p
                ON p.compound_id = o.compound_id AND p.order_id = o.order_id
                AND p.act_version = o.act_version
            WHERE o.compound_id = :compound_id AND o.released_at IS NOT NULL
            """
        ),
        {"compound_id": compound_id},
    )
    return found.all()
