"""Acts over HTTP: read the bytes, sign their digest, say no, take back, come too late."""

import base64
from datetime import timedelta

import pytest

from tests.make import http
from tests.make.acts import Recorder, make_act, make_signers, signature
from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.make.identity import make_signing_key, prove
from trustprop import app as application
from trustprop.acts import service
from trustprop.identity.rules import sha256
from trustprop.kernel.periods import utc


@pytest.fixture(autouse=True)
def september(clock):
    clock.set_to(SEPTEMBER)


@pytest.fixture
def recorder():
    return Recorder("thing")


@pytest.fixture(autouse=True)
def one_more_kind(monkeypatch, recorder):
    """A kind of act whose effect writes down that it happened."""
    monkeypatch.setattr(application, "EFFECTS", {**application.EFFECTS, **recorder.effects})


@pytest.fixture
async def signers(database, caller):
    async with database.begin(caller) as tx:
        return await make_signers(tx, caller.compound_id)


@pytest.fixture
async def act(database, signers):
    async with database.begin(signers.manager.caller) as tx:
        return await make_act(tx, signers.manager.caller, kind="thing")


@pytest.fixture
async def headers(owner, signers):
    """A function: the headers of a signer, with a fresh idempotency key."""

    async def of(person):
        return await http.sign_in(owner, person.caller.person_id)

    return of


def at(act, path: str = "") -> str:
    return f"/v1/compounds/{act.compound_id}/acts/{act.act_id}{path}"


def body_of(act, person):
    command = signature(act, person)
    return {
        "key_id": command.key_id,
        "payload_digest": command.payload_digest,
        "signature": base64.b64encode(command.signature).decode(),
    }


async def test_a_signer_reads_the_very_bytes_that_are_signed(client, act, signers, headers):
    answer = await client.get(at(act), headers=await headers(signers.director))
    assert answer.status_code == 200
    shown = answer.json()
    assert sha256(base64.b64decode(shown["payload"])).hex() == shown["payload_digest"] == act.digest
    assert shown["body"] == {"amount_fen": 138_000, "payee": "示例电梯"}
    assert [one["party"] for one in shown["missing"]] == ["trustee", "owners"]


async def test_two_signatures_over_http_take_effect_once(client, act, signers, headers, recorder):
    path = at(act, "/signatures")
    manager, director = await headers(signers.manager), await headers(signers.director)
    first = await client.post(path, json=body_of(act, signers.manager), headers=manager)
    assert (first.status_code, first.json()["state"]) == (201, "open")
    second = await client.post(path, json=body_of(act, signers.director), headers=director)
    assert (second.status_code, second.json()["state"]) == (201, "signed")
    replayed = await client.post(path, json=body_of(act, signers.director), headers=director)
    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert replayed.json() == second.json()
    assert [one.act_id for one in recorder.signed] == [act.act_id]
    late = director | {"Idempotency-Key": str(new_id())}
    again = await client.post(path, json=body_of(act, signers.director), headers=late)
    assert (again.status_code, again.json()["code"]) == (409, "act-not-open")


async def test_a_signature_needs_an_idempotency_key(client, act, signers, headers):
    without = await headers(signers.manager)
    del without["Idempotency-Key"]
    refused = await client.post(
        at(act, "/signatures"), json=body_of(act, signers.manager), headers=without
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "idempotency-key-missing")


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"payload_digest": "0" * 64}, 409, "digest-changed"),
        ({"signature": base64.b64encode(bytes(64)).decode()}, 422, "bad-signature"),
        ({"key_id": "0" * 64}, 404, "not-found"),
        ({"key_id": "no key id"}, 422, "invalid-fields"),
        ({"party": "owners"}, 422, "invalid-fields"),
    ],
)
async def test_what_does_not_fit_is_refused(client, act, signers, headers, change, status, code):
    refused = await client.post(
        at(act, "/signatures"),
        json=body_of(act, signers.manager) | change,
        headers=await headers(signers.manager),
    )
    assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_a_refusal_is_told_in_chinese(client, act, signers, headers):
    refused = await client.post(
        at(act, "/signatures"),
        json=body_of(act, signers.manager) | {"payload_digest": "0" * 64},
        headers=await headers(signers.manager) | {"Accept-Language": "zh-CN"},
    )
    assert refused.json()["detail"] == (
        f"内容已变更：第 1 版的摘要为 {act.digest}。请重新阅读后再签署。"
    )
    assert refused.json()["payload_digest"] == act.digest


async def test_a_signer_says_no_with_a_reason(client, act, signers, headers, recorder):
    member = await headers(signers.member)
    empty = await client.post(at(act, "/rejections"), json={"reason": ""}, headers=member)
    assert empty.status_code == 422
    rejected = await client.post(at(act, "/rejections"), json={"reason": "dear"}, headers=member)
    assert (rejected.status_code, rejected.json()["state"]) == (201, "rejected")
    assert [one.act_id for one in recorder.ended] == [act.act_id]


async def test_the_drafters_side_takes_an_act_back(client, act, signers, headers, recorder):
    refused = await client.post(
        at(act, "/withdrawals"), json={"reason": "x"}, headers=await headers(signers.director)
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "not-drafters-side")
    withdrawn = await client.post(
        at(act, "/withdrawals"), json={"reason": "x"}, headers=await headers(signers.manager)
    )
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (201, "withdrawn")
    assert [one.act_id for one in recorder.ended] == [act.act_id]


