"""What the owner of the database does to a box: found by the count, by the queries, or by the voter.

Every trigger is off for the attacker. Edits that leave the chain broken stop the count; edits after the
count are found by the integrity queries; and whoever rewrites the whole chain is found by the voter, whose
receipt and slips say something else. The control: as it stands nothing is found, and it counts.
"""

import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import Struct
from msgspec.structs import replace

from tests.make import votes as make
from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import canonical_json, sha256
from trustprop.plumbing import checks
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import service
from trustprop.votes.model.counting import Choice
from trustprop.votes.model.holding import BallotContent, BallotReceipt, CastBallot, Vote
from trustprop.votes.rules import boxes
from trustprop.votes.verify import verify_vote


class Box(Struct, frozen=True):
    """A vote with three ballots in it, and what the first voter keeps."""

    tx: Tx
    world: make.World
    vote: Vote
    vault: Vault
    ballots: tuple[CastBallot, ...]
    receipts: tuple[BallotReceipt, ...]

    async def count(self) -> bytes:
        """Closed, counted and published; the bytes that anybody may check."""
        await make.counted(self.tx, self.world, self.vote, self.vault)
        found = await service.document(self.tx, self.world.compound_id, self.vote.vote_id)
        return found.document

    async def broken(self) -> set[str]:
        return {
            name
            for name, sql in checks.queries().items()
            if name.startswith("votes:")
            if await self.tx.raw.fetch(sql)
        }


@pytest.fixture
async def full(owner_url: str, caller: Caller, tmp_path: Path) -> AsyncIterator[Box]:
    """In one transaction of the schema's owner, rolled back."""
    database = Database.connect(owner_url, pool_size=1)
    vault = Vault(tmp_path)
    async with database.begin(caller, dry_run=True) as tx:
        world = await make.add_world(tx, caller.compound_id)
        vote = await make.opened(tx, world, vault, make.motion(1))
        ballots = [make.ballot(vote) for _ in range(3)]
        receipts = [
            await service.cast(tx, world.people[who], vote.vote_id, ballot, make.LOG_KEY)
            for who, ballot in zip((1, 2, 5), ballots, strict=True)
        ]
        yield Box(tx, world, vote, vault, tuple(ballots), tuple(receipts))
    await database.close()


async def as_attacker(full: Box, *statements: str) -> None:
    await full.tx.raw.execute("SET LOCAL session_replication_role = replica")
    for statement in statements:
        await full.tx.raw.execute(statement)
    await full.tx.raw.execute("SET LOCAL session_replication_role = origin")


FLIPPED = (
    "content = convert_to(replace(convert_from(content, 'UTF8'), '\"for\"', '\"against\"'), 'UTF8')"
)
TAMPERINGS = {
    "a choice": f"UPDATE ballot SET {FLIPPED} WHERE sequence = 2",
    "a choice and its digest": (
        f"UPDATE ballot SET {FLIPPED} WHERE sequence = 2; "
        "UPDATE ballot SET digest = sha256(content) WHERE sequence = 2"
    ),
    "a ballot given to another voter": (
        "UPDATE ballot SET voter_id = (SELECT voter_id FROM ballot WHERE sequence = 1) "
        "WHERE sequence = 2"
    ),
    "a ballot made invalid": (
        "UPDATE ballot SET flaw = 'unsigned', paper_round = 1 WHERE sequence = 2"
    ),
    "the time of a ballot": "UPDATE ballot SET cast_at = cast_at - interval '1 day' WHERE sequence = 2",
    "two ballots exchanged": (
        "UPDATE ballot SET sequence = 9 WHERE sequence = 1; "
        "UPDATE ballot SET sequence = 1 WHERE sequence = 2; "
        "UPDATE ballot SET sequence = 2 WHERE sequence = 9"
    ),
    "a ballot taken out": "DELETE FROM ballot WHERE sequence = 2",
    "the last ballot taken out": "DELETE FROM ballot WHERE sequence = 3",
    "a ballot put in twice": (
        "INSERT INTO ballot (compound_id, vote_id, sequence, ballot_id, voter_id, owner_id, channel, "
        "proxy_id, cast_at, recorded_by, flaw, content, is_sealed, digest, chain, paper_round, evidence) "
        "SELECT compound_id, vote_id, 4, gen_random_uuid(), voter_id, owner_id, channel, proxy_id, "
        "cast_at, recorded_by, flaw, content, is_sealed, digest, chain, paper_round, evidence "
        "FROM ballot WHERE sequence = 3; UPDATE vote SET box_size = 4"
    ),
    "the head of the box": "UPDATE vote SET box_head = sha256(box_head)",
    "an area on the roll": "UPDATE roll_home SET area_dm2 = area_dm2 * 2 WHERE number = '103'",
    "a voter struck off the roll": "DELETE FROM roll_home WHERE number = '105'",
    "the majority that is needed": "UPDATE vote_question SET majority = 'special'",
    "the policy": "UPDATE vote SET policy = jsonb_set(policy, '{proxies_per_holder}', '99')",
}


@pytest.mark.parametrize("name", TAMPERINGS)
async def test_what_is_done_to_a_box_before_the_count_stops_the_count(name: str, full: Box) -> None:
    await as_attacker(full, *TAMPERINGS[name].split("; "))
    with pytest.raises(boxes.BoxBroken):
        await full.count()


async def test_control_as_it_stands_it_counts_and_nothing_is_found(full: Box) -> None:
    document = await full.count()
    assert await full.broken() == set()
    report = verify_vote(document, receipt=kept(full))
    assert [one.code for one in report.findings if not one.holds] == []


