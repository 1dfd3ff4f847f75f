"""Secret questions: counted once, and then nobody can say who chose what, the database included."""

import base64

import msgspec
import pytest

from tests.make import votes as make
from trustprop.kernel.canonical import sha256
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import rules, service
from trustprop.votes.model.counting import Choice
from trustprop.votes.model.document import VoteDocument
from trustprop.votes.model.holding import CastBallot, Vote
from trustprop.votes.rules import boxes
from trustprop.votes.store import box

SAID = {1: Choice.FOR, 2: Choice.AGAINST, 5: Choice.FOR}


@pytest.fixture
async def counted(
    tx: Tx, world: make.World, vault: Vault
) -> tuple[Vote, dict[int, CastBallot], VoteDocument]:
    """An election that three owners answered, counted, its key forgotten."""
    vote = await make.opened(tx, world, vault, make.motion(1), make.election(2))
    ballots = {owner: make.ballot(vote, choice) for owner, choice in SAID.items()}
    for owner, command in ballots.items():
        await service.cast(tx, world.people[owner], vote.vote_id, command, make.LOG_KEY)
    await make.counted(tx, world, vote, vault)
    service.forget_key(vault, world.compound_id, vote.vote_id)
    written = await service.document(tx, world.compound_id, vote.vote_id)
    return vote, ballots, msgspec.json.decode(written.document, type=VoteDocument)


async def every_row(tx: Tx) -> str:
    """All that the database holds of votes, as text and as hex."""
    tables = await tx.raw.fetch(
        "SELECT table_name FROM information_schema.columns WHERE column_name = 'vote_id' "
        "AND table_schema = 'public' AND table_name <> 'vote_count'"
    )
    rows = []
    for table in sorted({row["table_name"] for row in tables}):
        for row in await tx.raw.fetch(f"SELECT * FROM {table}"):
            for value in row.values():
                if isinstance(value, bytes):
                    rows += [value.hex(), value.decode("utf-8", "replace")]
                else:
                    rows.append(str(value))
    return "\n".join(rows)


async def test_a_secret_election_is_counted(tx: Tx, world: make.World, counted):
    _, _, document = counted
    first = document.results[1]
    assert (first.in_favour.heads, first.against.heads) == (2, 1)
    assert first.in_favour.area_dm2 == 8950 + 10800 + 12600


async def test_neither_database_nor_vault_opens_an_answer_after_the_count(
    tx: Tx, world: make.World, vault: Vault, counted
):
    vote, _, _ = counted
    assert vault.read(f"votes/{world.compound_id}/{vote.vote_id}") is None
    kept = await box.ballots(tx, world.compound_id, vote.vote_id)
    assert all(one.is_sealed for one in kept)
    for one in kept:
        with pytest.raises(boxes.VoteKeyLost):
            boxes.open_ballot(one, vote.questions, None, is_invalid=False)
        sealed = base64.b64decode(boxes.read_content(one.content).sealed)
        for guess in await every_secret_in_the_database(tx):
            with pytest.raises(boxes.VoteKeyLost):
                boxes.unseal(guess, sealed, one.ballot_id.bytes)
            with pytest.raises(boxes.VoteKeyLost):
                boxes.unseal(boxes.keys_of(guess).sealing, sealed, one.ballot_id.bytes)


async def every_secret_in_the_database(tx: Tx) -> set[bytes]:
    """Any 32 bytes that rest there: one of them might be a key."""
    vote_rows = await tx.raw.fetch("SELECT * FROM vote")
    paper_rows = await tx.raw.fetch("SELECT code_hash FROM ballot_paper")
    salts = await tx.raw.fetch("SELECT identity_salt FROM compound_secret")
    found = {
        bytes(value)
        for row in (*vote_rows, *paper_rows, *salts)
        for value in row.values()
        if isinstance(value, bytes) and len(value) == 32
    }
    assert len(found) > 5
    return found


async def test_no_row_links_a_voter_to_a_slip(tx: Tx, counted):
    _, ballots, document = counted
    rows = await every_row(tx)
    assert len(document.slips) > 6
    assert [slip.id for slip in document.slips if slip.id in rows] == []
    for command in ballots.values():
        secret = command.secret
        for form in (secret.hex(), base64.b64encode(secret).decode(), sha256(secret).hex()):
            assert form not in rows
        assert rules.slip_secret_of(secret).hex() not in rows


async def test_no_row_shows_a_secret_choice_and_the_open_ones_are_there(tx: Tx, counted):
    vote, _, _ = counted
    rows = await every_row(tx)
    motion, election = vote.questions
    contents = [bytes(row["content"]) for row in await tx.raw.fetch("SELECT content FROM ballot")]
    assert all(str(motion.question_id).encode() in content for content in contents)
    assert not any(str(election.question_id).encode() in content for content in contents)
    assert str(election.candidates[0].candidate_id) in rows, "a control: it is on the ballot"


async def test_the_sender_finds_their_slips_with_the_secret_they_kept(
    tx: Tx, world: make.World, counted
):
    vote, ballots, document = counted
    voter = await make.voter_with(tx, vote, world.compound_id, "101")
    secret = ballots[1].secret
    proof = rules.receipt_proof(
        document, rules.salt_of(secret), voter.voter_id, rules.slip_secret_of(secret)
    )
    assert rules.check_receipt(proof, document.root)
    chosen = [msgspec.json.decode(slip.leaf)["choice"] for slip in proof.slips]
    assert chosen.count("for") == 1 + 3, "the motion, and for the candidate one head and two homes"
    other = rules.slip_secret_of(ballots[2].secret)
    assert rules.receipt_proof(document, rules.salt_of(secret), voter.voter_id, other).slips == ()


async def test_a_lost_key_refuses_the_count_and_says_so(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault, make.election(1))
    await make.cast(tx, world.people[1], vote)
    service.forget_key(vault, world.compound_id, vote.vote_id)
    with pytest.raises(boxes.VoteKeyLost):
        await make.counted(tx, world, vote, vault)


async def test_a_vote_without_secret_questions_is_counted_without_its_key(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault)
    await make.cast(tx, world.people[1], vote)
    service.forget_key(vault, world.compound_id, vote.vote_id)
    counted = await make.counted(tx, world, vote, vault)
    assert counted.results[0].in_favour.heads == 1


async def test_a_caster_does_not_see_the_sealed_answers_again(
    tx: Tx, world: make.World, vault: Vault
):
    vote = await make.opened(tx, world, vault, make.motion(1), make.election(2))
    await make.cast(tx, world.people[1], vote)
    (place,) = (await service.my_vote(tx, world.people[1], vote.vote_id, make.LOG_KEY)).places
    (line,) = place.ballots
    assert [one.question_id for one in line.answers] == [vote.questions[0].question_id]
    assert line.is_sealed


async def test_secret_answers_on_paper_are_sealed_too(tx: Tx, world: make.World, vault: Vault):
    vote = await make.opened(tx, world, vault, make.election(1))
    voter = await make.voter_with(tx, vote, world.compound_id, "103")
    code = await make.code_of(tx, world, vote, vault, voter)
    for reader in (world.director, world.member):
        command = make.paper(vote, code)
        await service.enter_paper(tx, reader, vote.vote_id, command, vault, make.LOG_KEY)
    rows = await tx.raw.fetch("SELECT content FROM ballot")
    assert str(vote.questions[0].question_id).encode() not in bytes(rows[0]["content"])
    counted = await make.counted(tx, world, vote, vault)
    assert counted.results[0].in_favour.heads == 1
