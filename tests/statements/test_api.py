"""The month over HTTP: who may, which statuses, and a close that only signatures finish."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.make import acts as make_acts
from tests.make import paying
from tests.make.closing import AFTER, accrue, signers_at
from tests.make.ground import make_caller, new_id
from tests.make.http import api_key, sign_in
from tests.make.paying import Payers
from trustprop.acts import service as acts
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.statements import service

EXPIRES = "2025-10-20T00:00:00Z"


@pytest.fixture
async def payers(database: Database, clock: Clock) -> Payers:
    clock.set_to(datetime(2025, 10, 8, 2, 0, tzinfo=UTC))
    caller = make_caller()
    async with database.begin(caller) as tx:
        found = await paying.make_payers(tx, caller.compound_id)
        await paying.pay(tx, found)
        await accrue(tx, found)
    return found


def path(payers: Payers, rest: str) -> str:
    return f"/v1/compounds/{payers.bookkeeper.compound_id}/{rest}"


async def test_a_month_is_closed_and_published_over_http(
    client: httpx.AsyncClient, payers: Payers, database: Database, owner: asyncpg.Connection
):
    program = await api_key(owner, payers.bookkeeper.compound_id, "books:read", "books:write")
    checks = await client.get(path(payers, "periods/2025-09/tie-outs"), headers=program)
    assert checks.json()["is_green"], checks.text
    act_id = str(new_id())
    body = {"id": act_id, "expires_at": EXPIRES}
    drafted = await client.post(path(payers, "periods/2025-09/close"), headers=program, json=body)
    assert (drafted.status_code, drafted.json()["state"]) == (201, "open"), drafted.text
    early = await client.post(
        path(payers, "periods/2025-09/statement"),
        headers=program | {"Idempotency-Key": str(new_id())},
    )
    assert (early.status_code, early.json()["code"]) == (409, "month-not-closed")
    async with database.begin(payers.bookkeeper) as tx:
        for person in signers_at(payers, AFTER):
            act = await acts.lock(tx, payers.bookkeeper.compound_id, UUID(act_id))
            signature = make_acts.signature(act, person)
            await acts.sign(tx, person.caller, act.act_id, signature, service.EFFECTS)
    published = await client.post(
        path(payers, "periods/2025-09/statement"),
        headers=program | {"Idempotency-Key": str(new_id())},
    )
    assert (published.status_code, published.json()["number"]) == (201, "2025-001"), published.text
    listed = await client.get(path(payers, "statements"), headers=program)
    assert [row["number"] for row in listed.json()["data"]] == ["2025-001"]
    page = await client.get(f"/public/{payers.bookkeeper.compound_id}/statements/2025-001")
    assert page.status_code == 200


async def test_who_may_not(client: httpx.AsyncClient, payers: Payers, owner: asyncpg.Connection):
    body = {"id": str(new_id()), "expires_at": EXPIRES}
    close = path(payers, "periods/2025-09/close")
    assert (await client.post(close, json=body)).status_code == 401
    stranger = await api_key(owner, new_id(), "books:write")
    assert (await client.post(close, headers=stranger, json=body)).status_code == 404
    reader = await api_key(owner, payers.bookkeeper.compound_id, "books:read")
    refused = await client.post(close, headers=reader, json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-needed")
    person_id = payers.signers.director.caller.person_id
    assert person_id is not None
    director = await sign_in(owner, person_id)
    refused = await client.post(close, headers=director, json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "office-needed")


@pytest.mark.parametrize("period", ["2025-13", "september", "2025-9", "0000-00"])
async def test_what_is_no_month_is_not_found(
    client: httpx.AsyncClient, payers: Payers, owner: asyncpg.Connection, period: str
):
    reader = await api_key(owner, payers.bookkeeper.compound_id, "books:read")
    found = await client.get(path(payers, f"periods/{period}/tie-outs"), headers=reader)
    assert found.status_code == 404


async def test_the_integrity_checks_of_the_month_return_nothing(owner: asyncpg.Connection):
    content = (Path(service.__file__).parents[1] / "checks.sql").read_text(encoding="utf-8")
    for query in content.split("-- name: ")[1:]:
        name, _, sql = query.partition("\n")
        assert await owner.fetch(sql) == [], name
