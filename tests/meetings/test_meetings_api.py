"""A whole meeting over HTTP alone: who may do what, in which order, and what everybody reads."""

from base64 import b64encode
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest

from tests.make import assemblies as make
from tests.make import http
from tests.make.ground import new_id
from tests.make.meetings import MINUTES
from trustprop.identity import rules as identity
from trustprop.kernel.caller import Caller
from trustprop.meetings.model import AddMotion, Matter
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database


class Hall:
    """The assembly with everybody signed in, and the clock of the service."""

    def __init__(self, client: httpx.AsyncClient, clock: Clock, assembly: make.Assembly) -> None:
        self.client = client
        self.clock = clock
        self.assembly = assembly
        self.headers: dict[UUID, dict[str, str]] = {}

    async def sign_in(self, owner: asyncpg.Connection) -> None:
        held = self.assembly
        people = (held.director.caller, held.member.caller, held.manager, held.supervisor)
        for person in (*people, *held.owners, held.tenant):
            assert person.person_id is not None
            self.headers[person.person_id] = await http.sign_in(owner, person.person_id)

    def turn_to(self, at: datetime) -> None:
        self.clock.set_to(at)

    async def ask(
        self, method: str, who: Caller, path: str, body: Any = None, **more: str
    ) -> httpx.Response:
        assert who.person_id is not None
        headers = self.headers[who.person_id] | {"Idempotency-Key": str(new_id())} | more
        content = None if body is None else msgspec.json.encode(body)
        if body is not None:
            headers["Content-Type"] = "application/json"
        return await self.client.request(
            method,
            f"/v1/compounds/{self.assembly.compound_id}{path}",
            content=content,
            headers=headers,
        )

    async def get(self, who: Caller, path: str) -> Any:
        answer = await self.ask("GET", who, path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None, who: Caller | None = None) -> Any:
        answer = await self.ask("POST", who or self.assembly.director.caller, path, body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def refused(self, who: Caller, path: str, body: Any = None) -> tuple[int, str]:
        answer = await self.ask("POST", who, path, body)
        return answer.status_code, answer.json().get("code")

    async def noticed(self, *motions: AddMotion) -> tuple[str, str]:
        """Called, screened, drawn and announced on one day; answers its path and its vote."""
        self.turn_to(make.PROPOSED)
        command = make.propose_command()
        await self.post("/meetings", command)
        at = f"/meetings/{command.id}"
        for motion in motions:
            await self.post(f"{at}/motions", motion)
        await self.post(f"{at}/screening")
        agenda = await self.post(f"{at}/agenda")
        vote_id = str(new_id())
        await self.post(f"{at}/roll", {"vote_id": vote_id})
        notice = {
            "agenda_digest": agenda["meeting"]["agenda_digest"],
            "motions": [str(motion.id) for motion in motions],
            "opens_at": make.OPENS,
            "closes_at": make.CLOSES,
            "posted": [MINUTES],
            "told_residents_committee": [MINUTES],
        }
        await self.post(f"{at}/notice", notice)
        return at, vote_id

    async def cast(self, voter: Caller, vote_id: str, *motions: AddMotion) -> None:
        made = new_id()
        body = {
            "id": made,
            "secret": b64encode(made.bytes).decode(),
            "answers": [{"question_id": str(one.id), "choice": "for"} for one in motions],
        }
        await self.post(f"/votes/{vote_id}/ballots", body, voter)

    async def witness(self, vote_id: str, digest: str) -> None:
        sheet = {
            "count_digest": digest,
            "serials": list(range(1, 11)),
            "evidence": [MINUTES],
        }
        await self.post(f"/votes/{vote_id}/count/witnesses", sheet)
        director = self.assembly.director
        signed = identity.sign(director.key, bytes.fromhex(digest))
        own = {
            "count_digest": digest,
            "key_id": director.key_id,
            "signature": b64encode(signed).decode(),
        }
        await self.post(f"/votes/{vote_id}/count/witnesses", own)


@pytest.fixture
async def hall(
    client: httpx.AsyncClient,
    clock: Clock,
    database: Database,
    owner: asyncpg.Connection,
    caller: Caller,
) -> Hall:
    clock.set_to(make.PROPOSED)
    async with database.begin(caller) as tx:
        assembly = await make.add_assembly(tx, caller.compound_id)
    opened = Hall(client, clock, assembly)
    await opened.sign_in(owner)
    return opened


async def test_an_assembly_decides_over_http_and_the_decision_opens_money(hall: Hall) -> None:
    motion = make.motion_command(Matter.BUDGET)
    at, vote_id = await hall.noticed(motion)
    hall.turn_to(make.OPENS)
    await hall.post(f"{at}/ballots-out", {})
    for voter in hall.assembly.owners[:12]:
        await hall.cast(voter, vote_id, motion)
    hall.turn_to(make.CLOSES)
    await hall.post(f"{at}/close")
    counted = await hall.post(f"{at}/count")
    await hall.witness(vote_id, counted["digest"])
    await hall.post(f"{at}/tally")
    hall.turn_to(make.POSTED)
    await hall.post(f"{at}/posting", {"posted": [MINUTES]})
    taken = await hall.post(f"{at}/effect", {})
    (made,) = taken["resolutions"]
    assert (made["number"], made["state"]) == ("2025-001", "confirmed")
    assert made["count_digest"] == counted["digest"]
    resident = hall.assembly.tenant
    assert (await hall.get(resident, f"/resolutions/{motion.id}"))["act_id"] is None
    (outcome,) = (await hall.get(resident, f"{at}/tally"))["data"]
    assert outcome["resolutions"] == [str(motion.id)]
    shown = await hall.get(resident, at)
    assert shown["step"] == "effect"
    follow_up = {"id": str(new_id()), "done_on": "2025-11-06", "body": "已公布。"}
    await hall.post(f"/resolutions/{motion.id}/follow-ups", follow_up)
    done = await hall.get(resident, f"/resolutions/{motion.id}/follow-ups")
    assert [one["body"] for one in done["data"]] == ["已公布。"]


async def test_residents_read_agenda_texts_differences_and_deadlines(hall: Hall) -> None:
    change = make.ClauseChange(code="1", body="每年召开一次。")
    motion = make.amendment_command(change)
    at, _ = await hall.noticed(motion)
    for reader in (hall.assembly.tenant, hall.assembly.supervisor, hall.assembly.manager):
        (listed,) = (await hall.get(reader, "/meetings"))["data"]
        assert listed["step"] == "notice"
        (moved,) = (await hall.get(reader, f"{at}/motions"))["data"]
        assert moved["content"]["elements"]["resources"] == "业主共有基金 OP"
        difference = await hall.get(reader, f"/motions/{motion.id}/difference")
        assert [one["kind"] for one in difference["clauses"]] == ["added"]
        calendar = (await hall.get(reader, f"{at}/calendar"))["data"]
        days = {one["step"]: one for one in calendar}
        assert days["ballots_out"]["earliest_on"] == "2025-10-25"
        assert days["ballots_out"]["if_missed"] == "cancelled"
        assert days["notice"]["citation"] == "物业管理条例 14"


async def test_the_owners_side_conducts_and_nobody_else(hall: Hall) -> None:
    at, _ = await hall.noticed(make.motion_command())
    held = hall.assembly
    for who in (held.manager, held.supervisor, held.owners[0], held.tenant):
        for step, body in (
            ("ballots-out", {}),
            ("close", None),
            ("count", None),
            ("tally", None),
            ("posting", {"posted": [MINUTES]}),
            ("effect", {}),
            ("cancellation", {"reason": "不想开了"}),
            ("debate", {"chair_id": str(held.owners[5].person_id), "place": "活动室"}),
        ):
            assert await hall.refused(who, f"{at}/{step}", body) == (403, "office-needed")
    remark = {"id": str(new_id()), "body": "请公布单价。"}
    assert (await hall.post(f"{at}/remarks", remark, held.manager))["written_for"] == (
        "trustee_manager"
    )
    objection = {"id": str(new_id()), "target": "roll", "body": "漏了一户。"}
    assert await hall.refused(held.tenant, f"{at}/objections", objection) == (403, "owners-only")
    raised = await hall.post(f"{at}/objections", objection, held.owners[0])
    hidden = (await hall.get(held.owners[1], f"{at}/objections"))["data"]
    assert (hidden[0]["objection_id"], hidden[0]["raised_by"]) == (raised["objection_id"], None)
    answer = {"answer": "在第 3 行。", "is_upheld": False}
    await hall.post(f"/objections/{raised['objection_id']}/answer", answer)


async def test_a_refusal_says_what_is_missing_and_until_when(hall: Hall) -> None:
    at, _ = await hall.noticed(make.motion_command())
    director = hall.assembly.director.caller
    early = await hall.ask("POST", director, f"{at}/ballots-out", {})
    assert (early.status_code, early.json()["earliest_on"]) == (409, "2025-10-25")
    assert "2025-10-25" in early.json()["detail"]
    missing = await hall.ask("POST", director, f"{at}/count")
    assert (missing.json()["code"], missing.json()["needed"]) == ("step-missing", "close")
    assert "截止" in missing.json()["detail"]
    late = await hall.ask("POST", director, f"{at}/screening")
    assert late.json()["code"] == "step-already-done"


async def test_an_hour_without_a_zone_and_far_days_are_refused_before_anything_is_decided(
    hall: Hall,
) -> None:
    at, _ = await hall.noticed(make.motion_command())
    director = hall.assembly.director.caller
    naive = {"closes_at": "2025-11-20T10:00:00", "posted": [MINUTES]}
    answer = await hall.ask("POST", director, f"{at}/extension", naive)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/closes_at"]
    far = {"effective_on": "9999-12-31"}
    assert await hall.refused(director, f"{at}/effect", far) == (409, "step-missing")


async def test_a_motion_is_revised_in_the_version_that_was_read(hall: Hall) -> None:
    command = make.propose_command()
    await hall.post("/meetings", command)
    motion = make.motion_command()
    await hall.post(f"/meetings/{command.id}/motions", motion)
    content = msgspec.to_builtins(motion)
    del content["id"]
    director = hall.assembly.director.caller
    path = f"/motions/{motion.id}"
    assert (await hall.ask("PUT", director, path, content)).status_code == 428
    stale = await hall.ask("PUT", director, path, content, **{"If-Match": '"7"'})
    assert stale.status_code == 412
    revised = await hall.ask("PUT", director, path, content, **{"If-Match": '"1"'})
    assert revised.json()["version"] == 2
    owner = hall.assembly.owners[0]
    assert (await hall.post(f"{path}/seconds", who=owner))["seconds"] == 1
    assert (await hall.post(f"{path}/withdrawal"))["withdrawn_at"] is not None


async def test_owners_call_a_meeting_and_everybody_sees_how_far_it_carries(hall: Hall) -> None:
    command = make.propose_command(called_by="owners")
    owner = hall.assembly.owners[0]
    assert (await hall.post("/meetings", command, owner))["step"] is None
    at = f"/meetings/{command.id}/supports"
    await hall.post(at, {}, owner)
    behind = await hall.get(hall.assembly.tenant, at)
    assert (behind["heads"], behind["total_heads"], behind["is_enough"]) == (1, 14, False)
    for other in hall.assembly.owners[1:3]:
        behind = await hall.post(at, {}, other)
    assert behind["is_enough"]


async def test_a_debate_and_its_advice_over_http(hall: Hall) -> None:
    motion = make.motion_command(Matter.OTHER)
    at, _ = await hall.noticed(motion)
    held = hall.assembly
    chair = held.owners[13]
    await hall.post(f"{at}/debate", {"chair_id": str(chair.person_id), "place": "活动室"})
    speech = {"id": str(new_id()), "stance": "against"}
    await hall.post(f"/motions/{motion.id}/speeches", speech, held.owners[0])
    await hall.post(f"/speeches/{speech['id']}/start", who=chair)
    await hall.post(f"/speeches/{speech['id']}/end", who=held.owners[0])
    (logged,) = (await hall.get(held.tenant, f"{at}/speeches"))["data"]
    assert logged["ended_at"] is not None
    asked = {"id": str(new_id()), "question": "推迟？", "motion_id": str(motion.id)}
    await hall.post(f"{at}/deliberations", asked, chair)
    path = f"/deliberations/{asked['id']}"
    await hall.post(f"{path}/votes", {"choice": "for"}, held.owners[1])
    closed = await hall.post(f"{path}/close", who=chair)
    assert closed["advice"] == {"in_favour": 1, "against": 0, "abstaining": 0}
    assert len((await hall.get(held.tenant, f"{at}/deliberations"))["data"]) == 1


async def test_a_repeated_step_answers_the_same(hall: Hall) -> None:
    command = make.propose_command()
    await hall.post("/meetings", command)
    await hall.post(f"/meetings/{command.id}/motions", make.motion_command())
    director = hall.assembly.director.caller
    key = {"Idempotency-Key": str(new_id())}
    first = await hall.ask("POST", director, f"/meetings/{command.id}/screening", None, **key)
    again = await hall.ask("POST", director, f"/meetings/{command.id}/screening", None, **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotency-Replayed"] == "true"