async def test_who_comes_too_late_is_refused_and_ends_the_act(
    client, clock, database, act, signers, headers, recorder
):
    clock.set_to(SEPTEMBER + timedelta(days=31))
    shown = await client.get(at(act), headers=await headers(signers.director))
    assert shown.json()["state"] == "expired"
    refused = await client.post(
        at(act, "/signatures"),
        json=body_of(act, signers.director),
        headers=await headers(signers.director),
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "act-expired")
    assert [one.act_id for one in recorder.ended] == [act.act_id]
    async with database.read(signers.manager.caller) as tx:
        stored = await service.find(tx, act.compound_id, act.act_id)
    assert stored.state == "expired"


async def test_acts_waiting_for_me_come_in_pages(client, database, act, signers, headers):
    async with database.begin(signers.manager.caller) as tx:
        acts = [act] + [await make_act(tx, signers.manager.caller, kind="thing") for _ in range(2)]
    director = await headers(signers.director)
    base = f"/v1/compounds/{act.compound_id}/acts"
    seen, url = [], f"{base}?state=open&waiting_for=me&limit=2"
    while url:
        listed = (await client.get(url, headers=director)).json()
        seen += [one["act_id"] for one in listed["data"]]
        cursor = listed["page"]["next"]
        url = f"{base}?state=open&waiting_for=me&limit=2&cursor={cursor}" if cursor else None
    assert seen == [str(one.act_id) for one in acts]
    assert "payload" not in listed["data"][0]
    foreign = await client.get(f"{base}?cursor={'A' * 8}", headers=director)
    assert (foreign.status_code, foreign.json()["code"]) == (422, "cursor-invalid")


async def test_machines_read_acts_with_the_scope_and_sign_nothing(client, owner, act, signers):
    reader = await http.api_key(owner, act.compound_id, "acts:read")
    assert (await client.get(at(act), headers=reader)).status_code == 200
    refused = await client.post(
        at(act, "/signatures"), json=body_of(act, signers.manager), headers=reader
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "person-needed")
    other = await http.api_key(owner, act.compound_id, "invoices:write", vendor_id=new_id())
    assert (await client.get(at(act), headers=other)).status_code == 404


async def test_another_compounds_act_is_a_404(client, owner, database, act):
    stranger = make_caller()
    async with database.begin(stranger) as tx:
        theirs = await make_signers(tx, stranger.compound_id)
    headers = await http.sign_in(owner, theirs.manager.caller.person_id)
    there = f"/v1/compounds/{stranger.compound_id}/acts/{act.act_id}"
    for url in (at(act), there):
        assert (await client.get(url, headers=headers)).status_code == 404
    for path in ("/signatures", "/rejections", "/withdrawals"):
        body = body_of(act, theirs.manager) if path == "/signatures" else {"reason": "x"}
        refused = await client.post(there + path, json=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (404, "not-found")


async def test_a_lost_key_is_replaced_over_http(client, database, caller, signers, headers):
    member = signers.member
    fresh = make_signing_key(new_id())
    async with database.begin(member.caller) as tx:
        proved = await prove(tx, member.caller, fresh)
    base = f"/v1/compounds/{caller.compound_id}"
    body = {
        "id": str(new_id()),
        "old_key_id": member.key_id,
        "new_key_id": proved.key_id,
        "reason": "telephone lost",
        "expires_at": utc(SEPTEMBER + timedelta(days=7)),
    }
    drawn_up = await client.post(
        f"{base}/key-replacements", json=body, headers=await headers(member)
    )
    assert (drawn_up.status_code, drawn_up.json()["kind"]) == (201, "key-replacement")
    async with database.read(caller) as tx:
        act = await service.find(tx, caller.compound_id, drawn_up.json()["act_id"])
    for person in (signers.manager, signers.director):
        await client.post(
            at(act, "/signatures"), json=body_of(act, person), headers=await headers(person)
        )
    listed = await client.get(f"{base}/signing-keys", headers=await headers(member))
    states = {one["key_id"]: one["state"] for one in listed.json()["data"]}
    assert (states[member.key_id], states[proved.key_id]) == ("revoked", "active")


@pytest.mark.parametrize("kind", ["key-activations", "key-revocations"])
async def test_acts_about_keys_are_drawn_up_over_http(
    client, database, caller, signers, headers, kind
):
    fresh = make_signing_key(new_id())
    async with database.begin(signers.member.caller) as tx:
        proved = await prove(tx, signers.member.caller, fresh)
    body = {
        "id": str(new_id()),
        "key_id": proved.key_id,
        "expires_at": utc(SEPTEMBER + timedelta(days=7)),
    }
    if kind == "key-revocations":
        body["reason"] = "never used"
    drawn_up = await client.post(
        f"/v1/compounds/{caller.compound_id}/{kind}",
        json=body,
        headers=await headers(signers.member),
    )
    assert (drawn_up.status_code, drawn_up.json()["kind"]) == (201, kind.removesuffix("s"))
    assert drawn_up.json()["body"]["key_id"] == proved.key_id
