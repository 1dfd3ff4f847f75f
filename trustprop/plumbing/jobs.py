"""Work that follows a commit: a job row written in the caller's transaction, done by a worker.

The worker also has duties, which no commit asks for: they come round by the clock.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg
import msgspec
import structlog
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job
from pgqueuer.queries import Queries
from pgqueuer.types import QueueExecutionMode

from trustprop.plumbing.database import Tx

log = structlog.get_logger()

Work = Callable[[dict[str, Any]], Awaitable[None]]
"""What a kind of job does with its payload. It may run twice and must not mind."""

Duty = Callable[[], Awaitable[None]]
"""What is due again and again. It may run in several workers at once and must not mind."""

ATTEMPTS = 5
ROUND_S = 60
GRACE_S = 1.5
"""How long a job under way may go on once the worker is told to stop; then another worker does it."""

AGAIN_S = 0.2
"""The queue waits for its jobs even when it is cancelled; only a second call reaches them."""


async def enqueue(tx: Tx, kind: str, payload: dict[str, Any]) -> None:
    """The job exists if and only if the transaction commits."""
    await Queries(AsyncpgDriver(tx.raw)).enqueue(kind, msgspec.json.encode(payload))


async def run(
    url: str,
    works: Mapping[str, Work],
    *,
    duties: Sequence[Duty] = (),
    stop: asyncio.Event | None = None,
    until_empty: bool = False,
) -> None:
    """Runs the jobs of these kinds until told to stop, or until none is left; duties every minute."""
    connection = await asyncpg.connect(url)
    rounds = asyncio.create_task(_rounds(duties))
    try:
        queue = PgQueuer(AsyncpgDriver(connection))
        for kind, work in works.items():
            queue.entrypoint(kind)(_attempts(kind, work))
        mode = QueueExecutionMode.drain if until_empty else QueueExecutionMode.continuous
        working = asyncio.create_task(queue.run(mode=mode))
        await _until(working, stop or asyncio.Event())
        queue.shutdown.set()
        await _end(working)
    finally:
        await _end(rounds, grace_s=0)
        connection.terminate()


async def _rounds(duties: Sequence[Duty]) -> None:
    """One duty that fails is told and tried again a minute later; the others do not suffer."""
    while True:
        for duty in duties:
            try:
                await duty()
            except Exception as error:
                log.warning("duty failed", exc_info=error)
        await asyncio.sleep(ROUND_S)


async def _until(working: asyncio.Task[None], stop: asyncio.Event) -> None:
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()


async def _end(task: asyncio.Task[None], grace_s: float = GRACE_S) -> None:
    """Waits a little, then cancels until it listens; what the task itself raised is raised."""
    await asyncio.wait((task,), timeout=grace_s)
    while not task.done():
        task.cancel()
        await asyncio.wait((task,), timeout=AGAIN_S)
    if not task.cancelled():
        task.result()


def _attempts(kind: str, work: Work) -> Callable[[Job], Awaitable[None]]:
    async def attempt(job: Job) -> None:
        payload = msgspec.json.decode(job.payload or b"{}")
        for number in range(1, ATTEMPTS + 1):
            try:
                await work(payload)
            except asyncio.CancelledError:
                # The worker ends; without this the queue would count the job as called off.
                raise RetryRequested(reason="the worker was told to stop") from None
            except Exception as error:
                log.warning("job failed", kind=kind, attempt=number, exc_info=error)
                if number == ATTEMPTS:
                    raise
                await asyncio.sleep(2**number / 10)
            else:
                return

    return attempt
