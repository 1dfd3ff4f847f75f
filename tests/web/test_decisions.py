"""The quarterly page of decisions: open to anybody, in two languages, naming nobody."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from litestar import Litestar
from litestar.di import Provide
from msgspec.structs import replace
from playwright.async_api import Browser, async_playwright

from tests.make import paying
from tests.make.ground import SEPTEMBER, make_caller, new_id
from tests.statements.test_decisions import Decided, make_decided
from tests.web.test_browser import CHROMIUM, DESK, FLAGS, PHONE
from trustprop.kernel.periods import Period
from trustprop.ledger import service as ledger
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.plumbing.http import envelope, middleware
from trustprop.plumbing.problems import EXCEPTION_HANDLERS
from trustprop.plumbing.settings import Settings
from trustprop.web import decisions, public

LATER = SEPTEMBER + timedelta(days=20)


@pytest.fixture(scope="module")
async def decided(database: Database) -> Decided:
    """A compound whose September is closed."""
    caller = make_caller()
    async with database.begin(caller) as tx:
        made = await make_decided(tx, caller.compound_id)
        await ledger.close_period(tx, replace(made.caller, at=LATER), Period(2025, 9))
    return made


@pytest.fixture
async def visitor(
    database: Database, settings: Settings, clock: Clock
) -> AsyncIterator[httpx.AsyncClient]:
    clock.set_to(LATER)
    app = Litestar(
        route_handlers=[*decisions.handlers, public.get_style],
        dependencies={
            "database": Provide(lambda: database, sync_to_thread=False),
            "clock": Provide(lambda: clock, sync_to_thread=False),
        },
        middleware=middleware(settings),
        exception_handlers=EXCEPTION_HANDLERS,
    )
    envelope(app, settings)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as opened:
        yield opened


def place(compound_id: UUID, quarter: str = "2025-Q3") -> str:
    return f"/public/{compound_id}/decisions/{quarter}"


async def test_anybody_reads_what_became_of_the_decisions_of_a_quarter(
    visitor: httpx.AsyncClient, decided: Decided
) -> None:
    address = place(decided.caller.compound_id)
    english = await visitor.get(f"{address}?lang=en")
    assert english.status_code == 200
    for said in ("Took office: committee member", "PR → RS", "Paid under it 10,000.00", "2025-09"):
        assert said in english.text
    chinese = await visitor.get(f"{address}?lang=zh")
    assert "本季度尚无落实事项" in chinese.text
    assert "业委会委员" in chinese.text


async def test_the_same_facts_are_there_for_machines_and_cached(
    visitor: httpx.AsyncClient, decided: Decided
) -> None:
    address = f"{place(decided.caller.compound_id)}.json"
    answer = await visitor.get(address)
    spent = {one["resolution_id"]: one["spent_fen"] for one in answer.json()["decisions"]}
    assert spent[str(decided.payment)] == 1_000_000
    assert "max-age=60" in answer.headers["cache-control"]
    again = await visitor.get(address, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("quarter", ["2025-Q5", "2025", "2025-09", "2026-Q1", "2025-Q3.pdf", "x"])
async def test_what_is_no_quarter_or_still_to_come_is_not_there(
    visitor: httpx.AsyncClient, decided: Decided, quarter: str
) -> None:
    assert (await visitor.get(place(decided.caller.compound_id, quarter))).status_code == 404


async def test_another_compound_is_not_there(visitor: httpx.AsyncClient, decided: Decided) -> None:
    assert decided.payment
    assert (await visitor.get(place(new_id()))).status_code == 404


async def test_nobody_is_named(visitor: httpx.AsyncClient, decided: Decided) -> None:
    text = (await visitor.get(f"{place(decided.caller.compound_id)}.json")).text
    assert paying.EVIDENCE not in text
    assert "person_id" not in text


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    assert CHROMIUM, "scripts/bootstrap dev installs the distribution's Chromium"
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        await opened.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390px", "1280px"])
async def test_the_page_fits_the_screen(
    visitor: httpx.AsyncClient,
    decided: Decided,
    browser: Browser,
    tmp_path: Path,
    lang: str,
    size: dict[str, int],
) -> None:
    html = (await visitor.get(f"{place(decided.caller.compound_id)}?lang={lang}")).text
    style = (await visitor.get("/public/style.css")).text
    page = await browser.new_page(viewport=size)  # type: ignore[arg-type]
    await page.set_content(html.replace("</head>", f"<style>{style}</style></head>"))
    wide = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    await page.screenshot(path=tmp_path / "decisions.png", full_page=True)
    assert wide <= 0
