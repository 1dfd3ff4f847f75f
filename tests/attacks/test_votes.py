"""Attacks on a vote: on who votes, on when, on what may be known, and on the box as it rests.

The attackers hold every office and every session but the voter's, read and write the database as its
owner, and keep what the service ever answered. Each guard has a control: without it the attack works.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest

from tests.make import http
from tests.make import votes as make
from tests.make.ground import new_id
from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import Refusal
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.settings import Settings
from trustprop.plumbing.vault import Vault
from trustprop.votes import service
from trustprop.votes.model.counting import Choice
from trustprop.votes.model.holding import EndProxy, GiveProxy, Vote
from trustprop.votes.rules import franchise

MOMENT = timedelta(microseconds=1)
CROWD = 16
HOLDER_NUMBER = "110101199001011237"
"""Of nobody."""


@pytest.fixture
def vault(settings: Settings) -> Vault:
    return Vault.of(settings)


@pytest.fixture
async def world(database: Database, caller: Caller) -> make.World:
    """Seen by every connection."""
    async with database.begin(caller) as tx:
        return await make.add_world(tx, caller.compound_id)


class Hall:
    """The application at the time of a vote, and everybody who may ask it something."""

    def __init__(
        self, client: httpx.AsyncClient, world: make.World, tokens: dict[UUID, dict[str, str]]
    ) -> None:
        self.client = client
        self.base = f"/v1/compounds/{world.compound_id}"
        self._tokens = tokens

    def headers(self, who: Caller, key: UUID | None = None) -> dict[str, str]:
        assert who.person_id is not None
        return self._tokens[who.person_id] | {"Idempotency-Key": str(key or new_id())}

    async def post(
        self, who: Caller, path: str, body: Any, key: UUID | None = None
    ) -> httpx.Response:
        return await self.client.post(
            self.base + path,
            content=body if isinstance(body, bytes) else msgspec.json.encode(body),
            headers=self.headers(who, key) | {"Content-Type": "application/json"},
        )

    async def get(self, who: Caller, path: str) -> httpx.Response:
        return await self.client.get(self.base + path, headers=self.headers(who))


@pytest.fixture
async def hall(
    client: httpx.AsyncClient, world: make.World, owner: asyncpg.Connection, clock: Clock
) -> Hall:
    clock.set_to(make.VOTING)
    people = [
        world.director,
        world.member,
        world.supervisor,
        world.manager,
        world.tenant,
        *world.people.values(),
    ]
    tokens = {
        who.person_id: await http.sign_in(owner, who.person_id)
        for who in people
        if who.person_id is not None
    }
    return Hall(client, world, tokens)


async def open_vote(database: Database, world: make.World, vault: Vault, *questions: Any) -> Vote:
    async with database.begin(world.director) as tx:
        return await make.opened(tx, world, vault, *questions)


# -- what may be known: papers -------------------------------------------------------------------


async def read_papers(tx: Tx, world: make.World, vault: Vault, vote: Vote) -> list[bytes]:
    """The director reads the papers of three owners, all with the same crosses; what is kept of it."""
    for number in ("101", "103", "105"):
        voter = await make.voter_with(tx, vote, world.compound_id, number)
        code = await make.code_of(tx, world, vote, vault, voter)
        command = make.paper(vote, code)
        await service.enter_paper(tx, world.director, vote.vote_id, command, vault, make.LOG_KEY)
    rows = await tx.raw.fetch("SELECT reading FROM paper_entry ORDER BY entry_id")
    return [row["reading"] for row in rows]


async def test_papers_with_the_same_crosses_do_not_look_alike_in_the_database(
    database: Database, world: make.World, vault: Vault
) -> None:
    """Otherwise the largest group of readings is the winner's, owner by owner."""
    async with database.begin(world.director, dry_run=True) as tx:
        vote = await make.opened(tx, world, vault, make.election(1))
        assert len(set(await read_papers(tx, world, vault, vote))) == 3


async def test_control_two_readings_of_one_paper_do_look_alike(
    database: Database, world: make.World, vault: Vault
) -> None:
    """That is what they are kept for: the comparison that makes a ballot."""
    async with database.begin(world.director, dry_run=True) as tx:
        vote = await make.opened(tx, world, vault, make.election(1))
        voter = await make.voter_with(tx, vote, world.compound_id, "103")
        code = await make.code_of(tx, world, vote, vault, voter)
        for reader in (world.director, world.member):
            command = make.paper(vote, code)
            await service.enter_paper(tx, reader, vote.vote_id, command, vault, make.LOG_KEY)
        rows = await tx.raw.fetch("SELECT reading FROM paper_entry")
        assert len({row["reading"] for row in rows}) == 1


def guesses(path: str, commands: list[Any]) -> set[bytes]:
    """What the key of a retry would keep, for every way in which the paper may have been read."""
    return {sha256(path.encode() + b"\n" + msgspec.json.encode(one)) for one in commands}


async def test_the_key_of_a_retry_does_not_tell_what_was_read(
    database: Database, world: make.World, vault: Vault, hall: Hall, owner: asyncpg.Connection
) -> None:
    """Whoever knows the code of a paper could try out every cross on it against the kept digest."""
    vote = await open_vote(database, world, vault, make.election(1))
    async with database.begin(world.director) as tx:
        voter = await make.voter_with(tx, vote, world.compound_id, "103")
        code = await make.code_of(tx, world, vote, vault, voter)
    path = f"/votes/{vote.vote_id}/paper-entries"
    command = make.paper(vote, code)
    entered = await hall.post(world.director, path, command)
    assert entered.status_code == 201, entered.text
    possible = [
        msgspec.structs.replace(command, answers=make.answers(vote, choice)) for choice in Choice
    ]
    kept = await owner.fetch(
        "SELECT content_sha256 FROM idempotency_key WHERE compound_id = $1", world.compound_id
    )
    assert kept
    assert not {row["content_sha256"] for row in kept} & guesses(hall.base + path, possible)


