"""HTTP: invoices coming in and published statements going out, beside Litestar alone."""

import asyncio
import base64
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec

from benchmarks.ground import ROOT, Ground, Result, compare, result, say
from benchmarks.load import Plan, Told
from tests.make import http as make_http
from tests.make import invoices as make_invoices
from tests.make.ground import new_id
from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.plumbing.database import Database
from trustprop.plumbing.files import Files
from trustprop.plumbing.paper import REPORTS

CLIENTS = 32
SECONDS = 5.0


async def invoices(ground: Ground) -> list[Result]:
    """New invoices from 32 clients of one firm's software to one process."""
    compound_id, headers = await _firm(ground)
    path = f"/v1/compounds/{compound_id}/invoices"
    latencies: list[float] = []
    with started_service(ground) as port, _plain(ground) as plain_port:

        async def ours() -> float:
            told = await _load(ground, port, _submissions(ground, path, headers))
            assert set(told.statuses) == {"201"}, (told.statuses, told.first_odd)
            latencies.append(told.p99_ms)
            return told.per_second

        async def one_call() -> float:
            told = await _load(ground, plain_port, _submissions(ground, "/one", headers))
            assert set(told.statuses) == {"201"}, (told.statuses, told.first_odd)
            return told.per_second

        mine, other = await compare(ours, one_call)
    say(f"  {mine} {other} p99 {latencies}")
    return [
        result(
            "invoices",
            f"invoice submission over HTTP, {CLIENTS} clients, one process",
            "/s",
            mine,
            other,
            "Litestar handler, same body, one SQL call",
            at_least=0.4,
        ),
        result(
            "invoices-p99",
            "the same, 99th percentile of the answers' time",
            "ms",
            tuple(latencies),
            at_most=50.0,
        ),
    ]


async def statements(ground: Ground) -> list[Result]:
    """A published statement as JSON and as a page, whole and unchanged."""
    base = await _publish(ground)
    results = []
    with started_service(ground) as port, _plain(ground) as plain_port:
        for name, path, hello in (
            ("json", f"{base}.json", "/hello"),
            ("html", f"{base}?lang=zh", "/page"),
        ):
            first = await asyncio.to_thread(httpx.get, f"http://127.0.0.1:{port}{path}")
            first.raise_for_status()
            etag = first.headers["etag"]
            size_kb = len(first.content) / 1024
            for unchanged in (False, True):
                condition = {"If-None-Match": etag} if unchanged else {}
                wanted = "304" if unchanged else "200"
                mine, other = await compare(
                    lambda path=path, condition=condition, wanted=wanted: _get(
                        ground, port, path, condition, wanted
                    ),
                    lambda hello=hello: _get(ground, plain_port, hello, {}, "200"),
                )
                label = "304" if unchanged else f"whole, {size_kb:.0f} KiB"
                say(f"  {name} {label}: {mine} {other}")
                results.append(
                    result(
                        f"statement-{name}-{wanted}",
                        f"published statement as {name.upper()} ({label})",
                        "/s",
                        mine,
                        other,
                        "Litestar hello, world",
                        at_least=0.8 if unchanged else 0.6,
                    )
                )
    return results


async def _get(ground: Ground, port: int, path: str, headers: dict[str, str], status: str) -> float:
    request = _request("GET", path, headers, b"")
    told = await _load(ground, port, [[request]] * CLIENTS)
    assert set(told.statuses) == {status}, (told.statuses, told.first_odd)
    return told.per_second


async def _load(ground: Ground, port: int, clients: list[list[str]]) -> Told:
    plan = Plan(port=port, clients=clients, seconds=SECONDS if not ground.options.quick else 2.0)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "benchmarks.load",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    output, _ = await process.communicate(msgspec.json.encode(plan))
    return msgspec.json.decode(output, type=Told)


