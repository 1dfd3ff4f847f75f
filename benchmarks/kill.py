"""Kill -9 at random instants under sixteen writers: nothing acknowledged is lost, nothing is doubled.

One real server and one real service process: now PostgreSQL is killed with all its children, now the
service in mid-request. Every writer sends vouchers over HTTP and repeats a request
whose answer it did not get, with the same key and the same id, until it is acknowledged. Afterwards the
journal is compared with what was acknowledged, and every integrity query is run.

``python -m benchmarks.kill`` runs 100 + 200 kills; ``--without-keys`` is the control: the same writers
retry with a new key and a new id each time, as clients do that know nothing of idempotency, and the
journal then holds doubles.
"""

import asyncio
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import click
import httpx
import msgspec
import psutil
from msgspec import Struct

from benchmarks.ground import DURABLE, ROOT, with_database
from tests.make import http as make_http
from tests.make.ground import make_caller, new_id
from tests.make.ledger import open_books
from trustprop.plumbing import checks, embedded, migrations
from trustprop.plumbing.database import Database

WRITERS = 16
READY_TIMEOUT_S = 60
FINISH_TIMEOUT_S = 120


class Campaign(Struct, frozen=True, kw_only=True):
    """What to kill how often, and how the writers retry."""

    seed: int
    database_kills: int
    service_kills: int
    with_keys: bool = True
    until_doubled: bool = False
    """Ends the campaign at the first double; for the control, which only has to show one."""
    most_s: float = float("inf")
    """Ends the campaign after this time, however many kills there were."""
    folder: Path = ROOT / "var" / "kill-postgres"


class Outcome(Struct, frozen=True, kw_only=True):
    """What the journal holds, beside what the writers were told."""

    seed: int
    database_kills: int
    service_kills: int
    acknowledged: int
    repeated: int
    """Requests sent again because no answer came."""
    lost: tuple[str, ...]
    """Acknowledged and not in the journal, or there under another number."""
    doubled: tuple[str, ...]
    """In the journal more than once."""
    broken: tuple[str, ...]
    """Integrity queries that returned rows."""


