"""Registration, sign-in and keys over HTTP, with no credential given away."""

import base64
from datetime import timedelta

import pytest

from tests.make import compounds as make_compounds
from tests.make import http
from tests.make.acts import add_signer
from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.make.identity import PASSWORD, key_id_of, make_signing_key
from trustprop.identity import rules
from trustprop.kernel.caller import Office
from trustprop.kernel.periods import utc


@pytest.fixture(autouse=True)
def september(clock):
    clock.set_to(SEPTEMBER)


@pytest.fixture
async def manager(database, caller):
    async with database.begin(caller) as tx:
        await make_compounds.found_compound(tx, caller)
        return await add_signer(tx, caller.compound_id, Office.TRUSTEE_MANAGER)


@pytest.fixture
async def headers(owner, manager):
    return await http.sign_in(owner, manager.caller.person_id)


def at(caller, path: str) -> str:
    return f"/v1/compounds/{caller.compound_id}{path}"


def person(**changes):
    person_id = new_id()
    body = {"id": str(person_id), "display_name": "王五", "login": f"w{person_id.hex}"}
    return body | {"password": PASSWORD} | changes


def code_of(registration, clock) -> str:
    text = registration["totp_secret"]
    secret = base64.b32decode(text + "=" * (-len(text) % 8))
    return rules.totp_code(secret, rules.totp_step(clock.now()))


async def test_a_person_registers_signs_in_and_out(client, clock):
    body = person()
    registered = await client.post("/v1/people", json=body)
    assert registered.status_code == 201
    assert registered.json()["person"]["login"] == body["login"]
    again = await client.post("/v1/people", json=body)
    assert again.json()["totp_secret"] == registered.json()["totp_secret"]
    sign_in = {
        "login": body["login"],
        "password": PASSWORD,
        "code": code_of(registered.json(), clock),
    }
    opened = await client.post("/v1/sessions", json=sign_in)
    assert opened.status_code == 201
    authorization = {"Authorization": f"Bearer {opened.json()['token']}"}
    me = await client.get("/v1/sessions/current", headers=authorization)
    assert me.json()["person_id"] == body["id"]
    ended = await client.delete("/v1/sessions/current", headers=authorization)
    assert ended.status_code == 204
    assert (await client.get("/v1/sessions/current", headers=authorization)).status_code == 401


async def test_a_refused_sign_in_tells_nothing_and_is_counted(client, clock):
    body = person()
    registration = (await client.post("/v1/people", json=body)).json()
    wrong = {"login": body["login"], "password": "not the password", "code": "000000"}
    nobody = wrong | {"login": f"x{new_id().hex}"}
    answers = [await client.post("/v1/sessions", json=one) for one in (wrong, nobody)]
    told = [
        {name: value for name, value in answer.json().items() if name != "request_id"}
        for answer in answers
    ]
    assert told[0] == told[1]
    assert [answer.status_code for answer in answers] == [401, 401]
    for _ in range(4):
        await client.post("/v1/sessions", json=wrong)
    right = {"login": body["login"], "password": PASSWORD, "code": code_of(registration, clock)}
    locked = await client.post("/v1/sessions", json=right)
    assert (locked.status_code, locked.json()["code"]) == (401, "sign-in-refused")
    clock.set_to(SEPTEMBER + timedelta(minutes=2))
    opened = await client.post("/v1/sessions", json=right | {"code": code_of(registration, clock)})
    assert opened.status_code == 201


async def test_every_wrong_field_of_a_registration_is_named(client):
    refused = await client.post("/v1/people", json=person(login="a b", password="short"))
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/login", "/password"]


async def test_a_taken_login_is_a_conflict_in_chinese_and_english(client):
    body = person()
    await client.post("/v1/people", json=body)
    taken = body | {"id": str(new_id())}
    for language, detail in (
        ("en", "Somebody already uses this login."),
        ("zh-CN", "该登录名已被使用。"),
    ):
        refused = await client.post("/v1/people", json=taken, headers={"Accept-Language": language})
        assert (refused.status_code, refused.json()["detail"]) == (409, detail)


