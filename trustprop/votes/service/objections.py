"""Ballots contested by the owner in whose name they stand, and papers found invalid."""

from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trustprop.compounds import service as compounds
from trustprop.evidence import service as evidence
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.plumbing.database import Tx
from trustprop.votes.model.counting import Voter
from trustprop.votes.model.holding import (
    BallotEvent,
    BallotReceipt,
    BoxedBallot,
    ContestedBallot,
    DecideObjection,
    EventKind,
    FindInvalid,
    MyBallot,
    MyBallotLine,
    MyVote,
    NoticeKind,
    ObjectToBallot,
    Vote,
    VoteState,
)
from trustprop.votes.rules import boxes, holding, objections
from trustprop.votes.service.casting import notify, person, voters_of_person
from trustprop.votes.service.polls import find_vote, lock_vote, voters
from trustprop.votes.store import box

_NOTICE_OF = {
    EventKind.OBJECTED: NoticeKind.OBJECTION_RECEIVED,
    EventKind.STRUCK: NoticeKind.BALLOT_STRUCK,
    EventKind.UPHELD: NoticeKind.BALLOT_UPHELD,
    EventKind.FOUND_INVALID: NoticeKind.BALLOT_FOUND_INVALID,
}


async def object_to_ballot(
    tx: Tx, caller: Caller, vote_id: UUID, ballot_id: UUID, command: ObjectToBallot
) -> BallotEvent:
    """An owner contests a ballot in their name, until the count. What is never decided is invalid.

    Raises PersonNeeded, Missing, VoteNotInState, BallotNotYours, ObjectionOpen or ObjectionDecided.
    """
    person_id = person(caller)
    vote, boxed, events = await _lock(tx, caller, vote_id, ballot_id)
    own = await voters_of_person(tx, caller.compound_id, vote, person_id)
    if boxed.voter_id not in {voter.voter_id for voter in own}:
        raise objections.BallotNotYours
    objections.check_contestable(events)
    return await _add(tx, caller, vote, boxed, events, EventKind.OBJECTED, command.reason)


async def decide_objection(
    tx: Tx, caller: Caller, vote_id: UUID, ballot_id: UUID, command: DecideObjection
) -> BallotEvent:
    """The committee decides with reasons: struck, the owner may vote again; or upheld.

    Raises OfficeNeeded, Missing, VoteNotInState, NothingToDecide or ObjectionDecided.
    """
    caller.check_office(*holding.COMMITTEE)
    vote, boxed, events = await _lock(tx, caller, vote_id, ballot_id)
    objections.check_decidable(events)
    kind = EventKind.STRUCK if command.is_struck else EventKind.UPHELD
    return await _add(tx, caller, vote, boxed, events, kind, command.reason)


async def find_invalid(
    tx: Tx, caller: Caller, vote_id: UUID, ballot_id: UUID, command: FindInvalid
) -> BallotEvent:
    """A ballot on paper turns out invalid after it was entered; the reason and its proof are kept.

    Raises OfficeNeeded, Missing, VoteNotInState, BallotNotOnPaper, ObjectionDecided or FilesMissing.
    """
    caller.check_office(*holding.COMMITTEE)
    vote, boxed, events = await _lock(tx, caller, vote_id, ballot_id)
    objections.check_can_be_invalid(boxed, events)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    kind = EventKind.FOUND_INVALID
    return await _add(tx, caller, vote, boxed, events, kind, command.reason, command.evidence)


async def _lock(
    tx: Tx, caller: Caller, vote_id: UUID, ballot_id: UUID
) -> tuple[Vote, BoxedBallot, tuple[BallotEvent, ...]]:
    vote = await lock_vote(tx, caller.compound_id, vote_id)
    boxed = await box.find_ballot(tx, caller.compound_id, vote_id, ballot_id)
    if boxed is None:
        raise Missing(kind="ballot")
    holding.check_state(vote, VoteState.OPEN, VoteState.CLOSED)
    return vote, boxed, await box.events(tx, caller.compound_id, vote_id, ballot_id)


