"""Posting: through the service, by the bare SQL function, and by two ledgers of the Django world."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg
import msgspec

from benchmarks.ground import ROOT, Ground, Result, compare, result, run_python, say
from tests.make.ground import make_caller, new_id
from tests.make.ledger import credit, debit, entry, open_books
from trustprop.kernel.caller import Caller
from trustprop.ledger import service as ledger
from trustprop.ledger.model import Entry, EntryKind
from trustprop.ledger.service.posting import new_salt
from trustprop.ledger.store.posting import _POST_PAIR as POST_PAIR
from trustprop.ledger.store.posting import _arrays as arrays_of
from trustprop.ledger.store.posting import _pair as pair_of
from trustprop.plumbing.database import Database

AT = datetime(2025, 9, 15, 4, 0, tzinfo=UTC)
ON = date(2025, 9, 15)
HOMES = 600
SECONDS = 3.0
OTHER_PYTHON = ROOT / "var" / "bench-venv" / "bin" / "python"
"""The peers' own environment, which ``scripts/bench`` makes."""


async def one_entry(ground: Ground) -> list[Result]:
    """A two-line entry per transaction, by 1, 4 and 16 connections."""
    results = []
    for connections in (1, 4, 16):
        for compounds in sorted({1, connections}):
            ours, bare, rows = await _compare_posting(ground, connections, compounds)
            shared = "one compound" if compounds == 1 else f"{compounds} compounds"
            name, what = f"post-{connections}-{compounds}", f"{connections} connections, {shared}"
            against = "bare SQL function over asyncpg, autocommit"
            results.append(
                result(name, f"two-line entry, {what}", "/s", ours, bare, against, at_least=0.6)
            )
            results.append(
                result(
                    f"{name}-rows",
                    f"{what}, beside rows only",
                    "/s",
                    ours,
                    rows,
                    f"{against}, that only inserts",
                )
            )
            say(f"  {what}: {ours} {bare} {rows}")
    return results


async def _compare_posting(
    ground: Ground, connections: int, compounds: int
) -> tuple[tuple[float, ...], ...]:
    """Through the service, by the function that it calls, and by one that only inserts the rows."""
    database = Database.connect(ground.serving_url, pool_size=connections)
    callers = [await _open(database) for _ in range(compounds)]
    served = list(itertools.islice(itertools.cycle(callers), connections))
    raw = [await asyncpg.connect(ground.serving_url) for _ in served]
    for connection, caller in zip(raw, served, strict=True):
        await connection.execute(f"SET app.compound_id = '{caller.compound_id}'")
    owners = [await asyncpg.connect(ground.owner_url) for _ in served]
    await owners[0].execute(_ONLY_ROWS)
    nobody = itertools.count(1)
    seconds = SECONDS if not ground.options.quick else 1.0

    async def ours() -> float:
        return await _rate([_service(database, caller) for caller in served], seconds)

    async def bare() -> float:
        return await _rate(
            [_bare(one, caller) for one, caller in zip(raw, served, strict=True)], seconds
        )

    async def rows() -> float:
        return await _rate([_only_rows(one, nobody) for one in owners], seconds)

    try:
        for measure in (ours, bare, rows):
            await measure()
        return await compare(ours, bare, rows)
    finally:
        await database.close()
        for connection in (*raw, *owners):
            await connection.close()


async def _open(database: Database) -> Caller:
    caller = make_caller(at=AT)
    async with database.begin(caller) as tx:
        await open_books(tx, caller)
    return caller


def _entry(amount_fen: int = 123_45) -> Entry:
    return entry(
        debit("100201", amount_fen), credit("4301", amount_fen), on=ON, memo="9月物业费 3-2-501"
    )


def _service(database: Database, caller: Caller) -> Callable[[], Awaitable[None]]:
    async def post() -> None:
        posted = _entry()
        async with database.begin(caller) as tx:
            await ledger.post(tx, caller, (posted,))

    return post


def _bare(connection: asyncpg.Connection, caller: Caller) -> Callable[[], Awaitable[None]]:
    """The same function with arguments that need no work; only the ids are new."""
    arguments = pair_of(_entry(), new_salt())

    async def post() -> None:
        identity = new_id()
        await connection.fetch(
            POST_PAIR,
            caller.compound_id,
            AT,
            identity,
            *arguments[1:6],
            identity,
            *arguments[7:],
        )

    return post


def _only_rows(
    connection: asyncpg.Connection, numbers: Iterator[int]
) -> Callable[[], Awaitable[None]]:
    """The rows of an entry in a compound that nobody has: no lock, hash, tree, balance or trigger."""
    compound_id = new_id()

    async def post() -> None:
        await connection.fetchval(
            "SELECT bench_rows($1, $2, $3, $4)", compound_id, next(numbers), new_id(), new_salt()
        )

    return post


_ONLY_ROWS = """
CREATE TABLE IF NOT EXISTS bench_entry (LIKE entry INCLUDING ALL);
CREATE TABLE IF NOT EXISTS bench_line (LIKE entry_line INCLUDING ALL);
CREATE OR REPLACE FUNCTION bench_rows(c uuid, n bigint, e uuid, salt bytea) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO bench_entry VALUES (c, n, e, 'voucher', '2025-09-15', 202509, '2025-09-15T04:00:00Z',
        '9月物业费 3-2-501', salt, 'voucher', e, NULL, NULL, NULL, '{}', salt);
    INSERT INTO bench_line VALUES
        (c, n, 1, '100201', 'OP', 12345, 0, NULL, NULL, '', ''),
        (c, n, 2, '4301', 'OP', 0, 12345, NULL, NULL, '', '');
END $$
"""


