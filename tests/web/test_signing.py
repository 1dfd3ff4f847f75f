"""Signing a payment in the browser: enrolment by both sides, what is shown, what is refused."""

import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from tests.played import PlayedMonth
from tests.web.portal_people import by_name, enter, signed_in
from tests.web.test_browser import PHONE, browser, overflow
from tests.web.test_entrance import hidden
from trustprop.demo.client import Person, new_id
from trustprop.demo.spending import organisation
from trustprop.demo.stage import Stage, rfc3339
from trustprop.web.portal.signing import check_code

pytestmark = pytest.mark.xdist_group("month")
__all__ = ["browser"]


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A phone whose owner unlocks it with a finger."""
    context = await browser.new_context(viewport=PHONE, locale="zh-CN")  # type: ignore[arg-type]
    opened = await context.new_page()
    devtools = await context.new_cdp_session(opened)
    await devtools.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    yield opened
    await context.close()


@pytest.fixture
def order(month: PlayedMonth) -> Any:
    """An order that waits for signatures; taken back afterwards, so that the books stay as they are."""
    made = draft(month.stage)
    yield made
    act = month.stage.bookkeeper.get(f"/acts/{made['act_id']}")
    if act["state"] == "open":
        month.stage.bookkeeper.post(f"/acts/{made['act_id']}/withdrawals", {"reason": "测试结束"})


def draft(stage: Stage) -> dict[str, Any]:
    today = stage.now.date().isoformat()
    made = {
        "id": new_id(),
        "act_id": new_id(),
        "fund": "OP",
        "bank_account": "100201",
        "amount_fen": 12_345,
        "purpose": "支付 9 月受托人酬金（部分）",
        "due_on": today,
        "pay_on": today,
        "kind": "payable",
        "account": "2205",
        "payee": organisation("云栖物业服务有限公司", "9999020000000000001"),
    }
    stage.bookkeeper.post("/payment-orders", made)
    return made


def open_activations(stage: Stage) -> list[str]:
    found = stage.manager.everything("/acts", state="open")
    return [act["act_id"] for act in found if act["kind"] == "key-activation"]


async def enrol(page: Page, month: PlayedMonth, how: str) -> str:
    """Makes a key in the browser; both sides activate it."""
    await page.goto(f"{by_name(month)}/keys")
    before = await page.locator("main .card").count()
    await page.click(f"button[data-how={how}]")
    await expect(page.locator("main .card")).to_have_count(before + 1)
    (act_id,) = open_activations(month.stage)
    month.stage.both_sign(act_id, owners=month.stage.member)
    return act_id


@pytest.mark.parametrize("how", ["passkey", "browser"])
async def test_a_director_enrols_a_key_and_signs_what_the_page_shows(
    page: Page, month: PlayedMonth, order: dict[str, Any], how: str
) -> None:
    await enter(page, month, month.stage.director)
    await enrol(page, month, how)
    await page.goto(by_name(month))
    await page.get_by_text("付款 ¥123.45").click()
    assert await overflow(page) <= 0
    shown = await page.inner_text("main")
    assert "壹佰贰拾叁元肆角伍分" in shown
    digest = month.stage.manager.get(f"/acts/{order['act_id']}")["payload_digest"]
    assert " ".join(check_code(digest)) in shown
    button = page.locator("#sign")
    assert await button.inner_text() == "签名：付 ¥123.45 给 云栖物业服务有限公司"
    await button.click()
    await page.wait_for_selector(".who")
    act = month.stage.manager.get(f"/acts/{order['act_id']}")
    (signature,) = act["signatures"]
    assert signature["person_id"] == month.stage.director.person_id
    assert await holds_for_a_resident(page, month, signature, digest)
    assert act["state"] == "open"
    assert await page.locator("#sign").count() == 0


async def holds_for_a_resident(
    page: Page, month: PlayedMonth, signature: dict[str, Any], digest: str
) -> bool:
    """What the check in a resident's browser says of it, and of the same over another digest."""
    keys = month.stage.manager.get("/signing-keys")["data"]
    (key,) = (one for one in keys if one["key_id"] == signature["key_id"])
    told = {
        "scheme": key["scheme"],
        "signature": base64.b64decode(signature["signature"]).hex(),
        "public_key": base64.b64decode(key["public_key"]).hex(),
    }
    verdicts = [await page.evaluate(RESIDENT, [told, checked]) for checked in (digest, "00" * 32)]
    assert verdicts[1] is False
    return bool(verdicts[0])


