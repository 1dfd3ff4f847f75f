"""Another compound's ids, given to every route of one's own, by people who may do what they ask.

The attackers hold every office of a compound of their own and play its whole month. What they know of
the victim is real: the ids of every table of a played month, and its very requests. Each request of the
attackers goes out first with one id exchanged for the victim's id that stood at the same place, and is
refused like an id that nobody has; the checksum over every row of every table proves that nothing
changed, neither there nor here.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest
from rich.console import Console
from sqlalchemy import event

from tests.attacks.conftest import Rehearsed, Service, serve
from tests.attacks.routes import (
    Route,
    addresses,
    asked_by_route,
    example,
    ids_of,
    routes,
)
from tests.attacks.test_tenancy import NOT_FOR_IDS, tenant_tables
from tests.conftest import run_sql, with_database
from tests.make.ground import new_id
from tests.played import Asked, PlayedMonth, free_port
from trustprop.demo import story
from trustprop.demo.client import Client
from trustprop.demo.stage import Stage
from trustprop.kernel.canonical import sha256
from trustprop.plumbing import checks
from trustprop.plumbing.database import Database

pytestmark = pytest.mark.xdist_group("month")

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{64}\b")
PER_PLACE = 2
"""How often each place of each request is tried."""


async def checksums(owner: asyncpg.Connection, *compound_ids: str) -> dict[str, tuple[int, str]]:
    """Of every table, how many rows the compounds have and a hash over all of them.

    But for the answers kept for retries, which belong to whoever asked.
    """
    tables = [table for table in await tenant_tables(owner) if table != "idempotency_key"]
    rows = await owner.fetch(
        " UNION ALL ".join(
            f"SELECT '{table}' AS name, count(*) AS rows, "
            f"md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS hash "
            f"FROM {table} t WHERE compound_id = ANY($1)"
            for table in tables
        ),
        compound_ids,
    )
    return {row["name"]: (row["rows"], row["hash"]) for row in rows}


FREE = {
    "/v1/compounds /body/invited/*": "people belong to no compound; the operator invites them",
    "/founding /body/mandates/*/person_id": "only they can sign it, with a key proved in this compound",
    "/api-keys /body/vendor_id": "a key sees what is of this compound and of that vendor: nothing",
    "/resolutions /body/subject_id": "what is decided may be made later, under the id decided on",
    "/revenue-contracts /body/id": "made under the id that the resolution was about",
    "/opening-balances /body/lines/*/counterparty_id": "a name in one's own books, of no register",
    "/other-receipts /body/counterparty_id": "the same",
    "/payment-orders /body/counterparty_id": "the same",
    "/payment-orders/dry-run /body/counterparty_id": "the same",
}
"""Places whose id refers to nothing that a compound has; a foreign one is a word like any other."""


# -- every request of a month --------------------------------------------------------------------


@dataclass
class Attack:
    """What was tried while the attackers played their month, and what came of it."""

    victims: list[Asked]
    victim_id: str
    url: str
    """The database of both, as its owner."""
    before: dict[str, tuple[int, str]]
    """What the victim had before the attack."""
    stage: Stage | None = None
    holds: bool = False
    at: int = 0
    known: set[str] = field(default_factory=set)
    """Ids that the attackers' own service has told them; any other id in a request is new."""
    tried: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    def is_wanted(self, own: str, place: str) -> bool:
        return own in self.known and place not in FREE and self.tried[place] < PER_PLACE

    def try_first(self, client: Client, path: str, body: dict[str, Any]) -> None:
        """The request with each of its ids exchanged, one at a time."""
        theirs = self.victims[self.at]
        self.at += 1
        mine, other = {"path": path, "body": body}, {"path": theirs.path, "body": theirs.body}
        route = ID.sub("{}", path)
        todo = [
            (f"{route} {place}", own, foreign) for place, own, foreign in differences(mine, other)
        ]
        todo = [each for each in todo if self.is_wanted(each[1], each[0])]
        if not todo:
            return
        before = self.state()
        for place, own, foreign in todo:
            self.tried[place] += 1
            given = told(send(client, exchanged(mine, self.known, own, foreign)))
            nobody = told(send(client, exchanged(mine, self.known, own, made_up(own))))
            if given != nobody or not 400 <= given[0] < 500:
                self.wrong.append(f"{place}: {given}, of nobody: {nobody}")
        if self.state() != before:
            self.changed.append(f"{path}: {todo}")

    @property
    def compound_id(self) -> str:
        assert self.stage is not None
        return self.stage.compound_id

    @property
    def tokens(self) -> tuple[str, ...]:
        assert self.stage is not None
        return tuple(person.token for person in self.stage.people[:3])

    def state(self) -> dict[str, tuple[int, str]]:
        return asyncio.run(state_of(self.url, self.compound_id))


