"""Ballots that owners, or holders of written proxies, send themselves."""

import secrets
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trustprop.compounds import service as compounds
from trustprop.identity.rules import PersonNeeded
from trustprop.kernel.caller import Caller, Party
from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.plumbing.database import Tx
from trustprop.votes.model.counting import Channel, Voter
from trustprop.votes.model.holding import (
    BallotContent,
    BallotReceipt,
    BoxedBallot,
    CastBallot,
    NoticeKind,
    Vote,
)
from trustprop.votes.rules import boxes, franchise, holding, objections
from trustprop.votes.service.polls import SECRET_BYTES, Draw, lock_vote
from trustprop.votes.store import box, papers
from trustprop.votes.store import polls as store


async def cast(
    tx: Tx,
    caller: Caller,
    vote_id: UUID,
    command: CastBallot,
    log_key: Ed25519PrivateKey,
    *,
    draw: Draw = secrets.token_bytes,
) -> BallotReceipt:
    """Puts a person's ballot into the box; the first valid one of an owner stands.

    Raises PersonNeeded, Missing, VoteNotInState, VoteNotOpenYet, VoteIsOver, why this person has no
    vote here, AlreadyVoted or FieldsInvalid.
    """
    person_id = person(caller)
    compound_id = caller.compound_id
    vote = await lock_vote(tx, compound_id, vote_id)
    known = await box.find_ballot(tx, compound_id, vote_id, command.id)
    if known is not None:
        franchise.check_same_ballot(known, boxes.read_content(known.content), command, person_id)
        return boxes.receipt(compound_id, vote_id, known, log_key)
    holding.check_takes_ballots(vote, caller.at)
    voter, owner_id = await _franchise(tx, caller, vote, command)
    franchise.check_answers(vote.questions, voter, command.answers)
    await check_first(tx, compound_id, vote_id, voter, owner_id)
    content = BallotContent(
        type=boxes.BALLOT,
        compound_id=compound_id,
        vote_id=vote_id,
        ballot_id=command.id,
        voter_id=voter.voter_id,
        owner_id=owner_id,
        channel=Channel.ONLINE if command.proxy_id is None else Channel.PROXY,
        proxy_id=command.proxy_id,
        cast_at=caller.at,
        flaw=None,
        answers=command.answers,
        secret="",
        sealed="",
    )
    boxed = await put(tx, vote, content, person_id, command.secret, draw)
    return boxes.receipt(compound_id, vote_id, boxed, log_key)


async def _franchise(
    tx: Tx, caller: Caller, vote: Vote, command: CastBallot
) -> tuple[Voter, UUID | None]:
    """The voter that this person may speak for, and as which owner; None for the voter as a whole."""
    if command.proxy_id is not None:
        return await _proxied(tx, caller, vote, command.proxy_id), None
    owner_ids, held = await _places(tx, caller, vote)
    voter = franchise.choose_voter(held, command.voter_id)
    if voter is None:
        raise Missing(kind="voter")
    appointed = await _appointed(tx, caller.compound_id, vote.vote_id, voter)
    franchise.check_appointed(appointed, owner_ids)
    return voter, appointed or franchise.owner_of(voter, owner_ids)


async def _places(tx: Tx, caller: Caller, vote: Vote) -> tuple[frozenset[UUID], tuple[Voter, ...]]:
    """Who this person is, and the voters of the frozen roll that go with it.

    Raises why there is none.
    """
    person_id, compound_id = person(caller), caller.compound_id
    owner_ids = await compounds.owner_ids_of_person(tx, compound_id, person_id)
    held = await store.voters(tx, compound_id, vote.vote_id, owner_ids=owner_ids)
    if held:
        return owner_ids, held
    today = local_date(caller.at)
    raise franchise.refuse_owner(
        await compounds.residencies(tx, compound_id, person_id),
        await store.voters(tx, compound_id, vote.vote_id),
        owns_today=bool(await compounds.owners_of_person(tx, compound_id, person_id, today)),
        record_on=vote.record_on,
    )


async def _proxied(tx: Tx, caller: Caller, vote: Vote, proxy_id: UUID) -> Voter:
    """Raises Missing, ProxyNotYours, ProxyEnded or ProxyHolderIsStaff."""
    found = await papers.proxies(tx, caller.compound_id, vote.vote_id, proxy_id=proxy_id)
    if not found:
        raise Missing(kind="proxy")
    if found[0].holder_person_id != caller.person_id:
        raise franchise.ProxyNotYours
    franchise.check_proxy(found[0], found[0].voter_id)
    await check_holder_person(tx, caller, caller.person_id)
    return await voter_by_id(tx, caller.compound_id, vote.vote_id, found[0].voter_id)


async def check_holder_person(tx: Tx, caller: Caller, person_id: UUID | None) -> None:
    """Nobody with a mandate of the property firm holds a proxy. Raises ProxyHolderIsStaff."""
    if person_id is None:
        return
    on = local_date(caller.at)
    held = await compounds.mandates_of(tx, caller.compound_id, person_id, on)
    if any(mandate.party is Party.TRUSTEE for mandate in held):
        raise franchise.ProxyHolderIsStaff


