"""The debate before the vote: chair, speaking list, advice by show of hands, remarks."""

from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds import service as compounds
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.meetings.model.debate import (
    AskToSpeak,
    Deliberate,
    Deliberation,
    OpenDeliberation,
    Remark,
    Speech,
    WriteRemark,
)
from trustprop.meetings.model.meetings import Meeting, OpenDebate, Step
from trustprop.meetings.rules import debate as rules
from trustprop.meetings.rules import motions as motion_rules
from trustprop.meetings.rules import steps
from trustprop.meetings.rules.afterwards import check_resident
from trustprop.meetings.service.access import (
    COMMITTEE,
    check_owner_or_committee,
    is_committee,
    lock,
    lock_by_motion,
    save,
)
from trustprop.meetings.store import debate as store
from trustprop.meetings.store import meetings as meeting_store
from trustprop.plumbing.database import Tx
from trustprop.votes.rules import deliberate as advise


async def open_debate(tx: Tx, caller: Caller, meeting_id: UUID, command: OpenDebate) -> Meeting:
    """Names a chair with no motion of their own, between the notice and the close.

    Raises StepMissing, StepAlreadyDone, TooLate, Missing or ChairNotNeutral.
    """
    caller.check_office(*COMMITTEE)
    meeting = await lock(tx, caller, meeting_id)
    rules.check_debate_opens(meeting, caller.at)
    on = local_date(caller.at)
    access = await compounds.find_access(tx, caller.compound_id, command.chair_id, on)
    if access is None:
        raise Missing(kind="person")
    motions = motion_rules.live(await meeting_store.motions(tx, caller.compound_id, meeting_id))
    seconders = await meeting_store.seconders(tx, caller.compound_id, meeting_id)
    rules.check_chair(command.chair_id, motions, seconders)
    facts = {"chair_id": str(command.chair_id), "place": command.place}
    opened = steps.take(meeting, Step.DEBATE, caller.at, caller.person_id, facts=facts)
    return await save(tx, caller, meeting, replace(opened, chair_id=command.chair_id))


async def ask_to_speak(tx: Tx, caller: Caller, motion_id: UUID, command: AskToSpeak) -> Speech:
    """Puts an owner on the speaking list of a motion, at most twice.

    Raises OwnersOnly, StepMissing, TooLate, MotionWithdrawn or SpokenTwice.
    """
    person_id = await check_owner_or_committee(tx, caller)
    meeting, motion = await lock_by_motion(tx, caller, motion_id)
    known = await store.find_speech(tx, caller.compound_id, command.id)
    if known is not None and (known.person_id, known.motion_id) == (person_id, motion_id):
        return known
    rules.check_speaks(meeting, caller.at)
    motion_rules.check_live(motion)
    log = await store.speeches(tx, caller.compound_id, meeting.meeting_id)
    rules.check_asks(person_id, [one for one in log if one.motion_id == motion_id])
    speech = Speech(
        speech_id=command.id,
        meeting_id=meeting.meeting_id,
        motion_id=motion_id,
        person_id=person_id,
        stance=command.stance,
        asked_at=caller.at,
    )
    if not await store.add_speech(tx, caller.compound_id, speech):
        raise rules.SpeechDiffers
    return speech


async def start_speech(tx: Tx, caller: Caller, speech_id: UUID) -> Speech:
    """The chair gives the floor to the next on the list, for two minutes.

    Raises NotTheChair, StepMissing, TooLate, SpeechOver, FloorTaken or NotNextToSpeak.
    """
    meeting, speech = await _lock_speech(tx, caller, speech_id)
    rules.check_chairs(meeting, caller.person_id)
    rules.check_speaks(meeting, caller.at)
    log = await store.speeches(tx, caller.compound_id, meeting.meeting_id)
    started = rules.start(speech, log, caller.at)
    await store.save_speech(tx, caller.compound_id, started)
    return started


async def end_speech(tx: Tx, caller: Caller, speech_id: UUID) -> Speech:
    """The chair or the speaker ends it. Raises NotTheChair, SpeechNotBegun or SpeechOver."""
    meeting, speech = await _lock_speech(tx, caller, speech_id)
    if caller.person_id != speech.person_id:
        rules.check_chairs(meeting, caller.person_id)
    ended = rules.end(speech, caller.at)
    await store.save_speech(tx, caller.compound_id, ended)
    return ended


async def _lock_speech(tx: Tx, caller: Caller, speech_id: UUID) -> tuple[Meeting, Speech]:
    """The meeting of a speech, held, and the speech as it is then. Raises Missing."""
    found = _present(await store.find_speech(tx, caller.compound_id, speech_id))
    meeting = await lock(tx, caller, found.meeting_id)
    return meeting, _present(await store.find_speech(tx, caller.compound_id, speech_id))


