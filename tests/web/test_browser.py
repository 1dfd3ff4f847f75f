"""What a resident sees on a phone: the published month in the distribution's own Chromium."""

import shutil
from collections.abc import AsyncIterator

import pytest
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
