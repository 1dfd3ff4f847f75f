"""A plain bill comes in by one statement; whatever is not plain is told the ordinary way."""

import asyncio
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from tests.invoices.test_api import Firm, firm, fresh, plain
from tests.make import invoices as make
from tests.make.ground import new_id
from trustprop.invoices import service
from trustprop.invoices.rules import submission as rules
from trustprop.kernel.canonical import sha256
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Claim

__all__ = ["firm"]


def claim(key: str) -> Claim:
    return Claim(
        claimant_id=new_id(),
        route="POST invoices_create",
        key=key,
        content_sha256=sha256(b""),
        status=201,
        body=b"{}",
    )


async def submit(client: httpx.AsyncClient, firm: Firm, command: Any, headers: Any) -> Any:
    return await client.post(firm.at("/invoices"), json=plain(command), headers=headers)


async def count(owner: asyncpg.Connection, firm: Firm, table: str) -> int:
    return await owner.fetchval(
        f"SELECT count(*) FROM {table} WHERE compound_id = $1", firm.scene.compound_id
    )


async def test_one_statement_does_the_work_and_keeps_the_answer(firm: Firm, database: Database):
    command = make.bill()
    submission = service.foreseen(firm.scene.key, command)
    assert submission is not None
    one = claim("a")
    async with database.alone() as tx:
        assert await service.submit_once(tx, firm.scene.key, submission, one)
        assert not await service.submit_once(tx, firm.scene.key, submission, one)
    async with database.read(firm.scene.key) as tx:
        kept = await tx.raw.fetchrow(
            "SELECT status, body FROM idempotency_key WHERE credential_id = $1", one.claimant_id
        )
        detail = await service.read(tx, firm.scene.key, command.id)
    assert (kept["status"], bytes(kept["body"])) == (201, b"{}")
    assert detail.invoice == rules.submitted(submission, firm.scene.key)


async def test_what_is_refused_leaves_neither_key_nor_invoice(
    firm: Firm, database: Database, owner: asyncpg.Connection
):
    first, second = make.bill(), make.bill(vendor_reference="once")
    async with database.alone() as tx:
        for command, came_in in (
            (second, True),
            (make.bill(vendor_reference="once"), False),
            (msgspec.structs.replace(first, id=second.id), False),
        ):
            submission = service.foreseen(firm.scene.key, command)
            assert submission is not None
            told = await service.submit_once(tx, firm.scene.key, submission, claim(str(new_id())))
            assert told is came_in
        assert await tx.raw.fetchval("SELECT count(*) FROM invoice") == 0, "no compound is left set"
    assert await count(owner, firm, "idempotency_key") == 1
    assert await count(owner, firm, "invoice") == 1


async def test_only_a_bill_that_names_nothing_else_is_foreseen(firm: Firm):
    key = firm.scene.key
    assert service.foreseen(key, make.bill()) is not None
    assert service.foreseen(key, make.bill(contract_id=new_id())) is None
    assert service.foreseen(key, make.bill(files=("00" * 32,))) is None
    assert service.foreseen(key, make.bill(tax_fen=1)) is None
    assert service.foreseen(msgspec.structs.replace(key, scopes=frozenset()), make.bill()) is None


async def test_the_same_bill_sent_at_once_comes_in_once_with_one_answer(client, firm, owner):
    commands = [make.bill() for _ in range(20)]
    headers = [fresh(firm.key) for _ in commands]
    answers = await asyncio.gather(
        *(
            submit(client, firm, command, own)
            for command, own in zip(commands, headers, strict=True)
            for _ in range(5)
        )
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 20
    replayed = [answer for answer in answers if "idempotency-replayed" in answer.headers]
    assert len(replayed) == 80
    assert await count(owner, firm, "invoice") == await count(owner, firm, "invoice_event") == 20


async def test_the_same_key_with_another_bill_is_refused(client, firm):
    headers = fresh(firm.key)
    assert (await submit(client, firm, make.bill(), headers)).status_code == 201
    refused = await submit(client, firm, make.bill(), headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-key-reused")


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"vendor_reference": "twice"}, 409, "invoice-duplicate"),
        ({"vendor_id": new_id()}, 404, "not-found"),
        ({"tax_fen": 1}, 422, "invalid-fields"),
    ],
)
async def test_a_refusal_is_told_and_its_key_stays_free(client, firm, changes, status, code):
    first = await submit(client, firm, make.bill(vendor_reference="twice"), fresh(firm.key))
    assert first.status_code == 201
    headers = fresh(firm.key)
    refused = await submit(client, firm, make.bill(**changes), headers)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert (await submit(client, firm, make.bill(), headers)).status_code == 201


async def test_the_same_bill_under_another_key_is_the_bill_that_stands(client, firm, owner):
    command = make.bill()
    first = await submit(client, firm, command, fresh(firm.key))
    again = await submit(client, firm, command, fresh(firm.key))
    assert (again.status_code, again.json()) == (201, first.json())
    assert await count(owner, firm, "invoice") == 1
