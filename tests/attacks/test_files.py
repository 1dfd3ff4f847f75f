"""Hostile files and bodies over HTTP: refused in words, or kept as what they are and handed out so.

The controls stand at the end: with a guard taken away, what it refuses goes through.
"""

import asyncio
import io
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from lxml import etree

from tests.make import banking as make_banking
from tests.make import evidence as make
from tests.make.billing import open_money
from tests.make.ground import make_caller, new_id
from tests.make.http import api_key
from trustprop import app as composition
from trustprop.banking.rules import camt
from trustprop.evidence import rules as evidence_rules
from trustprop.evidence.rules import MAX_SIZE
from trustprop.kernel.caller import Caller
from trustprop.kernel.cells import harmless
from trustprop.ledger.rules import exports
from trustprop.plumbing.database import Database
from trustprop.plumbing.settings import Settings

MEGABYTE = 1024 * 1024
BILLION_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">'.encode() for i in range(9))
    + b"]><l>&j;</l>"
)
EXTERNAL = (
    b'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b"<Document><BkToCstmrStmt><Stmt>&x;</Stmt></BkToCstmrStmt></Document>"
)
LOWERED = EXTERNAL.replace(b"<!DOCTYPE", b"<!doctype")
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1+1", '=HYPERLINK("http://x","y")')


class Desk:
    """A machine that may upload files and read the books of one compound."""

    def __init__(self, client: httpx.AsyncClient, caller: Caller, headers: dict[str, str]) -> None:
        self._client = client
        self._headers = headers
        self.base = f"/v1/compounds/{caller.compound_id}"

    def _keyed(self, headers: dict[str, str] | None = None) -> dict[str, str]:
        return self._headers | {"Idempotency-Key": str(new_id())} | (headers or {})

    async def upload(self, content: bytes, name: str = "a.bin", **more: Any) -> httpx.Response:
        return await self._client.post(
            f"{self.base}/files", files={"file": (name, content)}, headers=self._keyed(), **more
        )

    async def post(
        self, path: str, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        return await self._client.post(self.base + path, headers=self._keyed(headers), **body)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self._client.get(self.base + path, params=params, headers=self._headers)

    async def import_statement(self, content: bytes, profile: str | None = None) -> httpx.Response:
        stored = await self.upload(content, "statement")
        if stored.status_code != 201:
            return stored
        body = {
            "id": str(new_id()),
            "account": "100201",
            "file_sha256": stored.json()["sha256"],
            "profile": profile,
        }
        return await self.post("/bank-statements", json=body)


@pytest.fixture
async def desk(client: httpx.AsyncClient, database: Database, owner: asyncpg.Connection) -> Desk:
    caller = make_caller()
    async with database.begin(caller) as tx:
        await open_money(tx, caller)
    scopes = ("files:write", "books:read", "books:write", "banking:write")
    return Desk(client, caller, await api_key(owner, caller.compound_id, *scopes))


def check_refused(answer: httpx.Response, *codes: str) -> None:
    assert answer.status_code in (400, 413, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert not codes or answer.json()["code"] in codes, answer.text


@pytest.mark.parametrize(
    "content",
    [
        make.bomb(),
        make.overlapping_bomb(),
        make.archive({"../../etc/passwd": b"x", "OFD.xml": b"<a/>"}),
        make.archive({"OFD.xml": b"<a/>", "C:/x": b"x"}),
        make.xlsx(**{"xl/vbaProject.bin": b"x"}),
        make.archive({"x.txt": b"x"}),
        make.ofd()[:-30],
        b"PK\x03\x04" + b"\x00" * 100,
        b"MZ" + b"\x00" * 200,
        b"\x7fELF" + b"\x00" * 200,
        b"#!/bin/sh\n\x00rm",
        b"<html><script>alert(1)</script>",
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        b"",
    ],
    ids=lambda content: content[:12].hex() or "empty",
)
async def test_dangerous_and_unknown_files_are_refused_whatever_their_name(
    desk: Desk, content: bytes
) -> None:
    for name in ("invoice.pdf", "invoice.pdf.exe", "invoice.ofd"):
        check_refused(
            await desk.upload(content, name), "file-type-unknown", "archive-dangerous", "file-empty"
        )


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..\\..\\windows\\system32\\x.pdf",
        "/etc/cron.d/x",
        "invoice\u202efdp.exe",
        "a\x7fb.pdf",
        "发票；rm -rf.pdf",
        "x" * 10_000 + ".pdf",
        'a"; filename="b.html',
        "a.pdf.html",
        "CON",
        "\u200b.pdf",
    ],
)
async def test_a_hostile_name_is_cleaned_and_never_breaks_the_download(
    desk: Desk, name: str
) -> None:
    sent = await desk.upload(make.PDF, name)
    if sent.status_code != 201:
        check_refused(sent, "file-name-invalid", "malformed")
        return
    kept = sent.json()["name"]
    assert not set(kept) & {"/", "\\", "\x00", "\r", "\n", "\u202e"}
    assert len(kept) <= 200
    loaded = await desk.get(f"/files/{sent.json()['sha256']}")
    said = loaded.headers["content-disposition"]
    assert said.startswith("attachment; filename=")
    assert said.isascii()
    assert said.partition("filename*=")[2].count('"') == 0
    assert loaded.headers["content-type"].startswith("application/pdf")
    assert loaded.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in loaded.headers["content-security-policy"]
    assert loaded.content == make.PDF


