"""A payment from draft to bank file, over HTTP."""

from base64 import b64encode
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest
from msgspec.structs import replace

from tests.make import acts as make_acts
from tests.make import disbursements as make
from tests.make import http, paying
from tests.make.acts import Person
from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.make.paying import Payers
from trustprop.disbursements.model import MakeBankFile, ReturnOrder
from trustprop.identity import rules as identity
from trustprop.kernel.caller import Caller, Office
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database


class Desk:
    """One person of a compound at a machine of their own."""

    def __init__(
        self, client: httpx.AsyncClient, compound_id: UUID, headers: dict[str, str]
    ) -> None:
        self.client = client
        self.root = f"/v1/compounds/{compound_id}"
        self.headers = headers

    async def get(self, path: str) -> httpx.Response:
        return await self.client.get(self.root + path, headers=self.headers)

    async def send(self, method: str, path: str, body: Any, **headers: str) -> httpx.Response:
        sent = {"Idempotency-Key": str(new_id()), "Content-Type": "application/json"}
        return await self.client.request(
            method,
            self.root + path,
            content=msgspec.json.encode(body),
            headers=self.headers | sent | headers,
        )

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.send("POST", path, body, **headers)


class PaymentOffice:
    """Everybody of one compound who has to do with payments."""

    def __init__(self, payers: Payers, desks: dict[str, Desk]) -> None:
        self.payers = payers
        self.clerk = desks["clerk"]
        self.manager = desks["manager"]
        self.director = desks["director"]

    async def sign(self, desk: Desk, person: Person, act_id: str) -> httpx.Response:
        digest = (await desk.get(f"/acts/{act_id}")).json()["payload_digest"]
        signature = identity.sign(person.key, bytes.fromhex(digest))
        body = {
            "key_id": person.key_id,
            "payload_digest": digest,
            "signature": b64encode(signature).decode(),
        }
        return await desk.post(f"/acts/{act_id}/signatures", body)

    async def sign_both(self, act_id: str) -> None:
        for desk, person in zip((self.manager, self.director), self.payers.both, strict=True):
            answer = await self.sign(desk, person, act_id)
            assert answer.status_code < 300, answer.text


@pytest.fixture
async def office(
    client: httpx.AsyncClient, database: Database, owner: asyncpg.Connection, clock: Clock
) -> PaymentOffice:
    clock.set_to(SEPTEMBER)
    caller = make_caller()
    async with database.begin(caller) as tx:
        payers = await paying.make_payers(tx, caller.compound_id)
        clerk = await make_acts.add_signer(
            tx, caller.compound_id, Office.TRUSTEE_BOOKKEEPER, activate=False
        )
    payers = msgspec.structs.replace(payers, bookkeeper=clerk.caller)
    people = {
        "clerk": clerk.caller,
        "manager": payers.signers.manager.caller,
        "director": payers.signers.director.caller,
    }
    desks = {
        name: Desk(client, caller.compound_id, await http.sign_in(owner, person_of(one)))
        for name, one in people.items()
    }
    return PaymentOffice(payers, desks)


def person_of(caller: Caller) -> UUID:
    assert caller.person_id is not None
    return caller.person_id


async def test_a_payment_goes_from_draft_to_bank_file(office: PaymentOffice) -> None:
    command = make.draft_order()
    drawn = await office.clerk.post("/payment-orders", command)
    assert drawn.status_code == 201, drawn.text
    order = drawn.json()
    assert order["body"]["payee"]["number_masked"] == "****5678"
    await office.sign_both(order["act_id"])
    answer = await office.clerk.get(f"/payment-orders/{command.id}")
    detail = answer.json()
    assert (detail["order"]["state"], detail["order"]["number"]) == ("released", 1)
    assert answer.headers["etag"] == '"2"'
    assert [(one["party"], one["office"]) for one in detail["signatures"]] == [
        ("trustee", "trustee_manager"),
        ("owners", "committee_director"),
    ]
    assert detail["signatures"][0]["key_id"] == office.payers.signers.manager.key_id
    file = MakeBankFile(id=new_id(), bank_account="100201")
    made = await office.clerk.post("/bank-files", file)
    assert (made.status_code, made.json()["orders"]) == (201, 1), made.text
    listed = (await office.manager.get("/payment-orders?state=exported")).json()
    assert [one["order_id"] for one in listed["data"]] == [str(command.id)]
    back = ReturnOrder(reversal_id=new_id(), returned_on=SEPTEMBER.date(), reason="户名不符")
    returned = await office.clerk.post(f"/payment-orders/{command.id}/returns", back)
    assert (returned.status_code, returned.json()["state"]) == (200, "returned"), returned.text


