"""Ballots out, extension, close, count, tally and posting."""

from typing import Any
from uuid import UUID

import msgspec

from trustprop.compounds import service as compounds
from trustprop.compounds.model import Limits
from trustprop.evidence import service as evidence
from trustprop.kernel.caller import Caller
from trustprop.kernel.periods import local_date
from trustprop.meetings.model.afterwards import ObjectionTarget
from trustprop.meetings.model.meetings import (
    Cancel,
    ExtendWindow,
    Meeting,
    PostResult,
    SendBallotsOut,
    Step,
)
from trustprop.meetings.model.motions import MotionOutcome
from trustprop.meetings.rules import effect, motions, steps
from trustprop.meetings.rules.afterwards import check_no_objection
from trustprop.meetings.service.access import COMMITTEE, lock, save
from trustprop.meetings.store import afterwards as later
from trustprop.meetings.store import meetings as store
from trustprop.meetings.store import resolutions as decisions
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import service as votes
from trustprop.votes.model.holding import CountedVote, VoteState


async def limits_of(tx: Tx, caller: Caller, meeting: Meeting) -> Limits:
    """Those of the day of its notice; later texts do not move its days."""
    on = meeting.notice_on or local_date(caller.at)
    return await compounds.limits(tx, caller.compound_id, on)


def vote_of(meeting: Meeting) -> UUID:
    """Of a meeting whose roll is drawn."""
    assert meeting.vote_id is not None
    return meeting.vote_id


async def send_ballots_out(
    tx: Tx, caller: Caller, meeting_id: UUID, command: SendBallotsOut
) -> Meeting:
    """Opens the vote, from the announced hour on, with every objection to the roll answered.

    Raises StepMissing, TooEarly, TooLate, ObjectionsOpen, ObjectionStands or FilesMissing.
    """
    caller.check_office(*COMMITTEE)
    meeting = await lock(tx, caller, meeting_id)
    limits = await limits_of(tx, caller, meeting)
    sent = steps.send_ballots_out(
        meeting, limits, caller.at, caller.person_id, evidence=command.evidence
    )
    objections = await later.objections(tx, caller.compound_id, meeting_id)
    check_no_objection(objections, ObjectionTarget.ROLL)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    assert meeting.closes_at is not None
    await votes.open_vote(tx, caller, vote_of(meeting), caller.at, meeting.closes_at)
    return await save(tx, caller, meeting, sent)


async def extend(tx: Tx, caller: Caller, meeting_id: UUID, command: ExtendWindow) -> Meeting:
    """Takes ballots in for longer, and says so in public.

    Raises StepMissing, TooLate, ExtensionNotAllowed, ExtensionTooShort, WindowWrong or FilesMissing.
    """
    caller.check_office(*COMMITTEE)
    meeting = await lock(tx, caller, meeting_id)
    limits = await limits_of(tx, caller, meeting)
    extended = steps.extend(meeting, limits, command, caller.at, caller.person_id)
    await evidence.check_exist(tx, caller.compound_id, command.posted)
    await votes.extend(tx, caller, vote_of(meeting), command.closes_at)
    return await save(tx, caller, meeting, extended)


async def close(tx: Tx, caller: Caller, meeting_id: UUID) -> Meeting:
    """Ends the window, never before its hour. Raises StepMissing or TooEarly."""
    caller.check_office(*COMMITTEE)
    meeting = await lock(tx, caller, meeting_id)
    steps.check_step(meeting, Step.CLOSE)
    turnout = await votes.turnout(tx, caller.compound_id, vote_of(meeting))
    facts = {"returned": msgspec.to_builtins(turnout.returned)}
    closed = steps.close(meeting, caller.at, caller.person_id, facts)
    await votes.close(tx, caller, vote_of(meeting))
    return await save(tx, caller, meeting, closed)


async def count(tx: Tx, caller: Caller, meeting_id: UUID, vault: Vault) -> CountedVote:
    """Counts in public, once; asked again it answers the same.

    The edge forgets the key of the vote after the commit. Raises StepMissing and what the count does.
    """
    caller.check_office(*COMMITTEE)
    meeting = await lock(tx, caller, meeting_id)
    steps.check_came_after(meeting, Step.COUNT)
    counted = await votes.count(tx, caller, vote_of(meeting), vault)
    if meeting.done(Step.COUNT) is None:
        after = steps.count(meeting, caller.at, caller.person_id, counted.digest)
        await save(tx, caller, meeting, after)
    return counted


async def certify(tx: Tx, caller: Caller, meeting_id: UUID) -> Meeting:
    """Certifies the tally (计票证明) once enough witnesses stand for the count.

    Raises StepMissing or CountNotWitnessed.
    """
    caller.check_office(*COMMITTEE)
    meeting = await lock(tx, caller, meeting_id)
    steps.check_step(meeting, Step.TALLY)
    is_witnessed = await votes.is_witnessed(tx, caller.compound_id, vote_of(meeting))
    facts: dict[str, Any] = {
        "outcomes": msgspec.to_builtins(await outcomes(tx, caller.compound_id, meeting))
    }
    certified = steps.certify(
        meeting, caller.at, caller.person_id, facts, is_witnessed=is_witnessed
    )
    return await save(tx, caller, meeting, certified)


async def outcomes(tx: Tx, compound_id: UUID, meeting: Meeting) -> tuple[MotionOutcome, ...]:
    """What became of every motion. Raises Missing while nothing is counted."""
    results, seats = await votes.outcome(tx, compound_id, vote_of(meeting))
    held = motions.live(await store.motions(tx, compound_id, meeting.meeting_id))
    made = await decisions.ids_of_meeting(tx, compound_id, meeting.meeting_id)
    return tuple(effect.outcome(motion, results, seats, made) for motion in held)


async def post_result(tx: Tx, caller: Caller, meeting_id: UUID, command: PostResult) -> Meeting:
    """Posts decision, tally and digest; objections are heard from here on.

    Raises StepMissing or FilesMissing.
    """
    caller.check_office(*COMMITTEE)
    meeting = await lock(tx, caller, meeting_id)
    steps.check_step(meeting, Step.POSTING)
    await evidence.check_exist(tx, caller.compound_id, command.posted)
    posted = steps.take(meeting, Step.POSTING, caller.at, caller.person_id, evidence=command.posted)
    return await save(tx, caller, meeting, posted)


async def cancel(tx: Tx, caller: Caller, meeting_id: UUID, command: Cancel) -> Meeting:
    """Ends a meeting that cannot keep the law any more, or that its callers no longer want.

    Raises OfficeNeeded, MeetingEnded or MeetingInEffect.
    """
    meeting = await lock(tx, caller, meeting_id)
    is_own_call = meeting.done(Step.PROPOSAL) is None and meeting.proposed_by == caller.person_id
    if not is_own_call:
        caller.check_office(*COMMITTEE)
    cancelled = steps.cancel(meeting, command.reason, caller.at)
    if meeting.vote_id is not None:
        vote = await votes.find_vote(tx, caller.compound_id, meeting.vote_id)
        if vote.state is not VoteState.COUNTED:
            await votes.abandon(tx, caller, meeting.vote_id, command.reason)
    return await save(tx, caller, meeting, cancelled)