async def test_an_api_key_is_made_used_rotated_and_revoked(client, caller, headers):
    body = {
        "id": str(new_id()),
        "label": "bank import",
        "scopes": ["books:read", "compounds:read"],
        "expires_at": utc(SEPTEMBER + timedelta(days=30)),
    }
    made = await client.post(at(caller, "/api-keys"), json=body, headers=headers)
    assert made.status_code == 201
    token = made.json()["token"]
    machine = {"Authorization": f"Bearer {token}"}
    assert (await client.get(at(caller, ""), headers=machine)).status_code == 200
    elsewhere = await client.get(f"/v1/compounds/{new_id()}", headers=machine)
    assert elsewhere.status_code == 404
    rotation = {"id": str(new_id()), "expires_at": body["expires_at"], "overlap_hours": 0}
    path = at(caller, f"/api-keys/{body['id']}")
    rotated = await client.post(f"{path}/rotations", json=rotation, headers=headers)
    assert rotated.json()["key"]["replaces_key_id"] == body["id"]
    assert (await client.get(at(caller, ""), headers=machine)).status_code == 401
    machine = {"Authorization": f"Bearer {rotated.json()['token']}"}
    assert (await client.get(at(caller, ""), headers=machine)).status_code == 200
    revoked = await client.delete(at(caller, f"/api-keys/{rotation['id']}"), headers=headers)
    assert revoked.status_code == 204
    assert (await client.get(at(caller, ""), headers=machine)).status_code == 401
    listed = await client.get(at(caller, "/api-keys?limit=1"), headers=headers)
    assert [key["key_id"] for key in listed.json()["data"]] == [body["id"]]
    assert token not in listed.text
    cursor = listed.json()["page"]["next"]
    second = await client.get(at(caller, f"/api-keys?limit=1&cursor={cursor}"), headers=headers)
    assert [key["key_id"] for key in second.json()["data"]] == [rotation["id"]]
    assert second.json()["page"] == {"next": None, "has_more": False}


async def test_a_machine_makes_no_keys(client, owner, caller, manager):
    machine = await http.api_key(owner, caller.compound_id, "books:read")
    body = {
        "id": str(new_id()),
        "label": "mine",
        "scopes": ["books:read"],
        "expires_at": utc(SEPTEMBER + timedelta(days=30)),
    }
    refused = await client.post(at(caller, "/api-keys"), json=body, headers=machine)
    assert (refused.status_code, refused.json()["code"]) == (403, "office-needed")
    proof = rules.prove(make_signing_key("m"), caller.compound_id, manager.caller.person_id)
    body = {
        "scheme": "ed25519",
        "public_key": base64.b64encode(proof.public_key).decode(),
        "proof": base64.b64encode(proof.proof).decode(),
    }
    refused = await client.post(at(caller, "/signing-keys"), json=body, headers=machine)
    assert (refused.status_code, refused.json()["code"]) == (403, "person-needed")
    ended = await client.delete("/v1/sessions/current", headers=machine)
    assert (ended.status_code, ended.json()["code"]) == (403, "person-needed")


async def test_a_signing_key_is_proved_listed_and_reported_lost(client, caller, manager, headers):
    key = make_signing_key(new_id())
    proof = rules.prove(key, caller.compound_id, manager.caller.person_id)
    body = {
        "scheme": "ed25519",
        "public_key": base64.b64encode(proof.public_key).decode(),
        "proof": base64.b64encode(proof.proof).decode(),
    }
    proved = await client.post(at(caller, "/signing-keys"), json=body, headers=headers)
    assert (proved.status_code, proved.json()["state"]) == (201, "proved")
    assert proved.json()["key_id"] == key_id_of(key)
    listed = await client.get(at(caller, "/signing-keys"), headers=headers)
    assert {one["key_id"]: one["state"] for one in listed.json()["data"]} == {
        key_id_of(key): "proved",
        manager.key_id: "active",
    }
    path = at(caller, f"/signing-keys/{manager.key_id}/suspensions")
    lost = await client.post(path, headers=headers)
    assert (lost.status_code, lost.json()["state"]) == (200, "suspended")
    unknown = await client.post(at(caller, "/signing-keys/nothing/suspensions"), headers=headers)
    assert unknown.status_code == 404


async def test_somebody_elses_proof_is_refused(client, owner, caller, manager):
    thief = make_caller(Office.COMMITTEE_MEMBER, compound_id=caller.compound_id)
    proof = rules.prove(make_signing_key("m"), caller.compound_id, thief.person_id)
    body = {
        "scheme": "ed25519",
        "public_key": base64.b64encode(proof.public_key).decode(),
        "proof": base64.b64encode(proof.proof).decode(),
    }
    headers = await http.sign_in(owner, manager.caller.person_id)
    refused = await client.post(at(caller, "/signing-keys"), json=body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "possession-not-proved")
