"""The public pages over HTTP: anybody reads them, nothing changes them, nobody is named."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide

from tests.make import paying
from tests.make.closing import accrue, close
from tests.make.ground import make_caller, new_id
from trustprop.kernel.canonical import sha256
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.plumbing.files import Files
from trustprop.plumbing.http import envelope, middleware
from trustprop.plumbing.press import Press
from trustprop.plumbing.problems import EXCEPTION_HANDLERS
from trustprop.plumbing.settings import Settings
from trustprop.statements import service, verify
from trustprop.statements.jobs import works
from trustprop.statements.model import PRINT_JOB
from trustprop.web import compound, decisions
from trustprop.web.public import handlers


@pytest.fixture(scope="module")
async def compound_id(database: Database) -> UUID:
    """A compound with one published statement."""
    caller = make_caller()
    async with database.begin(caller) as tx:
        payers = await paying.make_payers(tx, caller.compound_id)
        await paying.pay(tx, payers)
        await accrue(tx, payers)
        await close(tx, payers)
    return caller.compound_id


@pytest.fixture
def press():
    opened = Press(1)
    yield opened
    opened.close()


@pytest.fixture
async def visitor(
    database: Database, settings: Settings, clock: Clock, tmp_path: Path, press: Press
) -> AsyncIterator[httpx.AsyncClient]:
    app = Litestar(
        route_handlers=[*handlers, *compound.handlers, *decisions.handlers],
        state=State({"public_url": "http://testserver"}),
        dependencies={
            "database": Provide(lambda: database, sync_to_thread=False),
            "clock": Provide(lambda: clock, sync_to_thread=False),
            "files": Provide(lambda: Files.at(str(tmp_path)), sync_to_thread=False),
            "press": Provide(lambda: press, sync_to_thread=False),
        },
        middleware=middleware(settings),
        exception_handlers=EXCEPTION_HANDLERS,
    )
    envelope(app, settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as opened:
        yield opened


async def test_anybody_reads_a_statement_in_their_language(visitor, compound_id):
    page = await visitor.get(
        f"/public/{compound_id}/statements/2025-001", headers={"Accept-Language": "en"}
    )
    assert page.status_code == 200
    assert "The money in September 2025" in page.text
    chinese = await visitor.get(f"/public/{compound_id}/statements/2025-001?lang=zh")
    assert "2025年9月的账" in chinese.text


async def test_it_is_immutable_and_answers_304(visitor, compound_id):
    for suffix in ("", ".json", ".bundle.json"):
        address = f"/public/{compound_id}/statements/2025-001{suffix}"
        page = await visitor.get(address)
        assert page.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = await visitor.get(address, headers={"If-None-Match": page.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        other = await visitor.get(address, headers={"If-None-Match": '"another"'})
        assert other.content == page.content


async def test_the_policy_allows_no_script_and_the_page_has_none(visitor, compound_id):
    page = await visitor.get(f"/public/{compound_id}/statements/2025-001")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'")
    assert "unsafe" not in policy
    assert not re.search(r"<script|style=|\son\w+=|http://|https://", page.text)


async def test_the_bundle_verifies_and_json_is_the_attested_document(
    visitor, compound_id, tmp_path: Path
):
    bundle = await visitor.get(f"/public/{compound_id}/statements/2025-001.bundle.json")
    path = tmp_path / "bundle.json"
    path.write_bytes(bundle.content)
    assert verify.verify_file(path).is_sound
    document = await visitor.get(f"/public/{compound_id}/statements/2025-001.json")
    listed = await visitor.get(f"/public/{compound_id}/statements")
    assert sha256(document.content).hex() in listed.text
    assert document.json()["number"] == "2025-001"


async def test_every_link_of_the_page_leads_somewhere(visitor, compound_id):
    pending = [f"/public/{compound_id}/statements/2025-001?lang=zh"]
    seen = set()
    while pending:
        address = pending.pop()
        if address in seen or ".pdf" in address:
            continue
        seen.add(address)
        page = await visitor.get(address)
        assert page.status_code == 200, address
        if page.headers["content-type"].startswith("text/html"):
            pending += re.findall(r'href="(/public/[^"]+)"', page.text.replace("&amp;", "&"))
    assert len(seen) > 8
    assert any("/entries/" in address for address in seen)


async def test_a_payment_leads_to_both_signatures_and_no_name(visitor, compound_id):
    document = (await visitor.get(f"/public/{compound_id}/statements/2025-001.json")).json()
    number = document["figures"]["payments"][0]["entry_number"]
    page = (await visitor.get(f"/public/{compound_id}/entries/{number}?lang=en")).text
    for signer in document["figures"]["payments"][0]["signers"]:
        assert signer["key_id"] in page
    assert "committee director" in page
    assert "person_id" not in json.dumps(document)


async def test_what_is_not_published_is_not_found(visitor, compound_id):
    for address in (
        f"/public/{compound_id}/statements/2025-002",
        f"/public/{compound_id}/statements/2025-001.exe",
        f"/public/{new_id()}/statements/2025-001",
        f"/public/{new_id()}/statements",
        f"/public/{compound_id}/entries/9999",
        f"/public/{compound_id}/statements/2025-001/lines/OP/9999",
    ):
        page = await visitor.get(address)
        assert page.status_code == 404, address
        assert page.json()["code"] == "not-found"


async def test_the_worker_keeps_both_prints_and_visitors_get_them(
    visitor, compound_id, database: Database, clock: Clock, press: Press, tmp_path: Path
):
    at_once = await visitor.get(f"/public/{compound_id}/statements/2025-001.pdf?lang=zh")
    assert at_once.headers["content-type"] == "application/pdf"
    files = Files.at(str(tmp_path))
    payload = {"compound_id": str(compound_id), "number": "2025-001"}
    await works(database, files, press, clock)[PRINT_JOB](payload)
    async with database.read(make_caller(compound_id=compound_id)) as tx:
        for lang in ("zh", "en"):
            assert await service.open_print(tx, compound_id, files, "2025-001", lang) is not None
    kept = await visitor.get(f"/public/{compound_id}/statements/2025-001.pdf?lang=zh")
    assert kept.content == at_once.content
    paper = tmp_path / "paper.pdf"
    paper.write_bytes(kept.content)
    assert verify.verify_file(paper).is_sound
