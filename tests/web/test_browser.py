"""What a resident sees on a phone: the published month in the distribution's own Chromium."""

import shutil
from collections.abc import AsyncIterator

import httpx
import pytest
from lxml import etree
from playwright.async_api import Browser, Page, async_playwright

from tests.played import PlayedMonth

pytestmark = pytest.mark.xdist_group("month")

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    assert CHROMIUM, "scripts/bootstrap dev installs the distribution's Chromium"
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        await opened.close()


async def open_page(browser: Browser, month: PlayedMonth, lang: str, size: dict[str, int]) -> Page:
    context = await browser.new_context(viewport=size, locale="zh-CN" if lang == "zh" else "en-GB")  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(f"{month.stage.base_url}{month.stage.ids['public']}")
    return page


async def overflow(page: Page) -> int:
    await page.wait_for_load_state()
    return int(await page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390px", "1280px"])
@pytest.mark.parametrize(
    ("lang", "title"), [("zh", "2025年9月的账"), ("en", "The money in September 2025")]
)
async def test_the_statement_fits_the_screen_and_its_four_figures_tie(
    browser: Browser, month: PlayedMonth, lang: str, title: str, size: dict[str, int]
) -> None:
    page = await open_page(browser, month, lang, size)
    assert title in await page.inner_text("h1")
    assert await overflow(page) <= 0
    text = await page.inner_text("main")
    for figure in ("567,458.62", "220,340.92", "179,371.85", "608,427.69"):
        assert figure in text
    assert 567_458_62 + 220_340_92 - 179_371_85 == 608_427_69


async def test_a_figure_leads_to_its_entry_and_its_two_signatures_in_three_taps(
    browser: Browser, month: PlayedMonth
) -> None:
    page = await open_page(browser, month, "zh", PHONE)
    await page.click("a[href*='/lines/OP/510206']")
    assert await overflow(page) <= 0
    await page.click("main a[href*='/entries/']")
    assert await overflow(page) <= 0
    assert "5,386.00" in await page.inner_text("main")
    await page.click("main p a[href*='/entries/']")
    payment = await page.inner_text("main")
    assert "受托方" in payment
    assert "业主方" in payment
    assert "所付发票的入账" in payment


async def test_the_page_runs_no_script_and_asks_nobody_else(
    browser: Browser, month: PlayedMonth
) -> None:
    context = await browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{month.stage.base_url}{month.stage.ids['public']}")
    assert asked
    assert all(url.startswith(month.stage.base_url) for url in asked)
    assert await page.query_selector("script") is None


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["390px", "1280px"])
@pytest.mark.parametrize("place", ["", "?period=2025-Q3", "?period=2025", "/hundred?area=126"])
async def test_a_compounds_own_pages_fit_the_screen(
    browser: Browser, month: PlayedMonth, place: str, size: dict[str, int]
) -> None:
    page = await (await browser.new_context(viewport=size)).new_page()  # type: ignore[arg-type]
    await page.goto(f"{month.stage.base_url}/public/{month.compound_id}{place}")
    assert await overflow(page) <= 0


async def test_each_of_the_four_figures_leads_to_how_it_is_computed(
    browser: Browser, month: PlayedMonth
) -> None:
    page = await (await browser.new_context(viewport=PHONE, locale="zh-CN")).new_page()  # type: ignore[arg-type]
    address = f"{month.stage.base_url}/public/{month.compound_id}"
    await page.goto(address)
    assert await page.locator(".four a").count() == 4
    figures = await page.locator(".four .amount").all_inner_texts()
    assert figures == ["567,458.62", "220,340.92", "179,371.85", "608,427.69"]
    for which in range(4):
        await page.goto(address)
        await page.locator(".four a").nth(which).click()
        assert await page.locator("#banks").is_visible()


async def test_a_sentence_leads_to_the_entries_behind_it(
    browser: Browser, month: PlayedMonth
) -> None:
    page = await (await browser.new_context(viewport=PHONE, locale="zh-CN")).new_page()  # type: ignore[arg-type]
    await page.goto(f"{month.stage.base_url}/public/{month.compound_id}")
    await page.get_by_text("花钱最多的是秩序维护：46,800.00 元。").click()
    assert "46,800.00" in await page.inner_text("tr.total")


async def test_a_home_of_126_square_metres_learns_its_part(
    browser: Browser, month: PlayedMonth
) -> None:
    page = await (await browser.new_context(viewport=PHONE, locale="zh-CN")).new_page()  # type: ignore[arg-type]
    await page.goto(f"{month.stage.base_url}/public/{month.compound_id}/hundred")
    await page.fill("#area", "126")
    await page.click("form button")
    total = await page.locator("tr.total .amount").all_inner_texts()
    assert total == ["100.00", "381.78"]
    assert 179_437_20 * 126_00 // 59_220_00 == 381_78


async def test_the_feed_is_atom_and_leads_to_the_statement(month: PlayedMonth) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{month.stage.base_url}/public/{month.compound_id}/feed.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = etree.fromstring(answer.content)
    place = {"a": "http://www.w3.org/2005/Atom"}
    link = feed.find("a:entry/a:link", place)
    assert link is not None
    assert link.get("href", "").endswith(month.stage.ids["public"])


@pytest.mark.parametrize("period", ["2025-13", "now", "2025-Q5", "%27"])
async def test_a_time_that_is_none_is_not_found(month: PlayedMonth, period: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(
            f"{month.stage.base_url}/public/{month.compound_id}?period={period}"
        )
    assert answer.status_code == 404
