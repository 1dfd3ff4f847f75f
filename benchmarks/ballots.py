"""Ballots for a compound of 5,000 owners: the worker's way with several processes against one."""

import asyncio
import time
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.ground import ROOT, Ground, Result, result, say
from benchmarks.printing import peak_mb
from trustprop.kernel.canonical import canonical_json
from trustprop.meetings.model.papers import Ballots, BallotToPrint, PaperName
from trustprop.meetings.model.prints import CHUNK
from trustprop.meetings.printing import counted_pdf
from trustprop.plumbing.press import Press

LANG = "zh"
BALLOTS = 5000
BASELINE = 600
"""By one process: enough chunks for a steady pace."""
PROCESSES = 2


async def everybody(ground: Ground) -> list[Result]:
    """5,000 ballots, each with a secret sheet, in files of a hundred, and the most memory of a process."""
    count = ground.options.count(BALLOTS, 2 * CHUNK)
    baseline = ground.options.count(BASELINE, CHUNK)
    one, _ = await _print(baseline, 1)
    many, highest_mb = await _print(count, PROCESSES)
    say(f"  {many:.1f} and {one:.1f} pages/s, at most {highest_mb:.0f} MB in one process")
    return [
        result(
            "ballots",
            f"{count} ballots as PDFs by {PROCESSES} processes",
            "pages/s",
            (many,),
            (one,),
            "1 process",
            at_least=1.7,
            remark=f"one run; the baseline on {baseline}",
        ),
        result(
            "ballots-memory",
            "the same, peak memory of one process",
            "MB",
            (highest_mb,),
            at_most=900.0,
        ),
    ]


async def _print(count: int, processes: int) -> tuple[float, float]:
    """Pages per second and the highest memory of a printing process in MB; no more chunks wait
    in memory than are printed, as in the worker.
    """
    press = Press(processes)
    highest_mb, pages, is_printing = 0.0, 0, True
    gate = asyncio.Semaphore(processes)

    async def watch() -> None:
        nonlocal highest_mb
        while is_printing:
            for pid in press.processes:
                highest_mb = max(highest_mb, peak_mb(pid))
            await asyncio.sleep(0.2)

    watching = asyncio.create_task(watch())
    try:
        await asyncio.gather(*(_draw(press, _ballots(1, 2)) for _ in range(2 * processes)))
        started = time.perf_counter()
        with _progress() as shown:
            task = shown.add_task(f"{processes} processes", total=count)

            async def chunk(first: int, last: int) -> None:
                nonlocal pages
                async with gate:
                    drawn = await _draw(press, _ballots(first, last))
                    pages += drawn
                    shown.advance(task, last - first + 1)

            await asyncio.gather(*(chunk(first, last) for first, last in _chunks(count)))
        took_s = time.perf_counter() - started
    finally:
        is_printing = False
        await watching
        press.close()
    return pages / took_s, highest_mb


async def _draw(press: Press, told: Ballots) -> int:
    _, pages = await press.draw(counted_pdf, PaperName.BALLOTS, canonical_json(told), LANG)
    return pages


def _chunks(count: int) -> Iterator[tuple[int, int]]:
    """First and last serial of each file."""
    for first in range(1, count + 1, CHUNK):
        yield first, min(first + CHUNK - 1, count)


def _ballots(first: int, last: int) -> Ballots:
    """The sample's ballots under other numbers and codes."""
    sample = msgspec.json.decode((ROOT / "reports/ballots/sample.json").read_bytes(), type=Ballots)
    return replace(
        sample,
        ballots=tuple(
            _numbered(sample.ballots[serial % len(sample.ballots)], serial)
            for serial in range(first, last + 1)
        ),
    )


def _numbered(ballot: BallotToPrint, serial: int) -> BallotToPrint:
    voter = replace(ballot.voter, serial=serial)
    return replace(ballot, voter=voter, code=f"{serial:016d}")


def _progress() -> Progress:
    return Progress(
        TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    )
