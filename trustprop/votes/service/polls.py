"""A vote from its preparation to its close. Who may ask for which step is for the house above."""

import secrets
from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds import service as compounds
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.plumbing import jobs
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes.model.counting import Voter
from trustprop.votes.model.holding import BallotPaper, PrepareVote, Vote, VoteState
from trustprop.votes.rules import boxes, holding
from trustprop.votes.rules.policy import check_policy
from trustprop.votes.store import polls as store

FORGET_JOB = "forget_vote_key"
SECRET_BYTES = 32
Draw = Callable[[int], bytes]
"""Gives so many fresh random bytes."""


async def draw_roll(
    tx: Tx, compound_id: UUID, on: date, *, has_parking: bool = False
) -> tuple[Voter, ...]:
    """The voters of a record date, one per head. Parking spaces count by a clause only."""
    heads = await compounds.voters(tx, compound_id, on, with_parking=has_parking)
    return holding.draw_roll(compound_id, heads)


async def prepare(
    tx: Tx,
    caller: Caller,
    command: PrepareVote,
    vault: Vault,
    *,
    draw: Draw = secrets.token_bytes,
) -> Vote:
    """Draws and freezes the roll, the questions and the policy, and makes the key of the vote.

    The same vote again is success. Raises OfficeNeeded, FieldsInvalid (policy), RollEmpty or
    VoteDiffers.
    """
    caller.check_office(*holding.COMMITTEE)
    check_policy(command.policy)
    compound_id = caller.compound_id
    has_parking = command.policy.has_parking
    voters = await draw_roll(tx, compound_id, command.record_on, has_parking=has_parking)
    holding.check_questions(command.questions, voters)
    keys = boxes.keys_of(vault.make(secret_name(compound_id, command.vote_id), draw(SECRET_BYTES)))
    prepared = holding.prepare(compound_id, command, voters, boxes.public_of(keys))
    prepared = replace(prepared, box_head=boxes.genesis(compound_id, prepared).hex())
    if not await store.add(tx, compound_id, prepared, caller.person_id, caller.at):
        known = await find_vote(tx, compound_id, command.vote_id)
        holding.check_same_vote(known, command)
        return known
    await store.add_questions(tx, compound_id, command.vote_id, prepared.questions)
    await store.add_roll(tx, compound_id, command.vote_id, voters)
    papers = [_paper(keys, voter) for voter in voters]
    await store.add_papers(tx, compound_id, command.vote_id, papers, caller.at)
    return prepared


async def open_vote(
    tx: Tx, caller: Caller, vote_id: UUID, opens_at: datetime, closes_at: datetime
) -> Vote:
    """From ``opens_at`` on it takes ballots, until ``closes_at``; the same window again is success.

    Raises OfficeNeeded, Missing, VoteNotInState or VoteWindowWrong.
    """
    caller.check_office(*holding.COMMITTEE)
    vote = await lock_vote(tx, caller.compound_id, vote_id)
    opened = replace(vote, state=VoteState.OPEN, opens_at=opens_at, closes_at=closes_at)
    if vote == opened:
        return vote
    holding.check_state(vote, VoteState.PREPARED)
    holding.check_window(opens_at, closes_at, caller.at)
    await store.save(tx, caller.compound_id, opened)
    return opened


async def extend(tx: Tx, caller: Caller, vote_id: UUID, closes_at: datetime) -> Vote:
    """A later end, while it still runs. Raises OfficeNeeded, Missing, VoteIsOver or VoteWindowWrong."""
    caller.check_office(*holding.COMMITTEE)
    vote = await lock_vote(tx, caller.compound_id, vote_id)
    if vote.state is VoteState.OPEN and vote.closes_at == closes_at:
        return vote
    holding.check_extension(vote, closes_at, caller.at)
    extended = replace(vote, closes_at=closes_at)
    await store.save(tx, caller.compound_id, extended)
    return extended


async def close(tx: Tx, caller: Caller, vote_id: UUID) -> Vote:
    """When its time is over, and never before. Raises Missing, VoteNotInState or VoteStillRuns."""
    vote = await lock_vote(tx, caller.compound_id, vote_id)
    if vote.state in (VoteState.CLOSED, VoteState.COUNTED):
        return vote
    holding.check_closing(vote, caller.at)
    closed = replace(vote, state=VoteState.CLOSED)
    await store.save(tx, caller.compound_id, closed, caller.at)
    return closed


