"""People who sign in to the portal of a played month, over sockets or in a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import httpx
from playwright.async_api import Page

from tests.played import PlayedMonth
from trustprop.demo.client import Person
from trustprop.demo.stage import rfc3339

MINUTE = timedelta(minutes=1)


def portal(month: PlayedMonth) -> str:
    return f"{month.stage.base_url}/c/{month.compound_id}"


def by_name(month: PlayedMonth) -> str:
    """The same by the name of the machine: passkeys belong to names, not to numbers."""
    return portal(month).replace("127.0.0.1", "localhost")


def credentials(month: PlayedMonth, person: Person) -> dict[str, str]:
    """With a fresh code: one opens one session, so the clock is moved on first."""
    month.stage.now += MINUTE
    month.stage.operator.post("/v1/rehearsal/clock", {"at": rfc3339(month.stage.now)})
    code = person._totp.generate(int(month.stage.now.timestamp())).decode()
    return {"login": person._login, "password": person._password, "code": code}


@contextmanager
def signed_in(month: PlayedMonth, person: Person) -> Iterator[httpx.Client]:
    """A browser without scripts: cookies, forms, no redirect followed."""
    headers = {"Accept-Language": "zh-CN"}
    with httpx.Client(base_url=portal(month), headers=headers, timeout=60) as client:
        answer = client.post("/sign-in", data=credentials(month, person))
        assert answer.status_code == 303, answer.text
        yield client


async def enter(page: Page, month: PlayedMonth, person: Person) -> None:
    """Signs in by typing."""
    await page.goto(f"{by_name(month)}/sign-in")
    for name, value in credentials(month, person).items():
        await page.fill(f"#{name}", value)
    await page.click("main button")
    await page.wait_for_url(f"{by_name(month)}**")
