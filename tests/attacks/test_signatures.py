"""Signatures used where they were not given: on another act or version, by another hand, too late.

The attacker holds every session and every signature that was ever made, but no key. Each guard has a
control: with it taken away the same request goes through.
"""

import base64
from typing import Any
from uuid import UUID

import httpx
import pytest
from msgspec import Struct

from tests.attacks.conftest import Service
from tests.make.ground import new_id
from tests.make.http import api_key
from tests.played import PlayedMonth
from trustprop.acts import rules as acts_rules
from trustprop.acts.rules import lifecycle
from trustprop.demo.client import Person
from trustprop.demo.stage import Stage
from trustprop.identity import rules as identity
from trustprop.kernel import signatures
from trustprop.kernel.canonical import sha256

pytestmark = pytest.mark.xdist_group("month")


class Acts(Struct, frozen=True):
    """The acts of one compound, over HTTP."""

    service: Service
    stage: Stage

    def at(self, path: str) -> str:
        return f"/v1/compounds/{self.stage.compound_id}{path}"

    async def draft(self, reason: str = "换锁", act_id: str = "") -> Any:
        """The revocation of a key, which waits for both sides."""
        body = {
            "id": act_id or str(new_id()),
            "key_id": self.stage.member.key_id,
            "reason": reason,
            "expires_at": "2025-10-20T00:00:00Z",
        }
        made = await self.service.ask(
            "POST", self.at("/key-revocations"), self.stage.bookkeeper.token, body
        )
        assert made.status_code == 201, made.text
        return await self.read(body["id"])

    async def read(self, act_id: str) -> Any:
        found = await self.service.ask("GET", self.at(f"/acts/{act_id}"), self.stage.manager.token)
        assert found.status_code == 200, found.text
        return found.json()

    async def send(self, act: Any, token: str, body: Any) -> httpx.Response:
        return await self.service.ask(
            "POST", self.at(f"/acts/{act['act_id']}/signatures"), token, body
        )

    async def sign(self, act: Any, person: Person) -> httpx.Response:
        return await self.send(act, person.token, signature(act, person))


def signature(act: Any, person: Person, *, over: Any = None) -> dict[str, str]:
    """What this person's machine makes of the act, or (``over``) has made of another."""
    payload = base64.b64decode((over or act)["payload"])
    return {
        "key_id": person.key_id,
        "payload_digest": sha256(base64.b64decode(act["payload"])).hex(),
        "signature": base64.b64encode(person._sign(payload)).decode(),
    }


def refused(answer: httpx.Response) -> str:
    assert 400 <= answer.status_code < 500, answer.text
    return str(answer.json()["code"])


@pytest.fixture
def acts(month: PlayedMonth, service: Service, second: Stage) -> Acts:
    assert second.compound_id != month.compound_id
    return Acts(service, month.stage)


def nothing(*_given: object, **_named: object) -> bool:
    return True


async def test_a_signature_does_not_serve_for_another_act(acts: Acts) -> None:
    director = acts.stage.director
    signed, other = await acts.draft("换锁"), await acts.draft("另作他用")
    good = signature(signed, director)
    assert refused(await acts.send(other, director.token, good)) == "digest-changed"
    moved = signature(other, director, over=signed)
    assert refused(await acts.send(other, director.token, moved)) == "bad-signature"
    assert (await acts.read(other["act_id"]))["signatures"] == []
    assert (await acts.send(signed, director.token, good)).status_code == 201


async def test_unverified_it_would_serve(acts: Acts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signatures, "verify", nothing)
    signed, other = await acts.draft("换锁"), await acts.draft("另作他用")
    moved = signature(other, acts.stage.director, over=signed)
    assert (await acts.send(other, acts.stage.director.token, moved)).status_code == 201


async def test_a_signature_does_not_serve_for_another_version(
    acts: Acts, month: PlayedMonth
) -> None:
    order = await open_order(acts, month)
    act = await acts.read(order["act_id"])
    assert (await acts.sign(act, acts.stage.director)).status_code == 201
    old = signature(act, acts.stage.manager)
    terms = {k: v for k, v in order.items() if k not in {"id", "act_id"}}
    revised = await acts.service.ask(
        "PUT",
        acts.at(f"/payment-orders/{order['id']}"),
        acts.stage.bookkeeper.token,
        terms | {"amount_fen": 99},
    )
    assert revised.status_code == 200, revised.text
    now = await acts.read(order["act_id"])
    assert (now["version"], now["signatures"]) == (2, [])
    manager = acts.stage.manager
    assert refused(await acts.send(act, manager.token, old)) == "digest-changed"
    forged = signature(now, manager, over=act)
    assert refused(await acts.send(act, manager.token, forged)) == "bad-signature"
    released = await acts.service.ask(
        "GET", acts.at(f"/payment-orders/{order['id']}"), manager.token
    )
    assert released.json()["order"]["state"] == "awaiting_signatures"


async def open_order(acts: Acts, month: PlayedMonth) -> dict[str, Any]:
    """The first order of the month that can be drawn up once more, for one yuan."""
    for asked in month.asked:
        if asked.path != "/payment-orders" or asked.body["kind"] == "invoices":
            continue
        order = asked.body | {
            "id": str(new_id()),
            "act_id": str(new_id()),
            "amount_fen": 100,
            "pay_on": "2025-10-08",
        }
        order.pop("expires_at", None)
        drawn = await acts.service.ask(
            "POST", acts.at("/payment-orders"), acts.stage.bookkeeper.token, order
        )
        if drawn.status_code == 201:
            return order
    raise AssertionError(drawn.text)


