"""Signing in to the portal: cookies, forms from elsewhere, and what a wrong visitor learns."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Browser, Page

from tests.played import PlayedMonth
from tests.web.portal_people import by_name, credentials, enter, portal, signed_in
from tests.web.test_browser import DESK, PHONE, browser, overflow

pytestmark = pytest.mark.xdist_group("month")
__all__ = ["browser"]

ELSEWHERE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport=PHONE, locale="zh-CN")  # type: ignore[arg-type]
    yield await context.new_page()
    await context.close()


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of the page's last form."""
    form = html.rpartition("<form")[2]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def test_a_page_without_a_session_leads_to_the_sign_in_and_back(month: PlayedMonth) -> None:
    answer = httpx.get(f"{portal(month)}?x=1")
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"/c/{month.compound_id}/sign-in?back=%2Fc%2F")


async def test_a_director_signs_in_and_out_by_typing(page: Page, month: PlayedMonth) -> None:
    await enter(page, month, month.stage.director)
    assert "您好" in await page.inner_text("h1")
    assert "业委会主任" in await page.inner_text("main")
    assert await overflow(page) <= 0
    await page.get_by_role("button", name="退出").click()
    await page.wait_for_url("**/public/**")
    await page.goto(by_name(month))
    assert "sign-in" in page.url


async def test_print_and_language_are_kept(page: Page, month: PlayedMonth) -> None:
    await enter(page, month, month.stage.director)
    await page.get_by_role("button", name="大字").click()
    await page.wait_for_selector("html.large")
    await page.get_by_role("button", name="English").click()
    assert "Hello" in await page.inner_text("h1")
    await page.set_viewport_size(DESK)  # type: ignore[arg-type]
    assert await overflow(page) <= 0


@pytest.mark.parametrize("wrong", ["login", "password", "code"])
def test_a_wrong_sign_in_does_not_tell_what_was_wrong(month: PlayedMonth, wrong: str) -> None:
    sent = credentials(month, month.stage.supervisor) | {wrong: "000000000"}
    answer = httpx.post(f"{portal(month)}/sign-in", data=sent, headers={"Accept-Language": "zh-CN"})
    assert answer.status_code == 401
    assert "sign-in-refused" in answer.text
    assert "set-cookie" not in answer.headers


def test_the_session_is_new_kept_from_scripts_and_worth_nothing_afterwards(
    month: PlayedMonth,
) -> None:
    planted = {"trustprop_session": "tps_planted"}
    sent = credentials(month, month.stage.director)
    answer = httpx.post(f"{portal(month)}/sign-in", data=sent, cookies=planted)
    cookie = answer.headers["set-cookie"]
    assert "tps_planted" not in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/c" in cookie
    kept = {"trustprop_session": cookie.partition("=")[2].partition(";")[0]}
    home = httpx.get(portal(month), cookies=kept, follow_redirects=True)
    assert home.status_code == 200
    httpx.post(f"{portal(month)}/sign-out", data=hidden(home.text), cookies=kept)
    assert httpx.get(f"{portal(month)}/", cookies=kept).status_code == 302


def test_a_form_from_elsewhere_does_nothing(month: PlayedMonth) -> None:
    """The guard is the hidden field and the browser's own word; each alone is enough to refuse."""
    with signed_in(month, month.stage.director) as client:
        fields = hidden(client.get("/").text)
        for data, headers in (
            (fields | {"csrf": "0" * 64}, {}),
            ({"key": fields["key"]}, {}),
            (fields, ELSEWHERE),
            (fields, {"Origin": "https://evil.example"}),
        ):
            answer = client.post("/sign-out", data=data, headers=headers)
            assert answer.status_code == 403
            assert "form-from-elsewhere" in answer.text
        assert client.get("/").status_code == 200
        assert client.post("/sign-out", data=fields).status_code == 303
        assert client.get("/").status_code == 302


def test_nobody_is_signed_in_from_elsewhere(month: PlayedMonth) -> None:
    sent = credentials(month, month.stage.director)
    answer = httpx.post(f"{portal(month)}/sign-in", data=sent, headers=ELSEWHERE)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "back",
    ["https://evil.example", "//evil.example", "/c/../evil", "/public/x", "javascript:alert(1)"],
)
def test_nobody_is_led_elsewhere_by_signing_in(month: PlayedMonth, back: str) -> None:
    sent = credentials(month, month.stage.director) | {"back": back}
    answer = httpx.post(f"{portal(month)}/sign-in", data=sent)
    assert answer.headers["location"] == f"/c/{month.compound_id}"


def test_another_compound_looks_like_none(month: PlayedMonth) -> None:
    with signed_in(month, month.stage.director) as client:
        other = month.compound_id[:-4] + "0000"
        answer = client.get(f"{month.stage.base_url}/c/{other}/")
        assert answer.status_code == 404


def test_pages_are_not_kept_and_not_framed(month: PlayedMonth) -> None:
    with signed_in(month, month.stage.director) as client:
        headers = client.get("/").headers
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
