"""Invoices and files over HTTP, as a firm's software and the trustee's people ask for them."""

from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from tests.make import compounds as make_compounds
from tests.make import evidence as make_evidence
from tests.make import http
from tests.make import invoices as make
from tests.make.ground import make_caller, new_id
from trustprop.compounds import store as compounds_store
from trustprop.kernel.struct import Fact
from trustprop.plumbing import checks
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.plumbing.files import Files
from trustprop.plumbing.settings import Settings

SEPTEMBER = datetime(2025, 9, 15, 4, 0, tzinfo=UTC)


class Firm(Fact):
    """A compound with its people signed in and the vendor's key at hand."""

    scene: make.Scene
    manager: dict[str, str]
    bookkeeper: dict[str, str]
    key: dict[str, str]

    def at(self, path: str) -> str:
        return f"/v1/compounds/{self.scene.compound_id}{path}"


@pytest.fixture
async def firm(
    database: Database, owner: asyncpg.Connection, clock: Clock, settings: Settings
) -> Firm:
    clock.set_to(SEPTEMBER)
    caller = make_caller()
    async with database.begin(caller) as tx:
        files = Files.at(f"{settings.var_dir}/files")
        scene = await make.make_scene(tx, caller.compound_id, files)
        for person in (scene.manager, scene.bookkeeper):
            (mandate,) = person.mandates
            term = make_compounds.term(
                mandate.office, mandate_id=mandate.mandate_id, person_id=person.person_id
            )
            await compounds_store.add_mandate(tx, caller.compound_id, term)
    return Firm(
        scene=scene,
        manager=await http.sign_in(owner, scene.manager.person_id),
        bookkeeper=await http.sign_in(owner, scene.bookkeeper.person_id),
        key=await http.api_key(
            owner, caller.compound_id, "invoices:write", vendor_id=scene.vendor.vendor_id
        ),
    )


def fresh(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"Idempotency-Key": str(new_id())}


def plain(command: Any) -> Any:
    return msgspec.to_builtins(command)


async def upload(
    client: httpx.AsyncClient, firm: Firm, content: bytes, name: str
) -> httpx.Response:
    return await client.post(
        firm.at("/files"), files={"file": (name, content)}, headers=fresh(firm.key)
    )


async def test_an_invoice_goes_from_the_firm_to_the_books(client, firm, owner):
    sheet = await upload(client, firm, make_evidence.PDF, "../../九月 发票.pdf")
    assert (sheet.status_code, sheet.json()["name"]) == (201, "九月 发票.pdf")
    command = make.bill(840_000, files=(sheet.json()["sha256"],))
    headers = fresh(firm.key)
    created = await client.post(firm.at("/invoices"), json=plain(command), headers=headers)
    assert (created.status_code, created.json()["state"]) == (201, "submitted")
    replayed = await client.post(firm.at("/invoices"), json=plain(command), headers=headers)
    assert replayed.headers["idempotency-replayed"] == "true"
    assert replayed.json() == created.json()

    place = firm.at(f"/invoices/{command.id}")
    invoice = msgspec.convert(created.json(), make.Invoice, strict=False)
    accepted = await client.post(
        f"{place}/acceptance",
        json=plain(firm.scene.acceptance(invoice)),
        headers=fresh(firm.manager),
    )
    assert (accepted.status_code, accepted.json()["state"]) == (200, "accepted")
    seen = await client.get(place, headers=firm.key)
    assert seen.headers["etag"] == '"2"'
    assert [event["state"] for event in seen.json()["events"]] == ["submitted", "accepted"]
    assert seen.json()["similar"] == []
    broken = [name for name, rows in (await checks.run(owner)).items() if rows]
    assert [name for name in broken if name.startswith(("invoices", "budgets", "ledger"))] == []


async def test_a_wrong_invoice_names_every_field_in_chinese(client, firm):
    body = plain(make.submit(number="1", tax_fen=3, issued_on="2026-01-01"))
    refused = await client.post(firm.at("/invoices"), json=body, headers=fresh(firm.key))
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [
        "/number",
        "/gross_fen",
        "/issued_on",
    ]
    assert refused.json()["errors"][0]["detail"] == "数电票号码为 20 位数字。"


