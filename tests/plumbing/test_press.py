"""Printing in processes of their own: the loop goes on, and a killed process is no loss."""

import asyncio
import os
import signal

from tests.make import statements as make
from trustprop.plumbing.press import Press
from trustprop.statements.printing import printed


async def test_a_killed_process_is_replaced_while_the_loop_goes_on():
    press = Press(1)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    try:
        first = await printed(press, make.edition(), "zh")
        assert ticks > 10
        printing = asyncio.create_task(printed(press, make.edition(), "zh"))
        await asyncio.sleep(0.1)
        for pid in list(press.processes):
            os.kill(pid, signal.SIGKILL)
        assert await printing == first
    finally:
        ticking.cancel()
        press.close()


async def test_processes_that_have_printed_enough_make_way_for_fresh_ones():
    press = Press(2, prints_per_process=2)
    try:
        first = {await press.draw(os.getpid) for _print in range(4)}
        then = set(await asyncio.gather(*(press.draw(os.getpid) for _print in range(12))))
        assert first.isdisjoint(then)
        assert len(press.processes) <= press.size
    finally:
        press.close()
