"""Another compound's address is a 404 on every route, and a stranger is a 401."""

import re
from collections.abc import Iterator
from typing import Any

import asyncpg
import httpx
from litestar import Litestar
from litestar.routes import HTTPRoute

from tests.make import compounds
from tests.make.ground import make_caller, new_id
from tests.make.http import api_key, sign_in
from trustprop.compounds.model import Founding
from trustprop.plumbing.database import Database

QUERY: dict[str, str | int] = {
    "period": "2025-09",
    "year": 2025,
    "account": "100201",
    "format": "csv",
    "entry_id": "01990000-0000-7000-8000-000000000000",
    "first": 1,
    "first_size": 1,
}
"""What some routes want to hear before they ask who is there; the others take no notice."""


def content_of(path: str) -> dict[str, Any]:
    """An empty command, or a file where the route takes one."""
    if path.endswith(("/files", "/homes/import")):
        return {"files": {"file": ("a.csv", b"a,b", "text/csv")}}
    return {"json": {}}


def tenant_routes(app: Litestar) -> Iterator[tuple[str, str]]:
    """Every method and address below a compound."""
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or not route.path.startswith(
            "/v1/compounds/{compound_id"
        ):
            continue
        for handler in route.route_handlers:
            for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                yield str(method), route.path


def address(path: str, compound_id: object) -> str:
    """Its other parameters are ids of nobody."""
    path = path.replace("{compound_id:uuid}", str(compound_id))
    path = re.sub(r"\{[a-z_0-9]+:uuid\}", lambda _: str(new_id()), path)
    path = re.sub(r"\{[a-z_0-9]+:int\}", "1", path)
    path = path.replace("{period:str}", "2025-09")
    return re.sub(r"\{[a-z_0-9]+:str\}", "0" * 64, path)


async def found(database: Database) -> tuple[object, Founding]:
    caller = make_caller()
    async with database.begin(caller) as tx:
        return caller.compound_id, await compounds.found_compound(tx, caller)


async def test_every_route_of_another_compound_is_not_found(
    app: Litestar, client: httpx.AsyncClient, database: Database, owner: asyncpg.Connection
) -> None:
    theirs, _ = await found(database)
    mine, founding = await found(database)
    manager = await sign_in(owner, founding.mandates[0].person_id)
    own = await client.get(f"/v1/compounds/{mine}", headers=manager)
    assert own.status_code == 200, "a control: the credential is good at home"
    machine = await api_key(owner, mine, "books:read", "books:write", "invoices:write")
    routes = list(tenant_routes(app))
    assert len(routes) > 140
    wrong = []
    for method, path in routes:
        for credential in (manager, machine):
            answer = await client.request(
                method,
                address(path, theirs),
                headers=credential | {"Idempotency-Key": str(new_id()), "If-Match": '"1"'},
                params=QUERY,
                **content_of(path),
            )
            if answer.status_code != 404 or answer.json()["code"] != "not-found":
                wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:100]}")
    assert not wrong, "\n".join(wrong)


async def test_every_route_asks_who_is_there(
    app: Litestar, client: httpx.AsyncClient, database: Database
) -> None:
    theirs, _ = await found(database)
    wrong = []
    for method, path in tenant_routes(app):
        for headers in (
            {},
            {"Authorization": "Bearer tps_nonsense"},
            {"Authorization": "Basic eDp5"},
        ):
            answer = await client.request(
                method,
                address(path, theirs),
                headers=headers | {"Idempotency-Key": str(new_id())},
                params=QUERY,
                **content_of(path),
            )
            if answer.status_code != 401:
                wrong.append(f"{method} {path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
