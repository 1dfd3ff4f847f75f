"""What every benchmark stands on: a durable PostgreSQL of its own, medians of three, and the table."""

import asyncio
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import msgspec
from msgspec import Struct

from trustprop.plumbing import embedded, migrations

ROOT = Path(__file__).parent.parent
SERVER = ROOT / "var" / "bench-postgres"
RESULTS = ROOT / "benchmarks" / "results.json"
README = ROOT / "benchmarks" / "README.md"
BEGIN, END = "<!-- results -->\n", "<!-- end of results -->"
DURABLE = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_connections": "200",
    "max_wal_size": "4GB",
}
RUNS = 3
LIBRARIES = (
    "asyncpg",
    "litestar",
    "msgspec",
    "sqlalchemy",
    "uvicorn",
    "uvloop",
    "httptools",
    "weasyprint",
    "pikepdf",
    "cryptography",
)


class Result(Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    what: str
    unit: str
    ours: float
    baseline: float | None
    against: str
    """What the baseline is."""
    ratio: float | None
    at_least: float | None = None
    at_most: float | None = None
    ours_runs: tuple[float, ...] = ()
    baseline_runs: tuple[float, ...] = ()
    remark: str = ""

    @property
    def is_reached(self) -> bool | None:
        """None when nothing was promised."""
        measured = self.ours if self.ratio is None else self.ratio
        if self.at_least is not None:
            return measured >= self.at_least
        if self.at_most is not None:
            return measured <= self.at_most
        return None


class Options(Struct, frozen=True, kw_only=True):
    quick: bool = False
    """Smaller counts, for a look in between; what is published comes from full runs."""

    def count(self, full: int, quick: int) -> int:
        return quick if self.quick else full


class Ground(Struct, frozen=True, kw_only=True):
    """A migrated database on the durable server."""

    owner_url: str
    serving_url: str
    options: Options


async def compare(*measures: Callable[[], Awaitable[float]]) -> tuple[tuple[float, ...], ...]:
    """Three of each, in turn, so that a noisy neighbour meets all."""
    found: list[list[float]] = [[] for _measure in measures]
    for _ in range(RUNS):
        for kept, measure in zip(found, measures, strict=True):
            kept.append(await measure())
    return tuple(tuple(kept) for kept in found)


def result(
    name: str,
    what: str,
    unit: str,
    ours: tuple[float, ...],
    baseline: tuple[float, ...] = (),
    against: str = "",
    **more: object,
) -> Result:
    """Medians, and ours over the baseline."""
    median = statistics.median(ours)
    base = statistics.median(baseline) if baseline else None
    return Result(
        name=name,
        what=what,
        unit=unit,
        ours=median,
        baseline=base,
        against=against,
        ratio=median / base if base else None,
        ours_runs=ours,
        baseline_runs=baseline,
        **more,  # type: ignore[arg-type]
    )


def start_ground(options: Options) -> Ground:
    """Starts the server, proves that it is durable, and makes a fresh migrated database."""
    url = embedded.start(SERVER, settings=DURABLE)
    name = "bench"
    asyncio.run(_make_database(url, name))
    owner = with_database(url, name)
    migrations.upgrade(owner)
    return Ground(
        owner_url=owner,
        serving_url=with_database(url, name, "trustprop_serving"),
        options=options,
    )


async def _make_database(url: str, name: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            found = await connection.fetchval(f"SHOW {setting}")
            if found != "on":
                raise SystemExit(f"{setting} is {found}: what is measured would not be durable")
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()


def with_database(url: str, name: str, user: str = "postgres") -> str:
    head, _, query = url.partition("?")
    scheme, _, rest = head.partition("://")
    host = rest.rpartition("/")[0].rpartition("@")[2]
    return f"{scheme}://{user}@{host}/{name}" + (f"?{query}" if query else "")


def machine() -> dict[str, str]:
    """What was measured on, without its name."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "cpu": model,
        "cores": str(os.cpu_count()),
        "memory": f"{memory_gb:.0f} GiB",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


async def versions(ground: Ground) -> dict[str, str]:
    connection = await asyncpg.connect(ground.owner_url)
    try:
        server = await connection.fetchval("SHOW server_version")
    finally:
        await connection.close()
    found = {"python": platform.python_version(), "PostgreSQL": server}
    return found | {name: importlib.metadata.version(name) for name in LIBRARIES}


def keep(found: list[Result], told: dict[str, dict[str, str]]) -> None:
    """Results of benchmarks that did not run this time stay as they were; the README shows all."""
    standing: dict[str, Result] = {}
    if RESULTS.exists():
        document = msgspec.json.decode(RESULTS.read_bytes())
        standing = {
            one["name"]: msgspec.convert(one, Result, strict=False) for one in document["results"]
        }
    standing |= {one.name: one for one in found}
    document = told | {"results": list(standing.values())}
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    head, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    _, _, tail = rest.partition(END)
    facts = "".join(
        f"{title}: " + ", ".join(f"{name} {value}" for name, value in one.items()) + "  \n"
        for title, one in told.items()
    )
    shown = f"{facts}\n{table(list(standing.values()))}\n"
    README.write_text(head + BEGIN + shown + END + tail, encoding="utf-8")


def table(results: list[Result]) -> str:
    """Markdown, as in the README."""
    lines = [
        "| what | ours | baseline | ratio | to be reached | | |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in results:
        base = "" if one.baseline is None else f"{figure(one.baseline)} {one.unit} ({one.against})"
        ratio = "" if one.ratio is None else f"{one.ratio:.2f}"
        mark = {True: "yes", False: "**no**", None: ""}[one.is_reached]
        lines.append(
            f"| {one.what} | {figure(one.ours)} {one.unit} | {base} | {ratio} | {_wanted(one)} | {mark} | {one.remark} |"
        )
    return "\n".join(lines)


def _wanted(one: Result) -> str:
    unit = "" if one.ratio is not None else f" {one.unit}"
    if one.at_least is not None:
        return f"≥ {figure(one.at_least)}{unit}"
    if one.at_most is not None:
        return f"≤ {figure(one.at_most)}{unit}"
    return ""


def figure(value: float) -> str:
    if value >= 999.5:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def run_python(python: str | Path, *arguments: str, timeout_s: int = 600) -> str:
    """A program of its own, with this folder importable; its standard output."""
    done = subprocess.run(
        [str(python), *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return done.stdout


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
