"""The database as a witness of its own: what it refuses whatever the services believe."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace
from sqlalchemy.exc import DBAPIError

from tests.make import votes as make
from tests.make.ground import make_caller, new_id
from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import sha256
from trustprop.plumbing import checks
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import service
from trustprop.votes.model.counting import Choice
from trustprop.votes.model.holding import BoxedBallot, Vote, VoteState
from trustprop.votes.rules import boxes
from trustprop.votes.store import box, polls

APPEND_ONLY = (
    "vote_question", "roll_voter", "roll_home", "ballot_paper", "ballot_delivery",
    "voter_appointment", "proxy", "proxy_end", "ballot", "ballot_event", "paper_entry",
    "voter_notice", "vote_count", "count_witness",
)  # fmt: skip


@contextmanager
def refused(part: str) -> Iterator[None]:
    with pytest.raises((asyncpg.PostgresError, DBAPIError)) as raised:
        yield
    assert part in str(raised.value)


async def last_ballot(tx: Tx, world: make.World, vote: Vote) -> BoxedBallot:
    return (await box.ballots(tx, world.compound_id, vote.vote_id))[-1]


async def another(tx: Tx, world: make.World, vote: Vote, **changes: Any) -> None:
    """The last ballot again behind itself, as a service without rules would put it."""
    last = await last_ballot(tx, world, vote)
    added = replace(
        last,
        sequence=last.sequence + 1,
        ballot_id=new_id(),
        chain=boxes.chain(last.chain, last.digest),
        **changes,
    )
    await box.add_ballot(tx, world.compound_id, vote.vote_id, added)


async def test_a_vote_comes_back_as_it_was_prepared(tx: Tx, world: make.World, vault: Vault):
    vote = await make.prepared(tx, world, vault, make.motion(2), make.election(1))
    assert await polls.find(tx, world.compound_id, vote.vote_id) == vote
    assert [question.position for question in vote.questions] == [1, 2]
    assert await service.votes_of(tx, world.compound_id, vote.subject_id) == (vote.vote_id,)


async def test_ids_of_another_compound_find_nothing(
    database: Database, tx: Tx, world: make.World, vault: Vault
):
    vote = await make.prepared(tx, world, vault)
    async with database.begin(make_caller(), dry_run=True) as other:
        assert await polls.find(other, world.compound_id, vote.vote_id) is None
    assert await polls.find(tx, new_id(), vote.vote_id) is None


async def test_no_owner_gets_a_second_ballot_that_counts(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    await make.cast(tx, world.people[1], vote)
    with refused("the first valid ballot of voter"):
        await another(tx, world, vote)


async def test_a_ballot_of_all_co_owners_is_one_of_each(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    await make.cast(tx, world.people[3], vote)
    with refused("the first valid ballot of voter"):
        await another(tx, world, vote, owner_id=None)


@pytest.mark.parametrize("cast_at", [make.OPENS - timedelta(seconds=1), make.CLOSES])
async def test_no_ballot_comes_outside_the_window(
    tx: Tx, world: make.World, vault: Vault, cast_at: Any
):
    vote = await make.opened(tx, world, vault)
    await make.cast(tx, world.people[1], vote)
    voter = await make.voter_with(tx, vote, world.compound_id, "103")
    with refused("takes no ballot at"):
        await another(tx, world, vote, cast_at=cast_at, voter_id=voter.voter_id)


async def test_no_ballot_comes_into_a_closed_vote(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    await make.cast(tx, world.people[1], vote)
    voter = await make.voter_with(tx, vote, world.compound_id, "103")
    await service.close(tx, make.at(world.director, make.CLOSES), vote.vote_id)
    with refused("takes no ballot at"):
        await another(tx, world, vote, voter_id=voter.voter_id)


@pytest.mark.parametrize(
    "forged",
    [{"sequence": 5}, {"digest": bytes(32)}, {"chain": bytes(32)}, {"content": b"{}"}],
    ids=str,
)
async def test_a_ballot_follows_the_one_before(
    tx: Tx, world: make.World, vault: Vault, forged: dict[str, Any]
):
    vote = await make.opened(tx, world, vault)
    await make.cast(tx, world.people[1], vote)
    voter = await make.voter_with(tx, vote, world.compound_id, "103")
    last = await last_ballot(tx, world, vote)
    values = {
        "sequence": 2,
        "ballot_id": new_id(),
        "voter_id": voter.voter_id,
        "chain": boxes.chain(last.chain, last.digest),
    }
    with refused("does not follow the last one"):
        added = replace(last, **(values | forged))
        await box.add_ballot(tx, world.compound_id, vote.vote_id, added)


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_the_serving_role_changes_nothing_that_was_written(tx: Tx, table: str):
    with refused("permission denied"):
        await tx.raw.execute(f"UPDATE {table} SET compound_id = compound_id")


@pytest.mark.parametrize("table", [*APPEND_ONLY, "vote"])
async def test_the_serving_role_deletes_nothing(tx: Tx, table: str):
    with refused("permission denied"):
        await tx.raw.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize("column", ["box_size", "box_head", "policy", "roll_digest", "record_on"])
async def test_the_serving_role_moves_no_box_and_no_frozen_fact(tx: Tx, column: str):
    with refused("permission denied"):
        await tx.raw.execute(f"UPDATE vote SET {column} = {column}")


async def test_a_vote_goes_one_way(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    for state, message in (
        (VoteState.PREPARED, "cannot go from open to prepared"),
        (VoteState.COUNTED, "cannot go from open to counted"),
    ):
        async with savepoint(tx):
            with refused(message):
                await polls.save(tx, world.compound_id, replace(vote, state=state))
    async with savepoint(tx):
        with refused("only ever ends later"):
            earlier = replace(vote, closes_at=make.CLOSES - timedelta(days=1))
            await polls.save(tx, world.compound_id, earlier)
    await service.close(tx, make.at(world.director, make.CLOSES), vote.vote_id)
    async with savepoint(tx):
        with refused("cannot go from closed to open"):
            await polls.save(tx, world.compound_id, vote)
    with refused("has no count"):
        await polls.save(tx, world.compound_id, replace(vote, state=VoteState.COUNTED))


def savepoint(tx: Tx) -> Any:
    """What the database refuses inside is undone alone."""
    return _Savepoint(tx)


class _Savepoint:
    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    async def __aenter__(self) -> None:
        await self._tx.raw.execute("SAVEPOINT here")

    async def __aexit__(self, *_: object) -> None:
        await self._tx.raw.execute("ROLLBACK TO SAVEPOINT here")


async def test_a_roll_takes_nobody_in_after_it_is_open(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    with refused(f"vote {vote.vote_id} is open"):
        await tx.raw.execute(
            "INSERT INTO roll_voter (compound_id, vote_id, voter_id, serial, owner_ids, "
            "is_developer) VALUES ($1, $2, $3, 6, $4, false)",
            world.compound_id,
            vote.vote_id,
            new_id(),
            [new_id()],
        )


async def test_nothing_happens_to_a_ballot_after_the_count(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault)
    receipt = await make.cast(tx, world.people[1], vote)
    await make.counted(tx, world, vote, vault)
    with refused(f"vote {vote.vote_id} is counted"):
        await tx.raw.execute(
            "INSERT INTO ballot_event (compound_id, ballot_id, number, vote_id, kind, by, at, "
            "reason, evidence) VALUES ($1, $2, 1, $3, 'objected', $4, $5, '', '{}')",
            world.compound_id,
            receipt.ballot_id,
            vote.vote_id,
            new_id(),
            make.CLOSES,
        )


# The integrity checks


async def committed(database: Database, caller: Caller, vault: Vault) -> tuple[make.World, Vote]:
    """A counted vote with two ballots, in the database for good."""
    async with database.begin(caller) as tx:
        world = await make.add_world(tx, caller.compound_id)
        vote = await make.opened(tx, world, vault)
        for owner, choice in ((1, Choice.FOR), (2, Choice.AGAINST)):
            await make.cast(tx, world.people[owner], vote, choice)
        await make.counted(tx, world, vote, vault)
    return world, vote


async def broken(owner: asyncpg.Connection) -> set[str]:
    found = await checks.run(owner)
    return {name for name, rows in found.items() if rows and name.startswith("votes: ")}


async def test_the_checks_of_a_sound_vote_find_nothing(
    database: Database, caller: Caller, vault: Vault, owner: asyncpg.Connection
):
    await committed(database, caller, vault)
    assert await broken(owner) == set()


HAND_EDITED = [
    (
        (
            "UPDATE ballot SET content = convert_to(replace(convert_from(content, 'UTF8'), "
            "'\"for\"', '\"against\"'), 'UTF8') WHERE sequence = 1"
        ),
        "every ballot is the SHA-256 of its bytes, behind the one before it",
    ),
    (
        "UPDATE ballot SET digest = sha256(content || 'x') WHERE sequence = 2",
        "every ballot is the SHA-256 of its bytes, behind the one before it",
    ),
    ("DELETE FROM ballot WHERE sequence = 2", "the head of a box is its last ballot"),
    ("UPDATE ballot SET flaw = 'damaged', paper_round = 1", "the columns of a ballot say"),
    ("UPDATE ballot SET cast_at = cast_at + interval '90 days'", "every ballot came while"),
    ("DELETE FROM voter_notice", "the owner was told of every ballot in their name"),
    ("UPDATE roll_home SET area_dm2 = area_dm2 + 1", "the totals of a vote are those"),
    ("DELETE FROM ballot_paper", "the totals of a vote are those"),
    ("DELETE FROM vote_count", "a vote is counted if and only if it has a count"),
    (
        "UPDATE vote_count SET root = sha256(root)",
        "a published count stands for its vote, its roll and its box",
    ),
    ("UPDATE ballot SET owner_id = voter_id", "a ballot is of an owner of its voter"),
    (
        (
            "UPDATE roll_voter SET owner_ids = (SELECT owner_ids FROM roll_voter r WHERE r.serial = 1 "
            "AND r.vote_id = roll_voter.vote_id) WHERE serial = 2"
        ),
        "one set of owners is one voter",
    ),
]


@pytest.mark.parametrize(("edit", "found"), HAND_EDITED, ids=[name for _, name in HAND_EDITED])
async def test_a_hand_edited_row_is_found(
    database: Database,
    caller: Caller,
    vault: Vault,
    owner: asyncpg.Connection,
    edit: str,
    found: str,
):
    await committed(database, caller, vault)
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(edit)
        assert [name for name in await broken(owner) if found in name]
        await owner.execute("ROLLBACK AND CHAIN")


async def test_the_count_refuses_a_box_that_was_edited_by_hand(
    database: Database, caller: Caller, vault: Vault, owner: asyncpg.Connection
):
    async with database.begin(caller) as tx:
        world = await make.add_world(tx, caller.compound_id)
        vote = await make.opened(tx, world, vault)
        for number in (1, 2, 5):
            await make.cast(tx, world.people[number], vote)
    content = await owner.fetchval(
        "SELECT content FROM ballot WHERE vote_id = $1 AND sequence = 2", vote.vote_id
    )
    forged = bytes(content).replace(b'"for"', b'"against"')
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(
            "UPDATE ballot SET content = $2, digest = $3 WHERE vote_id = $1 AND sequence = 2",
            vote.vote_id,
            forged,
            sha256(forged),
        )
    late = make.at(world.director, make.CLOSES)
    async with database.begin(caller) as tx:
        await service.close(tx, late, vote.vote_id)
        with pytest.raises(boxes.BoxBroken) as found:
            await service.count(tx, late, vote.vote_id, vault)
    assert found.value.place == "ballot 2"
