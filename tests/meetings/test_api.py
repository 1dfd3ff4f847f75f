"""A compound is founded and decides its first budget, over HTTP alone."""

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.make import compounds as make_compounds
from tests.make import http
from tests.make.evidence import PDF
from tests.make.ground import new_id
from tests.make.identity import key_id_of, make_signing_key
from trustprop.identity import rules as identity
from trustprop.plumbing.clock import Clock

SEPTEMBER = datetime(2025, 9, 15, 4, 0, tzinfo=UTC)
OPEN_UNTIL = "2025-10-15T00:00:00Z"


@pytest.fixture(autouse=True)
def september(clock: Clock) -> None:
    clock.set_to(SEPTEMBER)


class Someone:
    """A person with a browser of their own."""

    def __init__(
        self, client: httpx.AsyncClient, owner: asyncpg.Connection, compound_id: UUID
    ) -> None:
        self.client = client
        self.owner = owner
        self.compound_id = compound_id
        self.person_id = new_id()
        self.key: Ed25519PrivateKey = make_signing_key(self.person_id)
        self.headers: dict[str, str] = {}

    @property
    def key_id(self) -> str:
        return key_id_of(self.key)

    async def sign_in(self) -> None:
        self.headers = await http.sign_in(self.owner, self.person_id)

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(
            f"/v1/compounds/{self.compound_id}{path}", headers=self.headers
        )

    async def post(self, path: str, body: Any) -> httpx.Response:
        headers = self.headers | {
            "Idempotency-Key": str(new_id()),
            "Content-Type": "application/json",
        }
        return await self.client.post(
            f"/v1/compounds/{self.compound_id}{path}",
            content=msgspec.json.encode(body),
            headers=headers,
        )

    async def prove_key(self) -> httpx.Response:
        return await self.post(
            "/signing-keys", identity.prove(self.key, self.compound_id, self.person_id)
        )

    async def sign(self, act_id: str) -> httpx.Response:
        act = (await self.get(f"/acts/{act_id}")).json()
        digest = act["payload_digest"]
        signature = identity.sign(self.key, bytes.fromhex(digest))
        body = {
            "key_id": self.key_id,
            "payload_digest": digest,
            "signature": b64encode(signature).decode(),
        }
        return await self.post(f"/acts/{act_id}/signatures", body)


class Founded:
    """A compound of 600 homes with its manager and director, opened over HTTP."""

    def __init__(self, client: httpx.AsyncClient, owner: asyncpg.Connection) -> None:
        self.compound_id = new_id()
        self.operator = Someone(client, owner, self.compound_id)
        self.manager = Someone(client, owner, self.compound_id)
        self.director = Someone(client, owner, self.compound_id)

    async def invite(self) -> None:
        self.operator.headers = await http.operator(self.operator.owner)
        body = {
            "id": str(self.compound_id),
            "name": "云栖里",
            "address": "示例路 1 号",
            "invited": [str(self.manager.person_id), str(self.director.person_id)],
        }
        created = await self.operator.client.post(
            "/v1/compounds", json=body, headers=self.operator.headers
        )
        assert created.status_code == 201, created.text
        for person in (self.manager, self.director):
            await person.sign_in()
            assert (await person.prove_key()).status_code == 201

    def founding(self) -> dict[str, Any]:
        founding = make_compounds.founding(
            mandates=(
                make_compounds.appointment(
                    person_id=self.manager.person_id, key_id=self.manager.key_id
                ),
                make_compounds.appointment(
                    make_compounds.Office.COMMITTEE_DIRECTOR,
                    person_id=self.director.person_id,
                    key_id=self.director.key_id,
                ),
            )
        )
        body: dict[str, Any] = msgspec.to_builtins(founding)
        return body | {"id": str(new_id()), "expires_at": OPEN_UNTIL}

    async def open(self) -> None:
        await self.invite()
        await self.operator.client.post(
            f"/v1/compounds/{self.compound_id}/homes/import?since_on=2025-01-01",
            files={"file": ("homes.csv", make_compounds.compound_k())},
            headers=self.operator.headers,
        )
        drafted = await self.operator.post("/founding", self.founding())
        assert drafted.status_code == 201, drafted.text
        for person in (self.manager, self.director):
            signed = await person.sign(drafted.json()["act_id"])
            assert signed.status_code in (200, 201), signed.text


@pytest.fixture
def compound(client: httpx.AsyncClient, owner: asyncpg.Connection) -> Founded:
    return Founded(client, owner)