async def test_a_file_over_its_limit_and_a_body_over_the_limit_are_too_large(desk: Desk) -> None:
    over = await desk.upload(make.PDF + b"\n" * (MAX_SIZE - len(make.PDF) + 1))
    check_refused(over, "file-too-large", "request-entity-too-large")
    huge = await desk.upload(make.PDF + b"\n" * (26 * MEGABYTE))
    assert huge.status_code == 413
    body = await desk.post(
        "/vouchers",
        content=b'{"memo": "' + b"x" * (26 * MEGABYTE) + b'"}',
        headers={"Content-Type": "application/json"},
    )
    assert body.status_code == 413


async def test_a_slow_and_endless_body_is_cut_off_at_the_limit(desk: Desk) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b'{"memo": "'
        for _ in range(40):
            await asyncio.sleep(0)
            yield b"x" * MEGABYTE

    answer = await desk.post(
        "/vouchers", content=drip(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=", b"--\r\n"),
        ("multipart/form-data; boundary=a", b""),
        ("multipart/form-data; boundary=a", b"--b\r\n\r\nx\r\n--b--"),
        ("multipart/form-data; boundary=a", b'--a\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--a--'),
        (
            "multipart/form-data; boundary=a",
            b'--a\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n%PDF-' + b"1",
        ),
        (
            "multipart/form-data; boundary=a",
            b'--a\r\nContent-Disposition: form-data; name="file"; filename="\xff\xfe"\r\n\r\n%PDF-1\r\n--a--',
        ),
        ("multipart/form-data; boundary=a", b"--a\r\nContent-Disposition: \x00\r\n\r\n\r\n--a--"),
        ("multipart/form-data; boundary=a", b'--a\r\nContent-Disposition: form-data; name="f"\r\n\r\n\r\n' * 2_000),
        ("application/json", b"{}"),
        ("text/plain", b"x"),
        ("", b""),
    ],
)  # fmt: skip
async def test_broken_and_tricky_forms_are_refused_in_words(
    desk: Desk, kind: str, content: bytes
) -> None:
    for path in ("/files", "/homes/import"):
        answer = await desk.post(path, content=content, headers={"Content-Type": kind})
        assert answer.status_code in (201, 400, 403, 413, 415, 422), answer.text
        assert answer.status_code == 201 or "{" not in answer.json()["detail"]


async def test_two_files_in_one_form_are_refused(desk: Desk) -> None:
    form = [("file", ("a.pdf", make.PDF)), ("file", ("b.pdf", make.PNG))]
    check_refused(
        await desk.post("/files", files=form), "file-field-missing", "invalid-fields", "malformed"
    )


@pytest.mark.parametrize(
    "content", [BILLION_LAUGHS, EXTERNAL, EXTERNAL.decode().encode("utf-16"), LOWERED]
)
async def test_entities_in_a_bank_statement_are_never_followed(desk: Desk, content: bytes) -> None:
    for profile in (None, "camt.053"):
        refused = await desk.import_statement(content, profile)
        check_refused(refused, "bank-statement-unreadable")
        assert "root:" not in refused.text


@pytest.mark.parametrize(
    "content",
    [
        "账号,交易时间\n".encode("gb18030") + b"\x81",
        b"\xff\xfe" + "账号,余额\n1,2\n".encode("utf-16-le"),
        "帳號,餘額\n".encode("big5"),
        b":20:1\r\n:25:x\r\n:28C:1\r\n:60F:C999999CNY,\r\n:62F:\r\n-",
        b":20:\xb8\xb8\n:25:1\n:60F:C250901CNY1,\n",
        "账号,余额\n".encode() * 50_000,
        b"<Document><BkToCstmrStmt>" + b"<Stmt>" * 5_000,
        b'a,b\n"' + b"x" * 200_000,
        "账号,账户名称,交易时间,借方发生额（支取）,贷方发生额（收入）,余额\n1,2,99999999,1e999,NaN,-\n".encode("gbk"),
    ],
)  # fmt: skip
async def test_bank_files_that_are_none_are_refused_with_their_place(
    desk: Desk, content: bytes
) -> None:
    for profile in (None, "ccb", "camt.053", "mt940"):
        check_refused(await desk.import_statement(content, profile))