async def abandon(tx: Tx, caller: Caller, vote_id: UUID, reason: str) -> Vote:
    """Ends a vote that is not counted; its key is forgotten. Raises OfficeNeeded, VoteNotInState."""
    caller.check_office(*holding.COMMITTEE)
    vote = await lock_vote(tx, caller.compound_id, vote_id)
    if vote.state is VoteState.ABANDONED:
        return vote
    holding.check_state(vote, VoteState.PREPARED, VoteState.OPEN, VoteState.CLOSED)
    abandoned = replace(vote, state=VoteState.ABANDONED)
    await store.save(tx, caller.compound_id, abandoned, caller.at, reason)
    await enqueue_forgetting(tx, caller.compound_id, vote_id)
    return abandoned


async def find_vote(tx: Tx, compound_id: UUID, vote_id: UUID) -> Vote:
    """Raises Missing."""
    return _present(await store.find(tx, compound_id, vote_id))


async def get_vote(tx: Tx, caller: Caller, vote_id: UUID) -> Vote:
    """For whoever may read here. Raises ScopeNeeded or Missing."""
    compounds.check_reads_compound(caller)
    return await find_vote(tx, caller.compound_id, vote_id)


async def lock_vote(tx: Tx, compound_id: UUID, vote_id: UUID) -> Vote:
    """Always the first lock of a command about a vote. Raises Missing."""
    return _present(await store.lock(tx, compound_id, vote_id))


async def votes_of(tx: Tx, compound_id: UUID, subject_id: UUID) -> tuple[UUID, ...]:
    """The votes of one meeting, in the order of their preparation."""
    return await store.of_subject(tx, compound_id, subject_id)


async def voters(tx: Tx, compound_id: UUID, vote_id: UUID) -> tuple[Voter, ...]:
    """The frozen roll by serial; never published like this."""
    return await store.voters(tx, compound_id, vote_id)


async def ballot_papers(
    tx: Tx, caller: Caller, vote_id: UUID, vault: Vault
) -> tuple[BallotPaper, ...]:
    """What is printed, the same every time, until the count: then the codes are forgotten with the key.

    Raises OfficeNeeded, Missing, VoteNotInState or VoteKeyLost.
    """
    caller.check_office(*holding.READERS)
    vote = await find_vote(tx, caller.compound_id, vote_id)
    holding.check_state(vote, VoteState.PREPARED, VoteState.OPEN, VoteState.CLOSED)
    keys = keys_of(vault, caller.compound_id, vote.vote_id)
    return tuple(_paper(keys, voter) for voter in await voters(tx, caller.compound_id, vote_id))


# The key


def keys_of(vault: Vault, compound_id: UUID, vote_id: UUID) -> boxes.VoteKeys:
    """Raises VoteKeyLost."""
    secret = vault.read(secret_name(compound_id, vote_id))
    if secret is None:
        raise boxes.VoteKeyLost
    return boxes.keys_of(secret)


def retry_pepper(vault: Vault, compound_id: UUID, vote_id: UUID) -> bytes:
    """What hides a ballot in the key of its request; forgotten with the key of the vote."""
    secret = vault.read(secret_name(compound_id, vote_id))
    return b"" if secret is None else boxes.keys_of(secret).retry


async def enqueue_forgetting(tx: Tx, compound_id: UUID, vote_id: UUID) -> None:
    """The worker forgets the key when this commits, should the edge not live to do it."""
    payload = {"compound_id": str(compound_id), "vote_id": str(vote_id)}
    await jobs.enqueue(tx, FORGET_JOB, payload)


def forget_key(vault: Vault, compound_id: UUID, vote_id: UUID) -> None:
    """Destroys what opens the secret answers; only after the count, or the abandoning, is committed."""
    vault.destroy(secret_name(compound_id, vote_id))


def secret_name(compound_id: UUID, vote_id: UUID) -> str:
    return f"votes/{compound_id}/{vote_id}"


def _paper(keys: boxes.VoteKeys, voter: Voter) -> BallotPaper:
    code = boxes.paper_code(keys, voter.voter_id)
    return BallotPaper(voter_id=voter.voter_id, serial=voter.serial, code=code)


def _present(vote: Vote | None) -> Vote:
    if vote is None:
        raise Missing(kind="vote")
    return vote
