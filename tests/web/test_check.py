"""A resident's own browser checks a statement: it must find what the service's verifier finds."""

import base64
import json
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page

from tests.played import PlayedMonth
from tests.web.test_browser import PHONE, browser, overflow
from trustprop.kernel.canonical import canonical_json
from trustprop.statements import verify

pytestmark = pytest.mark.xdist_group("month")

__all__ = ["browser"]

CHECK = """
async ([script, content]) => {
  const { check } = await import(script);
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  try {
    return (await check(bytes)).findings.filter((one) => !one.holds).map((one) => one.code);
  } catch (error) {
    return ["form"];
  }
}
"""
CHANGES = 60
SEED = 20250930


@pytest.fixture(scope="module")
async def bundle(month: PlayedMonth) -> bytes:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{public(month)}/statements/{number(month)}.bundle.json")
    return answer.content


@pytest.fixture
async def page(browser: Browser, month: PlayedMonth) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport=PHONE, locale="zh-CN")  # type: ignore[arg-type]
    yield await context.new_page()
    await context.close()


def public(month: PlayedMonth) -> str:
    return f"{month.stage.base_url}/public/{month.compound_id}"


def number(month: PlayedMonth) -> str:
    return str(month.stage.ids["public"]).rpartition("/")[2]


async def verdict(page: Page) -> str:
    await page.wait_for_selector("#verdict.good, #verdict.bad, #verdict.unknown")
    return await page.inner_text("#verdict")


async def test_a_phone_finds_that_all_of_it_holds(page: Page, month: PlayedMonth) -> None:
    await page.goto(f"{public(month)}/statements/{number(month)}")
    await page.get_by_text("自己核对").click()
    assert "全部成立" in await verdict(page)
    assert await page.locator("#findings .holds").count() == 10
    assert await overflow(page) <= 0


async def test_a_file_from_the_phone_is_checked_without_a_network(
    page: Page, month: PlayedMonth, bundle: bytes, tmp_path: Path
) -> None:
    async with httpx.AsyncClient(timeout=60) as client:
        pdf = (await client.get(f"{public(month)}/statements/{number(month)}.pdf?lang=zh")).content
    await page.goto(f"{public(month)}/check")
    await page.context.set_offline(True)
    for name, content in (("statement.pdf", pdf), ("data.json", bundle)):
        (tmp_path / name).write_bytes(content)
        await page.set_input_files("#file", tmp_path / name)
        assert "全部成立" in await verdict(page)


async def test_a_network_that_fails_is_not_a_statement_that_fails(
    page: Page, month: PlayedMonth
) -> None:
    await page.route("**/*.bundle.json", lambda route: route.abort())
    await page.goto(f"{public(month)}/check?number={number(month)}")
    assert "网络不通" in await verdict(page)
    await page.unroute("**/*.bundle.json")
    await page.click("#again")
    assert "全部成立" in await verdict(page)


async def test_a_changed_amount_is_named_in_words(
    page: Page, month: PlayedMonth, bundle: bytes, tmp_path: Path
) -> None:
    document = json.loads(bundle)
    document["journal"]["entries"][5]["lines"][0]["signed_fen"] += 1
    (tmp_path / "changed.json").write_bytes(canonical_json(document))
    await page.goto(f"{public(month)}/check?lang=zh")
    await page.set_input_files("#file", tmp_path / "changed.json")
    assert "请不要相信这份报告" in await verdict(page)
    failed = await page.locator("#findings .fails").all_inner_texts()
    assert any("每笔分录的指纹" in text for text in failed)


async def test_a_file_that_is_no_statement_is_called_so(
    page: Page, month: PlayedMonth, tmp_path: Path
) -> None:
    (tmp_path / "holiday.json").write_bytes(b'{"photo": 1}')
    await page.goto(f"{public(month)}/check?lang=zh")
    await page.set_input_files("#file", tmp_path / "holiday.json")
    assert "这不是一份报告文件" in await verdict(page)


async def test_both_programs_find_every_change(
    page: Page, month: PlayedMonth, bundle: bytes
) -> None:
    """Any one value of the bundle, drawn by lot, made another one of its kind."""
    await page.goto(f"{public(month)}/check")
    assert await checked(page, bundle) == []
    lot = random.Random(SEED)
    document = json.loads(bundle)
    places = list(_places(document))
    for place in lot.sample(places, CHANGES):
        changed = canonical_json(_changed(json.loads(bundle), place))
        assert changed != bundle
        assert await checked(page, changed), f"the browser overlooks {place}"
        edition = json.loads(changed)
        report = verify.verify(
            canonical_json(edition["statement"]),
            canonical_json(edition["journal"]),
            edition["note"],
        )
        assert not report.is_sound, f"the service overlooks {place}"


async def checked(page: Page, content: bytes) -> list[str]:
    script = "/public/scripts/check.js"
    return list(await page.evaluate(CHECK, [script, base64.b64encode(content).decode()]))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Any:
    if isinstance(value, dict):
        for name in value:
            yield from _places(value[name], (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _places(item, (*path, index))
    else:
        yield path


_OTHER: dict[type, Callable[[Any], Any]] = {
    bool: lambda value: not value,
    int: lambda value: value + 1,
    str: lambda value: ("1" if value[:1] != "1" else "2") + value[1:],
    type(None): lambda _value: "1",
}


def _changed(document: Any, path: tuple[Any, ...]) -> Any:
    holder = document
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = _OTHER[type(holder[path[-1]])](holder[path[-1]])
    return document