@pytest.mark.parametrize("formula", FORMULAS)
async def test_a_formula_in_a_memo_is_text_in_every_export(
    desk: Desk, database: Database, formula: str
) -> None:
    body = {
        "id": str(new_id()),
        "accounting_on": "2025-09-15",
        "memo": formula + "!",
        "lines": [
            {"account": "1122", "fund": "OP", "side": "debit", "amount_fen": 100},
            {"account": "4901", "fund": "OP", "side": "credit", "amount_fen": 100},
        ],
    }
    posted = await desk.post("/vouchers", json=body)
    if posted.status_code == 422:
        assert posted.json()["errors"][0]["pointer"] == "/memo"
        return
    assert posted.status_code == 201, posted.text
    table = (await desk.get("/export", format="csv")).text
    assert formula.split('"', maxsplit=1)[0] in table
    assert f",{formula.split(chr(34), maxsplit=1)[0]}" not in table
    assert f'"{formula.split(chr(34), maxsplit=1)[0]}' not in table
    book = (await desk.get("/export", format="xlsx")).content
    with zipfile.ZipFile(io.BytesIO(book)) as opened:
        sheets = b"".join(opened.read(name) for name in opened.namelist() if "sheet" in name)
    assert b"<f>" not in sheets


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_cell_never_begins_with_what_a_spreadsheet_calculates(formula: str) -> None:
    assert harmless(formula) == f"'{formula}"
    assert harmless("电梯维保 =1") == "电梯维保 =1"


# -- controls ------------------------------------------------------------------------------------


async def test_unjudged_the_dangerous_archives_would_be_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_rules, "check_archive", lambda *_judged: None)
    for content in (
        make.bomb(),
        make.overlapping_bomb(),
        make.archive({"../../etc/passwd": b"x", "OFD.xml": b"<a/>"}),
        make.archive({"OFD.xml": b"<a/>", "C:/x": b"x"}),
        make.xlsx(**{"xl/vbaProject.bin": b"x"}),
    ):
        assert (await desk.upload(content)).status_code == 201


async def test_unasked_whether_it_is_a_page_a_page_would_be_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_rules, "_WEB_PAGE", re.compile(b"$nothing"))
    for content in (
        b"<html><script>alert(1)</script>",
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    ):
        assert (await desk.upload(content)).status_code == 201


async def test_uncleaned_a_hostile_name_would_stay(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_rules, "clean_name", lambda name: name)
    kept = (await desk.upload(make.PDF, "../../etc/pass\u202ewd")).json()["name"]
    assert {"/", "\u202e"} <= set(kept)


async def test_without_its_limit_a_body_of_any_size_would_be_read(
    settings: Settings,
    database: Database,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(composition, "MAX_BODY", 100 * MEGABYTE)
    app = composition.create_app(settings, database=database)
    caller = make_caller()
    async with database.begin(caller) as tx:
        await open_money(tx, caller)
    headers = await api_key(owner, caller.compound_id, "books:write")
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        answer = await Desk(client, caller, headers).post(
            "/vouchers",
            content=b'{"memo": "' + b"x" * (26 * MEGABYTE) + b'"}',
            headers={"Content-Type": "application/json"},
        )
    assert answer.status_code == 422, "read whole, and judged as a voucher"


async def test_unmeasured_a_file_over_its_limit_would_be_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_rules, "check_size", lambda _size: None)
    over = make.PDF + b"\n" * (MAX_SIZE - len(make.PDF) + 1)
    assert (await desk.upload(over)).status_code == 201


def test_followed_an_entity_would_read_a_file_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of-the-server")
    content = (
        f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
        "<Document><BkToCstmrStmt><Stmt><Acct><Id><Othr><Id>&x;</Id></Othr></Id></Acct>"
        "</Stmt></BkToCstmrStmt></Document>"
    ).encode()
    parser = etree.XMLParser(resolve_entities=True, load_dtd=True)
    monkeypatch.setattr(camt, "_parse", lambda read: etree.fromstring(read, parser))
    assert camt.read(content).account_number == "of-the-server"


async def test_a_sound_bank_statement_is_taken_at_the_same_desk(desk: Desk) -> None:
    """What was refused above was refused for what it is."""
    content = make_banking.ccb([make_banking.read_line(100)])
    assert (await desk.import_statement(content)).status_code == 201


async def test_unmarked_a_formula_would_stand_in_the_export(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "harmless", lambda cell: cell)
    body = {
        "id": str(new_id()),
        "accounting_on": "2025-09-15",
        "memo": "=1+1!",
        "lines": [
            {"account": "1122", "fund": "OP", "side": "debit", "amount_fen": 100},
            {"account": "4901", "fund": "OP", "side": "credit", "amount_fen": 100},
        ],
    }
    assert (await desk.post("/vouchers", json=body)).status_code == 201
    assert ",=1+1!" in (await desk.get("/export", format="csv")).text
