"""Rules of debate: a neutral chair, one speaker at a time, two minutes, twice each."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from trustprop.kernel.errors import N_, Conflict, Forbidden
from trustprop.kernel.periods import local_date
from trustprop.meetings.model.debate import SPEECH, SPEECHES_EACH, Deliberation, Speech
from trustprop.meetings.model.meetings import Meeting, Step
from trustprop.meetings.model.motions import Motion
from trustprop.meetings.rules.steps import StepMissing, TooLate, check_step, check_under_way


class ChairNotNeutral(Conflict):
    code = "chair-not-neutral"
    detail = N_(
        "Whoever has moved or seconded a motion of this meeting, or stands for election in it, cannot chair it."
    )


class NotTheChair(Forbidden):
    code = "not-the-chair"
    detail = N_("Only the chair of this debate gives the floor.")


class SpokenTwice(Conflict):
    code = "spoken-twice"
    detail = N_("Everybody speaks at most {allowed} times on a motion.")
    allowed: int


class FloorTaken(Conflict):
    code = "floor-taken"
    detail = N_("Somebody else is speaking until {until_at}.")
    until_at: datetime


class NotNextToSpeak(Conflict):
    code = "not-next-to-speak"
    detail = N_("Who has not spoken yet comes first, then in the order of asking.")
    next_speech_id: UUID


class SpeechOver(Conflict):
    code = "speech-over"
    detail = N_("This speech is over.")


class SpeechNotBegun(Conflict):
    code = "speech-not-begun"
    detail = N_("This speech has not begun.")


class DeliberationClosed(Conflict):
    code = "deliberation-closed"
    detail = N_("This deliberation is closed.")


class DeliberatedTwice(Conflict):
    code = "deliberated-twice"
    detail = N_("You have answered this; everybody has one vote.")


class SpeechDiffers(Conflict):
    code = "speech-differs"
    detail = N_("A speech with this id is already here with other content.")


class DeliberationDiffers(Conflict):
    code = "deliberation-differs"
    detail = N_("A deliberation with this id is already here with other content.")


class RemarkDiffers(Conflict):
    code = "remark-differs"
    detail = N_("A remark with this id is already here.")


def check_chair(chair_id: UUID, motions: Iterable[Motion], seconders: Iterable[UUID]) -> None:
    """Raises ChairNotNeutral."""
    parties = set(seconders)
    for motion in motions:
        parties.add(motion.moved_by)
        election = motion.content.election
        parties.update(one.person_id for one in (election.candidates if election else ()))
    if chair_id in parties:
        raise ChairNotNeutral


def check_debate(meeting: Meeting, at: datetime) -> None:
    """Raises MeetingEnded, StepMissing, or TooLate once ballots are no longer taken in."""
    check_under_way(meeting)
    if meeting.done(Step.NOTICE) is None:
        raise StepMissing(step=Step.DEBATE, needed=Step.NOTICE)
    assert meeting.closes_at is not None
    if at >= meeting.closes_at:
        raise TooLate(step=Step.DEBATE, due_on=local_date(meeting.closes_at))


def check_debate_opens(meeting: Meeting, at: datetime) -> None:
    """Raises what check_debate raises, or StepAlreadyDone."""
    check_step(meeting, Step.DEBATE)
    check_debate(meeting, at)


def check_speaks(meeting: Meeting, at: datetime) -> None:
    """Raises StepMissing before the debate is open."""
    check_debate(meeting, at)
    if meeting.done(Step.DEBATE) is None:
        raise StepMissing(step=Step.BALLOTS_OUT, needed=Step.DEBATE)


def check_chairs(meeting: Meeting, person_id: UUID | None) -> None:
    """Raises NotTheChair."""
    if person_id is None or meeting.chair_id != person_id:
        raise NotTheChair


def check_asks(person_id: UUID, on_motion: Iterable[Speech]) -> None:
    """Raises SpokenTwice."""
    if sum(speech.person_id == person_id for speech in on_motion) >= SPEECHES_EACH:
        raise SpokenTwice(allowed=SPEECHES_EACH)


def start(speech: Speech, in_meeting: Sequence[Speech], at: datetime) -> Speech:
    """Gives the floor. Raises SpeechOver, FloorTaken or NotNextToSpeak."""
    if speech.started_at is not None:
        raise SpeechOver
    for other in in_meeting:
        if other.is_running(at):
            assert other.started_at is not None
            raise FloorTaken(until_at=other.started_at + SPEECH)
    next_one = speaking_list([s for s in in_meeting if s.motion_id == speech.motion_id])[0]
    if next_one.speech_id != speech.speech_id:
        raise NotNextToSpeak(next_speech_id=next_one.speech_id)
    return replace(speech, started_at=at)


def speaking_list(on_motion: Sequence[Speech]) -> list[Speech]:
    """Who waits, next first: whoever has not spoken on the motion before whoever has."""
    spoken = {speech.person_id for speech in on_motion if speech.started_at is not None}
    waiting = [speech for speech in on_motion if speech.started_at is None]
    return sorted(waiting, key=lambda s: (s.person_id in spoken, s.asked_at, s.speech_id))


def end(speech: Speech, at: datetime) -> Speech:
    """Two minutes are the end, whenever the chair says so. Raises SpeechNotBegun or SpeechOver."""
    if speech.started_at is None:
        raise SpeechNotBegun
    if speech.ended_at is not None:
        raise SpeechOver
    return replace(speech, ended_at=min(at, speech.started_at + SPEECH))


def check_deliberates(deliberation: Deliberation) -> None:
    """Raises DeliberationClosed."""
    if deliberation.closed_at is not None:
        raise DeliberationClosed
