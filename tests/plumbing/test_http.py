"""What every request passes: its allowance, its id and the headers of its answer."""

import asyncio

import httpx
import pytest
from litestar import Litestar, Response, get
from litestar.di import NamedDependency, Provide

from trustprop.plumbing.http import WINDOW_S, Allowance, envelope, middleware, resolve_in_turn
from trustprop.plumbing.problems import EXCEPTION_HANDLERS, RateLimited
from trustprop.plumbing.settings import Settings


@get("/plain", sync_to_thread=False)
def plain() -> str:
    return "plain"


@get("/own", sync_to_thread=False)
def own() -> Response[str]:
    return Response("own", headers={"Content-Security-Policy": "default-src 'self'"})


@get("/healthz", sync_to_thread=False)
def healthz() -> str:
    return "ok"


def client(**values: object) -> httpx.AsyncClient:
    settings = Settings(**values)  # type: ignore[arg-type]
    app = Litestar(
        [plain, own, healthz],
        middleware=middleware(settings),
        exception_handlers=EXCEPTION_HANDLERS,
    )
    envelope(app, settings)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://testserver")


async def test_an_answer_has_an_id_and_the_headers_of_a_page_that_may_do_nothing():
    async with client() as opened:
        answer = await opened.get("/plain")
    assert len(answer.headers["x-request-id"]) == 36
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "trustprop-rehearsal" not in answer.headers


async def test_an_address_that_no_route_has_is_answered_in_the_same_envelope():
    async with client() as opened:
        answers = [await opened.get("/nowhere"), await opened.post("/plain")]
    assert [answer.status_code for answer in answers] == [404, 405]
    for answer in answers:
        assert answer.json()["request_id"] == answer.headers["x-request-id"]
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_header_that_the_answer_sets_itself_is_not_set_twice():
    async with client() as opened:
        answer = await opened.get("/own")
    assert answer.headers.get_list("content-security-policy") == ["default-src 'self'"]


async def test_a_rehearsal_says_so():
    async with client(rehearsal=True) as opened:
        assert (await opened.get("/plain")).headers["trustprop-rehearsal"] == "true"


async def test_who_asks_too_often_is_told_to_wait_and_others_go_on():
    async with client(rate_limit_per_minute=2) as opened:
        mine = [await opened.get("/plain", headers={"Authorization": "Bearer a"}) for _ in range(3)]
        other = await opened.get("/plain", headers={"Authorization": "Bearer b"})
        health = [await opened.get("/healthz") for _ in range(3)]
    assert [answer.status_code for answer in mine] == [200, 200, 429]
    assert mine[2].json()["code"] == "rate-limited"
    assert mine[2].headers["retry-after"]
    assert [answer.status_code for answer in (other, *health)] == [200] * 4


def test_a_new_minute_brings_a_new_allowance():
    allowance = Allowance(1)
    allowance.check(b"a", 30)
    with pytest.raises(RateLimited):
        allowance.check(b"a", 59)
    allowance.check(b"a", WINDOW_S)


@get("/tasks")
async def tasks(
    one: NamedDependency[str], two: NamedDependency[str], both: NamedDependency[str]
) -> list[bool]:
    here = str(id(asyncio.current_task()))
    return [here == one, here == two, both == one + two]


async def test_dependencies_are_resolved_in_the_task_of_their_request():
    async def first() -> str:
        return str(id(asyncio.current_task()))

    async def second() -> str:
        return str(id(asyncio.current_task()))

    async def both(one: NamedDependency[str], two: NamedDependency[str]) -> str:
        return one + two

    answers = []
    for prepare in (lambda _app: None, resolve_in_turn):
        app = Litestar(
            [tasks],
            dependencies={"both": Provide(both), "one": Provide(first), "two": Provide(second)},
        )
        prepare(app)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as opened:
            answers.append((await opened.get("/tasks")).json())
    assert answers == [[False, False, True], [True, True, True]]