async def decision(compound: Founded, **changes: Any) -> dict[str, Any]:
    uploaded = await compound.director.client.post(
        f"/v1/compounds/{compound.compound_id}/files",
        files={"file": ("minutes.pdf", PDF)},
        headers=compound.director.headers,
    )
    return {
        "id": str(new_id()),
        "act_id": str(new_id()),
        "expires_at": OPEN_UNTIL,
        "matter": "budget",
        "title": "2025 年度开放式预算",
        "decision": "同意。",
        "record_on": "2025-06-01",
        "held_on": "2025-06-21",
        "valid_from": "2025-06-24",
        "minutes": [uploaded.json()["sha256"]],
        "figures": {
            "total_area_dm2": 5_922_000,
            "total_heads": 563,
            "participating_area_dm2": 3_948_000,
            "participating_heads": 376,
            "for_area_dm2": 1_974_001,
            "for_heads": 189,
        },
    } | changes


async def test_founders_open_a_compound_and_decide_their_first_budget(compound: Founded) -> None:
    await compound.open()
    assert (await compound.manager.get("")).json()["state"] == "open"
    recorded = await compound.director.post("/resolutions", await decision(compound))
    assert recorded.status_code == 201, recorded.text
    assert (recorded.json()["number"], recorded.json()["state"]) == ("2025-001", "recorded")
    for person in (compound.manager, compound.director):
        assert (await person.sign(recorded.json()["act_id"])).status_code in (200, 201)
    found = await compound.manager.get(f"/resolutions/{recorded.json()['resolution_id']}")
    assert found.json()["state"] == "confirmed"
    listed = (await compound.manager.get("/resolutions?matter=budget")).json()["data"]
    assert [resolution["number"] for resolution in listed] == ["2025-001"]
    assert (await compound.manager.get("/resolutions?matter=fee")).json()["data"] == []


async def test_figures_that_fail_come_back_with_the_arithmetic(compound: Founded) -> None:
    await compound.open()
    body = await decision(compound)
    body["figures"]["for_area_dm2"] = 1_974_000
    refused = await compound.director.post("/resolutions", body)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (422, "resolution-failed")
    assert (problem["majority_area"], problem["majority_heads"]) == (False, True)
    assert (problem["for_area_dm2"], problem["participating_area_dm2"]) == (1_974_000, 3_948_000)


async def test_a_founding_that_lacks_what_the_law_demands_is_refused_field_by_field(
    compound: Founded,
) -> None:
    await compound.invite()
    body = compound.founding()
    body["trustee"]["credit_code"] = "nonsense"
    body["mandates"] = body["mandates"][:1] * 2
    refused = await compound.operator.post("/founding", body)
    assert refused.status_code == 422
    assert {error["pointer"] for error in refused.json()["errors"]} == {
        "/trustee/credit_code",
        "/mandates/1/mandate_id",
        "/mandates",
    }
    del body["purpose"]
    refused = await compound.operator.post("/founding", body)
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/purpose"]


async def test_a_founder_cannot_be_let_in_by_drafting_alone(compound: Founded) -> None:
    await compound.invite()
    refused = await compound.manager.post("/founding", compound.founding())
    assert (refused.status_code, refused.json()["code"]) == (403, "scope-needed")


async def test_a_mandate_is_put_before_both_sides(compound: Founded) -> None:
    await compound.open()
    newcomer = make_compounds.appointment(make_compounds.Office.TRUSTEE_BOOKKEEPER)
    body = msgspec.to_builtins(newcomer) | {"id": str(new_id()), "expires_at": OPEN_UNTIL}
    drafted = await compound.manager.post("/mandates", body)
    assert (drafted.status_code, drafted.json()["kind"]) == (201, "mandate")
    for person in (compound.director, compound.manager):
        assert (await person.sign(drafted.json()["act_id"])).status_code in (200, 201)
    offices = [term["office"] for term in (await compound.manager.get("/mandates")).json()["data"]]
    assert offices.count("trustee_bookkeeper") == 1
    body |= {"id": str(new_id()), "mandate_id": str(new_id()), "office": "committee_member"}
    refused = await compound.manager.post("/mandates", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "both-sides")


async def test_resolutions_of_another_compound_are_not_found(compound: Founded) -> None:
    await compound.open()
    recorded = (await compound.director.post("/resolutions", await decision(compound))).json()
    other = Founded(compound.director.client, compound.director.owner)
    await other.open()
    answer = await other.director.get(f"/resolutions/{recorded['resolution_id']}")
    assert answer.status_code == 404
    assert (await other.director.get("/resolutions")).json()["data"] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [("title", "决议\x00"), ("scope", {"building": "7\x00"}), ("minutes", ["zz"]), ("figures", {})],
)
async def test_hostile_text_is_refused_before_it_reaches_the_database(
    compound: Founded, path: str, value: object
) -> None:
    await compound.open()
    refused = await compound.director.post("/resolutions", await decision(compound) | {path: value})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"].startswith(f"/{path}")