async def state_of(url: str, compound_id: str) -> dict[str, tuple[int, str]]:
    owner = await asyncpg.connect(url)
    try:
        return await checksums(owner, compound_id)
    finally:
        await owner.close()


def differences(mine: Any, other: Any, place: str = "") -> Iterator[tuple[str, str, str]]:
    """Places where two requests of the same shape name different ids."""
    if isinstance(mine, dict) and isinstance(other, dict):
        for name in mine:
            if name in other:
                yield from differences(mine[name], other[name], f"{place}/{name}")
    elif isinstance(mine, list) and isinstance(other, list):
        for ours, theirs in zip(mine, other, strict=False):
            yield from differences(ours, theirs, f"{place}/*")
    elif isinstance(mine, str) and isinstance(other, str):
        shape = ID.sub("{}", mine)
        if shape == ID.sub("{}", other):
            for ours, theirs in zip(ID.findall(mine), ID.findall(other), strict=True):
                if ours != theirs:
                    yield place, ours, theirs


def exchanged(
    request: Mapping[str, Any], known: set[str], own: str, foreign: str
) -> dict[str, Any]:
    """The request with another id, at the first place where it stands."""
    written = json.dumps(request)
    for new in set(ID.findall(written)) - known:
        written = written.replace(new, made_up(new))
    return dict(json.loads(written.replace(own, foreign, 1)))


def made_up(own: str) -> str:
    return str(new_id()) if "-" in own else sha256(new_id().bytes).hex()


def send(client: Client, request: Mapping[str, Any]) -> httpx.Response:
    return httpx.post(
        client.base_url + client._url(request["path"]),
        json=request["body"],
        headers=client._headers() | {"Idempotency-Key": str(new_id())},
        timeout=60,
    )


def told(answer: httpx.Response) -> tuple[int, object]:
    """The status, and the refusal's code or all of what is shown."""
    is_json = answer.headers.get("content-type", "").endswith("json")
    shown = answer.json() if is_json else answer.content
    return answer.status_code, shown.get("code", shown) if isinstance(shown, dict) else shown


@pytest.fixture(scope="module")
def attacked(
    month: PlayedMonth, original: str, month_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Attack]:
    """A second month beside the victim's, on a service of its own over a copy of the database."""
    name = f"foreign_{new_id().hex}"
    url = with_database(month_url, name)
    asyncio.run(run_sql(month_url, f"CREATE DATABASE {name} TEMPLATE {original}"))
    folder = tmp_path_factory.mktemp("foreign")
    before = asyncio.run(state_of(url, month.compound_id))
    attack = Attack(month.asked, month.compound_id, url, before)
    post, answer = Client.post, Client._answer

    def trying(self: Client, path: str, body: dict[str, Any] | None = None) -> Any:
        attack.try_first(self, path, body or {})
        return post(self, path, body)

    def listening(self: Client, got: httpx.Response) -> httpx.Response:
        attack.known.update(ID.findall(answer(self, got).text))
        return got

    settings = {"TRUSTPROP_DATABASE_URL": url, "TRUSTPROP_VAR_DIR": str(month.out / "var")}
    with (
        (folder / "log.txt").open("w") as log,
        story.service(free_port(), Console(file=log, width=200), **settings) as (base_url, token),
        pytest.MonkeyPatch.context() as patched,
    ):
        attack.stage = story.set_stage(base_url, token, Console(file=log, width=200))
        patched.setattr(Client, "post", trying)
        patched.setattr(Client, "_answer", listening)
        attack.holds = story.tell(attack.stage, folder)
        yield attack
    asyncio.run(run_sql(month_url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))


async def test_no_request_of_a_month_takes_an_id_of_another_compound(attacked: Attack) -> None:
    """Each was sound but for that id; without it the month goes on and closes as ever."""
    assert not attacked.wrong, "\n".join(attacked.wrong)
    assert not attacked.changed, "\n".join(attacked.changed)
    assert attacked.holds
    assert len(attacked.tried) > 25, sorted(attacked.tried)
    assert any(place.endswith("/file_sha256") for place in attacked.tried)
    owner = await asyncpg.connect(attacked.url)
    try:
        assert attacked.before == await checksums(owner, attacked.victim_id)
        assert {name for name, rows in (await checks.run(owner)).items() if rows} == set()
    finally:
        await owner.close()


# -- every route ---------------------------------------------------------------------------------


