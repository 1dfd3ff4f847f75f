"""The one engine: transactions that an edge opens and nobody inside commits.

SQLAlchemy runs in AUTOCOMMIT and the transaction is opened on the driver's own connection, so that
SQLAlchemy Core and raw asyncpg calls stand in the same transaction from its first statement on.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from trustprop.kernel.caller import Caller

NOBODY = UUID(int=0)
"""The compound of a transaction that serves none (people, sessions, operator)."""

RETRYABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
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


class Database:
    """A pool of connections as the serving role."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    @classmethod
    def connect(cls, url: str, *, pool_size: int = 8) -> "Database":
        """``url`` begins with ``postgresql://``; connections open when first needed."""
        return cls(
            create_async_engine(
                url.replace("postgresql://", "postgresql+asyncpg://", 1),
                isolation_level="AUTOCOMMIT",
                pool_size=pool_size,
                max_overflow=0,
                pool_timeout=30,
                pool_reset_on_return=None,
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
        )

    async def close(self) -> None:
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
        async with self._engine.connect() as connection:
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            try:
                await raw.execute(
                    f"{opening}; SET LOCAL app.compound_id = '{UUID(int=compound_id.int)}'"
                )
                yield Tx(connection, raw)
                await raw.execute(ending)
            except BaseException:
                await self._abandon(connection, raw)
                raise

    @staticmethod
    async def _abandon(connection: AsyncConnection, raw: asyncpg.Connection) -> None:
        """Rolls back; a connection that cannot even do that never returns to the pool."""
        try:
            await raw.execute("ROLLBACK")
        except BaseException:  # noqa: BLE001 - whatever it was, the first error is the one to tell
            raw.terminate()
            await connection.invalidate()
