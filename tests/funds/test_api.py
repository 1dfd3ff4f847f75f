"""Funds, bank accounts and transfers over HTTP."""

import asyncpg
import httpx
import pytest
from msgspec import to_builtins

from tests.make import compounds as make_compounds
from tests.make import funds as make_funds
from tests.make import http
from tests.make import ledger as make_ledger
from tests.make import meetings as make_meetings
from tests.make.ground import SEPTEMBER, new_id
from trustprop.compounds import store as compounds_store
from trustprop.kernel.caller import Caller, Office
from trustprop.meetings.model import Matter
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database


@pytest.fixture(autouse=True)
def september(clock: Clock) -> None:
    clock.set_to(SEPTEMBER)


@pytest.fixture
async def keeper(database: Database, owner: asyncpg.Connection, caller: Caller) -> dict[str, str]:
    """The headers of a bookkeeper of a compound with books and a public revenue account."""
    term = make_compounds.term(Office.TRUSTEE_BOOKKEEPER)
    async with database.begin(caller) as tx:
        await make_funds.add_books(tx, caller)
        await compounds_store.add_mandate(tx, caller.compound_id, term)
        await make_funds.add_bank_account(tx, caller)
        await make_ledger.fill_cash(tx, caller, 50_000_00, account="100202", fund="PR")
    return await http.sign_in(owner, term.person_id)


def at(caller: Caller, path: str) -> str:
    return f"/v1/compounds/{caller.compound_id}{path}"


async def test_a_transfer_by_resolution_is_made_once_and_shown_in_the_balances(
    client: httpx.AsyncClient, database: Database, caller: Caller, keeper: dict[str, str]
) -> None:
    command = make_funds.transfer_command()
    async with database.begin(caller) as tx:
        made = await make_meetings.add_resolution(tx, caller, Matter.FUND_TRANSFER, command.id)
    body = to_builtins(command) | {"resolution_id": str(made.resolution_id)}
    first = await client.post(at(caller, "/transfers"), json=body, headers=keeper)
    again = await client.post(at(caller, "/transfers"), json=body, headers=keeper)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    listed = await client.get(at(caller, "/transfers"), headers=keeper)
    assert [item["transfer_id"] for item in listed.json()["data"]] == [str(command.id)]
    read = await client.get(at(caller, f"/transfers/{command.id}"), headers=keeper)
    assert read.json() == first.json()
    funds = (await client.get(at(caller, "/funds"), headers=keeper)).json()["data"]
    balances = {fund["code"]: fund["balance_fen"] for fund in funds}
    assert (balances["PR"], balances["RS"]) == (29_330_00, 20_670_00)


async def test_the_full_account_number_is_in_no_answer(
    client: httpx.AsyncClient, caller: Caller, keeper: dict[str, str]
) -> None:
    proposal = make_funds.bank_account_proposal(number="6217 0000 8888 4321")
    proposed = await client.post(
        at(caller, "/bank-accounts"), json=to_builtins(proposal), headers=keeper
    )
    listed = await client.get(at(caller, "/bank-accounts"), headers=keeper)
    assert proposed.json()["number"] == "**** 4321"
    assert [account["number"] for account in listed.json()["data"]] == ["**** 8901"]
    assert "62170000" not in proposed.text + listed.text


async def test_a_refusal_speaks_the_reader_s_language(
    client: httpx.AsyncClient, caller: Caller, keeper: dict[str, str]
) -> None:
    proposal = to_builtins(make_funds.bank_account_proposal(holder="王小明"))
    texts = []
    for language in ("zh-CN", "en"):
        headers = keeper | {"Accept-Language": language, "Idempotency-Key": str(new_id())}
        refused = await client.post(at(caller, "/bank-accounts"), json=proposal, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (
            409,
            "bank-account-holder-is-person",
        )
        texts.append(refused.json()["detail"])
    assert texts == [
        "小区资金不得存放在个人名下的账户。",
        "The compound's money is never held in a person's name.",
    ]


async def test_a_project_fund_is_established_with_its_restriction(
    client: httpx.AsyncClient, caller: Caller, keeper: dict[str, str]
) -> None:
    refused = await client.post(at(caller, "/funds"), json={"code": "PJ-001"}, headers=keeper)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [
        "/name_zh",
        "/name_en",
        "/purpose",
    ]
    body = {"code": "PJ-001", "name_zh": "花园", "name_en": "garden", "purpose": "中心花园"}
    headers = keeper | {"Idempotency-Key": str(new_id())}
    created = await client.post(at(caller, "/funds"), json=body, headers=headers)
    assert (created.status_code, created.json()["is_restricted"]) == (201, True)


async def test_a_name_that_no_database_can_hold_is_malformed(
    client: httpx.AsyncClient, caller: Caller, keeper: dict[str, str]
) -> None:
    body = {"code": "PJ-001", "name_zh": "花\x00园", "name_en": "garden", "purpose": "中心花园"}
    refused = await client.post(at(caller, "/funds"), json=body, headers=keeper)
    assert (refused.status_code, refused.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("path", ["/funds", "/bank-accounts", "/transfers", "/budgets"])
async def test_another_compound_is_not_there(
    client: httpx.AsyncClient, keeper: dict[str, str], path: str
) -> None:
    refused = await client.get(f"/v1/compounds/{new_id()}{path}", headers=keeper)
    assert refused.status_code == 404
