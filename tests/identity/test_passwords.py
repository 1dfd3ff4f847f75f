"""A password is changed by whoever knows it and holds the second factor, and by nobody else."""

import asyncio
import base64
from datetime import timedelta

import pytest

from tests.make.ground import SEPTEMBER, new_id
from tests.make.identity import PASSWORD
from trustprop.identity import rules

NEW = "another pass phrase"


class Someone:
    """A person with several sessions, who never uses a code twice."""

    def __init__(self, client, clock, login, secret) -> None:
        self._client, self._clock, self.login, self._secret = client, clock, login, secret

    def code(self) -> str:
        self._clock.set_to(self._clock.now() + timedelta(seconds=30))
        return rules.totp_code(self._secret, rules.totp_step(self._clock.now()))

    async def sign_in(self, password=PASSWORD):
        body = {"login": self.login, "password": password, "code": self.code()}
        return await self._client.post("/v1/sessions", json=body)

    async def session(self, password=PASSWORD) -> dict[str, str]:
        return {"Authorization": f"Bearer {(await self.sign_in(password)).json()['token']}"}

    async def change(self, headers, **changes):
        code = changes.pop("code", None) or self.code()
        body = {"password": PASSWORD, "new_password": NEW, "code": code} | changes
        return await self._client.post("/v1/people/current/password", json=body, headers=headers)

    async def is_in(self, headers) -> bool:
        answer = await self._client.get("/v1/sessions/current", headers=headers)
        return answer.is_success


@pytest.fixture
async def someone(client, clock) -> Someone:
    clock.set_to(SEPTEMBER)
    person_id = new_id()
    body = {"id": str(person_id), "display_name": "王五", "login": f"w{person_id.hex}"}
    told = (await client.post("/v1/people", json=body | {"password": PASSWORD})).json()
    text = told["totp_secret"]
    secret = base64.b32decode(text + "=" * (-len(text) % 8))
    return Someone(client, clock, body["login"], secret)


async def test_the_new_password_signs_in_and_every_other_session_has_ended(someone):
    lost, own = await someone.session(), await someone.session()
    assert (await someone.change(own)).status_code == 204
    assert await someone.is_in(own)
    assert not await someone.is_in(lost)
    assert (await someone.sign_in()).status_code == 401
    assert (await someone.sign_in(NEW)).status_code == 201


@pytest.mark.parametrize("wrong", [{"password": "not my pass phrase"}, {"code": "000000"}])
async def test_a_session_alone_changes_nothing(someone, wrong):
    other, own = await someone.session(), await someone.session()
    refused = await someone.change(own, **wrong)
    assert (refused.status_code, refused.json()["code"]) == (401, "sign-in-refused")
    assert await someone.is_in(other)
    assert (await someone.sign_in()).status_code == 201


async def test_a_code_that_opened_a_session_changes_no_password(someone):
    code = someone.code()
    body = {"login": someone.login, "password": PASSWORD, "code": code}
    opened = await someone._client.post("/v1/sessions", json=body)
    own = {"Authorization": f"Bearer {opened.json()['token']}"}
    assert (await someone.change(own, code=code)).status_code == 401


async def test_guesses_are_counted_with_those_of_signing_in(someone):
    own = await someone.session()
    for _ in range(rules.FREE_ATTEMPTS + 1):
        guess = await someone.change(own, password="a guess of mine", code="000000")
        assert guess.status_code == 401
    assert (await someone.sign_in()).status_code == 401


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"new_password": "short"}, "length"), ({"new_password": PASSWORD}, "same")],
)
async def test_a_bad_new_password_is_refused_with_its_field(someone, changes, code):
    refused = await someone.change(await someone.session(), **changes)
    assert refused.status_code == 422
    (error,) = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/new_password", code)


async def test_of_two_changes_at_one_instant_one_stands(someone):
    """They carry the same code, and a code is taken once."""
    own = await someone.session()
    code = someone.code()
    answers = await asyncio.gather(
        *(someone.change(own, code=code, new_password=NEW + mark) for mark in "ab")
    )
    assert sorted(answer.status_code for answer in answers) == [204, 401]


async def test_nobody_and_no_machine_changes_a_password(someone):
    assert (await someone.change({})).status_code == 401
