"""The played month and a second compound beside it, and copies of both to attack."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from litestar import Litestar

from tests.attacks.hall import Hall
from tests.conftest import run_sql, with_database
from tests.make import votes as make_votes
from tests.make.ground import new_id
from tests.make.http import sign_in
from tests.played import PlayedMonth
from trustprop.app import create_app
from trustprop.demo import founding, story
from trustprop.demo.stage import Stage
from trustprop.kernel.caller import Caller
from trustprop.plumbing import embedded
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.plumbing.settings import Settings
from trustprop.plumbing.vault import Vault


@pytest.fixture(scope="session")
def second(month: PlayedMonth) -> Stage:
    """Another compound of the same service: founded, and nothing more."""
    stage = story.set_stage(month.stage.base_url, month.stage.operator.token, month.stage.console)
    stage.turn_to(month.stage.today, 12)
    founding.found(stage)
    return stage


@pytest.fixture(scope="session")
def original(second: Stage, month_url: str) -> Iterator[str]:
    """The name of a database like that of the month; nobody ever connects to it."""
    assert second.compound_id
    name = f"original_{new_id().hex}"
    url = with_database(month_url, name)
    asyncio.run(run_sql(month_url, f"CREATE DATABASE {name}"))
    tools = embedded.bin_path()
    dump = subprocess.run(
        [tools / "pg_dump", "--format=custom", "--no-owner", f"--dbname={month_url}"],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        [tools / "pg_restore", "--no-owner", f"--dbname={url}"],
        input=dump.stdout,
        check=True,
        capture_output=True,
    )
    yield name
    asyncio.run(run_sql(month_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


@pytest.fixture
async def copy_url(original: str, month_url: str) -> AsyncIterator[str]:
    """A copy of one's own, as the owner of the schema."""
    name = f"copy_{new_id().hex}"
    await run_sql(month_url, f"CREATE DATABASE {name} TEMPLATE {original}")
    yield with_database(month_url, name)
    await run_sql(month_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture
async def copy(copy_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The owner's connection to the copy."""
    connection = await asyncpg.connect(copy_url)
    yield connection
    await connection.close()


class Rehearsed(Database):
    """Every request runs its whole path and is rolled back."""

    def begin(self, caller: Caller | None, *, dry_run: bool = True) -> Any:
        assert dry_run
        return super().begin(caller, dry_run=True)


@dataclass
class Service:
    """The application over a copy, in this process, at the instant where the month ended."""

    app: Litestar
    http: httpx.AsyncClient
    settings: Settings

    async def ask(
        self, method: str, path: str, token: str = "", body: Any = None, **more: Any
    ) -> httpx.Response:
        headers = {"Idempotency-Key": str(new_id()), "If-Match": '"1"'}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return await self.http.request(method, path, headers=headers, json=body, **more)


@asynccontextmanager
async def serve(month: PlayedMonth, url: str, kind: type[Database]) -> AsyncIterator[Service]:
    name = url.partition("?")[0].rpartition("/")[2]
    settings = Settings(
        database_url=url,
        serving_database_url=with_database(url, name, "trustprop_serving"),
        var_dir=str(month.out / "var"),
        rehearsal=True,
        rate_limit_per_minute=1_000_000,
    )
    database = kind.connect(settings.serving_database_url, pool_size=4)
    clock = Clock()
    clock.set_to(month.stage.now + timedelta(hours=6))
    app = create_app(settings, database=database, clock=clock)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            yield Service(app, http, settings)
    finally:
        await database.close()


@pytest.fixture
async def service(month: PlayedMonth, copy_url: str) -> AsyncIterator[Service]:
    """Requests take effect, in the copy."""
    async with serve(month, copy_url, Database) as opened:
        yield opened


@pytest.fixture
async def rehearsed(month: PlayedMonth, copy_url: str) -> AsyncIterator[Service]:
    """Requests run to the end and are rolled back."""
    async with serve(month, copy_url, Rehearsed) as opened:
        yield opened


@pytest.fixture
async def serving(copy_url: str) -> AsyncIterator[asyncpg.Connection]:
    """The role that serves requests, in a transaction that is rolled back."""
    name = copy_url.partition("?")[0].rpartition("/")[2]
    connection = await asyncpg.connect(with_database(copy_url, name, "trustprop_serving"))
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


async def attempt(serving: asyncpg.Connection, sql: str, *values: object) -> str:
    """The command's tag, or the name of what refused it; the transaction goes on."""
    try:
        async with serving.transaction():
            return str(await serving.execute(sql, *values))
    except asyncpg.PostgresError as error:
        return type(error).__name__


async def in_compound(serving: asyncpg.Connection, compound_id: object) -> None:
    await serving.execute("SELECT set_config('app.compound_id', $1, true)", str(compound_id))


def in_database(url: str) -> dict[str, str]:
    """The settings that a command of ``trustprop`` needs to work on this database."""
    return {**os.environ, "TRUSTPROP_DATABASE_URL": url}


# -- a vote --------------------------------------------------------------------------------------


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault.of(settings)


@pytest.fixture
async def world(database: Database, caller: Caller) -> make_votes.World:
    """Seen by every connection."""
    async with database.begin(caller) as tx:
        return await make_votes.add_world(tx, caller.compound_id)


@pytest.fixture
async def hall(
    client: httpx.AsyncClient, world: make_votes.World, owner: asyncpg.Connection, clock: Clock
) -> Hall:
    clock.set_to(make_votes.VOTING)
    offices = (world.director, world.member, world.supervisor, world.manager, world.tenant)
    tokens = {
        who.person_id: await sign_in(owner, who.person_id)
        for who in (*offices, *world.people.values())
        if who.person_id is not None
    }
    return Hall(client, world, tokens)
