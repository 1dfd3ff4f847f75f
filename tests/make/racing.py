"""Many at one instant: what became of each, and reads that have lost their lock."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError

from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Refusal
from trustprop.plumbing.database import Database, Tx

Work = Callable[[Tx], Coroutine[Any, Any, Any]]


async def outcome(work: Coroutine[Any, Any, Any]) -> str:
    """Done, the code of a refusal, or the name of a broken promise."""
    try:
        await work
    except Refusal as refusal:
        return refusal.code
    except (DBAPIError, asyncpg.PostgresError) as error:
        return type(error).__name__
    return "done"


async def race(database: Database, caller: Caller, *works: Work) -> Counter[str]:
    """Each work in a transaction of its own, all at once."""

    async def one(work: Work) -> None:
        async with database.begin(caller) as tx:
            await work(tx)

    return Counter(await asyncio.gather(*(outcome(one(work)) for work in works)))


def together(read: Callable[..., Coroutine[Any, Any, Any]], count: int) -> Any:
    """The read without its lock; the first calls of so many requests wait for each other."""
    everybody = asyncio.Barrier(count)
    waited: set[asyncio.Task[Any] | None] = set()

    async def unlocked(*arguments: Any) -> Any:
        result = await read(*arguments)
        if asyncio.current_task() not in waited:
            waited.add(asyncio.current_task())
            await everybody.wait()
        return result

    return unlocked