def _present(speech: Speech | None) -> Speech:
    if speech is None:
        raise Missing(kind="speech")
    return speech


async def speeches(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[Speech, ...]:
    """The log of a debate, in the order of asking."""
    return await store.speeches(tx, compound_id, meeting_id)


# Deliberation votes


async def open_deliberation(
    tx: Tx, caller: Caller, meeting_id: UUID, command: OpenDeliberation
) -> Deliberation:
    """Asks everybody present: one person, one vote, advice and no more.

    The committee or the chair asks. Raises NotTheChair, MeetingEnded, Missing or DeliberationDiffers.
    """
    meeting = await lock(tx, caller, meeting_id)
    _check_leads(meeting, caller)
    steps.check_under_way(meeting)
    if command.motion_id is not None:
        _, motion = await lock_by_motion(tx, caller, command.motion_id)
        if motion.meeting_id != meeting_id:
            raise Missing(kind="motion")
    assert caller.person_id is not None
    opened = Deliberation(
        deliberation_id=command.id,
        meeting_id=meeting_id,
        motion_id=command.motion_id,
        question=command.question,
        opened_by=caller.person_id,
        opened_at=caller.at,
        closed_at=None,
        advice=None,
    )
    if not await store.add_deliberation(tx, caller.compound_id, opened):
        raise rules.DeliberationDiffers
    return opened


async def deliberate(
    tx: Tx, caller: Caller, deliberation_id: UUID, command: Deliberate
) -> Deliberation:
    """A person's own answer, once. Raises OwnersOnly, DeliberationClosed or DeliberatedTwice."""
    person_id = await check_owner_or_committee(tx, caller)
    held = await _lock_deliberation(tx, caller, deliberation_id)
    rules.check_deliberates(held)
    if not await store.deliberate(
        tx, caller.compound_id, deliberation_id, person_id, command.choice, caller.at
    ):
        raise rules.DeliberatedTwice
    return held


async def close_deliberation(tx: Tx, caller: Caller, deliberation_id: UUID) -> Deliberation:
    """Counts heads and nothing else. Raises NotTheChair or DeliberationClosed."""
    held = await _lock_deliberation(tx, caller, deliberation_id)
    meeting = await lock(tx, caller, held.meeting_id)
    _check_leads(meeting, caller)
    rules.check_deliberates(held)
    await store.close_deliberation(tx, caller.compound_id, deliberation_id, caller.at)
    return await _advised(tx, caller.compound_id, replace(held, closed_at=caller.at))


async def deliberations(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[Deliberation, ...]:
    """With the advice of those that are closed."""
    held = await store.deliberations(tx, compound_id, meeting_id)
    return tuple([await _advised(tx, compound_id, one) for one in held])


async def _advised(tx: Tx, compound_id: UUID, held: Deliberation) -> Deliberation:
    if held.closed_at is None:
        return held
    choices = await store.choices(tx, compound_id, held.deliberation_id)
    return replace(held, advice=advise(choices))


def _check_leads(meeting: Meeting, caller: Caller) -> None:
    if not is_committee(caller):
        rules.check_chairs(meeting, caller.person_id)


async def _lock_deliberation(tx: Tx, caller: Caller, deliberation_id: UUID) -> Deliberation:
    held = await store.lock_deliberation(tx, caller.compound_id, deliberation_id)
    if held is None:
        raise Missing(kind="deliberation")
    return held


# Remarks


async def write_remark(tx: Tx, caller: Caller, meeting_id: UUID, command: WriteRemark) -> Remark:
    """Anybody signed in here says something about a meeting: firm, supervisor, residents.

    Raises OwnersOnly, MeetingEnded, Missing or RemarkDiffers.
    """
    check_resident(caller)
    meeting = await lock(tx, caller, meeting_id)
    steps.check_under_way(meeting)
    if command.motion_id is not None:
        _, motion = await lock_by_motion(tx, caller, command.motion_id)
        if motion.meeting_id != meeting_id:
            raise Missing(kind="motion")
    assert caller.person_id is not None
    remark = Remark(
        remark_id=command.id,
        meeting_id=meeting_id,
        motion_id=command.motion_id,
        written_for=min(caller.offices, default="resident"),
        body=command.body,
        at=caller.at,
    )
    if not await store.add_remark(tx, caller.compound_id, remark, caller.person_id):
        raise rules.RemarkDiffers
    return remark


async def remarks(tx: Tx, compound_id: UUID, meeting_id: UUID) -> tuple[Remark, ...]:
    return await store.remarks(tx, compound_id, meeting_id)