def _submissions(ground: Ground, path: str, headers: dict[str, str]) -> list[list[str]]:
    """Enough new invoices for every client not to run out."""
    each = ground.options.count(2500, 1000)
    return [[_submission(path, headers) for _ in range(each)] for _ in range(CLIENTS)]


def _submission(path: str, headers: dict[str, str]) -> str:
    body = msgspec.json.encode(make_invoices.bill())
    told = headers | {"Idempotency-Key": str(new_id()), "Content-Type": "application/json"}
    return _request("POST", path, told, body)


def _request(method: str, path: str, headers: dict[str, str], body: bytes) -> str:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Accept-Language: zh-CN"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return base64.b64encode("\r\n".join([*lines, "", ""]).encode() + body).decode()


async def _firm(ground: Ground) -> tuple[UUID, dict[str, str]]:
    """A compound with an admitted vendor, and the key of the vendor's software."""
    compound_id = new_id()
    database = Database.connect(ground.serving_url, pool_size=1)
    owner = await asyncpg.connect(ground.owner_url)
    try:
        async with database.begin(Caller(compound_id=compound_id, at=datetime.now(UTC))) as tx:
            files = Files.at(str(ROOT / "var" / "bench-files"))
            scene = await make_invoices.make_scene(tx, compound_id, files)
        headers = await make_http.api_key(
            owner, compound_id, "invoices:write", vendor_id=scene.vendor.vendor_id
        )
    finally:
        await database.close()
        await owner.close()
    return compound_id, headers


async def _publish(ground: Ground) -> str:
    """Lays the sample statement of 600 homes into the table, as publishing would leave it."""
    parts = msgspec.json.decode((REPORTS / "statement/sample.json").read_bytes())
    document = canonical_json(parts["statement"])
    compound_id = UUID(parts["statement"]["compound"]["compound_id"])
    number = parts["statement"]["number"]
    year, serial = (int(part) for part in number.split("-"))
    owner = await asyncpg.connect(ground.owner_url)
    try:
        # The close that it refers to is not there; everything that is read is.
        await owner.execute("SET session_replication_role = replica")
        await owner.execute(
            "INSERT INTO statement (compound_id, year, serial, period, act_id, tree_size, document, "
            "digest, journal, note, published_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
            "ON CONFLICT DO NOTHING",
            compound_id,
            year,
            serial,
            202509,
            new_id(),
            parts["statement"]["seal"]["tree_size"],
            document,
            sha256(document),
            canonical_json(parts["journal"]),
            parts["note"],
            datetime(2025, 10, 8, tzinfo=UTC),
        )
    finally:
        await owner.close()
    return f"/public/{compound_id}/statements/{number}"


@contextmanager
def started_service(ground: Ground) -> Iterator[int]:
    """``trustprop serve``, one process, as an operator would start it."""
    port = _free_port()
    environment: dict[str, Any] = os.environ | {
        "TRUSTPROP_DATABASE_URL": ground.owner_url,
        "TRUSTPROP_SERVING_DATABASE_URL": ground.serving_url,
        "TRUSTPROP_VAR_DIR": str(ROOT / "var" / "bench"),
        "TRUSTPROP_RATE_LIMIT_PER_MINUTE": "100000000",
        "TRUSTPROP_PORT": str(port),
    }
    with _running([sys.executable, "-m", "trustprop", "serve"], environment, port, "/readyz"):
        yield port


@contextmanager
def _plain(ground: Ground) -> Iterator[int]:
    port = _free_port()
    command = [sys.executable, "-m", "benchmarks.plain", str(port), ground.serving_url]
    with _running(command, dict(os.environ), port, "/hello"):
        yield port


@contextmanager
def _running(
    command: list[str], environment: dict[str, str], port: int, ready: str
) -> Iterator[None]:
    log = ROOT / "var" / "bench-service.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=output, stderr=output)
    try:
        _wait(process, f"http://127.0.0.1:{port}{ready}")
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            if httpx.get(url, timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(url)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