async def test_nobody_signs_with_anothers_signature(acts: Acts, copy: Any) -> None:
    act = await acts.draft()
    stage, good = acts.stage, signature(act, acts.stage.director)
    machine = await api_key(copy, UUID(stage.compound_id), "books:read", "books:write", "acts:read")
    codes = {
        name: refused(await acts.send(act, token, good))
        for name, token in {
            "member": stage.member.token,
            "manager": stage.manager.token,
            "bookkeeper": stage.bookkeeper.token,
            "supervisor": stage.supervisor.token,
            "operator": stage.operator.token,
            "machine": machine["Authorization"].removeprefix("Bearer "),
            "nobody": "",
        }.items()
    }
    assert codes == {
        "member": "key-not-yours",
        "manager": "key-not-yours",
        "bookkeeper": "mandate-not-in-force",
        "supervisor": "mandate-not-in-force",
        "operator": "not-found",
        "machine": "person-needed",
        "nobody": "credential-refused",
    }
    assert (await acts.read(act["act_id"]))["signatures"] == []


async def test_unasked_whose_key_it_is_anybody_would(
    acts: Acts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "check_signs", nothing)
    act = await acts.draft()
    stolen = signature(act, acts.stage.director)
    assert (await acts.send(act, acts.stage.member.token, stolen)).status_code == 201


async def test_one_person_or_one_side_does_not_sign_for_both(acts: Acts) -> None:
    act = await acts.draft()
    stage = acts.stage
    assert (await acts.sign(act, stage.director)).json()["state"] == "open"
    assert refused(await acts.sign(act, stage.director)) == "already-signed"
    assert refused(await acts.sign(act, stage.member)) == "party-complete"
    mine = signature(act, stage.manager)
    both = mine | {"key_id": stage.director.key_id}
    assert refused(await acts.send(act, stage.manager.token, both)) == "key-not-yours"
    assert (await acts.sign(act, stage.manager)).json()["state"] == "signed"


async def test_unasked_who_has_signed_one_side_would(
    acts: Acts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lifecycle, "check_signer", nothing)
    monkeypatch.setattr(acts_rules, "check_signer", nothing)
    act = await acts.draft()
    assert (await acts.sign(act, acts.stage.director)).status_code == 201
    assert (await acts.sign(act, acts.stage.member)).status_code == 201


async def test_a_suspended_key_signs_nothing(acts: Acts) -> None:
    member = acts.stage.member
    act = await acts.draft()
    before = signature(act, member)
    suspended = await acts.service.ask(
        "POST", acts.at(f"/signing-keys/{member.key_id}/suspensions"), member.token, {}
    )
    assert suspended.is_success, suspended.text
    assert refused(await acts.send(act, member.token, before)) == "key-not-active"


async def test_a_revoked_key_signs_nothing(acts: Acts) -> None:
    member = acts.stage.member
    revocation, act = await acts.draft(), await acts.draft("另一份")
    before = signature(act, member)
    for person in (acts.stage.director, acts.stage.manager):
        assert (await acts.sign(revocation, person)).status_code == 201
    assert refused(await acts.send(act, member.token, before)) == "key-not-active"
    assert refused(await acts.sign(revocation, acts.stage.manager)) == "act-not-open"


async def test_a_key_that_no_act_made_active_signs_nothing(acts: Acts) -> None:
    """The operator invites a friend, who proves a key; that is as far as it goes."""
    stage = acts.stage
    friend = Person(stage.base_url, compound_id=stage.compound_id, name="friend")
    friend.person_id = str(new_id())
    friend.role = "friend"
    act = await acts.draft()
    invited = await acts.service.ask(
        "POST",
        acts.at("/invitations"),
        stage.operator.token,
        {"person_id": friend.person_id},
    )
    assert refused(invited) in {"invitation-needs-office", "not-found"}
    for path, body in (
        ("/key-activations", {"id": str(new_id()), "key_id": stage.member.key_id}),
        ("/mandates", {}),
    ):
        body["expires_at"] = "2025-10-20T00:00:00Z"
        answer = await acts.service.ask("POST", acts.at(path), stage.operator.token, body)
        assert 400 <= answer.status_code < 500, answer.text
    assert (await acts.read(act["act_id"]))["signatures"] == []


async def test_a_signature_of_another_compound_is_worth_nothing_here(
    acts: Acts, second: Stage
) -> None:
    """The same act in both compounds, to the last word: the payload names its compound."""
    there = Acts(acts.service, second)
    act_id = str(new_id())
    theirs, ours = await there.draft(act_id=act_id), await acts.draft(act_id=act_id)
    assert theirs["payload"] != ours["payload"]
    replayed = signature(theirs, second.director)
    assert refused(await acts.send(ours, second.director.token, replayed)) == "not-found"
    assert refused(await acts.send(ours, acts.stage.director.token, replayed)) == "digest-changed"
    dressed = replayed | {"payload_digest": signature(ours, second.director)["payload_digest"]}
    assert refused(await acts.send(ours, acts.stage.director.token, dressed)) == "not-found"
    assert (await there.send(theirs, second.director.token, replayed)).status_code == 201
