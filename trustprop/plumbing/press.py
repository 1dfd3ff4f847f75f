"""Where paper is printed: processes of their own, so that no request ever waits for it."""

import asyncio
import gc
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

    def __init__(self, processes: int = 2, *, prints_per_process: int = PRINTS_PER_PROCESS) -> None:
        self._processes = processes
        self._prints_per_pool = processes * prints_per_process
        self._pool: ProcessPoolExecutor | None = None
        self._prints = 0
        self._free = asyncio.Semaphore(processes)

    async def draw(self, function: Callable[[*Told], Drawn], *arguments: *Told) -> Drawn:
        """Calls a function of a module with arguments that pickle, in a printing process.

        Raises BrokenProcessPool only when drawing kills its process every time.
        """
        async with self._free:
            for attempt in range(1, ATTEMPTS + 1):
                pool = self._next()
                try:
                    loop = asyncio.get_running_loop()
                    return await loop.run_in_executor(pool, _tidily, function, *arguments)
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

    def _next(self) -> ProcessPoolExecutor:
        """The pool for one more print: a fresh one when this one has printed enough.

        Counted here: an executor that counts for itself (``max_tasks_per_child``) can stop for ever
        in Python 3.11 when all its processes have done their share.
        """
        if self._pool is not None and self._prints >= self._prints_per_pool:
            # It ends what it still prints; then its processes go by themselves.
            self._pool.shutdown(wait=False)
            self._pool = None
        pool = self._open()
        self._prints += 1
        return pool

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._prints = 0
            self._pool = ProcessPoolExecutor(
                self._processes,
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_begin,
            )
        return self._pool

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        """Only once, however many prints found the same pool broken."""
        if self._pool is broken:
            broken.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _begin() -> None:
    """In a printing process. A document is millions of objects that all live until it is written:
    looking among them for garbage as often as usual costs a quarter of the time and finds nothing.
    """
    gc.set_threshold(50_000, 20, 100)
    _end_with_parent()


def _tidily(function: Callable[[*Told], Drawn], *arguments: *Told) -> Drawn:
    """Draws, and leaves no layout behind: else a process grows by each hundred ballots it prints."""
    try:
        return function(*arguments)
    finally:
        gc.collect()


def _end_with_parent() -> None:
    """A worker that is killed outright leaves no processes behind."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
