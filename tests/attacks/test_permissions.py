"""Who may do what: every route asked by every role, each in a transaction that is rolled back.

``permissions.txt`` is the answer, read and approved line by line; a route or a right that is new
shows up as a difference. Write it again with TRUSTPROP_TEST_WRITE_PERMISSIONS=1.
"""

import base64
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from msgspec import Struct

from tests.attacks.conftest import Service
from tests.attacks.routes import TEXTS, Route, addresses, asked_by_route, example, ids_of, routes
from tests.make.ground import new_id
from tests.make.http import api_key, operator, sign_in
from tests.played import Asked, PlayedMonth
from trustprop.demo.client import Person
from trustprop.demo.papers import scan
from trustprop.demo.stage import Stage
from trustprop.kernel.canonical import sha256

pytestmark = pytest.mark.xdist_group("month")

GOLDEN = Path(__file__).parent / "permissions.txt"
LEGEND = """\
+ done   ~ may ask, but this request breaks a rule   . forbidden   0 not there for this caller   ! who are you?
"""
OFFICES = ("manager", "bookkeeper", "director", "member", "supervisor", "auditor")
ROLES = (
    *OFFICES,
    "resident",
    "stranger",
    "public",
    "vendor key",
    "other vendor key",
    "reading key",
    "books key",
    "billing key",
    "banking key",
    "operator",
)


class Cast(Struct, frozen=True):
    """Everybody's token, and what stands open for them to act on."""

    tokens: dict[str, str]
    keys: dict[str, Person]
    open_ids: dict[str, str]
    api_key_id: str


def _token(headers: dict[str, str]) -> str:
    return headers["Authorization"].removeprefix("Bearer ")


async def cast_of(
    month: PlayedMonth, second: Stage, service: Service, owner: asyncpg.Connection
) -> Cast:
    stage, compound = month.stage, UUID(month.compound_id)
    auditor, resident = new_id(), new_id()
    tokens = {
        "auditor": _token(await sign_in(owner, auditor)),
        "resident": _token(await sign_in(owner, resident)),
        "stranger": second.manager.token,
        "public": "",
        "operator": _token(await operator(owner)),
    }
    for role in ("manager", "bookkeeper", "director", "member", "supervisor"):
        tokens[role] = getattr(stage, role).token
    await owner.execute(
        "INSERT INTO mandate (compound_id, mandate_id, person_id, office, party, valid_from, "
        "valid_until, act_id) SELECT compound_id, $2, $3, 'auditor', party, valid_from, valid_until, "
        "act_id FROM mandate WHERE compound_id = $1 AND office = 'supervisor'",
        compound,
        new_id(),
        auditor,
    )
    await owner.execute(
        "INSERT INTO resident (compound_id, person_id, home_id, kind, since_on) "
        "SELECT compound_id, $2, home_id, 'owner', '2025-09-01' FROM home "
        "WHERE compound_id = $1 LIMIT 1",
        compound,
        resident,
    )
    for role, scopes in (
        ("reading key", ("books:read",)),
        ("books key", ("books:write",)),
        ("billing key", ("billing:write",)),
        ("banking key", ("banking:write",)),
    ):
        tokens[role] = _token(await api_key(owner, compound, *scopes))
    open_ids = await _open(month, service, tokens)
    vendor = UUID(open_ids.pop("vendor"))
    others = await owner.fetchval(
        "SELECT vendor_id FROM vendor WHERE compound_id = $1 AND vendor_id <> $2 LIMIT 1",
        compound,
        vendor,
    )
    scopes = ("invoices:write", "invoices:read")
    tokens["vendor key"] = _token(await api_key(owner, compound, *scopes, vendor_id=vendor))
    tokens["other vendor key"] = _token(await api_key(owner, compound, *scopes, vendor_id=others))
    keys = {role: getattr(stage, role) for role in ("manager", "director", "member")}
    api_key_id = await owner.fetchval(
        "SELECT key_id FROM api_key WHERE compound_id = $1 AND vendor_id = $2 AND label = 'test'",
        compound,
        vendor,
    )
    return Cast(tokens, keys, open_ids, str(api_key_id))


