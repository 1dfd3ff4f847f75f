"""The demo: starts the service, plays month and meeting as separate clients, verifies, serves."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from trustprop.demo import assembly, closing, founding, opening, revenue, spending
from trustprop.demo.client import Client, Person, new_id
from trustprop.demo.plan import BILLS
from trustprop.demo.stage import ZONE, Stage
from trustprop.demo.world import make_world

START_TIMEOUT_S = 60


class NotStarted(Exception):
    """The service of the demo could not be started."""


def play(*, port: int, out: Path, once: bool) -> int:
    """From the founding to money spent by a counted decision; the exit code says whether all held."""
    console = Console(highlight=False)
    out.mkdir(parents=True, exist_ok=True)
    console.print(
        "September 2025 of a made-up compound of 600 homes, and the owners' meeting after it, played\n"
        "through the real API by separate clients: the firm, its vendors' software, the committee,\n"
        "a supervisor, sixty owners and a resident.\n"
    )
    try:
        with service(port, console) as (base_url, token):
            stage = set_stage(base_url, token, console)
            holds = tell(stage, out)
            holds = assembly.tell(stage, out) and holds
            say_what_next(stage, out, holds=holds, is_serving=not once)
            if not once:
                wait_for_interrupt()
    except NotStarted as error:
        console.print(f"[red]{error}[/red]")
        return 1
    return 0 if holds else 1


def tell(stage: Stage, out: Path) -> bool:
    """The chapters of the month, in order."""
    stage.turn_to(date(2025, 8, 20))
    with_bar(stage, "before the month", [partial(chapter, stage) for chapter in BEFORE])
    with_bar(stage, "September", [partial(happen, stage, *event) for event in calendar(stage)])
    stage.turn_to(date(2025, 9, 30), 17, 30)
    closing.hand_to_bank(stage)
    stage.turn_to(date(2025, 10, 8))
    with_bar(stage, "after the month", [partial(chapter, stage) for chapter in AFTER])
    holds = closing.compare(stage)
    closing.close(stage)
    files = closing.publish(stage, out)
    return closing.verify(stage, files) and holds


BEFORE = (
    founding.found,
    founding.import_homes,
    opening.establish_funds,
    opening.admit_vendors,
    opening.open_books,
    opening.open_accounts,
    opening.adopt_budget,
    opening.sign_contracts,
    revenue.decide,
    revenue.prepare,
)
AFTER = (closing.import_statements, closing.book_the_rest, closing.reconcile)


def with_bar(stage: Stage, title: str, steps: Sequence[Callable[[], None]]) -> None:
    """One after the other; on a terminal a bar shows how far the chapter is."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    on_terminal = stage.console.is_terminal
    with Progress(
        *columns, console=stage.console, transient=True, disable=not on_terminal
    ) as progress:
        for step in progress.track(steps, description=title):
            step()


def happen(stage: Stage, day: int, event: Callable[[], None]) -> None:
    """An event of September on its day."""
    if stage.now.astimezone(ZONE).date() < date(2025, 9, day):
        stage.turn_to(date(2025, 9, day))
    event()


def say_what_next(stage: Stage, out: Path, *, holds: bool, is_serving: bool) -> None:
    """What to open and what to run."""
    if not holds:
        stage.console.print("\n[red]Not everything holds; the lines above say what.[/red]")
        return
    paper, certificate = out / "statement-en.pdf", out / "meeting-certificate-en.pdf"
    lines = [
        "",
        "[bold]The month is closed, published and verified; the meeting decided, and is verified.[/bold]",
        "",
        f"open   {paper}, and {out / 'statement-zh.pdf'} in Chinese",
        f"open   {certificate}: what the owners decided, with its whole arithmetic",
        f"run    .venv/bin/trustprop verify {paper} --lang en",
        "       checks every figure and signature without this service",
        f"run    python3 {out / 'verify_vote.py'} {out / 'vote.json'} --receipt {out / 'receipt.json'}",
        "       counts the votes again from the published file, and finds one owner's ballot in it",
    ]
    if is_serving:
        lines += [
            f"open   {stage.base_url}{stage.ids['public']}?lang=en",
            "       the statement as any resident reads it, each line down to its vouchers",
            f"       {stage.base_url}/schema/openapi.json and {stage.base_url}/problems, the API",
            "",
            "Serving until Ctrl-C.",
        ]
    for line in lines:
        stage.console.print(line, soft_wrap=True)


