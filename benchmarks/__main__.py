"""Runs the benchmarks by name, prints machine, versions and the table, and keeps the figures."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable

import click
import uvloop

from benchmarks import ballots, closing, counting, posting, printing, serving, verifying, voting
from benchmarks.ground import (
    SERVER,
    Ground,
    Options,
    Result,
    keep,
    machine,
    say,
    start_ground,
    table,
    versions,
)
from trustprop.plumbing import embedded

BENCHMARKS: dict[str, Callable[[Ground], Awaitable[list[Result]]]] = {
    "posting": posting.one_entry,
    "peers": posting.peers,
    "charge-run": posting.charge_run,
    "invoices": serving.invoices,
    "statements": serving.statements,
    "pdf": printing.one_statement,
    "press": printing.press,
    "ballots": ballots.everybody,
    "closing": closing.months,
    "verify": verifying.verification,
    "count": counting.one_compound,
    "count-many": counting.many_compounds,
    "voting": voting.minute,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(BENCHMARKS)))
@click.option("--quick", is_flag=True, help="Smaller counts; the results are not kept.")
def main(names: tuple[str, ...], quick: bool) -> None:
    """Measures NAMES, or everything."""
    told = {"machine": machine()}
    ground = start_ground(Options(quick=quick))
    try:
        told["versions"] = asyncio.run(versions(ground))
        for title, facts in told.items():
            print(f"{title}: " + ", ".join(f"{name} {value}" for name, value in facts.items()))
        print("method: each figure the median of three, ours and baseline in turn on one server")
        found: list[Result] = []
        for name in names or tuple(BENCHMARKS):
            started = time.monotonic()
            say(f"{name} …")
            found += uvloop.run(BENCHMARKS[name](ground))
            say(f"  took {time.monotonic() - started:.0f} s, load {os.getloadavg()[0]:.1f}")
    finally:
        embedded.stop(SERVER)
    print(table(found))
    if not quick:
        keep(found, told)


if __name__ == "__main__":
    main()