async def _open(month: PlayedMonth, service: Service, tokens: dict[str, str]) -> dict[str, str]:
    """An act that waits for signatures, an invoice that waits for acceptance, a question."""
    at = f"/v1/compounds/{month.compound_id}"
    act_id, inquiry_id, invoice_id = (str(new_id()) for _ in range(3))
    act = {
        "id": act_id,
        "expires_at": "2025-10-20T00:00:00Z",
        "key_id": month.stage.member.key_id,
        "reason": "换锁",
    }
    handed_in = [a for a in month.asked if a.path == "/invoices" and a.body["kind"] != "e_invoice"]
    invoice = {
        **handed_in[-1].body,
        "id": invoice_id,
        "number": "ATTACK-1",
        "vendor_reference": "ATTACK-1",
        "issued_on": "2025-10-07",
        "files": [],
    }
    software = {client.name: client for client in month.stage.vendor_software.values()}
    token = software[handed_in[-1].name].token
    question = {
        "id": inquiry_id,
        "kind": "question",
        "target_kind": "statement",
        "target_id": act_id,
        "body": "为何？",
    }
    evidence = await service.http.post(
        f"{at}/files",
        files={"file": ("a.png", scan("账单", ["一", "二"]), "image/png")},
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": str(new_id())},
    )
    assert evidence.is_success, evidence.text
    invoice["files"] = [evidence.json()["sha256"]]
    made = {}
    for path, who, body in (
        ("/key-revocations", tokens["bookkeeper"], act),
        ("/invoices", token, invoice),
        ("/inquiries", tokens["resident"], question),
    ):
        answer = await service.ask("POST", at + path, who, body)
        assert answer.is_success, answer.text
        made[path] = answer.json()
    return {
        "act_id": act_id,
        "inquiry_id": inquiry_id,
        "invoice_id": invoice_id,
        "vendor": made["/invoices"]["vendor_id"],
    }


async def _body(
    route: Route, role: str, cast: Cast, asked: dict[str, Asked], service: Service, act: Any
) -> Any:
    if route.operation == "acts_sign":
        person = cast.keys.get(role, cast.keys["manager"])
        payload = base64.b64decode(act["payload"])
        return {
            "key_id": person.key_id,
            "payload_digest": sha256(payload).hex(),
            "signature": base64.b64encode(person._sign(payload)).decode(),
        }
    body = asked[route.operation].body if route.operation in asked else None
    if body is None and route.body:
        body = example(route.body, service.app.openapi_schema.to_schema())
    return body if body is not None else {}


def _address(route: Route, month: PlayedMonth, ids: dict[str, list[str]], cast: Cast) -> str:
    known = {**ids, **{name: [value] for name, value in cast.open_ids.items()}}
    known["key_id"] = [
        cast.api_key_id if "/api-keys/" in route.path else month.stage.manager.key_id
    ]
    known.setdefault("hold_id", [str(new_id())])
    for name in route.parameters:
        if name not in TEXTS and not known.get(name):
            known[name] = [str(new_id())]
    return next(addresses(route, month.compound_id, known))


def _query(route: Route) -> dict[str, Any]:
    given = {"period": "2025-09", "account": "100201", "format": "csv", "first": 1, "first_size": 1}
    return {p["name"]: given[p["name"]] for p in route.query if p["name"] in given}


def mark(status: int) -> str:
    if status < 300:
        return "+"
    return {401: "!", 403: ".", 404: "0"}.get(status, "~")


async def permissions(
    month: PlayedMonth, cast: Cast, rehearsed: Service, owner: asyncpg.Connection
) -> list[str]:
    """A line per route, a mark per role."""
    every = routes(rehearsed.app)
    asked = asked_by_route(month, every)
    ids = await ids_of(owner, month.compound_id, at_most=1)
    at = f"/v1/compounds/{month.compound_id}/acts/{cast.open_ids['act_id']}"
    act = (await rehearsed.ask("GET", at, cast.tokens["manager"])).json()
    lines = [LEGEND]
    for index, role in enumerate(ROLES):
        lines.append("| " * index + f". {role}")
    for route in every:
        marks = []
        for role in ROLES:
            answer = await rehearsed.ask(
                route.method,
                _address(route, month, ids, cast),
                cast.tokens[role],
                await _body(route, role, cast, asked, rehearsed, act),
                params=_query(route),
            )
            assert answer.status_code < 500, f"{route.operation} {role}: {answer.text}"
            marks.append(mark(answer.status_code))
        path = route.path.removeprefix("/v1").replace("/compounds/{compound_id}", "…")
        lines.append(f"{' '.join(marks)}  {route.method} {path}")
    return lines


async def test_everybody_may_do_what_is_written_down_and_no_more(
    month: PlayedMonth,
    second: Stage,
    service: Service,
    rehearsed: Service,
    copy: asyncpg.Connection,
) -> None:
    cast = await cast_of(month, second, service, copy)
    found = "\n".join(await permissions(month, cast, rehearsed, copy)) + "\n"
    if os.environ.get("TRUSTPROP_TEST_WRITE_PERMISSIONS"):
        GOLDEN.write_text(found, encoding="utf-8")
    assert found == GOLDEN.read_text(encoding="utf-8")