class Scene:
    """One server, one service, one compound, and what the writers were told."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.random = random.Random(campaign.seed)
        self.numbers = itertools.count(1)
        self.acknowledged: dict[str, int] = {}
        self.repeated = 0
        self.is_ending = False
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database_kills = self.service_kills = 0
        self.service: subprocess.Popen[bytes] | None = None

    def start_database(self) -> None:
        server = embedded.start(self.campaign.folder, settings=DURABLE)
        self.owner_url = with_database(server, "kill")
        self.serving_url = with_database(server, "kill", "trustprop_serving")

    async def make_database(self) -> None:
        server = await asyncpg.connect(with_database(self.owner_url, "postgres"))
        await server.execute("DROP DATABASE IF EXISTS kill WITH (FORCE)")
        await server.execute("CREATE DATABASE kill")
        await server.close()
        await asyncio.to_thread(migrations.upgrade, self.owner_url)

    async def open_compound(self) -> None:
        """Books, and the key of the software that posts to them."""
        caller = make_caller()
        self.compound_id: UUID = caller.compound_id
        database = Database.connect(self.serving_url, pool_size=1)
        async with database.begin(caller) as tx:
            await open_books(tx, caller)
        await database.close()
        owner = await asyncpg.connect(self.owner_url)
        self.headers = await make_http.api_key(owner, self.compound_id, "books:write")
        await owner.close()

    def start_service(self) -> None:
        environment = os.environ | {
            "TRUSTPROP_DATABASE_URL": self.owner_url,
            "TRUSTPROP_SERVING_DATABASE_URL": self.serving_url,
            "TRUSTPROP_VAR_DIR": str(self.campaign.folder.parent / "kill-service"),
            "TRUSTPROP_RATE_LIMIT_PER_MINUTE": "100000000",
            "TRUSTPROP_LOG_LEVEL": "critical",
            "TRUSTPROP_PORT": str(self.port),
        }
        self.service = subprocess.Popen(
            [sys.executable, "-m", "trustprop", "serve"],
            env=environment,
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )

    # -- killing ---------------------------------------------------------------------------------

    def kill_database(self) -> None:
        """The postmaster and every backend, at once."""
        pid = int((self.campaign.folder / "postmaster.pid").read_text().split()[0])
        postmaster = psutil.Process(pid)
        family = [postmaster, *postmaster.children(recursive=True)]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, timeout=10)
        self.database_kills += 1

    def kill_service(self) -> None:
        assert self.service is not None
        self.service.send_signal(signal.SIGKILL)
        self.service.wait()
        self.service_kills += 1

    async def strike(self, kill: Any, revive: Any) -> None:
        """Waits for an acknowledgement and then for an instant of the seed, kills, and revives."""
        before = len(self.acknowledged)
        deadline = time.monotonic() + READY_TIMEOUT_S
        while len(self.acknowledged) == before:
            assert time.monotonic() < deadline, "nothing is acknowledged any more"
            assert self.service is not None
            assert self.service.poll() is None, "the service ended"
            await asyncio.sleep(0.005)
        await asyncio.sleep(self.random.uniform(0, 0.4))
        kill()
        await asyncio.to_thread(revive)

    # -- writing ---------------------------------------------------------------------------------

    async def write(self, client: httpx.AsyncClient) -> None:
        """One voucher after the other until the campaign ends."""
        while not self.is_ending:
            name = f"voucher {next(self.numbers)}"
            self.acknowledged[name] = await self._post(client, name)

    async def _post(self, client: httpx.AsyncClient, name: str) -> int:
        """Sends it until it is acknowledged, and returns its number in the journal."""
        request = _voucher(name)
        while True:
            with suppress(httpx.TransportError):
                answer = await client.post(
                    f"{self.url}/v1/compounds/{self.compound_id}/vouchers",
                    content=request[1],
                    headers=self.headers | request[0],
                )
                if answer.status_code == 201:
                    return int(answer.json()["number"])
                assert answer.status_code in (409, 500, 503), answer.text
            self.repeated += 1
            if not self.campaign.with_keys:
                request = _voucher(name)
            await asyncio.sleep(0.05)

    async def posted(self) -> list[Any]:
        """Names and numbers of the vouchers in the journal."""
        owner = await asyncpg.connect(self.owner_url)
        try:
            found: list[Any] = await owner.fetch("SELECT memo, number FROM entry ORDER BY number")
            return found
        finally:
            await owner.close()

    async def doubled(self) -> tuple[str, ...]:
        counts = Counter(row["memo"] for row in await self.posted())
        return tuple(name for name, count in counts.items() if count > 1)

    async def outcome(self) -> Outcome:
        numbers: dict[str, set[int]] = {}
        for row in await self.posted():
            numbers.setdefault(row["memo"], set()).add(row["number"])
        owner = await asyncpg.connect(self.owner_url)
        broken = await checks.run(owner)
        await owner.close()
        return Outcome(
            seed=self.campaign.seed,
            database_kills=self.database_kills,
            service_kills=self.service_kills,
            acknowledged=len(self.acknowledged),
            repeated=self.repeated,
            lost=tuple(
                name
                for name, number in self.acknowledged.items()
                if number not in numbers.get(name, ())
            ),
            doubled=tuple(name for name, posted in numbers.items() if len(posted) > 1),
            broken=tuple(name for name, rows in broken.items() if rows),
        )


async def run(campaign: Campaign, say: Any = None) -> Outcome:
    """Plays the campaign on a fresh database and tells what is left of it."""
    scene = Scene(campaign)
    scene.start_database()
    try:
        await scene.make_database()
        await scene.open_compound()
        scene.start_service()
        limits = httpx.Limits(max_connections=WRITERS)
        async with httpx.AsyncClient(timeout=30, limits=limits) as client:
            writers = [asyncio.create_task(scene.write(client)) for _ in range(WRITERS)]
            await _kill(scene, writers, say)
            scene.is_ending = True
            async with asyncio.timeout(FINISH_TIMEOUT_S):
                await asyncio.gather(*writers)
        return await scene.outcome()
    finally:
        if scene.service is not None:
            scene.service.kill()
            scene.service.wait()
        embedded.stop(campaign.folder)


async def _kill(scene: Scene, writers: list[asyncio.Task[None]], say: Any) -> None:
    campaign = scene.campaign
    strikes = [(scene.kill_database, scene.start_database)] * campaign.database_kills
    strikes += [(scene.kill_service, scene.start_service)] * campaign.service_kills
    scene.random.shuffle(strikes)
    ends_at = time.monotonic() + campaign.most_s
    for count, (kill, revive) in enumerate(strikes, 1):
        if time.monotonic() > ends_at:
            return
        await scene.strike(kill, revive)
        for writer in writers:
            if writer.done():
                writer.result()
        if say and count % 10 == 0:
            say(f"{count} kills, {len(scene.acknowledged)} acknowledged, {scene.repeated} repeated")
        if campaign.until_doubled and await scene.doubled():
            return


def _voucher(name: str) -> tuple[dict[str, str], bytes]:
    """A request with an id and a key of its own; who keeps it may send it again."""
    body = {
        "id": new_id(),
        "accounting_on": "2025-09-10",
        "memo": name,
        "lines": [
            {"account": "1122", "fund": "OP", "side": "debit", "amount_fen": 700},
            {"account": "4901", "fund": "OP", "side": "credit", "amount_fen": 700},
        ],
    }
    headers = {"Idempotency-Key": str(new_id()), "Content-Type": "application/json"}
    return headers, msgspec.json.encode(body)


def _free_port() -> int:
    """Below the ports of outgoing connections: a writer that finds nobody there could meet itself."""
    for port in random.SystemRandom().sample(range(20_000, 30_000), 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


@click.command()
@click.option("--database-kills", default=100)
@click.option("--service-kills", default=200)
@click.option("--seed", type=int, default=None)
@click.option("--most-minutes", type=float, default=float("inf"), help="End after this time.")
@click.option("--without-keys", is_flag=True, help="The control: retries with new keys and ids.")
def main(
    database_kills: int,
    service_kills: int,
    seed: int | None,
    most_minutes: float,
    without_keys: bool,
) -> None:
    """Kills the database and the service at random instants, and compares."""
    chosen = random.SystemRandom().randrange(2**32) if seed is None else seed
    print(f"seed {chosen}", flush=True)
    started = time.monotonic()
    outcome = asyncio.run(
        run(
            Campaign(
                seed=chosen,
                database_kills=database_kills,
                service_kills=service_kills,
                with_keys=not without_keys,
                most_s=most_minutes * 60,
            ),
            say=lambda text: print(text, flush=True),
        )
    )
    print(
        f"PostgreSQL killed {outcome.database_kills} times and the service {outcome.service_kills} times "
        f"under {WRITERS} writers in {time.monotonic() - started:.0f} s\n"
        f"acknowledged {outcome.acknowledged}, sent again {outcome.repeated}\n"
        f"acknowledged and lost: {len(outcome.lost)}\ndoubled: {len(outcome.doubled)}\n"
        f"integrity queries broken: {', '.join(outcome.broken) or 'none'}"
    )
    sys.exit(1 if outcome.lost or outcome.broken or (outcome.doubled and not without_keys) else 0)


if __name__ == "__main__":
    main()
