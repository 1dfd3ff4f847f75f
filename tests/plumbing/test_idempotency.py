"""The same POST one to five times at once: one effect, equal answers."""

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import httpx
import pytest
from litestar import Litestar, Request, Response, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody

from tests.make.ground import make_caller, new_id
from trustprop.kernel.caller import Caller
from trustprop.kernel.struct import Command
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once, provide_once
from trustprop.plumbing.problems import EXCEPTION_HANDLERS

SEED = 20250915
CALLER = make_caller()


class Pay(Command):
    amount_fen: int
    note: str = ""


@post("/pay", operation_id="test_pay")
async def pay(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[Pay],
) -> Response[dict[str, str]]:
    async def work() -> dict[str, str]:
        await tx.raw.execute("INSERT INTO effect VALUES ($1, $2)", new_id(), data.amount_fen)
        if data.note == "fail":
            raise RuntimeError
        return {"id": str(new_id())}

    async with database.begin(caller) as tx:
        return await once(tx, work())


@post("/pay-unguarded", operation_id="test_pay_unguarded")
async def pay_unguarded(
    caller: NamedDependency[Caller], database: NamedDependency[Database], request: Request
) -> dict[str, str]:
    """The control: looks for the key first and writes it afterwards, without the claim."""
    key = request.headers["idempotency-key"]
    async with database.begin(caller) as tx:
        if await tx.raw.fetchval("SELECT true FROM seen WHERE key = $1", key):
            return {"id": "replayed"}
        await tx.raw.execute("INSERT INTO effect VALUES ($1, 1)", new_id())
        await tx.raw.execute("INSERT INTO seen VALUES ($1)", key)
    return {"id": str(new_id())}


@pytest.fixture
async def shop(database: Database, owner: asyncpg.Connection) -> AsyncIterator[httpx.AsyncClient]:
    await owner.execute("""
        DROP TABLE IF EXISTS effect; CREATE TABLE effect (id uuid, amount_fen bigint);
        DROP TABLE IF EXISTS seen; CREATE TABLE seen (key text);
        GRANT SELECT, INSERT ON effect, seen TO trustprop_serving
    """)
    app = Litestar(
        [pay, pay_unguarded],
        dependencies={
            "caller": Provide(lambda: CALLER, sync_to_thread=False),
            "database": Provide(lambda: database, sync_to_thread=False),
            "once": Provide(provide_once),
        },
        exception_handlers=EXCEPTION_HANDLERS,
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        yield client
    await owner.execute("DROP TABLE effect; DROP TABLE seen")


async def send(
    shop: httpx.AsyncClient, key: UUID, body: dict[str, object], path: str = "/pay"
) -> httpx.Response:
    return await shop.post(
        path, json=body, headers={"Idempotency-Key": str(key), "Accept-Language": "en"}
    )


async def test_a_thousand_requests_sent_up_to_five_times_have_a_thousand_effects(
    shop: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    dice = random.Random(SEED)
    keys = [new_id() for _ in range(1000)]
    sent = [key for key in keys for _ in range(dice.randint(1, 5))]
    dice.shuffle(sent)
    answers: dict[UUID, set[bytes]] = {}
    limit = asyncio.Semaphore(64)

    async def one(key: UUID) -> None:
        async with limit:
            answer = await send(shop, key, {"amount_fen": keys.index(key)})
        assert answer.status_code == 201, answer.text
        answers.setdefault(key, set()).add(answer.content)

    await asyncio.gather(*(one(key) for key in sent))
    assert await owner.fetchval("SELECT count(*) FROM effect") == 1000, f"seed {SEED}"
    assert {len(bodies) for bodies in answers.values()} == {1}


async def test_without_the_claim_the_same_race_doubles_effects(
    shop: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    keys = [new_id() for _ in range(40)]
    await asyncio.gather(*(send(shop, key, {}, "/pay-unguarded") for key in keys for _ in range(5)))
    assert await owner.fetchval("SELECT count(*) FROM effect") > 40


async def test_the_same_key_with_other_content_is_refused_every_time(
    shop: httpx.AsyncClient,
) -> None:
    key = new_id()
    assert (await send(shop, key, {"amount_fen": 1})).status_code == 201
    for amount in (2, 3, 4):
        refused = await send(shop, key, {"amount_fen": amount})
        assert refused.status_code == 422
        assert refused.json()["code"] == "idempotency-key-reused"
    replay = await send(shop, key, {"amount_fen": 1})
    assert replay.headers["idempotency-replayed"] == "true"


async def test_a_failed_effect_frees_its_key(
    shop: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    key = new_id()
    failed = await send(shop, key, {"amount_fen": 7, "note": "fail"})
    assert failed.status_code == 500
    assert failed.json()["code"] == "unexpected"
    assert (await send(shop, key, {"amount_fen": 7})).status_code == 201
    assert await owner.fetchval("SELECT count(*) FROM effect") == 1


async def test_without_a_key_the_request_is_refused(shop: httpx.AsyncClient) -> None:
    refused = await shop.post("/pay", json={"amount_fen": 1})
    assert refused.status_code == 400
    assert refused.json()["code"] == "idempotency-key-missing"


async def test_every_wrong_field_is_named_at_once_in_the_callers_language(
    shop: httpx.AsyncClient,
) -> None:
    body = {"amount_fen": 1.5, "note": 3, "extra": True}
    refused = await send(shop, new_id(), body)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [
        "/amount_fen",
        "/note",
        "/extra",
    ]
    chinese = await shop.post("/pay", json=body, headers={"Idempotency-Key": str(new_id())})
    assert chinese.headers["content-language"] == "zh-CN"
    assert "字段" in chinese.json()["detail"]


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"amount_fen":', b"[]", b"null"])
async def test_what_cannot_be_read_is_refused_without_a_trace(
    shop: httpx.AsyncClient, content: bytes
) -> None:
    answer = await shop.post(
        "/pay",
        content=content,
        headers={"Idempotency-Key": str(new_id()), "Content-Type": "application/json"},
    )
    assert answer.status_code in (400, 422)
    assert "Traceback" not in answer.text
