"""Banking over HTTP: a file is brought, its alarm is seen by both sides, the account reconciled."""

from collections.abc import Mapping
from datetime import date

import asyncpg
import httpx
import pytest

from tests.banking.conftest import MONTH_END
from tests.make import banking as make
from tests.make import billing as make_billing
from tests.make import compounds as make_compounds
from tests.make import http
from tests.make.banking import read_line
from tests.make.ground import new_id
from tests.make.ledger import credit, debit
from trustprop.compounds import store as compounds_store
from trustprop.kernel.caller import Caller, Office
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database

HEADERS = dict[Office, Mapping[str, str]]


@pytest.fixture(autouse=True)
def month_end(clock: Clock) -> None:
    clock.set_to(MONTH_END)


@pytest.fixture
async def signed_in(database: Database, owner: asyncpg.Connection, caller: Caller) -> HEADERS:
    """A bookkeeper and a committee member of a compound with ¥10,000.00 in the bank."""
    offices = (Office.TRUSTEE_BOOKKEEPER, Office.COMMITTEE_MEMBER)
    headers: HEADERS = {}
    async with database.begin(caller) as tx:
        await make_compounds.found_compound(tx, caller)
        await make_billing.open_money(tx, caller)
        await make_billing.open_with(
            tx, caller, debit("100201", 1_000_000), credit("310101", 1_000_000)
        )
        for office in offices:
            term = make_compounds.term(office)
            await compounds_store.add_mandate(tx, caller.compound_id, term)
            headers[office] = await http.sign_in(owner, term.person_id)
    return headers


def at(caller: Caller, path: str) -> str:
    return f"/v1/compounds/{caller.compound_id}{path}"


def keyed(headers: Mapping[str, str]) -> dict[str, str]:
    return {**headers, "Idempotency-Key": str(new_id())}


async def bring(
    client: httpx.AsyncClient, caller: Caller, headers: Mapping[str, str], content: bytes
) -> httpx.Response:
    uploaded = await client.post(
        at(caller, "/files"), files={"file": ("2025-09.csv", content)}, headers=headers
    )
    assert uploaded.status_code == 201, uploaded.text
    body = {"id": str(new_id()), "account": "100201", "file_sha256": uploaded.json()["sha256"]}
    return await client.post(at(caller, "/bank-statements"), json=body, headers=keyed(headers))


async def test_a_debit_that_nobody_signed_is_seen_by_both_sides(
    client: httpx.AsyncClient, caller: Caller, signed_in: HEADERS
):
    keeper = signed_in[Office.TRUSTEE_BOOKKEEPER]
    lines = [read_line(25_060, date(2025, 9, 24)), read_line(-300_000, date(2025, 9, 25))]
    brought = await bring(client, caller, keeper, make.ccb(lines, 1_000_000))
    assert brought.status_code == 201, brought.text
    assert brought.json()["matching"] == {
        "matched": 0,
        "proposed": 0,
        "alarms": 1,
        "unmatched": 1,
    }
    for headers in signed_in.values():
        alarms = (await client.get(at(caller, "/alarms?is_open=true"), headers=headers)).json()
        assert [alarm["amount_fen"] for alarm in alarms["data"]] == [-300_000]
    explanation = {"act_id": str(new_id()), "explanation": "银行误扣"}
    drafted = await client.post(
        at(caller, f"/alarms/{alarms['data'][0]['alarm_id']}/explanations"),
        json=explanation,
        headers=keyed(signed_in[Office.COMMITTEE_MEMBER]),
    )
    assert drafted.status_code == 201, drafted.text
    assert drafted.json()["kind"] == "alarm-clearance"


async def test_unidentified_money_is_booked_and_the_account_reconciles(
    client: httpx.AsyncClient, caller: Caller, signed_in: HEADERS
):
    keeper = signed_in[Office.TRUSTEE_BOOKKEEPER]
    await bring(client, caller, keeper, make.ccb([read_line(25_060, date(2025, 9, 24))], 1_000_000))
    found = (await client.get(at(caller, "/bank-lines?state=unmatched"), headers=keeper)).json()
    line_id = found["data"][0]["line_id"]
    booked = await client.post(
        at(caller, f"/bank-lines/{line_id}/unidentified"),
        json={"entry_id": str(new_id())},
        headers=keyed(keeper),
    )
    assert booked.status_code == 201, booked.text
    listed = (await client.get(at(caller, "/unidentified-receipts"), headers=keeper)).json()
    assert listed["data"][0]["amount_fen"] == 25_060
    path = at(caller, "/bank-accounts/100201/reconciliation?on=2025-09-30")
    done = (await client.get(path, headers=keeper)).json()
    assert done["is_reconciled"] is True
    assert done["bank_fen"] == done["books_fen"] == done["claims_fen"] == 1_025_060
    gaps = await client.get(at(caller, "/bank-statement-gaps?account=100201"), headers=keeper)
    assert gaps.json()["data"] == []


async def test_a_broken_file_is_refused_with_the_line(
    client: httpx.AsyncClient, caller: Caller, signed_in: HEADERS
):
    lines = [read_line(100, date(2025, 9, day)) for day in (1, 2, 3)]
    rows = make.ccb(lines).decode("gbk").splitlines(keepends=True)
    del rows[2]
    keeper = signed_in[Office.TRUSTEE_BOOKKEEPER]
    refused = await bring(client, caller, keeper, "".join(rows).encode("gbk"))
    assert (refused.status_code, refused.json()["code"]) == (422, "bank-balance-broken")
    assert refused.json()["line"] == 3


async def test_the_committee_cannot_bring_statements(
    client: httpx.AsyncClient, caller: Caller, signed_in: HEADERS
):
    member = signed_in[Office.COMMITTEE_MEMBER]
    refused = await bring(client, caller, member, make.ccb([read_line(100)]))
    assert refused.status_code == 403
