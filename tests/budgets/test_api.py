"""Budgets over HTTP: one year from draft to execution."""

import asyncpg
import httpx
import pytest
from msgspec import to_builtins

from tests.budgets.test_service_accruals import voucher
from tests.make import compounds as make_compounds
from tests.make import funds as make_funds
from tests.make import http
from tests.make import meetings as make_meetings
from tests.make.budgets import budget_draft, line_draft
from tests.make.compounds import clause
from tests.make.ground import SEPTEMBER, new_id
from trustprop.compounds import store as compounds_store
from trustprop.kernel.caller import Caller, Office
from trustprop.meetings.model import Matter
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database


@pytest.fixture(autouse=True)
def september(clock: Clock) -> None:
    clock.set_to(SEPTEMBER)


class Desk:
    """One person's requests, each with an idempotency key of its own."""

    def __init__(self, client: httpx.AsyncClient, caller: Caller, headers: dict[str, str]) -> None:
        self._client = client
        self._base = f"/v1/compounds/{caller.compound_id}"
        self._headers = headers

    async def get(self, path: str) -> httpx.Response:
        return await self._client.get(self._base + path, headers=self._headers)

    async def post(self, path: str, body: object = None) -> httpx.Response:
        headers = self._headers | {"Idempotency-Key": str(new_id())}
        return await self._client.post(self._base + path, json=body, headers=headers)

    async def put(self, path: str, body: object, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._client.put(self._base + path, json=body, headers=self._headers | named)


@pytest.fixture
async def manager(
    client: httpx.AsyncClient, database: Database, owner: asyncpg.Connection, caller: Caller
) -> Desk:
    terms = [
        make_compounds.term(Office.TRUSTEE_MANAGER, person_id=caller.person_id),
        make_compounds.term(Office.TRUSTEE_BOOKKEEPER, person_id=caller.person_id),
    ]
    async with database.begin(caller) as tx:
        clauses = (clause("virement_percent", 10), clause("emergency_cap_fen", 500_00, "19"))
        await make_funds.add_books(tx, caller, *clauses)
        for term in terms:
            await compounds_store.add_mandate(tx, caller.compound_id, term)
    assert caller.person_id is not None
    return Desk(client, caller, await http.sign_in(owner, caller.person_id))


async def in_force(manager: Desk, database: Database, caller: Caller, *lines) -> str:
    """The path of a budget that went all its way over HTTP."""
    command = budget_draft(*lines)
    path = f"/budgets/{command.id}"
    assert (await manager.post("/budgets", to_builtins(command))).status_code == 201
    assert (await manager.post(f"{path}/consultation")).status_code == 200
    async with database.begin(caller) as tx:
        made = await make_meetings.add_resolution(tx, caller, Matter.BUDGET, command.id)
    body = {"resolution_id": str(made.resolution_id), "version": 1}
    adopted = await manager.post(f"{path}/adoption", body)
    assert (adopted.status_code, adopted.json()["budget"]["state"]) == (200, "adopted")
    return path


async def test_a_budget_goes_from_draft_to_execution(
    manager: Desk, database: Database, caller: Caller
) -> None:
    insurance, repairs = line_draft("5108", 1000_00), line_draft("510206", 500_00)
    path = await in_force(manager, database, caller, insurance, repairs)
    posted = await manager.post("/accruals", to_builtins(voucher(insurance, 950_00)))
    assert posted.status_code == 201
    lines = (await manager.get(f"{path}/availability")).json()["data"]
    assert [(line["code"], line["available_fen"], line["is_near_limit"]) for line in lines] == [
        ("510206", 500_00, False),
        ("5108", 50_00, True),
    ]
    execution = (await manager.get("/budget-execution?period=2025-09")).json()["data"]
    assert [(row["code"], row["this_month_fen"], row["year_to_date_fen"]) for row in execution] == [
        ("510206", 0, 0),
        ("5108", 950_00, 950_00),
    ]
    movements = (await manager.get(f"/budget-lines/{insurance.line_id}/movements?limit=1")).json()
    assert movements["data"][0]["kind"] == "open"
    cursor = movements["page"]["next"]
    rest = await manager.get(f"/budget-lines/{insurance.line_id}/movements?limit=1&cursor={cursor}")
    assert [movement["kind"] for movement in rest.json()["data"]] == ["spend"]
    beyond = await manager.post("/accruals", to_builtins(voucher(insurance, 50_01)))
    assert (beyond.status_code, beyond.json()["code"]) == (409, "budget-exceeded")
    assert beyond.json()["available_fen"] == 50_00


async def test_a_reversed_accrual_gives_the_money_back(
    manager: Desk, database: Database, caller: Caller
) -> None:
    insurance = line_draft("5108", 1000_00)
    path = await in_force(manager, database, caller, insurance)
    command = voucher(insurance)
    await manager.post("/accruals", to_builtins(command))
    body = {"id": str(new_id()), "accounting_on": "2025-09-15", "memo": "冲销"}
    assert (await manager.post(f"/accruals/{command.id}/reversals", body)).status_code == 201
    (line,) = (await manager.get(f"{path}/availability")).json()["data"]
    assert line["actual_fen"] == 0


async def test_a_revision_needs_the_version_that_was_read(manager: Desk) -> None:
    command = budget_draft()
    await manager.post("/budgets", to_builtins(command))
    path = f"/budgets/{command.id}"
    tag = (await manager.get(path)).headers["ETag"]
    body = to_builtins(command)
    revision = {"title": "修订", "lines": body["lines"], "income": body["income"]}
    assert (await manager.put(path, revision)).status_code == 428
    changed = await manager.put(path, revision, If_Match=tag)
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert (await manager.put(path, revision, If_Match=tag)).status_code == 412
    first = (await manager.get(f"{path}/versions/1")).json()
    assert (first["version"], len(first["digest"])) == (1, 64)
    assert (await manager.get(f"{path}/versions/{10**12}")).status_code == 404


async def test_a_wrong_draft_names_every_wrong_field(manager: Desk) -> None:
    body = to_builtins(budget_draft(line_draft("4301"), line_draft("5108", fund="PJ-009")))
    refused = await manager.post("/budgets", body)
    assert refused.status_code == 422
    assert [error["pointer"] for error in refused.json()["errors"]] == [
        "/lines/0/account",
        "/lines/1/fund",
    ]


async def test_changes_are_proposed_and_listed(
    manager: Desk, database: Database, caller: Caller
) -> None:
    giving, gaining = line_draft("510206", 1000_00), line_draft("510201", 1000_00)
    path = await in_force(manager, database, caller, giving, gaining)
    virement = {
        "id": str(new_id()),
        "from_line_id": str(giving.line_id),
        "to_line_id": str(gaining.line_id),
        "amount_fen": 100_00,
        "reason": "电梯检修增加",
    }
    emergency = {
        "id": str(new_id()),
        "line_id": str(gaining.line_id),
        "amount_fen": 500_00,
        "reason": "钢丝绳断丝",
    }
    adjustment = {
        "id": str(new_id()),
        "title": "调减",
        "reason": "节约",
        "deltas": [{"line_id": str(giving.line_id), "amount_fen": -10_00}],
    }
    for kind, body in (
        ("virements", virement),
        ("emergencies", emergency),
        ("adjustments", adjustment),
    ):
        created = await manager.post(f"{path}/{kind}", body)
        assert (created.status_code, created.json()["state"]) == (201, "proposed")
    too_much = virement | {"id": str(new_id()), "amount_fen": 100_01}
    refused = await manager.post(f"{path}/virements", too_much)
    assert (refused.status_code, refused.json()["code"]) == (409, "virement-limit-exceeded")
    for address, name, change in (
        (f"{path}/virements", "virement_id", virement),
        (f"{path}/adjustments", "adjustment_id", adjustment),
    ):
        listed = (await manager.get(address)).json()["data"]
        assert [item[name] for item in listed] == [change["id"]]
    open_ones = (await manager.get("/budget-emergencies")).json()["data"]
    assert [item["emergency"]["emergency_id"] for item in open_ones] == [emergency["id"]]
    assert (await manager.get("/budget-emergencies?is_overdue=true")).json()["data"] == []


async def test_comments_show_no_authors(manager: Desk, database: Database, caller: Caller) -> None:
    command = budget_draft()
    path = f"/budgets/{command.id}"
    await manager.post("/budgets", to_builtins(command))
    await manager.post(f"{path}/consultation")
    said = {"id": str(new_id()), "body": "保洁为何涨价？"}
    assert (await manager.post(f"{path}/comments", said)).status_code == 201
    answered = await manager.post(
        f"/budget-comments/{said['id']}/answer", {"answer": "最低工资上调。"}
    )
    assert answered.status_code == 200
    listed = await manager.get(f"{path}/comments")
    assert listed.json()["data"][0]["answer"] == "最低工资上调。"
    assert str(caller.person_id) not in listed.text


async def test_the_list_of_budgets_turns_its_pages(manager: Desk) -> None:
    commands = [budget_draft(year=year) for year in (2024, 2025, 2026)]
    for command in commands:
        await manager.post("/budgets", to_builtins(command))
    first = (await manager.get("/budgets?limit=2")).json()
    assert [budget["year"] for budget in first["data"]] == [2026, 2025]
    second = (await manager.get(f"/budgets?limit=2&cursor={first['page']['next']}")).json()
    assert ([budget["year"] for budget in second["data"]], second["page"]["has_more"]) == (
        [2024],
        False,
    )


async def test_a_month_that_is_none_is_refused(manager: Desk) -> None:
    refused = await manager.get("/budget-execution?period=2025-13")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/period")
