"""Billing over HTTP, as a bookkeeper's software and its readers see it."""

from collections.abc import Mapping
from datetime import date

import asyncpg
import httpx
import pytest
from msgspec import to_builtins

from tests.billing.conftest import MONTH_END
from tests.make import billing as make
from tests.make import compounds as make_compounds
from tests.make import http
from tests.make.ground import new_id
from trustprop.compounds import store as compounds_store
from trustprop.compounds.model import Home
from trustprop.kernel.caller import Caller, Office
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database


@pytest.fixture(autouse=True)
def month_end(clock: Clock) -> None:
    clock.set_to(MONTH_END)


@pytest.fixture
async def homes(database: Database, caller: Caller) -> tuple[Home, ...]:
    async with database.begin(caller) as tx:
        return await make.open_compound(tx, caller)


@pytest.fixture
async def keeper(
    database: Database, owner: asyncpg.Connection, caller: Caller, homes: tuple[Home, ...]
) -> Mapping[str, str]:
    term = make_compounds.term(Office.TRUSTEE_BOOKKEEPER)
    async with database.begin(caller) as tx:
        await compounds_store.add_mandate(tx, caller.compound_id, term)
    return await http.sign_in(owner, term.person_id)


def at(caller: Caller, path: str) -> str:
    return f"/v1/compounds/{caller.compound_id}{path}"


def keyed(headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "Idempotency-Key": str(new_id())}


async def test_a_month_is_charged_received_and_read_back(
    client: httpx.AsyncClient, caller: Caller, homes: tuple[Home, ...], keeper: Mapping[str, str]
):
    run = {"id": str(new_id()), "period": "2025-09", "kind": "property_fee"}
    charged = await client.post(at(caller, "/charge-runs"), json=run, headers=keyed(keeper))
    assert charged.status_code == 201, charged.text
    assert charged.json()["amount_fen"] == 16_581_600
    receipt = to_builtins(make.receipt(homes[0].home_id, received_on=date(2025, 9, 10)))
    received = await client.post(
        at(caller, "/receipts"), json={"receipts": [receipt]}, headers=keyed(keeper)
    )
    assert received.status_code == 201, received.text
    assert received.json()[0]["arrears_fen"] == 25_060
    account = await client.get(at(caller, f"/homes/{homes[0].home_id}/ledger"), headers=keeper)
    assert (account.status_code, account.json()["owed_fen"]) == (200, 0)
    moved = await client.get(at(caller, "/collection?period=2025-09"), headers=keeper)
    assert moved.json()["received_fen"] == 25_060
    table = await client.get(at(caller, "/ageing?on=2025-09-30"), headers=keeper)
    assert len(table.json()["rows"]) == 12


async def test_a_charge_run_without_a_key_is_refused_and_twice_is_once(
    client: httpx.AsyncClient, caller: Caller, keeper: Mapping[str, str]
):
    run = {"id": str(new_id()), "period": "2025-09", "kind": "property_fee"}
    bare = {name: value for name, value in keeper.items() if name != "Idempotency-Key"}
    refused = await client.post(at(caller, "/charge-runs"), json=run, headers=bare)
    assert refused.status_code == 400
    first = await client.post(at(caller, "/charge-runs"), json=run, headers=keeper)
    again = await client.post(at(caller, "/charge-runs"), json=run, headers=keeper)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_wrong_fields_and_unknown_homes_are_named(
    client: httpx.AsyncClient, caller: Caller, keeper: Mapping[str, str]
):
    receipt = to_builtins(make.receipt(new_id(), received_on=date(2025, 9, 10)))
    refused = await client.post(
        at(caller, "/receipts"), json={"receipts": [receipt]}, headers=keyed(keeper)
    )
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/receipts/0/home_id"
    assert refused.json()["errors"][0]["detail"] == "本小区没有这套房屋。"
    month = await client.get(at(caller, "/collection?period=2025-13"), headers=keeper)
    assert month.status_code == 422


async def test_lists_go_on_by_cursor(
    client: httpx.AsyncClient, caller: Caller, keeper: Mapping[str, str]
):
    first = (await client.get(at(caller, "/tariffs?limit=2"), headers=keeper)).json()
    rest = await client.get(
        at(caller, f"/tariffs?limit=2&cursor={first['page']['next']}"), headers=keeper
    )
    kinds = [tariff["kind"] for tariff in first["data"] + rest.json()["data"]]
    assert sorted(kinds) == ["ground_parking", "parking_fee", "property_fee"]
    bad = await client.get(at(caller, "/tariffs?cursor=abc"), headers=keeper)
    assert bad.status_code == 422


async def test_another_compound_sees_nothing(
    client: httpx.AsyncClient, homes: tuple[Home, ...], keeper: Mapping[str, str]
):
    stranger = f"/v1/compounds/{new_id()}/homes/{homes[0].home_id}/ledger"
    assert (await client.get(stranger, headers=keeper)).status_code == 404