async def test_a_dry_run_changes_nothing_and_speaks_the_readers_language(
    office: PaymentOffice,
) -> None:
    hopeless = make.draft_order(amount_fen=paying.CASH + 1)
    tried = await office.clerk.post("/payment-orders/dry-run", hopeless)
    assert tried.status_code == 200, tried.text
    assert tried.json()["is_possible"] is False
    english = {"Accept-Language": "en"}
    again = await office.clerk.post("/payment-orders/dry-run", hopeless, **english)
    details = [one["detail"] for one in again.json()["refusals"]]
    assert details[-1].startswith("Fund OP has ¥286,540.18 in 100201")
    assert tried.json()["refusals"][-1]["detail"].startswith("基金 OP 在 100201 有 ¥286,540.18")
    assert (await office.clerk.get("/payment-orders")).json()["data"] == []


async def test_revising_wants_the_version_that_was_read(office: PaymentOffice) -> None:
    command = make.draft_order()
    await office.clerk.post("/payment-orders", command)
    path = f"/payment-orders/{command.id}"
    fields = msgspec.to_builtins(replace(command, amount_fen=48_000))
    revision = {name: value for name, value in fields.items() if name not in ("id", "act_id")}
    blind = await office.clerk.send("PUT", path, revision)
    assert blind.status_code == 428
    stale = await office.clerk.send("PUT", path, revision, **{"If-Match": '"7"'})
    assert stale.status_code == 412
    revised = await office.clerk.send("PUT", path, revision, **{"If-Match": '"1"'})
    assert revised.status_code == 200, revised.text
    assert (revised.json()["act_version"], revised.headers["etag"]) == (2, '"2"')


async def test_a_draft_needs_its_key_and_every_wrong_field_is_named(office: PaymentOffice) -> None:
    keyless = {"Authorization": office.clerk.headers["Authorization"]}
    bare = await office.clerk.client.post(
        office.clerk.root + "/payment-orders",
        content=msgspec.json.encode(make.draft_order()),
        headers=keyless | {"Content-Type": "application/json"},
    )
    assert (bare.status_code, bare.json()["code"]) == (400, "idempotency-key-missing")
    wrong = await office.clerk.post(
        "/payment-orders", make.draft_order(amount_fen=0, purpose="", account=None)
    )
    assert wrong.status_code == 422
    pointers = {one["pointer"] for one in wrong.json()["errors"]}
    assert pointers == {"/amount_fen", "/purpose", "/account"}


async def test_the_committee_draws_up_no_orders_and_another_compound_sees_none(
    office: PaymentOffice,
) -> None:
    command = make.draft_order()
    refused = await office.director.post("/payment-orders", command)
    assert (refused.status_code, refused.json()["code"]) == (403, "office-needed")
    await office.clerk.post("/payment-orders", command)
    stranger = Desk(office.clerk.client, new_id(), office.clerk.headers)
    assert (await stranger.get(f"/payment-orders/{command.id}")).status_code == 404


async def test_a_policy_is_drafted_by_the_committee_and_signed_by_both(
    office: PaymentOffice,
) -> None:
    terms = {"rules": [{"owners": 2}], "drafter_may_sign": False}
    act_id = str(new_id())
    drafted = await office.director.post("/payment-policies", {"act_id": act_id, "terms": terms})
    assert drafted.status_code == 201, drafted.text
    await office.sign_both(act_id)
    versions = [one["version"] for one in (await office.clerk.get("/payment-policies")).json()]
    assert versions == [1, 0]
    hole = {"act_id": str(new_id()), "terms": {"rules": [{"owners": 0}]}}
    refused = await office.director.post("/payment-policies", hole)
    assert refused.json()["errors"][0]["pointer"] == "/terms/rules/0/owners"


async def test_a_large_payment_is_announced_to_everybody_before_it_is_made(
    office: PaymentOffice, database: Database
) -> None:
    caller = office.payers.bookkeeper
    async with database.begin(caller) as tx:
        await paying.owe(tx, caller, "2205", 10_000_000)
    command = make.draft_order(amount_fen=10_000_000, account="2205")
    drawn = await office.clerk.post("/payment-orders", command)
    assert drawn.status_code == 201, drawn.text
    path = f"/v1/public/{caller.compound_id}/payment-notices"
    (notice,) = (await office.clerk.client.get(path)).json()
    assert (notice["order_id"], notice["payable_from"]) == (str(command.id), "2025-09-25")
    unknown = await office.clerk.client.get(f"/v1/public/{new_id()}/payment-notices")
    assert unknown.status_code == 404
