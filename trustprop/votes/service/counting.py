"""The count: once, from a box that is whole, and for good. Witnesses stand for its digest."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import msgspec

from trustprop.compounds import rules as compound_rules
from trustprop.compounds import service as compounds
from trustprop.evidence import service as evidence
from trustprop.identity import rules as identity_rules
from trustprop.identity import service as identity
from trustprop.kernel import signatures
from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import rules
from trustprop.votes.model.counting import Channel, Poll, Result, Seat, Voter, Weight
from trustprop.votes.model.document import BoxHead, RollTotals, VoteDocument, VoteHead
from trustprop.votes.model.holding import (
    CountedVote,
    CountWitness,
    RollLine,
    Turnout,
    Vote,
    VoteCount,
    VoteRoll,
    VoteState,
    Witness,
    WitnessRole,
)
from trustprop.votes.rules import boxes, franchise, holding, objections, witnesses
from trustprop.votes.service.casting import person, voters_of_person
from trustprop.votes.service.polls import (
    enqueue_forgetting,
    find_vote,
    lock_vote,
    secret_name,
)
from trustprop.votes.store import box, papers, polls
from trustprop.votes.store import counts as store


async def count(tx: Tx, caller: Caller, vote_id: UUID, vault: Vault) -> CountedVote:
    """Counts a closed vote, once; a second call answers the same.

    The edge calls ``forget_key`` after the commit; a job does it should the edge not live so long.
    Raises OfficeNeeded, Missing, VoteNotInState, BoxBroken or VoteKeyLost.
    """
    caller.check_office(*holding.READERS)
    compound_id = caller.compound_id
    vote = await lock_vote(tx, compound_id, vote_id)
    known = await store.find(tx, compound_id, vote_id)
    if known is not None:
        return await _counted(tx, compound_id, vote, known)
    holding.check_state(vote, VoteState.CLOSED)
    poll, secrets = await _poll(tx, compound_id, vote, vault)
    document = rules.draw_document(
        _head(compound_id, vote, caller), poll, rules.count(poll), secrets
    )
    written = rules.document_bytes(document)
    counted = VoteCount(
        document=written,
        digest=sha256(written).hex(),
        root=document.root,
        tree_size=document.tree_size,
        counted_at=caller.at,
        counted_by=person(caller),
    )
    await store.add(tx, compound_id, vote_id, counted)
    await polls.save(tx, compound_id, msgspec.structs.replace(vote, state=VoteState.COUNTED))
    await enqueue_forgetting(tx, compound_id, vote_id)
    return await _counted(tx, compound_id, vote, counted)


async def _poll(
    tx: Tx, compound_id: UUID, vote: Vote, vault: Vault
) -> tuple[Poll, Mapping[UUID, bytes]]:
    """All that the count looks at, and the secrets of the ballots by ballot; the box is checked first."""
    voters = await polls.voters(tx, compound_id, vote.vote_id)
    boxed = await box.ballots(tx, compound_id, vote.vote_id)
    boxes.check_box(compound_id, vote, voters, boxed)
    invalid = objections.invalid_at_count(boxed, await box.events(tx, compound_id, vote.vote_id))
    secret = vault.read(secret_name(compound_id, vote.vote_id))
    keys = boxes.keys_of(secret) if secret is not None else None
    opened = [
        boxes.open_ballot(one, vote.questions, keys, is_invalid=one.ballot_id in invalid)
        for one in boxed
    ]
    poll = Poll(
        questions=vote.questions,
        voters=voters,
        ballots=tuple(ballot for ballot, _ in opened),
        appointments=await papers.appointments(tx, compound_id, vote.vote_id),
        warned=await papers.warned(tx, compound_id, vote.vote_id),
        policy=vote.policy,
    )
    return poll, {ballot.ballot_id: own_secret for ballot, own_secret in opened}


def _head(compound_id: UUID, vote: Vote, caller: Caller) -> VoteHead:
    assert vote.opens_at is not None
    assert vote.closes_at is not None
    return VoteHead(
        compound_id=compound_id,
        vote_id=vote.vote_id,
        subject_id=vote.subject_id,
        is_rehearsal=vote.is_rehearsal,
        record_on=vote.record_on,
        opens_at=vote.opens_at,
        closes_at=vote.closes_at,
        counted_at=caller.at,
        roll=RollTotals(digest=vote.roll_digest, heads=vote.heads, area_dm2=vote.area_dm2),
        policy=vote.policy,
        questions=vote.questions,
        box=BoxHead(size=vote.box_size, head=vote.box_head),
    )


async def counted_vote(tx: Tx, compound_id: UUID, vote_id: UUID) -> CountedVote:
    """Raises Missing while nothing is counted."""
    vote = await find_vote(tx, compound_id, vote_id)
    return await _counted(tx, compound_id, vote, await _count_of(tx, compound_id, vote_id))


async def document(tx: Tx, compound_id: UUID, vote_id: UUID) -> VoteCount:
    """The published count with its very bytes. Raises Missing."""
    return await _count_of(tx, compound_id, vote_id)


async def outcome(
    tx: Tx, compound_id: UUID, vote_id: UUID
) -> tuple[tuple[Result, ...], tuple[Seat, ...]]:
    """Results and seats by question. Raises Missing while nothing is counted."""
    drawn = _read(await _count_of(tx, compound_id, vote_id))
    return drawn.results, drawn.seats


async def _count_of(tx: Tx, compound_id: UUID, vote_id: UUID) -> VoteCount:
    found = await store.find(tx, compound_id, vote_id)
    if found is None:
        raise Missing(kind="count")
    return found


async def _counted(tx: Tx, compound_id: UUID, vote: Vote, counted: VoteCount) -> CountedVote:
    drawn = _read(counted)
    present = await store.witnesses(tx, compound_id, vote.vote_id)
    return CountedVote(
        vote_id=vote.vote_id,
        digest=counted.digest,
        root=counted.root,
        tree_size=counted.tree_size,
        counted_at=counted.counted_at,
        results=drawn.results,
        seats=drawn.seats,
        owner_witnesses=sum(one.role is WitnessRole.OWNER for one in present),
        committee_witnesses=sum(one.role is WitnessRole.COMMITTEE for one in present),
        is_witnessed=await _is_witnessed(tx, compound_id, vote, counted, present),
    )


def _read(counted: VoteCount) -> VoteDocument:
    return msgspec.json.decode(counted.document, type=VoteDocument)


# Witnesses


async def witness(tx: Tx, caller: Caller, vote_id: UUID, command: Witness) -> CountedVote:
    """Adds a witness, or the owners who signed the count sheet. Who stands there already stays.

    Raises PersonNeeded, Missing, CountDigestDiffers, WitnessIncomplete, WitnessUnknown,
    WitnessOnCommittee, BadCountSignature, and what a key or an owner is refused for.
    """
    person_id = person(caller)
    compound_id = caller.compound_id
    vote = await lock_vote(tx, compound_id, vote_id)
    counted = await _count_of(tx, compound_id, vote_id)
    role = witnesses.check_witness(command, counted.digest)
    present = await store.witnesses(tx, compound_id, vote_id)
    if role is WitnessRole.COMMITTEE:
        await _check_member(tx, caller, command, counted)
        voter_ids: tuple[UUID | None, ...] = (None,)
    elif command.serials:
        voter_ids = await _signed_sheet(tx, caller, vote, command)
    else:
        voter_ids = (await _watching_owner(tx, caller, vote, counted, person_id),)
    for voter_id in voter_ids:
        added = CountWitness(
            number=len(present) + 1,
            role=role,
            person_id=person_id,
            voter_id=voter_id,
            key_id=command.key_id,
            signature=command.signature,
            evidence=command.evidence,
            at=caller.at,
        )
        if not witnesses.is_present(present, added):
            await store.add_witness(tx, compound_id, vote_id, added)
            present = (*present, added)
    return await _counted(tx, compound_id, vote, counted)


async def _check_member(tx: Tx, caller: Caller, command: Witness, counted: VoteCount) -> None:
    """A member in office signs the digest with an active key of their own."""
    caller.check_office(*holding.COMMITTEE)
    assert command.key_id is not None
    assert command.signature is not None
    key = await identity.hold_key(tx, caller.compound_id, command.key_id)
    identity_rules.check_signs(key, person(caller), caller.at)
    digest = bytes.fromhex(counted.digest)
    if not signatures.verify(key.scheme, key.public_key, digest, command.signature):
        raise witnesses.BadCountSignature


async def _signed_sheet(tx: Tx, caller: Caller, vote: Vote, command: Witness) -> tuple[UUID, ...]:
    """The voters whose serials signed the scanned count sheet."""
    caller.check_office(*holding.READERS)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    by_serial = {
        one.serial: one.voter_id for one in await polls.voters(tx, caller.compound_id, vote.vote_id)
    }
    for serial in command.serials:
        if serial not in by_serial:
            raise witnesses.WitnessUnknown(serial=serial)
    return tuple(by_serial[serial] for serial in sorted(set(command.serials)))


async def _watching_owner(
    tx: Tx, caller: Caller, vote: Vote, counted: VoteCount, person_id: UUID
) -> UUID:
    members = await _committee(tx, caller.compound_id, local_date(counted.counted_at))
    if person_id in members:
        raise witnesses.WitnessOnCommittee
    own = await voters_of_person(tx, caller.compound_id, vote, person_id)
    if not own:
        raise franchise.NoOwnerHere
    return own[0].voter_id


async def is_witnessed(tx: Tx, compound_id: UUID, vote_id: UUID) -> bool:
    """At least ten owners outside the committee, and half of the committee in office at the count."""
    vote = await find_vote(tx, compound_id, vote_id)
    counted = await store.find(tx, compound_id, vote_id)
    if counted is None:
        return False
    present = await store.witnesses(tx, compound_id, vote_id)
    return await _is_witnessed(tx, compound_id, vote, counted, present)


async def _is_witnessed(
    tx: Tx, compound_id: UUID, vote: Vote, counted: VoteCount, present: tuple[CountWitness, ...]
) -> bool:
    members = await _committee(tx, compound_id, local_date(counted.counted_at))
    inside = {
        voter.voter_id
        for member in members
        for voter in await voters_of_person(tx, compound_id, vote, member)
    }
    everybody = {one.voter_id for one in await polls.voters(tx, compound_id, vote.vote_id)}
    return witnesses.is_witnessed(
        {one.voter_id for one in present if one.voter_id is not None},
        everybody - inside,
        {one.person_id for one in present if one.role is WitnessRole.COMMITTEE},
        members,
    )


async def _committee(tx: Tx, compound_id: UUID, on: date) -> frozenset[UUID]:
    return frozenset(term.person_id for term in await compounds.committee(tx, compound_id, on))


# What may be seen before


async def turnout(tx: Tx, compound_id: UUID, vote_id: UUID) -> Turnout:
    """Area and heads of whoever has returned a valid ballot; never choices. Raises Missing."""
    vote = await find_vote(tx, compound_id, vote_id)
    returned = await box.returned(tx, compound_id, vote_id)
    everybody = Weight(heads=vote.heads, area_dm2=vote.area_dm2)
    return Turnout(vote_id=vote_id, total=everybody, returned=returned)


async def returned_by_channel(tx: Tx, compound_id: UUID, vote_id: UUID) -> dict[Channel, int]:
    """How many ballots lie in the box of a counted vote: online, on paper, by proxy. Raises Missing."""
    await _count_of(tx, compound_id, vote_id)
    return await box.by_channel(tx, compound_id, vote_id)


async def read_roll(tx: Tx, caller: Caller, vote_id: UUID) -> VoteRoll:
    """Voter lists stay behind a login. Raises ScopeNeeded or Missing."""
    compounds.check_reads_roll(caller)
    return await roll(tx, caller.compound_id, vote_id)


async def roll(tx: Tx, compound_id: UUID, vote_id: UUID) -> VoteRoll:
    """The frozen roll with its owners masked. Raises Missing."""
    vote = await find_vote(tx, compound_id, vote_id)
    names = {
        owner_id: compound_rules.masked_owner(owner)
        for owner_id, owner in (await compounds.owners(tx, compound_id)).items()
    }
    found = await polls.voters(tx, compound_id, vote_id)
    return VoteRoll(
        vote_id=vote_id,
        record_on=vote.record_on,
        roll_digest=vote.roll_digest,
        heads=vote.heads,
        area_dm2=vote.area_dm2,
        lines=tuple(_roll_line(voter, names) for voter in found),
    )


def _roll_line(voter: Voter, names: Mapping[UUID, str]) -> RollLine:
    return RollLine(
        serial=voter.serial,
        owners=tuple(names[owner_id] for owner_id in voter.owner_ids),
        homes=holding.labels(voter),
        area_dm2=holding.area_of(voter),
    )