AFTER = {
    name: sql
    for name, sql in TAMPERINGS.items()
    if name not in ("the majority that is needed", "the policy", "a voter struck off the roll")
}


@pytest.mark.parametrize("name", AFTER)
async def test_what_is_done_to_a_box_after_the_count_is_found_by_the_queries(
    name: str, full: Box
) -> None:
    await full.count()
    await as_attacker(full, *AFTER[name].split("; "))
    assert await full.broken() != set()


@pytest.mark.parametrize("kind", ["found_invalid", "struck", "upheld", "objected"])
async def test_an_event_that_nobody_was_told_of_is_found_by_the_queries(
    kind: str, full: Box
) -> None:
    """Written beside the box by hand: a ballot of an owner that is to count no more."""
    event = (
        "INSERT INTO ballot_event (compound_id, ballot_id, number, vote_id, kind, by, at, reason, "
        f"evidence) SELECT compound_id, ballot_id, 1, vote_id, '{kind}', recorded_by, cast_at, '', "
        "'{}' FROM ballot WHERE sequence = 2"
    )
    await as_attacker(full, event)
    assert await full.broken() != set()


async def test_an_edited_count_is_found_by_the_queries_and_by_anybody(full: Box) -> None:
    published = await full.count()
    edited = published.replace(b'"choice":"for"', b'"choice":"against"', 1)
    await as_attacker(full, "ALTER TABLE vote_count DROP CONSTRAINT ck_vote_count_digest")
    await full.tx.raw.execute("SET LOCAL session_replication_role = replica")
    await full.tx.raw.execute("UPDATE vote_count SET document = $1", edited)
    await full.tx.raw.execute("SET LOCAL session_replication_role = origin")
    assert await full.broken() != set()
    assert not verify_vote(edited).is_sound
    assert verify_vote(published).is_sound


def kept(full: Box) -> bytes:
    """What the second voter keeps: the receipt, and the secret that was never sent back."""
    receipt = full.receipts[1]
    secret = base64.b64encode(full.ballots[1].secret).decode()
    return json.dumps(
        {
            "vote_id": str(full.vote.vote_id),
            "voter_id": str(receipt.voter_id),
            "secret": secret,
            "sequence": receipt.sequence,
            "chain": receipt.chain,
        }
    ).encode()


async def rewrite(full: Box, edit: Callable[[BallotContent], BallotContent]) -> None:
    """The second ballot replaced, and everything after it computed anew: a box without a fault."""
    rows = await full.tx.raw.fetch("SELECT sequence, content FROM ballot ORDER BY sequence")
    await full.tx.raw.execute("SET LOCAL session_replication_role = replica")
    head = await full.tx.raw.fetchval("SELECT box_start FROM vote")
    for row in rows:
        content = row["content"]
        if row["sequence"] == 2:
            content = canonical_json(edit(boxes.read_content(content)))
        head = boxes.chain(head, sha256(content))
        await full.tx.raw.execute(
            "UPDATE ballot SET content = $2, digest = $3, chain = $4 WHERE sequence = $1",
            row["sequence"],
            content,
            sha256(content),
            head,
        )
    await full.tx.raw.execute("UPDATE vote SET box_head = $1", head)
    await full.tx.raw.execute("SET LOCAL session_replication_role = origin")


async def test_a_box_rewritten_without_a_fault_is_found_by_the_voter(full: Box) -> None:
    """The box, the queries and the document agree with each other; the receipt does not."""

    def against(content: BallotContent) -> BallotContent:
        answers = tuple(replace(one, choice=Choice.AGAINST) for one in content.answers)
        return replace(content, answers=answers)

    await rewrite(full, against)
    published = await full.count()
    assert await full.broken() == set()
    assert verify_vote(published).is_sound, "without a receipt nobody sees it"
    voter = full.world.people[2]
    (place,) = (await service.my_vote(full.tx, voter, full.vote.vote_id, make.LOG_KEY)).places
    assert place.ballots[0].receipt.digest != full.receipts[1].digest
    assert place.ballots[0].receipt.note != full.receipts[1].note
    told = verify_vote(published, receipt=kept(full))
    choices = [one.term for one in told.findings if one.code.startswith("receipt_choice")]
    assert Choice.AGAINST in choices, [(one.code, one.term) for one in told.findings]


async def test_a_box_without_its_voter_is_found_by_the_voter(full: Box) -> None:
    """The secret exchanged too: then the voter's own row and slips are nowhere."""

    def another(content: BallotContent) -> BallotContent:
        return replace(content, secret="AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")

    await rewrite(full, another)
    published = await full.count()
    assert verify_vote(published).is_sound
    told = verify_vote(published, receipt=kept(full))
    assert [one.code for one in told.findings if not one.holds] == ["receipt_row"]


async def test_the_last_ballot_cut_off_with_its_head_is_found_by_its_voter(full: Box) -> None:
    await as_attacker(
        full,
        "DELETE FROM ballot WHERE sequence = 3",
        "UPDATE vote SET box_size = 2, box_head = (SELECT chain FROM ballot WHERE sequence = 2)",
    )
    published = await full.count()
    assert verify_vote(published).is_sound
    receipt = full.receipts[2]
    mine = {
        "vote_id": str(full.vote.vote_id),
        "voter_id": str(receipt.voter_id),
        "salt": "00" * 32,
        "sequence": receipt.sequence,
        "chain": receipt.chain,
    }
    assert not verify_vote(published, receipt=json.dumps(mine).encode()).is_sound
    voter = make.at(full.world.people[5], make.CLOSES + timedelta(days=1))
    (place,) = (await service.my_vote(full.tx, voter, full.vote.vote_id, make.LOG_KEY)).places
    assert place.ballots == ()
