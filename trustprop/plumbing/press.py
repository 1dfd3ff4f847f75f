"""Where paper is printed: processes of their own, so that no request ever waits for it."""

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar, TypeVarTuple

Drawn = TypeVar("Drawn")
Told = TypeVarTuple("Told")

ATTEMPTS = 3
PRINTS_PER_PROCESS = 100
"""Then a fresh process takes over, so that its memory does not grow for ever."""


class Press:
    """A pool of printing processes; a killed one is replaced and its print done again."""

    def __init__(self, processes: int = 2) -> None:
        self._processes = processes
        self._pool: ProcessPoolExecutor | None = None

    async def draw(self, function: Callable[[*Told], Drawn], *arguments: *Told) -> Drawn:
        """Calls a function of a module with arguments that pickle, in a printing process.

        Raises BrokenProcessPool only when drawing kills its process every time.
        """
        for attempt in range(1, ATTEMPTS + 1):
            pool = self._open()
            try:
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(pool, function, *arguments)
            except BrokenProcessPool:
                self._replace(pool)
                if attempt == ATTEMPTS:
                    raise
        raise AssertionError

    @property
    def size(self) -> int:
        """How many documents it draws at once."""
        return self._processes

    @property
    def processes(self) -> tuple[int, ...]:
        """The process ids at work."""
        return tuple(self._pool._processes) if self._pool else ()  # noqa: SLF001 - no other way

    async def warm_up(self) -> None:
        """Starts the processes before the first document waits for them."""
        loop, pool = asyncio.get_running_loop(), self._open()
        await asyncio.gather(
            *(loop.run_in_executor(pool, os.getpid) for _process in range(self._processes))
        )

    def close(self) -> None:
        """At once: a print under way is no loss, its job is done again."""
        if self._pool is not None:
            pool, self._pool = self._pool, None
            started = list((pool._processes or {}).values())  # noqa: SLF001 - no other way
            pool.shutdown(wait=False, cancel_futures=True)
            for process in started:
                process.terminate()
                process.join()

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._processes,
                mp_context=multiprocessing.get_context("spawn"),
                max_tasks_per_child=PRINTS_PER_PROCESS,
                initializer=_end_with_parent,
            )
        return self._pool

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        """Only once, however many prints found the same pool broken."""
        if self._pool is broken:
            broken.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _end_with_parent() -> None:
    """In a printing process: a worker that is killed outright leaves no processes behind."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
