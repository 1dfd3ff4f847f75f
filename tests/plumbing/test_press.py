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
