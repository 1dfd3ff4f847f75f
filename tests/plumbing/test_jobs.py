"""The worker: it does what commits ask for, what time asks for, and ends when it is told to."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make.ground import make_caller, new_id
from trustprop.acts import jobs as acts_jobs
from trustprop.acts import service as acts
from trustprop.acts.model import ActState
from trustprop.plumbing import jobs
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database

LONG_AGO = datetime(2019, 3, 1, 4, tzinfo=UTC)
"""Before everything that other tests left in this database."""


class At(Clock):
    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


async def test_an_act_whose_time_is_over_expires_with_what_follows_from_it(database: Database):
    recorder = make_acts.Recorder()
    drafter = make_caller(at=LONG_AGO)
    async with database.begin(drafter) as tx:
        due = await make_acts.make_act(tx, drafter, expires_at=LONG_AGO + timedelta(days=1))
        kept = await make_acts.make_act(tx, drafter, expires_at=LONG_AGO + timedelta(days=9))
    expire = acts_jobs.expiry(database, recorder.effects, At(LONG_AGO + timedelta(days=2)))
    await expire()
    await expire()
    async with database.read(drafter) as tx:
        ended = await acts.find(tx, drafter.compound_id, due.act_id)
        waiting = await acts.find(tx, drafter.compound_id, kept.act_id)
    assert ended is not None
    assert ended.state is ActState.EXPIRED
    assert waiting is not None
    assert waiting.state is ActState.OPEN
    assert [act.act_id for act in recorder.ended] == [due.act_id]


async def test_a_compound_whose_expiry_fails_does_not_stop_the_others(database: Database):
    recorder = make_acts.Recorder()
    drafters = sorted((make_caller(at=LONG_AGO) for _ in range(2)), key=lambda c: c.compound_id)
    kinds = ("nobody-knows-this-kind", "payment-order")
    drafted = []
    for drafter, kind in zip(drafters, kinds, strict=True):
        async with database.begin(drafter) as tx:
            expires_at = LONG_AGO + timedelta(days=1)
            drafted.append(await make_acts.make_act(tx, drafter, kind=kind, expires_at=expires_at))
    await acts_jobs.expiry(database, recorder.effects, At(LONG_AGO + timedelta(days=2)))()
    assert [act.act_id for act in recorder.ended] == [drafted[1].act_id]
    async with database.read(drafters[0]) as tx:
        failed = await acts.find(tx, drafters[0].compound_id, drafted[0].act_id)
    assert failed is not None
    assert failed.state is ActState.OPEN


async def test_idempotency_keys_are_forgotten_after_thirty_days(database: Database):
    old, recent = make_caller(at=LONG_AGO), make_caller(at=LONG_AGO + timedelta(days=20))
    for caller in (old, replace(recent, compound_id=old.compound_id)):
        async with database.begin(caller) as tx:
            await tx.raw.execute(
                "INSERT INTO idempotency_key (compound_id, credential_id, route, key, "
                "content_sha256, created_at) VALUES ($1, $2, 'POST x', 'k', '', $3)",
                caller.compound_id,
                new_id(),
                caller.at,
            )
    await acts_jobs.expiry(database, {}, At(LONG_AGO + timedelta(days=31)))()
    async with database.read(old) as tx:
        left = await tx.raw.fetch("SELECT created_at FROM idempotency_key")
    assert [row["created_at"] for row in left] == [recent.at]


async def test_a_job_begins_at_once_and_a_failing_duty_stops_nothing(
    database: Database, serving_url: str
):
    begun, stop = asyncio.Event(), asyncio.Event()
    rounds: list[str] = []

    async def work(payload: dict[str, str]) -> None:
        assert payload == {"say": "hello"}
        begun.set()

    async def fail() -> None:
        rounds.append("failed")
        raise RuntimeError

    async def succeed() -> None:
        rounds.append("done")

    kind = f"test_{new_id().hex}"
    duties = (fail, succeed)
    running = asyncio.create_task(jobs.run(serving_url, {kind: work}, duties=duties, stop=stop))
    await asyncio.sleep(0.5)
    async with database.begin(None) as tx:
        await jobs.enqueue(tx, kind, {"say": "hello"})
    await asyncio.wait_for(begun.wait(), 2)
    stop.set()
    await asyncio.wait_for(running, 2)
    assert rounds == ["failed", "done"]


async def test_a_job_cut_short_is_left_for_another_worker(
    database: Database, serving_url: str, owner: asyncpg.Connection
):
    begun, stop = asyncio.Event(), asyncio.Event()

    async def work(_payload: dict[str, str]) -> None:
        begun.set()
        await asyncio.sleep(60)

    kind = f"test_{new_id().hex}"
    async with database.begin(None) as tx:
        await jobs.enqueue(tx, kind, {})
    running = asyncio.create_task(jobs.run(serving_url, {kind: work}, stop=stop))
    await asyncio.wait_for(begun.wait(), 5)
    stop.set()
    await asyncio.wait_for(running, jobs.GRACE_S + 1)
    assert await owner.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = $1", kind) == 1
    await owner.execute("DELETE FROM pgqueuer WHERE entrypoint = $1", kind)


def started(
    owner_url: str, serving_url: str, folder: Path
) -> tuple[subprocess.Popen[bytes], set[int]]:
    """A worker with its printing processes, all of them ready."""
    settings = {
        "TRUSTPROP_DATABASE_URL": owner_url,
        "TRUSTPROP_SERVING_DATABASE_URL": serving_url,
        "TRUSTPROP_VAR_DIR": str(folder),
        "TRUSTPROP_REHEARSAL": "true",
    }
    worker = subprocess.Popen(
        [sys.executable, "-m", "trustprop", "worker"], env=os.environ | settings
    )
    deadline = time.monotonic() + 60
    while not listens(serving_url) and time.monotonic() < deadline:
        time.sleep(0.1)
    return worker, children(worker.pid)


def listens(url: str) -> bool:
    async def ask() -> bool:
        connection = await asyncpg.connect(url)
        try:
            return bool(
                await connection.fetchval(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND query ILIKE 'LISTEN%' AND pid <> pg_backend_pid()"
                )
            )
        finally:
            await connection.close()

    return asyncio.run(ask())


def children(parent: int) -> set[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(parent)], capture_output=True, text=True, check=False
    )
    return {int(pid) for pid in found.stdout.split()}


def are_gone(processes: set[int], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not any(Path(f"/proc/{pid}").exists() for pid in processes):
            return True
        time.sleep(0.05)
    return False


def test_a_worker_ends_soon_after_it_is_told_to(owner_url: str, serving_url: str, tmp_path: Path):
    worker, printing = started(owner_url, serving_url, tmp_path)
    assert len(printing) >= 2
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=2) == 0
    assert are_gone(printing, within_s=2)


def test_a_killed_worker_leaves_no_processes(owner_url: str, serving_url: str, tmp_path: Path):
    worker, printing = started(owner_url, serving_url, tmp_path)
    worker.kill()
    worker.wait(timeout=2)
    assert are_gone(printing, within_s=3)
