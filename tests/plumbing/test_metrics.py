"""What the operator watches: whether the books balance, and until when the journal is sealed."""

import re

import asyncpg
import httpx
import pytest

from tests.make.ground import make_caller
from tests.make.ledger import fill_cash, open_books
from trustprop.plumbing.database import Database

TAMPERED = "SET LOCAL session_replication_role = replica"


@pytest.fixture(scope="module", autouse=True)
async def books(database: Database) -> None:
    """A compound with money, so that there is something to balance."""
    caller = make_caller()
    async with database.begin(caller) as tx:
        await open_books(tx, caller)
        await fill_cash(tx, caller, 100_000)


async def health(owner: asyncpg.Connection) -> tuple[bool, int | None]:
    return tuple(await owner.fetchrow("SELECT is_balanced, sealed_until FROM books_health()"))


async def gauge(client: httpx.AsyncClient, name: str) -> float:
    text = (await client.get("/metrics")).text
    found = re.search(rf"^{name} (\S+)$", text, re.MULTILINE)
    assert found
    return float(found[1])


async def test_the_gauges_say_what_the_books_say(
    client: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    is_balanced, sealed_until = await health(owner)
    assert is_balanced
    assert await gauge(client, "trustprop_books_balanced") == 1
    assert await gauge(client, "trustprop_journal_sealed_until") == (sealed_until or 0)


async def test_one_fen_too_much_anywhere_is_out_of_balance(owner: asyncpg.Connection) -> None:
    tampering = owner.transaction()
    await tampering.start()
    await owner.execute(TAMPERED)
    await owner.execute("UPDATE balance SET balance_fen = balance_fen + 1 WHERE account = '100201'")
    assert (await health(owner))[0] is False
    await tampering.rollback()
    assert (await health(owner))[0] is True


async def test_the_journal_is_sealed_until_the_month_that_is_sealed_everywhere(
    owner: asyncpg.Connection,
) -> None:
    tampering = owner.transaction()
    await tampering.start()
    await owner.execute(TAMPERED)
    await owner.execute("UPDATE books SET closed_through = 202512")
    assert (await health(owner))[1] == 202512
    await owner.execute(
        "UPDATE books SET closed_through = 202509 "
        "WHERE compound_id = (SELECT compound_id FROM books LIMIT 1)"
    )
    assert (await health(owner))[1] == 202509
    await owner.execute("UPDATE books SET closed_through = 0")
    assert (await health(owner))[1] is None
    await tampering.rollback()


async def test_requests_are_counted_and_timed(client: httpx.AsyncClient) -> None:
    before = (
        await gauge(client, r'trustprop_requests_total\{method="GET",status="404"\}')
        if ('status="404"' in (await client.get("/metrics")).text)
        else 0
    )
    await client.get("/problems/no-such-problem")
    assert (
        await gauge(client, r'trustprop_requests_total\{method="GET",status="404"\}') == before + 1
    )
    assert 'trustprop_request_seconds_count{method="GET"}' in (await client.get("/metrics")).text


async def test_metrics_name_no_compound_and_no_person(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", answer.text)
