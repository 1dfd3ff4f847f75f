"""Attacks on a vote: on who votes, on when, on what may be known, and on the box as it rests.

The attackers hold every office and every session but the voter's, read and write the database as its
owner, and keep what the service ever answered. Each guard has a control: without it the attack works.
"""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest
from sqlalchemy.exc import DBAPIError

from tests.attacks.hall import Hall, boxed, open_vote
from tests.make import compounds as make_compounds
from tests.make import http
from tests.make import votes as make
from tests.make.ground import make_caller, new_id
from tests.make.racing import race, together
from trustprop.compounds import service as compounds
from trustprop.compounds.model import NewOwner, OwnerKind, TransferHome
from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import Refusal
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import service
from trustprop.votes.model.counting import Choice
from trustprop.votes.model.holding import EndProxy, GiveProxy, Vote
from trustprop.votes.rules import franchise, holding
from trustprop.votes.service import casting

MOMENT = timedelta(microseconds=1)
CROWD = 16
HOLDER_NUMBER = make_compounds.identity_number(88)
"""Of nobody."""


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


WIDE = str.maketrans({chr(sign): chr(sign + 0xFEE0) for sign in range(0x21, 0x7F)})


@pytest.mark.parametrize(
    "number",
    [
        HOLDER_NUMBER.lower() + " ",
        f"{HOLDER_NUMBER[:6]}-{HOLDER_NUMBER[6:14]}-{HOLDER_NUMBER[14:]}",
        HOLDER_NUMBER.translate(WIDE),
    ],
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


# -- who votes: the roll -------------------------------------------------------------------------


async def dated_back(tx: Tx, world: make.World) -> Caller:
    """The firm records a sale of 103 as of long before the record date; the buyer is its friend."""
    buyer = NewOwner(
        kind=OwnerKind.PERSON, name="好友", identity_number=make_compounds.identity_number(77)
    )
    home_id = world.homes["103"].home_id
    command = TransferHome(since_on=date(2025, 3, 1), owners=(buyer,))
    home = await compounds.transfer_home(
        tx, make_caller(compound_id=world.compound_id), home_id, command
    )
    return await make.add_resident(tx, world.manager, home, home.owner_ids[0], date(2025, 3, 1))


async def test_a_sale_dated_back_behind_the_frozen_roll_moves_no_vote(
    database: Database, world: make.World, vault: Vault
) -> None:
    async with database.begin(world.director, dry_run=True) as tx:
        vote = await make.opened(tx, world, vault)
        friend = await dated_back(tx, world)
        with pytest.raises(Refusal, match="bought-after-record-date"):
            await make.cast(tx, friend, vote)
        assert (await make.cast(tx, world.people[2], vote)).sequence == 1
        (place,) = (await service.my_vote(tx, world.people[2], vote.vote_id, make.LOG_KEY)).places
        assert len(place.ballots) == 1


async def test_control_before_the_roll_is_drawn_it_would(
    database: Database, world: make.World, vault: Vault
) -> None:
    async with database.begin(world.director, dry_run=True) as tx:
        friend = await dated_back(tx, world)
        vote = await make.opened(tx, world, vault)
        with pytest.raises(Refusal, match="sold-before-record-date"):
            await make.cast(tx, world.people[2], vote)
        assert (await make.cast(tx, friend, vote)).sequence == 1


STRANGERS = {
    "tenant": "occupant-has-no-vote",
    "manager": "no-owner-here",
    "director": "no-owner-here",
    "buyer of an undelivered home": "home-not-on-roll",
}


def stranger(world: make.World, name: str) -> Caller:
    found = {"tenant": world.tenant, "manager": world.manager, "director": world.director}
    return found.get(name, world.people[6])


@pytest.mark.parametrize("name", STRANGERS)
async def test_who_is_no_owner_casts_nothing_in_an_owners_name(
    name: str, database: Database, world: make.World, vault: Vault, hall: Hall
) -> None:
    vote = await open_vote(database, world, vault)
    async with database.read(world.director) as tx:
        voter = await make.voter_with(tx, vote, world.compound_id, "103")
    for named in (None, voter.voter_id):
        command = make.ballot(vote, voter_id=named)
        refused = await hall.post(stranger(world, name), f"/votes/{vote.vote_id}/ballots", command)
        assert (refused.status_code, refused.json()["code"]) == (403, STRANGERS[name])
    assert (await boxed(database, world, vote)) == ()


async def test_an_owner_casts_nothing_for_another_owner(
    database: Database, world: make.World, vault: Vault, hall: Hall
) -> None:
    vote = await open_vote(database, world, vault)
    async with database.read(world.director) as tx:
        voter = await make.voter_with(tx, vote, world.compound_id, "103")
    command = make.ballot(vote, voter_id=voter.voter_id)
    refused = await hall.post(world.people[1], f"/votes/{vote.vote_id}/ballots", command)
    assert refused.status_code == 404
    assert (await boxed(database, world, vote)) == ()


async def test_a_key_of_a_machine_and_no_credential_cast_nothing(
    database: Database, world: make.World, vault: Vault, hall: Hall, owner: asyncpg.Connection
) -> None:
    vote = await open_vote(database, world, vault)
    machine = await http.api_key(owner, world.compound_id, "books:write", "homes:write")
    for headers, status in ((machine, 403), ({}, 401)):
        answer = await hall.client.post(
            f"{hall.base}/votes/{vote.vote_id}/ballots",
            content=msgspec.json.encode(make.ballot(vote)),
            headers=headers | {"Idempotency-Key": str(new_id())},
        )
        assert answer.status_code == status, answer.text


async def test_control_unasked_who_owns_the_tenant_would_vote(
    database: Database,
    world: make.World,
    vault: Vault,
    hall: Hall,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    vote = await open_vote(database, world, vault)

    async def anybody(tx: Tx, caller: Caller, vote: Vote, _command: Any) -> Any:
        voter = await make.voter_with(tx, vote, caller.compound_id, "103")
        return voter, voter.owner_ids[0]

    monkeypatch.setattr(casting, "_franchise", anybody)
    path = f"/votes/{vote.vote_id}/ballots"
    assert (await hall.post(world.tenant, path, make.ballot(vote))).status_code == 201


# -- when: the window ----------------------------------------------------------------------------

NEW_YEAR = datetime(2025, 12, 31, 16, 0, tzinfo=UTC)
"""Midnight in Shanghai: 2026 begins."""


@pytest.mark.parametrize(
    ("at", "status"),
    [
        (NEW_YEAR - timedelta(days=7) - MOMENT, 409),
        (NEW_YEAR - timedelta(days=7), 201),
        (NEW_YEAR - timedelta(seconds=1), 201),
        (NEW_YEAR - timedelta(milliseconds=20), 201),
        (NEW_YEAR, 409),
        (NEW_YEAR + timedelta(seconds=1), 409),
    ],
)
async def test_a_window_ends_with_the_year_of_shanghai_at_the_very_instant(
    at: datetime,
    status: int,
    database: Database,
    world: make.World,
    vault: Vault,
    hall: Hall,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with database.begin(world.director) as tx:
        vote = await make.prepared(tx, world, vault)
        opens_at = NEW_YEAR - timedelta(days=7)
        vote = await service.open_vote(tx, world.director, vote.vote_id, opens_at, NEW_YEAR)
    monkeypatch.setattr(Clock, "now", lambda _self: at)
    path = f"/votes/{vote.vote_id}/ballots"
    answer = await hall.post(world.people[2], path, make.ballot(vote))
    assert answer.status_code == status, answer.text
    assert len(await boxed(database, world, vote)) == (status == 201)


async def test_control_untold_the_time_the_table_refuses_and_unguarded_it_takes_it(
    owner_url: str,
    caller: Caller,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(holding, "check_takes_ballots", lambda *_asked: None)
    database = Database.connect(owner_url, pool_size=1)
    try:
        async with database.begin(caller, dry_run=True) as tx:
            world = await make.add_world(tx, caller.compound_id)
            vote = await make.opened(tx, world, Vault(tmp_path))
            late = make.at(world.people[2], make.CLOSES)
            await tx.raw.execute("SAVEPOINT late")
            with pytest.raises(DBAPIError, match="takes no ballot"):
                await make.cast(tx, late, vote)
            await tx.raw.execute("ROLLBACK TO SAVEPOINT late")
            await tx.raw.execute("ALTER TABLE ballot DISABLE TRIGGER ballot_witness")
            assert (await make.cast(tx, late, vote)).sequence == 1
    finally:
        await database.close()


# -- twice ---------------------------------------------------------------------------------------


def casting_of(caller: Caller, vote: Vote, *commands: Any) -> list[Any]:
    return [
        (lambda tx, command=command: service.cast(tx, caller, vote.vote_id, command, make.LOG_KEY))
        for command in commands
    ]


async def test_the_same_ballot_sixteen_times_at_once_is_one(
    database: Database, world: make.World, vault: Vault, hall: Hall
) -> None:
    """With the key of its request, as a client repeats it; sealed answers too."""
    for question in (make.motion(), make.election(1)):
        vote = await open_vote(database, world, vault, question)
        command, key = make.ballot(vote), new_id()
        path = f"/votes/{vote.vote_id}/ballots"
        answers = await asyncio.gather(
            *(hall.post(world.people[2], path, command, key) for _ in range(CROWD))
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.content for answer in answers}) == 1
        assert len(await boxed(database, world, vote)) == 1


async def test_of_sixteen_ballots_of_an_owner_at_once_one_stands(
    database: Database, world: make.World, vault: Vault
) -> None:
    vote = await open_vote(database, world, vault)
    ballots = [make.ballot(vote, list(Choice)[i % 3]) for i in range(CROWD)]
    works = casting_of(world.people[2], vote, *ballots)
    answers = await race(database, world.people[2], *works)
    assert answers == {"done": 1, "already-voted": CROWD - 1}
    assert len(await boxed(database, world, vote)) == 1


async def test_control_without_the_lock_of_the_vote_the_tables_have_to_shout(
    database: Database, world: make.World, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vote = await open_vote(database, world, vault)
    monkeypatch.setattr(casting, "lock_vote", together(service.find_vote, CROWD))
    works = casting_of(world.people[2], vote, *(make.ballot(vote) for _ in range(CROWD)))
    answers = await race(database, world.people[2], *works)
    assert any(name.endswith("Error") for name in answers), answers
    assert len(await boxed(database, world, vote)) == 1


async def test_a_ballot_is_not_replayed_into_another_vote_or_by_another_owner(
    database: Database, world: make.World, vault: Vault, hall: Hall
) -> None:
    first = await open_vote(database, world, vault)
    second = await open_vote(database, world, vault)
    command, key = make.ballot(first), new_id()
    path = f"/votes/{first.vote_id}/ballots"
    assert (await hall.post(world.people[2], path, command, key)).status_code == 201
    elsewhere = await hall.post(world.people[2], f"/votes/{second.vote_id}/ballots", command, key)
    assert elsewhere.status_code == 422
    stolen = await hall.post(world.people[5], path, command, key)
    assert (stolen.status_code, stolen.json()["code"]) == (409, "ballot-differs")
    altered = make.ballot(first, Choice.AGAINST, id=command.id)
    again = await hall.post(world.people[2], path, altered)
    assert (again.status_code, again.json()["code"]) == (409, "ballot-differs")
    assert len(await boxed(database, world, first)) == 1
    assert len(await boxed(database, world, second)) == 0


async def test_one_person_does_not_read_a_paper_twice(
    database: Database, world: make.World, vault: Vault, hall: Hall
) -> None:
    vote = await open_vote(database, world, vault)
    async with database.read(world.director) as tx:
        voter = await make.voter_with(tx, vote, world.compound_id, "103")
        code = await make.code_of(tx, world, vote, vault, voter)
    path = f"/votes/{vote.vote_id}/paper-entries"
    first = await hall.post(world.director, path, make.paper(vote, code))
    assert first.json()["state"] == "open"
    again = await hall.post(world.director, path, make.paper(vote, code))
    assert (again.status_code, again.json()["code"]) == (409, "paper-already-read")
    firm = await hall.post(world.manager, path, make.paper(vote, code))
    assert firm.status_code == 403
    assert await boxed(database, world, vote) == ()
    other = await hall.post(world.member, path, make.paper(vote, code))
    assert other.json()["state"] == "settled", "the control: another person does"


async def test_the_count_runs_once_however_many_count_at_once(
    database: Database, world: make.World, vault: Vault, owner: asyncpg.Connection
) -> None:
    vote = await open_vote(database, world, vault, make.motion(), make.election(2))
    for number in (1, 2, 5):
        async with database.begin(world.people[number]) as tx:
            await make.cast(tx, world.people[number], vote)
    late = make.at(world.director, make.CLOSES + timedelta(hours=1))
    async with database.begin(late) as tx:
        await service.close(tx, late, vote.vote_id)
    works = [lambda tx: service.count(tx, late, vote.vote_id, vault) for _ in range(CROWD)]
    assert await race(database, late, *works) == {"done": CROWD}
    counts = await owner.fetchval(
        "SELECT count(*) FROM vote_count WHERE vote_id = $1", vote.vote_id
    )
    assert counts == 1
