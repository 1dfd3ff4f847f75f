"""Objections and their answers, filing with the street office, handover, and what was done since."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds import service as compounds
from trustprop.evidence import service as evidence
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.meetings.model.afterwards import (
    AnswerObjection,
    Filing,
    FollowUp,
    Handover,
    MeetingObjection,
    RaiseObjection,
    RecordFiling,
    RecordHandover,
    WriteFollowUp,
)
from trustprop.meetings.model.meetings import Meeting, Step
from trustprop.meetings.rules import afterwards as rules
from trustprop.meetings.rules import steps
from trustprop.meetings.service.access import (
    COMMITTEE,
    check_owner_or_committee,
    is_committee,
    lock,
    present_motion,
    save,
)
from trustprop.meetings.service.resolutions import find as find_resolution
from trustprop.meetings.service.voting import limits_of
from trustprop.meetings.store import afterwards as store
from trustprop.meetings.store import meetings as meeting_store
from trustprop.plumbing.database import Tx

FOLLOWERS = (*COMMITTEE, Office.TRUSTEE_MANAGER, Office.TRUSTEE_BOOKKEEPER)


async def object_to(
    tx: Tx, caller: Caller, meeting_id: UUID, command: RaiseObjection
) -> MeetingObjection:
    """An owner contests the roll before ballots go out, or the result while it is open to that.

    Raises OwnersOnly, StepMissing, TooLate, FilesMissing or ObjectionDiffers.
    """
    person_id = await check_owner_or_committee(tx, caller)
    meeting = await lock(tx, caller, meeting_id)
    limits = await limits_of(tx, caller, meeting)
    rules.check_objection(meeting, command.target, limits, caller.at)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    objection = MeetingObjection(
        objection_id=command.id,
        meeting_id=meeting_id,
        target=command.target,
        body=command.body,
        evidence=command.evidence,
        raised_by=person_id,
        raised_at=caller.at,
    )
    if not await store.add_objection(tx, caller.compound_id, objection):
        raise rules.ObjectionDiffers
    return objection


async def answer_objection(
    tx: Tx, caller: Caller, objection_id: UUID, command: AnswerObjection
) -> MeetingObjection:
    """The committee answers, once, and says whether the objection is right.

    Raises OfficeNeeded, Missing, ObjectionAnswered or FilesMissing.
    """
    caller.check_office(*COMMITTEE)
    found = _present(await store.find_objection(tx, caller.compound_id, objection_id))
    await lock(tx, caller, found.meeting_id)
    held = _present(await store.find_objection(tx, caller.compound_id, objection_id))
    answered = rules.answer(held, command, caller)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    await store.save_answer(tx, caller.compound_id, answered)
    return answered


async def objections(tx: Tx, caller: Caller, meeting_id: UUID) -> tuple[MeetingObjection, ...]:
    """Who objected is shown to the committee and to the objector."""
    found = await store.objections(tx, caller.compound_id, meeting_id)
    may_know = is_committee(caller)
    return tuple(
        one if may_know or one.raised_by == caller.person_id else replace(one, raised_by=None)
        for one in found
    )


def _present(objection: MeetingObjection | None) -> MeetingObjection:
    if objection is None:
        raise Missing(kind="objection")
    return objection


async def file(tx: Tx, caller: Caller, meeting_id: UUID, command: RecordFiling) -> Filing:
    """The receipt of the street office. Raises StepMissing, FilingDateWrong, FilesMissing."""
    caller.check_office(*COMMITTEE)
    meeting = await lock(tx, caller, meeting_id)
    steps.check_under_way(meeting)
    steps.check_came_after(meeting, Step.FILING)
    rules.check_filing(meeting, command.filed_on, local_date(caller.at))
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    filing = Filing(
        filing_id=command.id,
        meeting_id=meeting_id,
        kind=command.kind,
        filed_on=command.filed_on,
        receipt_number=command.receipt_number,
        evidence=command.evidence,
        recorded_by=_person(caller),
        recorded_at=caller.at,
    )
    if not await store.add_filing(tx, caller.compound_id, filing):
        raise rules.FilingDiffers
    if meeting.done(Step.FILING) is None:
        facts = {"kind": command.kind.value, "receipt_number": command.receipt_number}
        done = steps.take(
            meeting,
            Step.FILING,
            caller.at,
            caller.person_id,
            facts=facts,
            evidence=command.evidence,
        )
        await save(tx, caller, meeting, done)
    return filing


async def filings(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[Filing, ...]:
    return await store.filings(tx, compound_id, meeting_id)


async def hand_over(tx: Tx, caller: Caller, meeting_id: UUID, command: RecordHandover) -> Handover:
    """The old committee has handed over: its mandates end on that day, and not later.

    Raises StepMissing, Missing, NothingToHandOver, HandoverDayWrong, FilesMissing or HandoverDiffers.
    """
    caller.check_office(*COMMITTEE)
    await compounds.lock(tx, caller.compound_id)
    meeting = await lock(tx, caller, meeting_id)
    effective_on = _effective_on(meeting)
    rules.check_handover(command.handed_on, effective_on, local_date(caller.at))
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    handover = Handover(
        handover_id=command.id,
        meeting_id=meeting_id,
        motion_id=command.motion_id,
        handed_on=command.handed_on,
        items=command.items,
        evidence=command.evidence,
        recorded_by=_person(caller),
        recorded_at=caller.at,
    )
    await _end_replaced(tx, caller, handover)
    if not await store.add_handover(tx, caller.compound_id, handover):
        raise rules.HandoverDiffers
    return handover


def _effective_on(meeting: Meeting) -> date:
    """Raises MeetingEnded or StepMissing."""
    steps.check_under_way(meeting)
    done = meeting.done(Step.EFFECT)
    if done is None:
        raise steps.StepMissing(step=Step.FILING, needed=Step.EFFECT)
    return date.fromisoformat(done.facts["effective_on"])


async def _end_replaced(tx: Tx, caller: Caller, handover: Handover) -> None:
    motion = present_motion(
        await meeting_store.find_motion(tx, caller.compound_id, handover.motion_id)
    )
    if motion.meeting_id != handover.meeting_id:
        raise Missing(kind="motion")
    election = motion.content.election
    terms = {term.mandate_id: term for term in await compounds.mandates(tx, caller.compound_id)}
    replaced = [id_ for id_ in (election.replaces if election else ()) if id_ in terms]
    by = {terms[id_].ended_by_resolution_id for id_ in replaced} - {None}
    if not by:
        raise rules.NothingToHandOver
    resolution_id = min(one for one in by if one is not None)
    await compounds.end_mandates(tx, caller, replaced, handover.handed_on, resolution_id)


async def handovers(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[Handover, ...]:
    return await store.handovers(tx, compound_id, meeting_id)


async def follow_up(
    tx: Tx, caller: Caller, resolution_id: UUID, command: WriteFollowUp
) -> FollowUp:
    """Says what was done under a resolution. Raises Missing, FilesMissing or FollowUpDiffers."""
    caller.check_office(*FOLLOWERS)
    await find_resolution(tx, caller.compound_id, resolution_id)
    await evidence.check_exist(tx, caller.compound_id, command.evidence)
    written = FollowUp(
        follow_up_id=command.id,
        resolution_id=resolution_id,
        done_on=command.done_on,
        body=command.body,
        evidence=command.evidence,
        written_by=_person(caller),
        written_at=caller.at,
    )
    if not await store.add_follow_up(tx, caller.compound_id, written):
        raise rules.FollowUpDiffers
    return written


async def follow_ups(
    tx: Tx, compound_id: UUID, resolution_ids: Collection[UUID]
) -> tuple[FollowUp, ...]:
    """In the order of being done."""
    return await store.follow_ups(tx, compound_id, resolution_ids)


def _person(caller: Caller) -> UUID:
    assert caller.person_id is not None
    return caller.person_id