async def test_a_batch_answers_for_each_invoice(client, firm):
    good = make.bill()
    bad = make.bill(gross_fen=7, tax_fen=1)
    body = {"invoices": [plain(good), plain(bad), plain(make.bill(vendor_id=new_id()))]}
    headers = fresh(firm.key) | {"Accept-Language": "en"}
    answer = await client.post(firm.at("/invoices/batches"), json=body, headers=headers)
    assert answer.status_code == 200
    verdict = answer.json()
    assert (verdict["submitted"], verdict["refused"]) == (1, 2)
    assert [item["code"] for item in verdict["items"]] == ["", "invalid-fields", "not-found"]
    assert verdict["items"][1]["errors"] == [
        {
            "pointer": "/invoices/1/gross_fen",
            "code": "sum",
            "detail": "Net and tax do not sum to the gross amount.",
        }
    ]
    replayed = await client.post(firm.at("/invoices/batches"), json=body, headers=headers)
    assert replayed.json() == verdict


async def test_a_batch_has_at_most_a_thousand(client, firm):
    body = {"invoices": [plain(make.bill())] * 1001}
    refused = await client.post(firm.at("/invoices/batches"), json=body, headers=fresh(firm.key))
    assert refused.status_code == 422


async def test_the_list_goes_page_by_page(client, firm):
    sent = [make.bill(100 + i) for i in range(5)]
    for command in sent:
        await client.post(firm.at("/invoices"), json=plain(command), headers=fresh(firm.key))
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await client.get(firm.at("/invoices"), params=query, headers=firm.key)
        seen += [invoice["invoice_id"] for invoice in answer.json()["data"]]
        cursor = answer.json()["page"]["next"]
        if not answer.json()["page"]["has_more"]:
            break
    assert seen == [str(command.id) for command in reversed(sent)]


@pytest.mark.parametrize("cursor", ["x", "W10", "WyJub25lIl0"])
async def test_a_forged_cursor_is_refused(client, firm, cursor):
    answer = await client.get(firm.at("/invoices"), params={"cursor": cursor}, headers=firm.key)
    assert (answer.status_code, answer.json()["code"]) == (422, "cursor-invalid")


async def test_a_vendor_is_registered_and_shown(client, firm):
    command = make.RegisterVendor(
        id=new_id(), name="某清洁公司", credit_code=make_compounds.credit_code(31)
    )
    created = await client.post(
        firm.at("/vendors"), json=plain(command), headers=fresh(firm.bookkeeper)
    )
    assert (created.status_code, created.json()["state"]) == (201, "proposed")
    listed = await client.get(firm.at("/vendors"), headers=firm.manager)
    assert str(command.id) in [vendor["vendor_id"] for vendor in listed.json()["data"]]
    hidden = await client.get(firm.at(f"/vendors/{command.id}"), headers=firm.key)
    assert hidden.status_code == 404


# Files


async def test_a_file_comes_back_as_an_attachment_in_a_sandbox(client, firm):
    sent = await upload(client, firm, make.e_invoice_xml(), "发票.xml")
    got = await client.get(firm.at(f"/files/{sent.json()['sha256']}"), headers=firm.key)
    assert got.content == make.e_invoice_xml()
    assert got.headers["content-type"] == "application/xml"
    assert got.headers["content-disposition"].startswith("attachment; ")
    assert "filename*=UTF-8''%E5%8F%91%E7%A5%A8.xml" in got.headers["content-disposition"]
    assert got.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert got.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 422, "file-empty"),
        (b"<html><script>alert(1)</script>", 422, "file-type-unknown"),
        (make_evidence.bomb(), 422, "archive-dangerous"),
        (b"%PDF-" + b" " * (30 << 20), 413, None),
    ],
    ids=["empty", "web page", "bomb", "30 MB"],
)
async def test_a_hostile_file_is_refused(client, firm, content, status, code):
    refused = await upload(client, firm, content, "x.xml")
    assert refused.status_code == status
    assert code in (None, refused.json()["code"])


@pytest.mark.parametrize("name", ["..", "/", "a\\..", "\u202e"])
async def test_a_hostile_name_is_refused(client, firm, name):
    refused = await upload(client, firm, make_evidence.PDF, name)
    assert (refused.status_code, refused.json()["code"]) == (422, "file-name-invalid")


async def test_a_form_without_the_file_is_refused(client, firm):
    wrong = await client.post(
        firm.at("/files"), files={"other": ("x.pdf", make_evidence.PDF)}, headers=fresh(firm.key)
    )
    assert (wrong.status_code, wrong.json()["code"]) == (422, "file-field-missing")


async def test_a_stranger_gets_no_file(client, firm, owner):
    sent = await upload(client, firm, make_evidence.PDF, "x.pdf")
    other = await http.api_key(owner, firm.scene.compound_id, "invoices:write")
    answer = await client.get(firm.at(f"/files/{sent.json()['sha256']}"), headers=other)
    assert answer.status_code == 404
