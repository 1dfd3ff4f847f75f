"""Compounds over HTTP: who is let in as whom, and what they are shown."""

from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime

import asyncpg
import httpx
import msgspec
import pytest

from tests.make import compounds as make
from tests.make import http
from tests.make.ground import new_id
from trustprop.compounds import service
from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import digest
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database

SEPTEMBER = datetime(2025, 9, 15, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def september(clock: Clock) -> None:
    clock.set_to(SEPTEMBER)


@pytest.fixture
async def manager(database: Database, owner: asyncpg.Connection, caller: Caller) -> dict[str, str]:
    """The headers of the manager of a founded compound with three homes."""
    async with database.begin(caller) as tx:
        founding = await make.found_compound(tx, caller)
        rows = [make.row("101", name="王小明"), make.row("102", owner=2), make.row("103", owner=2)]
        await service.import_homes(tx, caller, make.homes_csv(*rows), make.FOUNDED)
    return await http.sign_in(owner, founding.mandates[0].person_id)


def at(caller: Caller, path: str = "") -> str:
    return f"/v1/compounds/{caller.compound_id}{path}"


async def test_the_operator_sets_up_a_compound_and_its_homes(
    client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    headers = await http.operator(owner)
    compound_id = new_id()
    body = {"id": str(compound_id), "name": "云栖里", "address": "示例路 1 号"}
    created = await client.post("/v1/compounds", json=body, headers=headers)
    assert (created.status_code, created.json()["state"]) == (201, "founding")
    imported = await client.post(
        f"/v1/compounds/{compound_id}/homes/import?since_on=2025-01-01",
        files={"file": ("homes.csv", make.compound_k())},
        headers=headers,
    )
    assert (imported.status_code, imported.json()["homes"]) == (200, 600)
    roll = await client.get(f"/v1/compounds/{compound_id}/roll?on=2025-06-01", headers=headers)
    assert roll.json()["count"] == {"homes": 600, "heads": 563, "area_dm2": 5_922_000}


async def test_only_the_operator_sets_up_compounds(
    client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    body = {"id": str(new_id()), "name": "云栖里", "address": "示例路 1 号"}
    headers = await http.sign_in(owner, new_id())
    assert (await client.post("/v1/compounds", json=body)).status_code == 401
    refused = await client.post("/v1/compounds", json=body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-needed")


async def test_a_wrong_compound_names_every_wrong_field(
    client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    body = {
        "id": str(new_id()),
        "name": "云栖里",
        "address": "示例路",
        "credit_code": "1",
        "rule_profile": "mars",
    }
    refused = await client.post("/v1/compounds", json=body, headers=await http.operator(owner))
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [
        "/credit_code",
        "/rule_profile",
    ]


async def test_bad_rows_come_back_with_line_and_column_in_the_readers_language(
    client: httpx.AsyncClient, caller: Caller, manager: dict[str, str]
) -> None:
    content = make.homes_csv(
        make.row("201", owner=7, area="?"), make.row("202", owner=8, kind="nobody")
    )
    refused = await client.post(
        at(caller, "/homes/import"),
        files={"file": ("homes.csv", content)},
        headers=manager | {"Accept-Language": "zh-CN"},
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "homes-not-imported")
    assert [error["pointer"] for error in refused.json()["errors"]] == [
        "/lines/2/area_m2",
        "/lines/3/owner_kind",
    ]
    assert "行" in refused.json()["detail"]
    homes = await client.get(at(caller, "/homes"), headers=manager)
    assert len(homes.json()["data"]) == 3


async def test_the_roll_is_masked_paged_and_counted(
    client: httpx.AsyncClient, caller: Caller, manager: dict[str, str]
) -> None:
    first = (await client.get(at(caller, "/roll?limit=2"), headers=manager)).json()
    cursor = first["page"]["next"]
    second = (
        await client.get(at(caller, f"/roll?limit=2&cursor={cursor}"), headers=manager)
    ).json()
    assert [entry["owners"] for entry in first["data"]] == [["王**"], ["业**"]]
    assert [entry["number"] for entry in second["data"]] == ["103"]
    assert first["count"] == second["count"] == {"homes": 3, "heads": 2, "area_dm2": 26_850}
    assert (first["page"]["has_more"], second["page"]["has_more"]) == (True, False)
    other_filter = await client.get(
        at(caller, f"/roll?building=1&cursor={cursor}"), headers=manager
    )
    assert (other_filter.status_code, other_filter.json()["code"]) == (422, "cursor-invalid")


async def test_no_answer_carries_a_name_or_an_identity_number(
    client: httpx.AsyncClient, caller: Caller, manager: dict[str, str]
) -> None:
    for path in ("/homes", "/roll", "/mandates", "/texts", "/limits", "/trust-instrument", ""):
        answer = await client.get(at(caller, path), headers=manager)
        assert answer.status_code == 200, path
        assert "王小明" not in answer.text
        assert make.identity_number(1) not in answer.text


async def test_a_stranger_and_another_compounds_key_see_a_compound_that_does_not_exist(
    client: httpx.AsyncClient, caller: Caller, manager: dict[str, str], owner: asyncpg.Connection
) -> None:
    stranger = await http.sign_in(owner, new_id())
    machine = await http.api_key(owner, new_id(), "homes:read")
    for headers in (stranger, machine):
        refused = await client.get(at(caller), headers=headers)
        missing = await client.get(f"/v1/compounds/{new_id()}", headers=headers)
        assert refused.status_code == missing.status_code == 404
        assert refused.json()["detail"] == missing.json()["detail"]
    assert (await client.get(at(caller))).status_code == 401
    assert (
        await client.get(at(caller), headers={"Authorization": "Bearer nonsense"})
    ).status_code == 401


async def test_a_key_with_the_scope_reads_homes_and_one_without_does_not(
    client: httpx.AsyncClient, caller: Caller, manager: dict[str, str], owner: asyncpg.Connection
) -> None:
    reader = await http.api_key(owner, caller.compound_id, "homes:read")
    submitter = await http.api_key(owner, caller.compound_id, "invoices:write", vendor_id=new_id())
    assert (await client.get(at(caller, "/homes"), headers=reader)).status_code == 200
    for path in ("/homes", "/roll", "/mandates", "/texts", "/limits", "/trust-instrument", ""):
        refused = await client.get(at(caller, path), headers=submitter)
        assert (refused.status_code, refused.json()["code"]) == (403, "scope-needed"), path


async def test_an_invited_person_is_let_in_but_reads_no_roll(
    client: httpx.AsyncClient, caller: Caller, manager: dict[str, str], owner: asyncpg.Connection
) -> None:
    person_id = new_id()
    headers = await http.sign_in(owner, person_id)
    assert (await client.get(at(caller), headers=headers)).status_code == 404
    invited = await client.post(
        at(caller, "/invitations"), json={"person_id": str(person_id)}, headers=manager
    )
    assert invited.status_code == 204
    assert (await client.get(at(caller), headers=headers)).status_code == 200
    assert (await client.get(at(caller, "/roll"), headers=headers)).status_code == 403


async def test_a_mandate_ends_with_its_last_day_and_its_holder_is_a_stranger_again(
    client: httpx.AsyncClient, clock: Clock, caller: Caller, manager: dict[str, str]
) -> None:
    clock.set_to(datetime(2027, 12, 31, 15, 59, tzinfo=UTC))
    assert (await client.get(at(caller), headers=manager)).status_code == 200
    clock.set_to(datetime(2027, 12, 31, 16, 1, tzinfo=UTC))
    assert (await client.get(at(caller), headers=manager)).status_code == 404


async def test_a_home_is_transferred_and_a_resident_enrolled(
    client: httpx.AsyncClient, caller: Caller, manager: dict[str, str], owner: asyncpg.Connection
) -> None:
    homes = (await client.get(at(caller, "/homes"), headers=manager)).json()["data"]
    buyer = {"kind": "person", "name": "买家", "identity_number": make.identity_number(9)}
    path = at(caller, f"/homes/{homes[0]['home_id']}/transfers")
    moved = await client.post(
        path, json={"since_on": "2025-09-01", "owners": [buyer]}, headers=manager
    )
    assert moved.status_code == 200
    assert moved.json()["owner_ids"] != homes[0]["owner_ids"]
    again = await client.post(
        path, json={"since_on": "2025-09-01", "owners": [buyer]}, headers=manager
    )
    assert again.json() == moved.json()
    seller = {"kind": "person", "name": "卖家", "identity_number": make.identity_number(8)}
    early = await client.post(
        path, json={"since_on": "2025-08-01", "owners": [seller]}, headers=manager
    )
    assert (early.status_code, early.json()["code"]) == (409, "transfer-too-early")
    person_id = new_id()
    body = {
        "person_id": str(person_id),
        "home_id": homes[0]["home_id"],
        "kind": "occupant",
        "since_on": "2025-09-01",
    }
    assert (
        await client.post(at(caller, "/residents"), json=body, headers=manager)
    ).status_code == 201
    headers = await http.sign_in(owner, person_id)
    assert (await client.get(at(caller, "/limits"), headers=headers)).status_code == 200
    refused = await client.post(
        path, json={"since_on": "2025-10-01", "owners": [buyer]}, headers=headers
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "office-needed")


async def test_every_limit_comes_with_its_source(
    client: httpx.AsyncClient, caller: Caller, manager: dict[str, str]
) -> None:
    limits = (await client.get(at(caller, "/limits"), headers=manager)).json()
    assert limits["large_payment_fen"]["value"] == 10_000_000
    sources = [
        limit["source"]["citation"] for name, limit in limits.items() if name != "special_majority"
    ]
    assert all(sources)


@pytest.mark.parametrize(
    "path", ["/homes", "/roll", "/mandates", "/texts", "/limits", "/trust-instrument"]
)
async def test_the_operator_reads_nothing_of_another_id(
    client: httpx.AsyncClient, owner: asyncpg.Connection, path: str
) -> None:
    answer = await client.get(f"/v1/compounds/{new_id()}{path}", headers=await http.operator(owner))
    assert answer.status_code in (200, 404)
    assert answer.json().get("data", []) == []


async def test_a_forged_cursor_is_refused(
    client: httpx.AsyncClient, caller: Caller, manager: dict[str, str]
) -> None:
    content = msgspec.json.encode([[1, 2, 3], digest({}).hex()[:12]])
    forged = urlsafe_b64encode(content).decode().rstrip("=")
    refused = await client.get(at(caller, f"/homes?cursor={forged}"), headers=manager)
    assert (refused.status_code, refused.json()["code"]) == (422, "cursor-invalid")


async def test_two_versions_of_a_text_are_compared_word_by_word(
    client: httpx.AsyncClient, caller: Caller, database: Database, manager: dict[str, str]
) -> None:
    draft = make.text(make.clause("virement_percent", 5), effective_from=date(2025, 10, 1))
    async with database.begin(caller) as tx:
        (old,) = await service.texts(tx, caller.compound_id)
        await service.adopt_text_by(tx, caller, draft, new_id())
    path = at(caller, f"/texts/{draft.text_id}/difference")
    answer = await client.get(f"{path}?from={old.text_id}", headers=manager)
    assert answer.status_code == 200
    found = answer.json()
    assert (found["from_version"], found["version"]) == (1, 2)
    assert [(one["code"], one["kind"]) for one in found["clauses"]] == [
        ("1", "removed"),
        ("18", "added"),
    ]
    unknown = await client.get(f"{path}?from={new_id()}", headers=manager)
    assert unknown.status_code == 404
    assert (await client.get(path, headers=manager)).json() == found
    first = (
        await client.get(at(caller, f"/texts/{old.text_id}/difference"), headers=manager)
    ).json()
    assert (first["from_text_id"], first["from_version"]) == (None, 0)
    assert [one["kind"] for one in first["clauses"]] == ["added"]
