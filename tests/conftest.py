"""One real PostgreSQL for the whole run; every test database is a copy of one migrated template."""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import hypothesis
import pytest
import uuid_utils
from litestar import Litestar

from tests.make.ground import make_caller
from trustprop.app import create_app
from trustprop.kernel.caller import Caller
from trustprop.plumbing import embedded, migrations
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.settings import Settings

pytest_plugins = ["tests.played"]

# Nothing here is a timed test; a failing example prints how to repeat it.
hypothesis.settings.register_profile("here", deadline=None, print_blob=True)
hypothesis.settings.load_profile("here")

ROOT = Path(__file__).parent.parent
SERVER = ROOT / "var" / "test-postgres"
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
}


def is_running() -> bool:
    return (SERVER / "postmaster.pid").exists()


def pytest_configure(config: pytest.Config) -> None:
    """The first process starts the server and stops it again; one found running is left alone."""
    if os.environ.get("TRUSTPROP_TEST_DATABASE_URL") or hasattr(config, "workerinput"):
        return
    if not is_running():
        config.stash[STARTED] = True
    os.environ["TRUSTPROP_TEST_DATABASE_URL"] = embedded.start(SERVER, settings=FAST)


def pytest_unconfigure(config: pytest.Config) -> None:
    if config.stash.get(STARTED, False):
        embedded.stop(SERVER)


STARTED = pytest.StashKey[bool]()


def with_database(url: str, name: str, user: str = "postgres") -> str:
    head, _, query = url.partition("?")
    scheme, _, rest = head.partition("://")
    host = rest.rpartition("/")[0].rpartition("@")[2]
    return f"{scheme}://{user}@{host}/{name}" + (f"?{query}" if query else "")


async def run_sql(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def template() -> str:
    """The name of a migrated database, made once for this state of the migrations."""
    url = os.environ["TRUSTPROP_TEST_DATABASE_URL"]
    sources = sorted((ROOT / "migrations").rglob("*.py")) + sorted(
        (ROOT / "trustprop").rglob("*.sql")
    )
    content = b"".join(path.read_bytes() for path in sources)
    name = "template_" + hashlib.sha256(content).hexdigest()[:16]
    with (ROOT / "var" / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not asyncio.run(exists(url, name)):
            asyncio.run(
                run_sql(url, f"DROP DATABASE IF EXISTS {name}_new", f"CREATE DATABASE {name}_new")
            )
            migrations.upgrade(with_database(url, f"{name}_new"))
            asyncio.run(run_sql(url, f"ALTER DATABASE {name}_new RENAME TO {name}"))
    return name


async def exists(url: str, name: str) -> bool:
    connection = await asyncpg.connect(url)
    try:
        return bool(
            await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", name)
        )
    finally:
        await connection.close()


@contextmanager
def a_database(template: str) -> Iterator[str]:
    """A fresh copy of the template, as its owner; gone afterwards."""
    url = os.environ["TRUSTPROP_TEST_DATABASE_URL"]
    name = f"test_{uuid_utils.uuid7().hex}"
    asyncio.run(run_sql(url, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    yield with_database(url, name)
    asyncio.run(run_sql(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture(scope="module")
def owner_url(template: str) -> Iterator[str]:
    """A database of this module, as its owner: no module sees what another one left."""
    with a_database(template) as url:
        yield url


@pytest.fixture(scope="module")
def serving_url(owner_url: str) -> str:
    """The same database, as the role that serves requests."""
    return with_database(
        owner_url, owner_url.partition("?")[0].rpartition("/")[2], "trustprop_serving"
    )


@pytest.fixture(scope="module")
async def database(serving_url: str) -> AsyncIterator[Database]:
    opened = Database.connect(serving_url, pool_size=20)
    yield opened
    await opened.close()


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the schema's owner, for tampering and integrity checks."""
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


@pytest.fixture
def caller() -> Caller:
    """A bookkeeper of a compound of this test's own."""
    return make_caller()


@pytest.fixture
async def tx(database: Database, caller: Caller) -> AsyncIterator[Tx]:
    """A transaction in the caller's compound, rolled back."""
    async with database.begin(caller, dry_run=True) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(owner_url: str, serving_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=owner_url,
        serving_database_url=serving_url,
        var_dir=str(tmp_path),
        rehearsal=True,
        rate_limit_per_minute=1_000_000,
    )


@pytest.fixture
def app(settings: Settings, database: Database, clock: Clock) -> Litestar:
    return create_app(settings, database=database, clock=clock)


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """HTTP against the application in this process and loop."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as opened:
        yield opened


def new_id() -> UUID:
    return UUID(bytes=uuid_utils.uuid7().bytes)