async def differing(
    service: Service, attack: Attack, ids: Mapping[str, list[str]], victim: PlayedMonth
) -> tuple[int, list[str]]:
    """How many addresses were asked, and where the answer is not that of an id made up just now."""
    every = [route for route in routes(service.app) if route.is_of_a_compound]
    asked = asked_by_route(victim, every)
    attempts, wrong = 0, []
    for route in every:
        if not set(route.parameters) - NOT_FOR_IDS:
            continue
        body = body_of(route, service, asked)
        names = {*ids, *route.parameters}
        nowhere = [
            next(addresses(route, attack.compound_id, {name: [unknown] for name in names}))
            for unknown in (str(new_id()), sha256(new_id().bytes).hex())
        ]
        for token in attack.tokens:
            nobody = [
                told(await service.ask(route.method, address, token, body)) for address in nowhere
            ]
            for address in addresses(route, attack.compound_id, ids, others=2):
                attempts += 1
                answer = told(await service.ask(route.method, address, token, body))
                is_digest = re.search("[0-9a-f]{64}", address) is not None
                if answer != nobody[is_digest] or answer[0] >= 500:
                    wrong.append(f"{route.method} {address}: {answer}, of nobody: {nobody}")
    return attempts, wrong


def body_of(route: Route, service: Service, asked: Mapping[str, Asked]) -> object:
    if route.operation in asked:
        return asked[route.operation].body
    document = service.app.openapi_schema.to_schema()
    return example(route.body, document) if route.body else {}


async def ids_of_the_victim_alone(
    owner: asyncpg.Connection, attack: Attack
) -> dict[str, list[str]]:
    """The same bytes are the same file to whoever has them, so a shared digest is no foreign id."""
    own = await ids_of(owner, attack.compound_id, at_most=10_000)
    held = {value for values in own.values() for value in values}
    ids = await ids_of(owner, attack.victim_id, at_most=10_000)
    found = {name: [value for value in values if value not in held] for name, values in ids.items()}
    assert found["sha256"], "files that only the victim has"
    return {name: values[:3] for name, values in found.items() if values}


@pytest.fixture
async def theirs(attacked: Attack) -> AsyncIterator[asyncpg.Connection]:
    """The owner's connection to the database of both."""
    connection = await asyncpg.connect(attacked.url)
    yield connection
    await connection.close()


async def test_ids_of_another_compound_are_ids_of_nothing(
    month: PlayedMonth, attacked: Attack, theirs: asyncpg.Connection
) -> None:
    """The answer is the one that an id made up a moment ago gets, in status and code."""
    ids = await ids_of_the_victim_alone(theirs, attacked)
    before = await checksums(theirs, attacked.victim_id, attacked.compound_id)
    async with serve(month, attacked.url, Database) as service:
        attempts, wrong = await differing(service, attacked, ids, month)
    assert not wrong, "\n".join(wrong[:20])
    assert attempts > 500
    after = await checksums(theirs, attacked.victim_id, attacked.compound_id)
    assert [table for table in before if before[table] != after[table]] == []


class Unguarded(Rehearsed):
    """Row-level security passed over, and no statement asks for its compound."""

    @classmethod
    def connect(cls, url: str, *, pool_size: int = 8) -> "Database":
        made = super().connect(url.replace("trustprop_serving", "postgres"), pool_size=pool_size)
        event.listen(
            made._engine.sync_engine, "before_cursor_execute", without_compound, retval=True
        )
        return made


def without_compound(
    _connection: object, _cursor: object, statement: str, parameters: Any, *_more: object
) -> tuple[str, Any]:
    return re.sub(r"(\w+\.)?compound_id = (\$\d+::UUID)", r"\2 IS NOT NULL", statement), parameters


async def test_unguarded_the_ids_would_be_ids_of_something(
    month: PlayedMonth, attacked: Attack, theirs: asyncpg.Connection
) -> None:
    """The control: with both guards gone the same sweep finds the victim's rows in many routes."""
    ids = await ids_of_the_victim_alone(theirs, attacked)
    async with serve(month, attacked.url, Unguarded) as service:
        _, wrong = await differing(service, attacked, ids, month)
    seen = {line.partition(": ")[0] for line in wrong if ": (200, " in line}
    assert len(seen) > 20, "\n".join(wrong[:20])


async def test_a_key_of_another_compounds_vendor_sees_and_submits_nothing(
    month: PlayedMonth, attacked: Attack, theirs: asyncpg.Connection
) -> None:
    vendor_id = await theirs.fetchval(
        "SELECT vendor_id FROM invoice WHERE compound_id = $1 LIMIT 1", attacked.victim_id
    )
    base = f"/v1/compounds/{attacked.compound_id}"
    async with serve(month, attacked.url, Database) as service:
        made = await service.ask(
            "POST",
            f"{base}/api-keys",
            attacked.tokens[0],
            {
                "id": str(new_id()),
                "label": "x",
                "scopes": ["invoices:read", "invoices:write"],
                "vendor_id": str(vendor_id),
                "expires_at": "2026-03-01T00:00:00Z",
            },
        )
        token = made.json()["token"]
        for path in ("/invoices", "/vendors", "/contracts"):
            answer = await service.ask("GET", base + path, token)
            assert answer.status_code == 403 or answer.json()["data"] == [], answer.text
        theirs_too = await service.ask("GET", f"/v1/compounds/{attacked.victim_id}/invoices", token)
        assert theirs_too.status_code in (401, 404)