RESIDENT = """
async ([one, digest]) => {
  const { isSignedByPerson, bytesOf } = await import("/public/scripts/check.js");
  try {
    return await isSignedByPerson(one, bytesOf(digest), bytesOf(one.public_key));
  } catch (error) {
    return false;
  }
}
"""


async def test_a_page_left_open_while_the_order_changes_signs_nothing(
    page: Page, month: PlayedMonth, order: dict[str, Any]
) -> None:
    await enter(page, month, month.stage.director)
    await enrol(page, month, "browser")
    await page.goto(f"{by_name(month)}/acts/{order['act_id']}")
    revise(month.stage.bookkeeper, order)
    await page.locator("#sign").click()
    await page.wait_for_selector("#problem .problem")
    assert "digest-changed" in await page.inner_text("#problem")
    assert month.stage.manager.get(f"/acts/{order['act_id']}")["signatures"] == []


def revise(bookkeeper: Person, order: dict[str, Any]) -> None:
    body = {name: value for name, value in order.items() if name not in ("id", "act_id")}
    address = f"/v1/compounds/{bookkeeper.compound_id}/payment-orders/{order['id']}"
    with httpx.Client(base_url=bookkeeper.base_url) as client:
        headers = {"Authorization": f"Bearer {bookkeeper.token}"}
        etag = client.get(address, headers=headers).headers["etag"]
        answer = client.put(
            address, headers=headers | {"If-Match": etag}, json=body | {"purpose": "另一个用途"}
        )
    assert answer.is_success, answer.text


async def test_a_no_says_why_and_keeps_what_was_typed_when_refused(
    page: Page, month: PlayedMonth, order: dict[str, Any]
) -> None:
    await enter(page, month, month.stage.director)
    await page.goto(f"{by_name(month)}/acts/{order['act_id']}")
    await page.fill("#reason", "发票与服务不符")
    await page.context.clear_cookies()
    await page.get_by_role("button", name="拒绝").click()
    await page.wait_for_selector("#problem .problem")
    assert "您填的内容还在" in await page.inner_text("#problem")
    assert await page.input_value("#reason") == "发票与服务不符"
    assert month.stage.manager.get(f"/acts/{order['act_id']}")["state"] == "open"


def test_a_signature_of_another_act_is_refused(month: PlayedMonth, order: dict[str, Any]) -> None:
    """Whatever is replayed, the digest is of one act and one version."""
    other = draft(month.stage)
    director = month.stage.director
    payload = month.stage.manager.get(f"/acts/{other['act_id']}")["payload"]
    made = director.signature(payload)
    digest = month.stage.manager.get(f"/acts/{order['act_id']}")["payload_digest"]
    with signed_in(month, director) as client:
        fields = hidden(client.get("/").text)
        answer = client.post(
            f"/acts/{order['act_id']}/signature", data=fields | made | {"payload_digest": digest}
        )
    assert answer.status_code == 422
    assert "bad-signature" in answer.text
    month.stage.bookkeeper.post(f"/acts/{other['act_id']}/withdrawals", {"reason": "测试结束"})


def test_the_same_form_sent_twice_signs_once(month: PlayedMonth, order: dict[str, Any]) -> None:
    director = month.stage.director
    payload = month.stage.manager.get(f"/acts/{order['act_id']}")["payload"]
    assert hashlib.sha256(base64.b64decode(payload)).hexdigest()
    with signed_in(month, director) as client:
        fields = hidden(client.get("/").text) | director.signature(payload)
        place = f"/acts/{order['act_id']}/signature"
        answers = [client.post(place, data=fields).status_code for _again in range(3)]
    assert answers == [303, 303, 303]
    assert len(month.stage.manager.get(f"/acts/{order['act_id']}")["signatures"]) == 1


def test_who_does_not_sign_gets_no_button(month: PlayedMonth, order: dict[str, Any]) -> None:
    month.stage.now += timedelta(minutes=1)
    month.stage.operator.post("/v1/rehearsal/clock", {"at": rfc3339(month.stage.now)})
    with signed_in(month, month.stage.supervisor) as client:
        shown = client.get(f"/acts/{order['act_id']}").text
    assert "123.45" in shown
    assert 'id="sign"' not in shown