async def _add(
    tx: Tx,
    caller: Caller,
    vote: Vote,
    boxed: BoxedBallot,
    events: tuple[BallotEvent, ...],
    kind: EventKind,
    reason: str,
    proofs: tuple[str, ...] = (),
) -> BallotEvent:
    event = BallotEvent(
        ballot_id=boxed.ballot_id,
        number=len(events) + 1,
        kind=kind,
        by=person(caller),
        at=caller.at,
        reason=reason,
        evidence=proofs,
    )
    compound_id = caller.compound_id
    await box.add_event(tx, compound_id, vote.vote_id, event)
    notice = _NOTICE_OF[kind]
    await notify(tx, compound_id, vote.vote_id, boxed, notice, at=caller.at, reason=reason)
    return event


async def contested(tx: Tx, caller: Caller, vote_id: UUID) -> tuple[ContestedBallot, ...]:
    """Ballots about which there is anything to read, in the order of the box.

    Raises OfficeNeeded or Missing.
    """
    caller.check_office(*holding.READERS)
    await find_vote(tx, caller.compound_id, vote_id)
    return objections.contested(
        await voters(tx, caller.compound_id, vote_id),
        await box.ballots(tx, caller.compound_id, vote_id),
        await box.events(tx, caller.compound_id, vote_id),
    )


# What an owner sees


async def my_vote(tx: Tx, caller: Caller, vote_id: UUID, log_key: Ed25519PrivateKey) -> MyVote:
    """One's own places on the roll with ballots, receipts and notices. Raises PersonNeeded, Missing."""
    person_id = person(caller)
    vote = await find_vote(tx, caller.compound_id, vote_id)
    own = await voters_of_person(tx, caller.compound_id, vote, person_id)
    places = [await _my_ballot(tx, caller, vote, voter, person_id, log_key) for voter in own]
    return MyVote(vote_id=vote_id, places=tuple(places))


async def _my_ballot(
    tx: Tx,
    caller: Caller,
    vote: Vote,
    voter: Voter,
    person_id: UUID,
    log_key: Ed25519PrivateKey,
) -> MyBallot:
    compound_id = caller.compound_id
    boxed = await box.ballots(tx, compound_id, vote.vote_id, voter.voter_id)
    events = await box.events(tx, compound_id, vote.vote_id)
    owner_ids = await compounds.owner_ids_of_person(tx, compound_id, person_id)
    mine = {one.ballot_id for one in boxed if objections.is_of(one, person_id, owner_ids)}
    return MyBallot(
        voter_id=voter.voter_id,
        serial=voter.serial,
        heads=1,
        area_dm2=holding.area_of(voter),
        homes=holding.labels(voter),
        ballots=tuple(
            _line(
                boxes.receipt(compound_id, vote.vote_id, one, log_key),
                one,
                events,
                is_mine=one.ballot_id in mine,
            )
            for one in boxed
        ),
        notices=await box.notices(tx, compound_id, vote.vote_id, voter.voter_id),
    )


def _line(
    receipt: BallotReceipt, boxed: BoxedBallot, events: tuple[BallotEvent, ...], *, is_mine: bool
) -> MyBallotLine:
    """With the answers for whose ballot it is, and for nobody else; what is sealed nobody sees."""
    content = boxes.read_content(boxed.content)
    return MyBallotLine(
        receipt=receipt,
        owner_id=boxed.owner_id,
        channel=boxed.channel,
        answers=content.answers if is_mine else (),
        secret=content.secret if is_mine and boxed.paper_round is not None else "",
        flaw=boxed.flaw,
        is_sealed=boxed.is_sealed,
        is_mine=is_mine,
        events=tuple(event for event in events if event.ballot_id == boxed.ballot_id),
    )