async def test_control_an_ordinary_request_is_guessed_from_its_key(
    database: Database, world: make.World, vault: Vault, hall: Hall, owner: asyncpg.Connection
) -> None:
    vote = await open_vote(database, world, vault)
    async with database.begin(world.director) as tx:
        voter = await make.voter_with(tx, vote, world.compound_id, "103")
    path = f"/votes/{vote.vote_id}/deliveries"
    body = {
        "deliveries": [
            {
                "id": str(new_id()),
                "voter_id": str(voter.voter_id),
                "method": "hand",
                "delivered_at": "2025-09-19T00:00:00Z",
                "evidence": [make.SCAN],
                "has_warning": False,
            }
        ]
    }
    assert (await hall.post(world.director, path, body)).status_code == 201
    kept = await owner.fetch(
        "SELECT content_sha256 FROM idempotency_key WHERE compound_id = $1", world.compound_id
    )
    assert {row["content_sha256"] for row in kept} & guesses(hall.base + path, [body])


async def test_a_reading_sent_again_with_its_key_is_answered_again_and_another_one_is_not(
    database: Database, world: make.World, vault: Vault, hall: Hall
) -> None:
    vote = await open_vote(database, world, vault, make.election(1))
    async with database.begin(world.director) as tx:
        voter = await make.voter_with(tx, vote, world.compound_id, "103")
        code = await make.code_of(tx, world, vote, vault, voter)
    path, key = f"/votes/{vote.vote_id}/paper-entries", new_id()
    command = make.paper(vote, code)
    answers = [await hall.post(world.director, path, command, key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    other = msgspec.structs.replace(command, answers=make.answers(vote, Choice.AGAINST))
    refused = await hall.post(world.director, path, other, key)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency-key-reused")


# -- who votes: proxies --------------------------------------------------------------------------


def proxy_of(voter_id: UUID, holder: Caller) -> GiveProxy:
    return GiveProxy(
        id=new_id(),
        voter_id=voter_id,
        holder_name="赵六",
        holder_identity_number=HOLDER_NUMBER,
        holder_person_id=holder.person_id,
        is_staff_of_firm=False,
        evidence=(make.SCAN,),
    )


async def vote_by_proxies(
    tx: Tx, world: make.World, vault: Vault, vote: Vote, *, ends_after_use: bool
) -> list[str]:
    """One holder votes for as many owners as lets them, by proxies that end when they were used."""
    found = []
    for number in ("103", "105", "106"):
        voter = await make.voter_with(tx, vote, world.compound_id, number)
        command = proxy_of(voter.voter_id, world.people[6])
        try:
            await service.give_proxy(tx, world.director, vote.vote_id, command, vault)
            await make.cast(tx, world.people[6], vote, proxy_id=command.id)
        except Refusal as refusal:
            found.append(refusal.code)
            continue
        found.append("done")
        if ends_after_use:
            end = EndProxy(reason="用完")
            await service.end_proxy(tx, world.director, vote.vote_id, command.id, end)
    return found


@pytest.mark.parametrize("ends_after_use", [False, True])
async def test_no_holder_votes_for_more_owners_than_the_cap(
    ends_after_use: bool, database: Database, world: make.World, vault: Vault
) -> None:
    """A proxy that was used is one of the two, whether or not it was ended afterwards."""
    async with database.begin(world.director, dry_run=True) as tx:
        vote = await make.opened(tx, world, vault)
        done = await vote_by_proxies(tx, world, vault, vote, ends_after_use=ends_after_use)
        assert done == ["done", "done", "proxies-over-cap"]


@pytest.mark.parametrize(
    "number",
    [HOLDER_NUMBER.lower() + " ", "110101-19900101-1237", "１１０１０１１９９００１０１１２３７"],
)
async def test_a_holder_is_the_same_however_the_number_is_written(
    number: str, database: Database, world: make.World, vault: Vault
) -> None:
    async with database.begin(world.director, dry_run=True) as tx:
        vote = await make.opened(tx, world, vault)
        refusals = []
        for home, written in (("103", HOLDER_NUMBER), ("105", number), ("106", number)):
            voter = await make.voter_with(tx, vote, world.compound_id, home)
            command = msgspec.structs.replace(
                proxy_of(voter.voter_id, world.people[6]),
                holder_identity_number=written,
                holder_person_id=None,
            )
            try:
                await service.give_proxy(tx, world.director, vote.vote_id, command, vault)
            except Refusal as refusal:
                refusals.append(refusal.code)
        assert refusals == ["proxies-over-cap"]


async def test_control_uncounted_one_holder_would_vote_for_all(
    database: Database, world: make.World, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(franchise, "check_holder", lambda *_asked, **_more: None)
    async with database.begin(world.director, dry_run=True) as tx:
        vote = await make.opened(tx, world, vault)
        done = await vote_by_proxies(tx, world, vault, vote, ends_after_use=False)
        assert done == ["done", "done", "done"]