async def _appointed(tx: Tx, compound_id: UUID, vote_id: UUID, voter: Voter) -> UUID | None:
    if len(voter.owner_ids) < 2:
        return None
    named = await papers.appointments(tx, compound_id, vote_id)
    return next((one.owner_id for one in named if one.voter_id == voter.voter_id), None)


async def check_first(
    tx: Tx, compound_id: UUID, vote_id: UUID, voter: Voter, owner_id: UUID | None
) -> None:
    """Raises AlreadyVoted."""
    there = await box.ballots(tx, compound_id, vote_id, voter.voter_id)
    if there:
        events = await box.events(tx, compound_id, vote_id)
        franchise.check_first(owner_id, there, objections.out_of(events))


async def put(
    tx: Tx,
    vote: Vote,
    content: BallotContent,
    recorded_by: UUID,
    secret: bytes,
    draw: Draw,
    *,
    paper_round: int | None = None,
    evidence: tuple[str, ...] = (),
) -> BoxedBallot:
    """Into the box, behind the last one, and the owner is told in the same transaction."""
    if await box.is_known(tx, content.compound_id, content.ballot_id):
        raise franchise.BallotDiffers
    sealing_key = bytes.fromhex(vote.sealing_key)
    written = boxes.write_content(content, vote.questions, secret, sealing_key, draw(SECRET_BYTES))
    digest = sha256(written)
    boxed = BoxedBallot(
        sequence=vote.box_size + 1,
        ballot_id=content.ballot_id,
        voter_id=content.voter_id,
        owner_id=content.owner_id,
        channel=content.channel,
        proxy_id=content.proxy_id,
        cast_at=content.cast_at,
        recorded_by=recorded_by,
        flaw=content.flaw,
        content=written,
        is_sealed=bool(boxes.read_content(written).sealed),
        digest=digest,
        chain=boxes.chain(bytes.fromhex(vote.box_head), digest),
        paper_round=paper_round,
        evidence=evidence,
    )
    await box.add_ballot(tx, content.compound_id, vote.vote_id, boxed)
    await notify(tx, content.compound_id, vote.vote_id, boxed, NoticeKind.BALLOT_RECORDED)
    return boxed


async def notify(
    tx: Tx,
    compound_id: UUID,
    vote_id: UUID,
    boxed: BoxedBallot,
    kind: NoticeKind,
    *,
    at: datetime | None = None,
    reason: str = "",
) -> None:
    """What an owner is told about a ballot in their name; never what is on it."""
    facts = {
        "ballot_id": boxed.ballot_id,
        "sequence": boxed.sequence,
        "channel": boxed.channel,
        "flaw": boxed.flaw,
        "reason": reason,
    }
    when = at or boxed.cast_at
    await box.add_notice(tx, compound_id, vote_id, boxed.voter_id, kind, facts, when)


async def note_second_ballot(
    tx: Tx, caller: Caller, vote_id: UUID, voter_id: UUID, channel: Channel
) -> None:
    """Tells the owner that another ballot in their name was refused.

    In a transaction of its own, because the refusal has undone the other one.
    """
    await lock_vote(tx, caller.compound_id, vote_id)
    await box.add_notice(
        tx,
        caller.compound_id,
        vote_id,
        voter_id,
        NoticeKind.SECOND_BALLOT_REFUSED,
        {"channel": channel},
        caller.at,
    )


async def voter_of(tx: Tx, compound_id: UUID, vote_id: UUID, person_id: UUID) -> Voter | None:
    """The voter that a person is, or the first of several; None for whoever has no vote."""
    vote = await store.find(tx, compound_id, vote_id)
    if vote is None:
        raise Missing(kind="vote")
    held = await voters_of_person(tx, compound_id, vote, person_id)
    return held[0] if held else None


async def voters_of_person(
    tx: Tx, compound_id: UUID, vote: Vote, person_id: UUID
) -> tuple[Voter, ...]:
    """Every place on the roll that a person may vote for as an owner of the record date."""
    owner_ids = await compounds.owner_ids_of_person(tx, compound_id, person_id)
    if not owner_ids:
        return ()
    return await store.voters(tx, compound_id, vote.vote_id, owner_ids=owner_ids)


async def voter_by_id(tx: Tx, compound_id: UUID, vote_id: UUID, voter_id: UUID) -> Voter:
    """Raises Missing."""
    found = await store.voters(tx, compound_id, vote_id, voter_id=voter_id)
    if not found:
        raise Missing(kind="voter")
    return found[0]


def person(caller: Caller) -> UUID:
    """Ballots, papers and proxies are for people with a second factor. Raises PersonNeeded."""
    if caller.person_id is None:
        raise PersonNeeded
    return caller.person_id