async def _rate(posts: list[Callable[[], Awaitable[None]]], seconds: float) -> float:
    """Calls per second, each of these in its own task, over this time."""
    done = 0
    deadline = time.perf_counter() + seconds

    async def run(post: Callable[[], Awaitable[None]]) -> None:
        nonlocal done
        while time.perf_counter() < deadline:
            await post()
            done += 1

    started = time.perf_counter()
    await asyncio.gather(*(run(post) for post in posts))
    return done / (time.perf_counter() - started)


async def peers(ground: Ground) -> list[Result]:
    """django-hordak ``transfer_to`` and django-ledger ``commit_txs`` beside ours, one connection each."""
    database = Database.connect(ground.serving_url, pool_size=1)
    caller = await _open(database)
    seconds = "3" if not ground.options.quick else "1"

    async def ours() -> float:
        return await _rate([_service(database, caller)], float(seconds))

    results = []
    try:
        for name, call, at_least in (
            ("hordak", "django-hordak 2.0.0 transfer_to", 3.0),
            ("ledger", "django-ledger 0.8.5 commit_txs", 20.0),
        ):

            async def theirs(name: str = name) -> float:
                told = await asyncio.to_thread(
                    run_python,
                    OTHER_PYTHON,
                    f"benchmarks/others/run_{name}.py",
                    ground.owner_url,
                    seconds,
                )
                return float(msgspec.json.decode(told)["per_second"])

            mine, other = await compare(ours, theirs)
            results.append(
                result(
                    f"peer-{name}",
                    "two-line entry through the service, 1 connection",
                    "/s",
                    mine,
                    other,
                    call,
                    at_least=at_least,
                )
            )
            say(f"  {call}: {mine} {other}")
    finally:
        await database.close()
    return results


async def charge_run(ground: Ground) -> list[Result]:
    """600 homes' entries in one call, against one set-based INSERT of the same rows.

    The baseline writes into the same two tables with their indexes, CHECKs and triggers, in another
    compound, and makes no hashes, no tree and no balances.
    """
    database = Database.connect(ground.serving_url, pool_size=1)
    owner = await asyncpg.connect(ground.owner_url)
    caller = await _open(database)
    other = await _open(database)
    homes = [new_id() for _ in range(HOMES)]

    async def ours() -> float:
        entries = tuple(_charge(home) for home in homes)
        started = time.perf_counter()
        async with database.begin(caller) as tx:
            await ledger.post(tx, caller, entries)
        return HOMES / (time.perf_counter() - started)

    first = itertools.count(1, HOMES)

    async def bare() -> float:
        entries = tuple(_charge(home) for home in homes)
        arguments = arrays_of(entries, [new_salt() for _ in entries])
        offset = next(first)
        started = time.perf_counter()
        await owner.execute(_BARE_INSERT, other.compound_id, AT, offset, *arguments)
        return HOMES / (time.perf_counter() - started)

    try:
        for _ in range(4):
            await ours()
            await bare()
        mine, inserted = await compare(ours, bare)
    finally:
        await database.close()
        await owner.close()
    return [
        result(
            "charge-run",
            f"charge run, {HOMES} homes in one call",
            "entries/s",
            mine,
            inserted,
            "set-based INSERT of the same rows, same tables and triggers",
            at_least=0.6,
        )
    ]


def _charge(home: UUID) -> Entry:
    return entry(
        debit("112101", 26_730, counterparty_id=home, scope="3"),
        credit("4301", 26_730, scope="3"),
        kind=EntryKind.CHARGE,
        on=ON,
        memo="2025-09 物业费",
    )


_BARE_INSERT = """
WITH lines AS (
    INSERT INTO entry_line (compound_id, number, line, account, fund, debit_fen, credit_fen,
        budget_line_id, counterparty_id, scope, project)
    SELECT $1, $3::bigint + l.entry - 1, l.line, l.account, l.fund, greatest(l.amount, 0),
        greatest(-l.amount, 0), l.budget_line_id, l.counterparty_id, l.scope, l.project
    FROM unnest($15::integer[], $16::integer[], $17::bytea[], $18::text[], $19::text[], $20::bigint[],
            $21::uuid[], $22::uuid[], $23::text[], $24::text[])
        AS l (entry, line, salt, account, fund, amount, budget_line_id, counterparty_id, scope, project)
)
INSERT INTO entry (compound_id, number, entry_id, kind, accounting_on, period, recorded_at, memo,
    memo_salt, source_kind, source_id, act_id, resolution_id, reverses_entry_id, evidence, leaf_hash)
SELECT $1, $3::bigint + e.ord - 1, e.entry_id, e.kind, e.accounting_on, 202509, $2, e.memo, e.salt,
    e.source_kind, e.source_id, e.act_id, e.resolution_id, e.reverses, '{}', e.salt
FROM unnest($4::uuid[], $5::text[], $6::date[], $7::text[], $8::bytea[], $9::text[], $10::uuid[],
        $11::uuid[], $12::uuid[], $13::uuid[], $14::bytea[])
    WITH ORDINALITY AS e (entry_id, kind, accounting_on, memo, salt, source_kind, source_id, act_id,
        resolution_id, reverses, evidence, ord)
"""
