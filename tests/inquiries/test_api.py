"""Inquiries over HTTP: a resident asks, the manager answers."""

import asyncpg
import httpx
import pytest

from tests.make import compounds as make_compounds
from tests.make import http
from tests.make.ground import SEPTEMBER, new_id
from trustprop.compounds import store as compounds_store
from trustprop.kernel.caller import Caller, Office
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database


@pytest.fixture(autouse=True)
def september(clock: Clock) -> None:
    clock.set_to(SEPTEMBER)


async def test_an_inquiry_is_asked_listed_and_answered(
    client: httpx.AsyncClient, database: Database, owner: asyncpg.Connection, caller: Caller
):
    manager, member = (
        make_compounds.term(office) for office in (Office.TRUSTEE_MANAGER, Office.COMMITTEE_MEMBER)
    )
    async with database.begin(caller) as tx:
        await make_compounds.found_compound(tx, caller)
        for term in (manager, member):
            await compounds_store.add_mandate(tx, caller.compound_id, term)
    asker = await http.sign_in(owner, member.person_id)
    base = f"/v1/compounds/{caller.compound_id}/inquiries"
    body = {
        "id": str(new_id()),
        "kind": "objection",
        "target_kind": "statement",
        "target_id": str(new_id()),
        "body": "小修为什么没有照片？",
    }
    asked = await client.post(base, json=body, headers=asker)
    assert (asked.status_code, asked.json()["due_on"]) == (201, "2025-09-22")
    answerer = await http.sign_in(owner, manager.person_id)
    answered = await client.post(
        f"{base}/{body['id']}/answer", json={"body": "已补传照片。"}, headers=answerer
    )
    assert (answered.status_code, answered.json()["answered_for"]) == (201, "trustee_manager")
    listed = (await client.get(base, headers=asker)).json()
    assert [one["answer"] for one in listed["data"]] == ["已补传照片。"]
    assert str(member.person_id) not in str(listed)
    late = await client.get(
        f"/v1/compounds/{caller.compound_id}/overdue-inquiries", headers=answerer
    )
    assert late.json()["data"] == []
