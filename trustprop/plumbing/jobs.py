"""Work that follows a commit: a job row written in the caller's transaction, done by a worker."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg
import msgspec
import structlog
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

from trustprop.plumbing.database import Tx

log = structlog.get_logger()

Work = Callable[[dict[str, Any]], Awaitable[None]]
"""What a kind of job does with its payload. It may run twice and must not mind."""

ATTEMPTS = 5


async def enqueue(tx: Tx, kind: str, payload: dict[str, Any]) -> None:
    """The job exists if and only if the transaction commits."""
    await Queries(AsyncpgDriver(tx.raw)).enqueue(kind, msgspec.json.encode(payload))


async def run(url: str, works: Mapping[str, Work], *, until_empty: bool = False) -> None:
    """Runs the jobs of these kinds until cancelled, or until none is left."""
    connection = await asyncpg.connect(url)
    try:
        queue = PgQueuer(AsyncpgDriver(connection))
        for kind, work in works.items():
            queue.entrypoint(kind)(_attempts(kind, work))
        mode = QueueExecutionMode.drain if until_empty else QueueExecutionMode.continuous
        await queue.run(mode=mode)
    finally:
        await connection.close()


def _attempts(kind: str, work: Work) -> Callable[[Job], Awaitable[None]]:
    async def attempt(job: Job) -> None:
        payload = msgspec.json.decode(job.payload or b"{}")
        for number in range(1, ATTEMPTS + 1):
            try:
                await work(payload)
            except Exception as error:
                log.warning("job failed", kind=kind, attempt=number, exc_info=error)
                if number == ATTEMPTS:
                    raise
                await asyncio.sleep(2**number / 10)
            else:
                return

    return attempt
