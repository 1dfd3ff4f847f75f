import asyncio

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from tests.make.ground import make_caller
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database, Tx


async def test_core_and_raw_calls_stand_in_one_transaction(tx: Tx, caller: Caller) -> None:
    raw = await tx.raw.fetchval("SELECT pg_current_xact_id()::text")
    core = (await tx.execute(text("SELECT CAST(pg_current_xact_id() AS text)"))).scalar_one()
    assert raw == core
    assert await tx.raw.fetchval("SELECT current_compound_id()") == caller.compound_id


async def test_a_failed_block_leaves_nothing_and_its_connection_serves_again(
    database: Database,
) -> None:
    caller = make_caller()

    async def count() -> int:
        async with database.read(caller) as tx:
            return await tx.raw.fetchval("SELECT count(*) FROM idempotency_key")

    async def claim() -> None:
        async with database.begin(caller) as tx:
            await tx.raw.execute(
                "INSERT INTO idempotency_key VALUES ($1, $1, 'r', 'k', '', 0, '', now())",
                caller.compound_id,
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await claim()
    assert await count() == 0


async def test_reading_transactions_refuse_to_write(database: Database, caller: Caller) -> None:
    async with database.read(caller) as tx:
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await tx.raw.execute("DELETE FROM idempotency_key")


async def test_another_compounds_rows_are_neither_seen_nor_written(database: Database) -> None:
    mine, other = make_caller(), make_caller()
    async with database.begin(mine) as tx:
        await tx.raw.execute(
            "INSERT INTO idempotency_key VALUES ($1, $1, 'r', 'k', '', 0, '', now())",
            mine.compound_id,
        )
    async with database.begin(other) as tx:
        assert await tx.raw.fetchval("SELECT count(*) FROM idempotency_key") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.raw.execute(
                "INSERT INTO idempotency_key VALUES ($1, $1, 'r', 'x', '', 0, '', now())",
                mine.compound_id,
            )


async def test_a_statement_alone_is_committed_and_sees_no_compound(database: Database) -> None:
    caller = make_caller()
    async with database.begin(caller) as tx:
        await tx.raw.execute(
            "INSERT INTO idempotency_key VALUES ($1, $1, 'r', 'k', '', 0, '', now())",
            caller.compound_id,
        )
    async with database.alone() as tx:
        first = await tx.raw.fetchval("SELECT pg_current_xact_id()::text")
        assert first != await tx.raw.fetchval("SELECT pg_current_xact_id()::text")
        assert await tx.raw.fetchval("SELECT current_compound_id()") is None
        assert await tx.raw.fetchval("SELECT count(*) FROM idempotency_key") == 0


async def test_the_application_answers(client) -> None:
    assert (await client.get("/readyz")).json()["status"] == "ready"
    missing = await client.get("/nothing-here", headers={"Accept-Language": "en"})
    assert missing.status_code == 404
    assert missing.json()["code"] == "not-found"
    assert missing.headers["content-type"].startswith("application/problem+json")


async def test_a_connection_that_the_server_closed_is_replaced(
    serving_url: str, owner: asyncpg.Connection
) -> None:
    database = Database.connect(serving_url, pool_size=1)
    pids = []
    for _ in range(2):
        async with database.read(None) as tx:
            pids.append(await tx.raw.fetchval("SELECT pg_backend_pid()"))
        await owner.execute("SELECT pg_terminate_backend($1, 1000)", pids[-1])
        await asyncio.sleep(0.05)
    await database.close()
    assert pids[0] != pids[1]


async def test_a_connection_lost_in_a_transaction_does_not_go_back_to_the_pool(
    serving_url: str, owner: asyncpg.Connection
) -> None:
    database = Database.connect(serving_url, pool_size=1)

    async def lose() -> None:
        async with database.begin(None) as tx:
            pid = await tx.raw.fetchval("SELECT pg_backend_pid()")
            await owner.execute("SELECT pg_terminate_backend($1, 1000)", pid)
            await tx.execute(text("SELECT 1"))

    for _ in range(3):
        with pytest.raises((asyncpg.PostgresError, DBAPIError, asyncpg.InterfaceError)):
            await lose()
    async with database.read(None) as tx:
        assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1
    await database.close()


async def test_a_cancelled_block_gives_its_connection_back(serving_url: str) -> None:
    database = Database.connect(serving_url, pool_size=1)

    async def sleep() -> None:
        async with database.begin(None) as tx:
            await tx.raw.execute("SELECT pg_sleep(30)")

    for _ in range(3):
        sleeping = asyncio.create_task(sleep())
        await asyncio.sleep(0.1)
        sleeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeping
    async with database.read(None) as tx:
        assert await tx.raw.fetchval("SELECT 1") == 1
    await database.close()


async def test_whoever_waits_too_long_for_a_connection_is_told(
    serving_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trustprop.plumbing.database.WAIT_S", 0.05)
    database = Database.connect(serving_url, pool_size=1)
    async with database.read(None):
        with pytest.raises(PoolTimeout):
            async with database.read(None):
                pass
    async with database.read(None) as tx:
        assert await tx.raw.fetchval("SELECT 1") == 1
    await database.close()