def calendar(stage: Stage) -> list[tuple[int, Callable[[], None]]]:
    """September, day by day; within a day in the order written here."""
    events: list[tuple[int, Callable[[], None]]] = [
        (1, partial(revenue.charge, stage)),
        (10, partial(revenue.collect_year_ahead, stage)),
        (12, partial(revenue.collect_deposits, stage)),
        (15, partial(revenue.collect_advertising, stage)),
        (18, partial(revenue.collect_scrap, stage)),
        (22, partial(revenue.collect_charging, stage)),
        (24, partial(revenue.receive_unknown, stage)),
        *(
            (day, partial(revenue.collect_online, stage, day, homes))
            for day, homes in revenue.online_days(stage)
        ),
        *(
            (day, partial(revenue.settle_channel, stage, day, gross, fee))
            for day, gross, fee in revenue.settlements(stage)
        ),
        *((day, partial(revenue.collect_by_bank, stage)) for day in range(3, 29)),
        *(
            (day, partial(revenue.collect_temporary_parking, stage, amount))
            for day, amount in revenue.TEMPORARY_PARKING
        ),
        *(
            (day, partial(revenue.collect_parking, stage, day, part))
            for day, part in revenue.PARKING_DAYS
        ),
        (5, partial(spending.pay_august, stage)),
        (8, partial(spending.pay_remuneration, stage)),
        (10, partial(spending.pay_payroll, stage)),
        (12, partial(spending.pay_tax, stage)),
        (20, partial(spending.refund_deposit, stage)),
        (26, partial(spending.pay_charging_power, stage)),
    ]
    for bill in BILLS:
        events.append((bill.issued_day, partial(spending.submit, stage, bill)))
        events.append((bill.pay_day or 30, partial(spending.accept, stage, bill)))
        if bill.pay_day:
            events.append((bill.pay_day, partial(spending.pay_bill, stage, bill)))
    events.append((30, partial(revenue.accrue, stage)))
    events.append((30, partial(revenue.transfer, stage)))
    return sorted(events, key=lambda event: event[0])


def set_stage(base_url: str, operator_token: str, console: Console) -> Stage:
    """A fresh compound, so that a second run of the demo stands beside the first."""
    world = make_world()
    compound_id = new_id()

    def person(role: str) -> Person:
        made = Person(base_url, compound_id=compound_id, name=world.names[role])
        made.role = role
        return made

    run = int(time.time())
    return Stage(
        base_url=base_url,
        world=world,
        console=console,
        operator=Client(base_url, token=operator_token, compound_id=compound_id, name="operator"),
        compound_id=compound_id,
        manager=person("manager"),
        bookkeeper=person("bookkeeper"),
        director=person("director"),
        member=person("member"),
        supervisor=person("supervisor"),
        ids={"run": run, "orders": []},
    )


@contextmanager
def service(port: int, console: Console, **settings: str) -> Iterator[tuple[str, str]]:
    """Migrates, starts server and worker as processes of their own, and stops them at the end."""
    environment = (
        os.environ
        | settings
        | {
            "TRUSTPROP_REHEARSAL": "true",
            "TRUSTPROP_SESSION_HOURS": "8760",
            "TRUSTPROP_RATE_LIMIT_PER_MINUTE": "1000000",
            "TRUSTPROP_LOG_LEVEL": "warning",
            "TRUSTPROP_PUBLIC_URL": f"http://127.0.0.1:{port}",
        }
    )
    trustprop = [sys.executable, "-m", "trustprop"]
    if subprocess.run([*trustprop, "migrate"], env=environment, check=False).returncode:
        raise NotStarted("The database could not be made ready; what it said stands above.")
    token = subprocess.run(
        [*trustprop, "keys", "operator", "--label", "demo"],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    base_url = f"http://127.0.0.1:{port}"
    serve = [*trustprop, "serve", "--host", "127.0.0.1", "--port", str(port)]
    # In sessions of their own: Ctrl-C is for the demo, which then stops them in order.
    running = [
        subprocess.Popen(command, env=environment, start_new_session=True)
        for command in (serve, [*trustprop, "worker"])
    ]
    try:
        wait_until_ready(base_url, running[0])
        console.print(f"[bold]trustprop[/bold] answers on {base_url}")
        yield base_url, token
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(timeout=30)


def wait_until_ready(base_url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise NotStarted(
                f"The server ended with {server.returncode}; what it said stands above. "
                "Another port: --port 8001"
            )
        try:
            if httpx.get(f"{base_url}/readyz", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise NotStarted("The server did not become ready.")


def wait_for_interrupt() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        pass
