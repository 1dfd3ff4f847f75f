"""Votes over HTTP: cast, refused, told, contested, read from paper, counted, published."""

import asyncio
import base64
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest
from msgspec import Struct

from tests.make import http
from tests.make import votes as make
from tests.make.ground import new_id
from tests.make.racing import race
from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import sha256
from trustprop.plumbing import checks
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.settings import Settings
from trustprop.plumbing.vault import Vault
from trustprop.votes import jobs, service
from trustprop.votes.model.counting import Choice, Question
from trustprop.votes.model.holding import CastBallot, Vote


class Polls(Struct):
    """An open vote over HTTP."""

    client: httpx.AsyncClient
    owner: asyncpg.Connection
    world: make.World
    vote: Vote
    vault: Vault
    tokens: dict[Any, dict[str, str]] = {}

    @property
    def base(self) -> str:
        return f"/v1/compounds/{self.world.compound_id}/votes/{self.vote.vote_id}"

    async def sign_in(self, *callers: Caller) -> None:
        """Before many ask at once: the owner's connection does one thing at a time."""
        for caller in callers:
            await self.headers(caller)

    async def headers(self, caller: Caller) -> dict[str, str]:
        """A fresh idempotency key with every request, unless a test keeps it."""
        assert caller.person_id is not None
        if caller.person_id not in self.tokens:
            self.tokens[caller.person_id] = await http.sign_in(self.owner, caller.person_id)
        return self.tokens[caller.person_id] | {"Idempotency-Key": str(new_id())}

    async def post(self, caller: Caller, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.client.post(
            self.base + path,
            content=msgspec.json.encode(body),
            headers=await self.headers(caller) | {"Content-Type": "application/json"} | headers,
        )

    async def get(self, caller: Caller, path: str = "") -> httpx.Response:
        return await self.client.get(self.base + path, headers=await self.headers(caller))


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault.of(settings)


@pytest.fixture
def questions() -> tuple[Question, ...]:
    return (make.motion(1), make.election(2))


@pytest.fixture
async def polls(
    client: httpx.AsyncClient,
    database: Database,
    owner: asyncpg.Connection,
    caller: Caller,
    clock: Clock,
    vault: Vault,
    questions: tuple[Question, ...],
) -> Polls:
    async with database.begin(caller) as tx:
        world = await make.add_world(tx, caller.compound_id)
        vote = await make.opened(tx, world, vault, *questions)
    clock.set_to(make.VOTING)
    return Polls(client=client, owner=owner, world=world, vote=vote, vault=vault)


async def test_an_owner_casts_online_and_reads_their_ballot(polls: Polls):
    one = polls.world.people[1]
    cast = await polls.post(one, "/ballots", make.ballot(polls.vote))
    assert cast.status_code == 201, cast.text
    receipt = cast.json()
    assert (receipt["sequence"], receipt["cast_at"][:19]) == (1, "2025-09-20T04:00:00")
    (place,) = (await polls.get(one, "/my-ballot")).json()["places"]
    assert place["ballots"][0]["receipt"] == receipt
    assert [notice["kind"] for notice in place["notices"]] == ["ballot_recorded"]
    turnout = (await polls.get(polls.world.tenant, "/turnout")).json()
    assert turnout["returned"] == {"heads": 1, "area_dm2": 8950 + 10800}
    vote = (await polls.get(polls.world.tenant)).json()
    assert (vote["state"], vote["box_size"], vote["box_head"]) == ("open", 1, receipt["chain"])


async def test_the_same_request_again_is_replayed_and_another_under_its_key_refused(polls: Polls):
    one, key = polls.world.people[1], str(new_id())
    command = make.ballot(polls.vote)
    first = await polls.post(one, "/ballots", command, **{"Idempotency-Key": key})
    again = await polls.post(one, "/ballots", command, **{"Idempotency-Key": key})
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    other = make.ballot(polls.vote, Choice.AGAINST)
    reused = await polls.post(one, "/ballots", other, **{"Idempotency-Key": key})
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency-key-reused")
    assert await polls.owner.fetchval(COUNT, polls.vote.vote_id) == 1


COUNT = "SELECT count(*) FROM ballot WHERE vote_id = $1"


async def test_a_ballot_needs_an_idempotency_key(polls: Polls):
    headers = await polls.headers(polls.world.people[1])
    del headers["Idempotency-Key"]
    answer = await polls.client.post(
        polls.base + "/ballots", content=msgspec.json.encode(make.ballot(polls.vote)),
        headers=headers | {"Content-Type": "application/json"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")


async def test_a_second_ballot_is_refused_and_the_owner_told(polls: Polls):
    one = polls.world.people[1]
    await polls.post(one, "/ballots", make.ballot(polls.vote))
    second = await polls.post(one, "/ballots", make.ballot(polls.vote, Choice.AGAINST))
    assert (second.status_code, second.json()["code"]) == (409, "already-voted")
    (place,) = (await polls.get(one, "/my-ballot")).json()["places"]
    assert [notice["kind"] for notice in place["notices"]] == [
        "ballot_recorded",
        "second_ballot_refused",
    ]
    assert len(place["ballots"]) == 1


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("tenant", 403, "occupant-has-no-vote"),
        ("manager", 403, "no-owner-here"),
        ("buyer of an undelivered home", 403, "home-not-on-roll"),
    ],
)
async def test_whoever_has_no_vote_hears_why(polls: Polls, who: str, status: int, code: str):
    world = polls.world
    caller = {
        "tenant": world.tenant,
        "manager": world.manager,
        "buyer of an undelivered home": world.people[6],
    }[who]
    answer = await polls.post(caller, "/ballots", make.ballot(polls.vote))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await polls.owner.fetchval(COUNT, polls.vote.vote_id) == 0


async def test_a_stranger_finds_nothing_and_a_machine_casts_nothing(polls: Polls):
    stranger = make.resident(new_id())
    for answer in (
        await polls.post(stranger, "/ballots", make.ballot(polls.vote)),
        await polls.get(stranger, "/turnout"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
    scopes = ("compounds:read", "homes:read", "homes:write", "books:read", "books:write")
    key = await http.api_key(polls.owner, polls.world.compound_id, *scopes)
    machine = await polls.client.post(
        polls.base + "/ballots", content=msgspec.json.encode(make.ballot(polls.vote)),
        headers=key | {"Content-Type": "application/json"},
    )  # fmt: skip
    assert (machine.status_code, machine.json()["code"]) == (403, "person-needed")


async def test_a_minute_before_and_after_the_window(polls: Polls, clock: Clock):
    minute = timedelta(minutes=1)
    seen = []
    for owner, at in ((1, make.OPENS - minute), (1, make.OPENS), (2, make.CLOSES - minute),
                      (5, make.CLOSES)):  # fmt: skip
        clock.set_to(at)
        answer = await polls.post(polls.world.people[owner], "/ballots", make.ballot(polls.vote))
        seen.append((answer.status_code, answer.json().get("code")))
    assert seen == [(409, "vote-not-open-yet"), (201, None), (201, None), (409, "vote-is-over")]


async def test_unknown_fields_and_short_secrets_are_named(polls: Polls):
    body = msgspec.to_builtins(make.ballot(polls.vote)) | {"weight": 100}
    answer = await polls.post(polls.world.people[1], "/ballots", body)
    assert answer.status_code == 422
    short = msgspec.to_builtins(make.ballot(polls.vote)) | {
        "secret": base64.b64encode(b"short").decode()
    }
    answer = await polls.post(polls.world.people[1], "/ballots", short)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/secret"


async def test_nobody_but_the_caster_sees_a_choice_before_the_count(polls: Polls):
    """Every reading route, asked by everybody else, answers the same whatever was chosen."""
    world = polls.world
    await polls.post(world.people[3], "/ballots", make.ballot(polls.vote, Choice.AGAINST))
    everybody = {
        "co-owner": world.people[4],
        "owner": world.people[1],
        "tenant": world.tenant,
        "director": world.director,
        "supervisor": world.supervisor,
        "manager": world.manager,
    }
    paths = (
        "", "/turnout", "/roll", "/my-ballot", "/deliveries", "/proxies", "/paper-entries",
        "/objections", "/count", "/ballots",
    )  # fmt: skip
    for name, caller in everybody.items():
        for path in paths:
            answer = await polls.get(caller, path)
            assert answer.status_code in (200, 403, 404, 405), (name, path, answer.text)
            assert "against" not in answer.text, (name, path)
    mine = await polls.get(world.people[3], "/my-ballot")
    assert "against" in mine.text, "a control: the caster sees it"
    public = await polls.client.get(f"/public/{world.compound_id}/votes/{polls.vote.vote_id}.json")
    assert public.status_code == 404


async def test_a_contested_ballot_is_decided_and_the_owner_votes_again(polls: Polls):
    world, one = polls.world, polls.world.people[1]
    ballot_id = (await polls.post(one, "/ballots", make.ballot(polls.vote))).json()["ballot_id"]
    contested = await polls.post(one, f"/ballots/{ballot_id}/objections", {"reason": "不是我"})
    assert contested.status_code == 201
    listed = (await polls.get(world.supervisor, "/objections")).json()["data"]
    assert [line["ballot_id"] for line in listed] == [ballot_id]
    decision = {"is_struck": True, "reason": "账号被盗"}
    refused = await polls.post(world.manager, f"/ballots/{ballot_id}/decisions", decision)
    assert (refused.status_code, refused.json()["code"]) == (403, "office-needed")
    decided = await polls.post(world.director, f"/ballots/{ballot_id}/decisions", decision)
    assert decided.json()["kind"] == "struck"
    assert (await polls.post(one, "/ballots", make.ballot(polls.vote))).status_code == 201


async def test_papers_are_read_twice_over_http(polls: Polls, database: Database):
    world, vote = polls.world, polls.vote
    async with database.read(world.director) as tx:
        voter = await make.voter_with(tx, vote, world.compound_id, "103")
        code = await make.code_of(tx, world, vote, polls.vault, voter)
    first = await polls.post(world.director, "/paper-entries", make.paper(vote, code))
    assert (first.status_code, first.json()["state"]) == (201, "open")
    waiting = await polls.get(world.member, "/paper-entries?state=open")
    assert [line["serial"] for line in waiting.json()["data"]] == [2]
    second = await polls.post(world.member, "/paper-entries", make.paper(vote, code))
    assert second.json()["state"] == "settled"
    late = await polls.post(world.supervisor, "/paper-entries", make.paper(vote, code))
    assert (late.status_code, late.json()["code"]) == (409, "already-voted")
    (place,) = (await polls.get(world.people[2], "/my-ballot")).json()["places"]
    assert [notice["kind"] for notice in place["notices"]] == [
        "ballot_recorded",
        "second_ballot_refused",
    ]


async def test_deliveries_proxies_and_appointments_over_http(polls: Polls, database: Database):
    world = polls.world
    async with database.read(world.director) as tx:
        shared = await make.voter_with(tx, polls.vote, world.compound_id, "104")
    delivery = {
        "id": str(new_id()),
        "voter_id": str(shared.voter_id),
        "method": "hand",
        "delivered_at": "2025-09-16T04:00:00Z",
        "evidence": [make.SCAN],
        "has_warning": True,
    }
    delivered = await polls.post(world.member, "/deliveries", {"deliveries": [delivery]})
    assert delivered.json() == {"recorded": 1}
    zoneless = delivery | {"id": str(new_id()), "delivered_at": "2025-09-16T04:00:00"}
    refused = await polls.post(world.member, "/deliveries", {"deliveries": [zoneless]})
    assert refused.status_code == 422
    register = (await polls.get(world.supervisor, "/deliveries?limit=1")).json()
    assert [line["method"] for line in register["data"]] == ["hand"]
    appointment = {
        "id": str(new_id()),
        "voter_id": str(shared.voter_id),
        "owner_id": str(shared.owner_ids[0]),
        "evidence": [make.SCAN],
    }
    assert (await polls.post(world.member, "/appointments", appointment)).status_code == 201
    proxy = {
        "id": str(new_id()),
        "voter_id": str(shared.voter_id),
        "holder_name": "李四",
        "holder_identity_number": "E12345678",
        "is_staff_of_firm": False,
        "evidence": [make.SCAN],
    }
    given = await polls.post(world.member, "/proxies", proxy)
    assert (given.status_code, given.json()["holder_name"]) == (201, "李**")
    ended = await polls.post(world.member, f"/proxies/{proxy['id']}/end", {"reason": "撤回"})
    assert ended.json()["ended_at"].startswith("2025-09-20T04:00:")
    assert len((await polls.get(world.supervisor, "/proxies")).json()["data"]) == 1


async def test_the_roll_is_paged_by_serial(polls: Polls):
    first = (await polls.get(polls.world.tenant, "/roll?limit=3")).json()
    assert [line["serial"] for line in first["data"]] == [1, 2, 3]
    rest = await polls.get(polls.world.tenant, f"/roll?limit=3&cursor={first['page']['next']}")
    assert [line["serial"] for line in rest.json()["data"]] == [4, 5]
    assert "业主" not in rest.text


async def test_the_count_is_published_and_its_key_destroyed(
    polls: Polls, database: Database, clock: Clock
):
    world = polls.world
    for owner in (1, 2, 5):
        await polls.post(world.people[owner], "/ballots", make.ballot(polls.vote))
    early = await polls.post(world.director, "/count", None)
    assert (early.status_code, early.json()["code"]) == (409, "vote-not-in-state")
    clock.set_to(make.CLOSES)
    async with database.begin(world.director) as tx:
        await service.close(tx, make.at(world.director, make.CLOSES), polls.vote.vote_id)
    counted = await polls.post(world.director, "/count", None)
    assert counted.status_code == 201, counted.text
    assert polls.vault.read(f"votes/{world.compound_id}/{polls.vote.vote_id}") is None
    again = await polls.post(world.member, "/count", None)
    assert again.json() == counted.json()
    address = f"/public/{world.compound_id}/votes/{polls.vote.vote_id}.json"
    public = await polls.client.get(address)
    assert sha256(public.content).hex() == counted.json()["digest"]
    assert "immutable" in public.headers["Cache-Control"]
    known = await polls.client.get(address, headers={"If-None-Match": public.headers["ETag"]})
    assert (known.status_code, known.content) == (304, b"")
    for wrong in ("x.json", str(polls.vote.vote_id), f"{new_id()}.json"):
        missing = await polls.client.get(f"/public/{world.compound_id}/votes/{wrong}")
        assert missing.status_code == 404
    witness = {"count_digest": counted.json()["digest"]}
    seen = await polls.post(world.people[1], "/count/witnesses", witness)
    assert (seen.json()["owner_witnesses"], seen.json()["is_witnessed"]) == (1, False)
    assert (await polls.get(world.tenant, "/count")).json() == seen.json()


async def test_the_downloaded_script_recomputes_the_published_count(
    polls: Polls, database: Database, tmp_path: Path
):
    world = polls.world
    await polls.post(world.people[1], "/ballots", make.ballot(polls.vote))
    late = make.at(world.director, make.CLOSES)
    async with database.begin(world.director) as tx:
        await service.close(tx, late, polls.vote.vote_id)
        await service.count(tx, late, polls.vote.vote_id, polls.vault)
    for address, name in (
        ("/public/verify_vote.py", "verify_vote.py"),
        (f"/public/{world.compound_id}/votes/{polls.vote.vote_id}.json", "vote.json"),
    ):
        answer = await polls.client.get(address)
        assert answer.status_code == 200
        (tmp_path / name).write_bytes(answer.content)
    script = [sys.executable, str(tmp_path / "verify_vote.py"), str(tmp_path / "vote.json")]
    checked = await asyncio.create_subprocess_exec(*script, stdout=asyncio.subprocess.PIPE)
    told, _ = await checked.communicate()
    assert checked.returncode == 0, told.decode()


async def test_what_was_sent_and_answered_keeps_no_trace_of_a_secret_choice(polls: Polls):
    command = make.ballot(polls.vote)
    await polls.post(polls.world.people[1], "/ballots", command)
    rows = await polls.owner.fetch(
        "SELECT * FROM idempotency_key WHERE compound_id = $1", polls.world.compound_id
    )
    assert rows
    kept = b"\n".join(
        value if isinstance(value, bytes) else str(value).encode()
        for row in rows
        for value in row.values()
    )
    election = polls.vote.questions[1]
    for trace in (
        command.secret,
        base64.b64encode(command.secret),
        str(election.question_id).encode(),
        str(election.candidates[0].candidate_id).encode(),
    ):
        assert trace not in kept


async def test_the_worker_destroys_the_key_when_the_request_was_killed(
    polls: Polls, database: Database
):
    world, vote = polls.world, polls.vote
    late = make.at(world.director, make.CLOSES)
    async with database.begin(world.director) as tx:
        await service.close(tx, late, vote.vote_id)
        await service.count(tx, late, vote.vote_id, polls.vault)
    name = f"votes/{world.compound_id}/{vote.vote_id}"
    assert polls.vault.read(name) is not None, "the request was killed after its commit"
    payload = await polls.owner.fetchval(
        "SELECT payload FROM pgqueuer WHERE entrypoint = $1 AND payload LIKE $2",
        service.FORGET_JOB,
        b"%" + str(vote.vote_id).encode() + b"%",
    )
    for _ in range(2):
        await jobs.works(polls.vault)[service.FORGET_JOB](msgspec.json.decode(payload))
    assert polls.vault.read(name) is None


async def test_a_count_that_is_undone_keeps_the_key(polls: Polls, database: Database):
    world, vote = polls.world, polls.vote
    late = make.at(world.director, make.CLOSES)
    async with database.begin(world.director) as tx:
        await service.close(tx, late, vote.vote_id)
    async with database.begin(world.director, dry_run=True) as tx:
        await service.count(tx, late, vote.vote_id, polls.vault)
    async with database.begin(world.director) as tx:
        counted = await service.count(tx, late, vote.vote_id, polls.vault)
    assert counted.tree_size == 1


# At one instant


async def test_the_same_owner_twice_at_once_is_one_ballot(polls: Polls):
    one = polls.world.people[1]
    await polls.sign_in(one)
    answers = await asyncio.gather(
        *(polls.post(one, "/ballots", make.ballot(polls.vote)) for _ in range(8))
    )
    codes = Counter(answer.json().get("code", "done") for answer in answers)
    assert codes == {"done": 1, "already-voted": 7}
    assert await polls.owner.fetchval(COUNT, polls.vote.vote_id) == 1


async def test_one_request_sent_many_times_at_once_is_one_ballot(polls: Polls):
    one, key, command = polls.world.people[1], str(new_id()), make.ballot(polls.vote)
    await polls.sign_in(one)
    answers = await asyncio.gather(
        *(polls.post(one, "/ballots", command, **{"Idempotency-Key": key}) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert await polls.owner.fetchval(COUNT, polls.vote.vote_id) == 1


async def test_online_and_two_readers_of_the_paper_at_once_are_one_ballot(
    polls: Polls, database: Database
):
    world, vote = polls.world, polls.vote
    async with database.read(world.director) as tx:
        voter = await make.voter_with(tx, vote, world.compound_id, "103")
        code = await make.code_of(tx, world, vote, polls.vault, voter)
    await polls.sign_in(world.people[2], world.director, world.member)
    await asyncio.gather(
        polls.post(world.people[2], "/ballots", make.ballot(vote)),
        polls.post(world.director, "/paper-entries", make.paper(vote, code)),
        polls.post(world.member, "/paper-entries", make.paper(vote, code)),
    )
    assert await polls.owner.fetchval(COUNT, vote.vote_id) == 1


async def test_thirty_two_owners_at_once_make_a_box_without_gaps(
    client: httpx.AsyncClient, database: Database, owner: asyncpg.Connection, caller: Caller,
    vault: Vault,
):  # fmt: skip
    async with database.begin(caller) as tx:
        world, owners = await make.add_crowd(tx, caller.compound_id, 32)
        vote = await make.opened(tx, world, vault, make.motion(1), make.election(2))

    def cast_by(person: Caller) -> Any:
        command: CastBallot = make.ballot(vote)

        async def cast(tx: Tx) -> None:
            await service.cast(tx, person, vote.vote_id, command, make.LOG_KEY)

        return cast

    done = await race(database, caller, *(cast_by(person) for person in owners))
    assert done == {"done": 32}
    sequences = await owner.fetch(
        "SELECT sequence FROM ballot WHERE vote_id = $1 ORDER BY sequence", vote.vote_id
    )
    assert [row["sequence"] for row in sequences] == list(range(1, 33))
    found = await checks.run(owner)
    assert {name: rows for name, rows in found.items() if name.startswith("votes") and rows} == {}
    late = make.at(world.director, make.CLOSES)
    async with database.begin(world.director) as tx:
        await service.close(tx, late, vote.vote_id)
        counted = await service.count(tx, late, vote.vote_id, vault)
    assert counted.results[0].in_favour.heads == 32


async def test_two_counts_at_once_are_one_count(polls: Polls, database: Database):
    world, vote = polls.world, polls.vote
    late = make.at(world.director, make.CLOSES)
    async with database.begin(world.director) as tx:
        await service.close(tx, late, vote.vote_id)

    async def count(tx: Tx) -> None:
        await service.count(tx, late, vote.vote_id, polls.vault)

    assert await race(database, world.director, *[count] * 6) == {"done": 6}
    assert (
        await polls.owner.fetchval(
            "SELECT count(*) FROM vote_count WHERE vote_id = $1", vote.vote_id
        )
        == 1
    )
