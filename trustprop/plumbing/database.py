"""The one engine: transactions that an edge opens and nobody inside commits.

SQLAlchemy runs in AUTOCOMMIT and the transaction is opened on the driver's own connection, so that
SQLAlchemy Core and raw asyncpg calls stand in the same transaction from its first statement on.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import CursorResult, Executable, NullPool
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from trustprop.kernel.caller import Caller

NOBODY = UUID(int=0)
"""The compound of a transaction that serves none (people, sessions, operator)."""

RETRYABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
WAIT_S = 30
"""How long a transaction waits for a connection before the service says that it is busy."""
UNAVAILABLE = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    OSError,
)


class Tx:
    """One open transaction."""

    def __init__(self, connection: AsyncConnection, raw: asyncpg.Connection) -> None:
        self._connection = connection
        self.raw = raw
        """The asyncpg connection, inside the same transaction; for hot paths."""

    async def execute(
        self,
        statement: Executable,
        parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
    ) -> CursorResult[Any]:
        return await self._connection.execute(statement, parameters)

    async def roll_back(self) -> bool:
        """False when the connection cannot even do that; then it is gone for good."""
        try:
            await self.raw.execute("ROLLBACK")
        except BaseException:  # noqa: BLE001 - whatever it was, the first error is the one to tell
            self.raw.terminate()
            await self.close()
            return False
        return True

    async def close(self) -> None:
        if self.raw.is_closed():
            await self._connection.invalidate()
        await self._connection.close()


class Database:
    """A pool of connections as the serving role.

    The pool is here and not SQLAlchemy's: taking a connection that is free must not cost a switch of
    greenlets, because every request does it twice.
    """

    def __init__(self, engine: AsyncEngine, pool_size: int) -> None:
        self._engine = engine
        self._free = asyncio.Semaphore(pool_size)
        self._idle: list[Tx] = []

    @classmethod
    def connect(cls, url: str, *, pool_size: int = 8) -> "Database":
        """``url`` begins with ``postgresql://``; connections open when first needed."""
        engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            isolation_level="AUTOCOMMIT",
            poolclass=NullPool,
            connect_args={
                "server_settings": {
                    "application_name": "trustprop",
                    "timezone": "UTC",
                    "jit": "off",
                    "lock_timeout": "20s",
                    "idle_in_transaction_session_timeout": "60s",
                },
            },
        )
        return cls(engine, pool_size)

    async def close(self) -> None:
        while self._idle:
            await self._idle.pop().close()
        await self._engine.dispose()

    def begin(self, caller: Caller | None, *, dry_run: bool = False) -> Any:
        """A read-write transaction in the caller's compound; committed when the block ends well.

        With ``dry_run`` the same path runs and everything is rolled back.
        """
        return self._transaction(caller, "BEGIN", "ROLLBACK" if dry_run else "COMMIT")

    def read(self, caller: Caller | None) -> Any:
        """A read-only transaction that sees one instant of the books."""
        return self._transaction(
            caller, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "COMMIT"
        )

    @asynccontextmanager
    async def _transaction(
        self, caller: Caller | None, opening: str, ending: str
    ) -> AsyncIterator[Tx]:
        compound_id = caller.compound_id if caller else NOBODY
        async with self.alone() as tx:
            await tx.raw.execute(
                f"{opening}; SET LOCAL app.compound_id = '{UUID(int=compound_id.int)}'"
            )
            yield tx
            await tx.raw.execute(ending)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[Tx]:
        """A connection on which each statement is a transaction by itself and in no compound.

        It goes back to the pool when it is fit for the next one.
        """
        await self._wait()
        try:
            tx = await self._take()
            try:
                yield tx
            except BaseException:
                if not await tx.roll_back():
                    raise
                self._idle.append(tx)
                raise
            self._idle.append(tx)
        finally:
            self._free.release()

    async def _wait(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(WAIT_S):
                await self._free.acquire()
        except TimeoutError:
            raise PoolTimeout(f"no connection was free for {WAIT_S} s") from None

    async def _take(self) -> Tx:
        """An idle connection that the server has not closed meanwhile, or a new one."""
        while self._idle:
            tx = self._idle.pop()
            if not tx.raw.is_closed():
                return tx
            await tx.close()
        connection = await self._engine.connect()
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None
        return Tx(connection, raw)
