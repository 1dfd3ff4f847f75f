"""The steps of a meeting: what each needs, the earliest day, and the last one.

Nothing is mended after the law was missed: such a meeting is cancelled and called anew.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from trustprop.compounds.model import Limits
from trustprop.kernel.errors import N_, Conflict, Invalid
from trustprop.kernel.periods import local_date
from trustprop.meetings.model.meetings import (
    AnnounceMeeting,
    ExtendWindow,
    Meeting,
    MeetingForm,
    MeetingKind,
    Step,
    StepDone,
)
from trustprop.meetings.rules.calendar import (
    YEARS,
    after_clear_days,
    start_of,
    window_days,
    year_after,
)

NEEDS: Mapping[Step, Step | None] = {
    Step.PROPOSAL: None,
    Step.SCREENING: Step.PROPOSAL,
    Step.AGENDA: Step.SCREENING,
    Step.ROLL: Step.AGENDA,
    Step.NOTICE: Step.ROLL,
    Step.DEBATE: Step.NOTICE,
    Step.BALLOTS_OUT: Step.NOTICE,
    Step.BALLOTS_IN: Step.BALLOTS_OUT,
    Step.CLOSE: Step.BALLOTS_OUT,
    Step.COUNT: Step.CLOSE,
    Step.TALLY: Step.COUNT,
    Step.POSTING: Step.TALLY,
    Step.OBJECTIONS: Step.POSTING,
    Step.FILING: Step.POSTING,
    Step.EFFECT: Step.POSTING,
    Step.REVOCATION_WINDOW: Step.POSTING,
}
"""A debate belongs before the close; it holds up the ballots only where owners meet to debate."""


class MeetingEnded(Conflict):
    code = "meeting-ended"
    detail = N_("Meeting {number} was cancelled: {reason}")
    number: str
    reason: str


class StepMissing(Conflict):
    code = "step-missing"
    detail = N_("First comes {needed}, then {step}.")
    step: Step
    needed: Step


class StepAlreadyDone(Conflict):
    code = "step-already-done"
    detail = N_("{step} was done on {done_on}; a step is done once.")
    step: Step
    done_on: date


class TooEarly(Conflict):
    code = "step-too-early"
    detail = N_("{step} can be done from {earliest_on} on.")
    step: Step
    earliest_on: date


class TooLate(Conflict):
    code = "step-too-late"
    detail = N_(
        "{step} had to be done by {due_on}: this meeting can only be cancelled and called anew."
    )
    step: Step
    due_on: date


class RollOfAnotherDay(Conflict):
    code = "roll-of-another-day"
    detail = N_("The roll is of {record_on}; it is drawn again on the day of the notice.")
    record_on: date


class NoticeOfOtherMotions(Invalid):
    code = "notice-of-other-motions"
    detail = N_(
        "The notice names exactly the motions of the agenda: what is not posted cannot be voted on."
    )
    missing: tuple[UUID, ...]
    unknown: tuple[UUID, ...]


class BallotsTooEarly(Invalid):
    code = "ballots-too-early"
    detail = N_(
        "With {days} clear days of notice, ballots go out on {earliest_on} at the earliest."
    )
    days: int
    earliest_on: date


class WindowWrong(Invalid):
    code = "window-wrong"
    detail = N_("Ballots are taken in for {least} to {most} days; this would be {days}.")
    least: int
    most: int
    days: int


class ExtensionNotAllowed(Conflict):
    code = "extension-not-allowed"
    detail = N_("The texts allow {allowed} extensions; {extensions} were made.")
    allowed: int
    extensions: int


class ExtensionTooShort(Invalid):
    code = "extension-too-short"
    detail = N_("An extension ends after the present window, which closes at {closes_at}.")
    closes_at: datetime


class ObjectionsOpen(Conflict):
    code = "objections-open"
    detail = N_("{unanswered} objections wait for an answer.")
    unanswered: int


class ObjectionStands(Conflict):
    code = "objection-stands"
    detail = N_("An objection was found right: this meeting can only be cancelled.")


class CountNotWitnessed(Conflict):
    code = "count-not-witnessed"
    detail = N_("The count wants ten owners and half of the committee as witnesses.")


class EffectDayWrong(Invalid):
    code = "effect-day-wrong"
    detail = N_("A decision takes effect after its posting, from {earliest_on} to {latest_on}.")
    earliest_on: date
    latest_on: date


class MeetingInEffect(Conflict):
    code = "meeting-in-effect"
    detail = N_(
        "Meeting {number} has taken effect; a later decision or a court takes resolutions back."
    )
    number: str


def check_under_way(meeting: Meeting) -> None:
    """Raises MeetingEnded."""
    if meeting.ended_at is not None:
        raise MeetingEnded(number=meeting.number, reason=meeting.ended_reason or "")


def check_step(meeting: Meeting, step: Step) -> None:
    """Raises MeetingEnded, StepAlreadyDone or StepMissing."""
    check_under_way(meeting)
    done = meeting.done(step)
    if done is not None:
        raise StepAlreadyDone(step=step, done_on=local_date(done.done_at))
    check_came_after(meeting, step)


def check_came_after(meeting: Meeting, step: Step) -> None:
    """Raises StepMissing unless the step before is done."""
    needed = NEEDS[step]
    if needed is not None and meeting.done(needed) is None:
        raise StepMissing(step=step, needed=needed)


def take(
    meeting: Meeting,
    step: Step,
    at: datetime,
    by: UUID | None,
    *,
    facts: dict[str, Any] | None = None,
    evidence: tuple[str, ...] = (),
) -> Meeting:
    """The meeting with one step more."""
    number = 1 + sum(done.step is step for done in meeting.steps)
    done = StepDone(
        step=step, number=number, done_at=at, done_by=by, facts=facts or {}, evidence=evidence
    )
    return replace(meeting, steps=(*meeting.steps, done), version=meeting.version + 1)


# Before the vote


def notice_days(meeting: Meeting, limits: Limits) -> int:
    """Clear days between the notice and the ballots."""
    if meeting.kind is MeetingKind.EXTRAORDINARY:
        return limits.extraordinary_notice_days.value
    return limits.meeting_notice_days.value


def draw_roll(meeting: Meeting, vote_id: UUID, at: datetime, by: UUID | None) -> Meeting:
    """The roll is of its own day; until the notice is given it may be drawn again."""
    check_under_way(meeting)
    notice = meeting.done(Step.NOTICE)
    if notice is not None:
        raise StepAlreadyDone(step=Step.ROLL, done_on=local_date(notice.done_at))
    check_came_after(meeting, Step.ROLL)
    record_on = local_date(at)
    facts = {"vote_id": str(vote_id), "record_on": record_on.isoformat()}
    meeting = take(meeting, Step.ROLL, at, by, facts=facts)
    return replace(meeting, vote_id=vote_id, record_on=record_on)


def give_notice(
    meeting: Meeting,
    limits: Limits,
    agenda: Collection[UUID],
    command: AnnounceMeeting,
    at: datetime,
    by: UUID | None,
) -> Meeting:
    """Posts agenda, texts, roll and days.

    Raises RollOfAnotherDay, NoticeOfOtherMotions, BallotsTooEarly or WindowWrong.
    """
    check_step(meeting, Step.NOTICE)
    notice_on = local_date(at)
    if meeting.record_on != notice_on:
        assert meeting.record_on is not None
        raise RollOfAnotherDay(record_on=meeting.record_on)
    missing, unknown = set(agenda) - set(command.motions), set(command.motions) - set(agenda)
    if missing or unknown or command.agenda_digest != meeting.agenda_digest:
        raise NoticeOfOtherMotions(missing=tuple(sorted(missing)), unknown=tuple(sorted(unknown)))
    days = notice_days(meeting, limits)
    earliest_on = after_clear_days(notice_on, days).on
    if command.opens_at < start_of(earliest_on):
        raise BallotsTooEarly(days=days, earliest_on=earliest_on)
    check_window(command.opens_at, command.closes_at, limits)
    evidence = tuple(dict.fromkeys((*command.posted, *command.told_residents_committee)))
    facts = {"motions": [str(motion) for motion in command.motions], "clear_days": days}
    meeting = take(meeting, Step.NOTICE, at, by, facts=facts, evidence=evidence)
    return replace(
        meeting, notice_on=notice_on, opens_at=command.opens_at, closes_at=command.closes_at
    )


def check_window(opens_at: datetime, closes_at: datetime, limits: Limits) -> None:
    """Raises WindowWrong."""
    least, most = limits.meeting_window_min_days.value, limits.meeting_window_max_days.value
    is_sane = opens_at.year in YEARS and closes_at.year in YEARS
    days = window_days(opens_at, closes_at) if is_sane else 0
    if not least <= days <= most:
        raise WindowWrong(least=least, most=most, days=days)


# The vote


def send_ballots_out(
    meeting: Meeting,
    limits: Limits,
    at: datetime,
    by: UUID | None,
    *,
    evidence: tuple[str, ...] = (),
) -> Meeting:
    """Opens the window, at the time that was announced or later while it is still long enough.

    Raises StepMissing, TooEarly or TooLate.
    """
    check_step(meeting, Step.BALLOTS_OUT)
    if meeting.form is MeetingForm.ASSEMBLY and meeting.done(Step.DEBATE) is None:
        raise StepMissing(step=Step.BALLOTS_OUT, needed=Step.DEBATE)
    assert meeting.opens_at is not None
    assert meeting.closes_at is not None
    if at < meeting.opens_at:
        raise TooEarly(step=Step.BALLOTS_OUT, earliest_on=local_date(meeting.opens_at))
    if window_days(at, meeting.closes_at) < limits.meeting_window_min_days.value:
        raise TooLate(step=Step.BALLOTS_OUT, due_on=local_date(meeting.opens_at))
    return take(meeting, Step.BALLOTS_OUT, at, by, evidence=evidence)


def extend(
    meeting: Meeting, limits: Limits, command: ExtendWindow, at: datetime, by: UUID | None
) -> Meeting:
    """A later close, where a clause allows it, before the window ends, and posted.

    Raises TooLate, ExtensionNotAllowed, ExtensionTooShort or WindowWrong.
    """
    check_under_way(meeting)
    check_came_after(meeting, Step.CLOSE)
    assert meeting.closes_at is not None
    if meeting.done(Step.CLOSE) is not None or at >= meeting.closes_at:
        raise TooLate(step=Step.CLOSE, due_on=local_date(meeting.closes_at))
    allowed = limits.meeting_extensions.value
    if meeting.extensions >= allowed:
        raise ExtensionNotAllowed(allowed=allowed, extensions=meeting.extensions)
    if command.closes_at <= meeting.closes_at:
        raise ExtensionTooShort(closes_at=meeting.closes_at)
    assert meeting.opens_at is not None
    check_window(meeting.opens_at, command.closes_at, limits)
    facts = {"extended_to": command.closes_at.isoformat()}
    meeting = take(meeting, Step.BALLOTS_IN, at, by, facts=facts, evidence=command.posted)
    return replace(meeting, closes_at=command.closes_at, extensions=meeting.extensions + 1)


def close(meeting: Meeting, at: datetime, by: UUID | None, turnout: dict[str, Any]) -> Meeting:
    """Not before its time: whoever still walks to the box counts. Raises TooEarly."""
    check_step(meeting, Step.CLOSE)
    assert meeting.closes_at is not None
    if at < meeting.closes_at:
        raise TooEarly(step=Step.CLOSE, earliest_on=local_date(meeting.closes_at))
    meeting = take(meeting, Step.BALLOTS_IN, at, by, facts=turnout)
    return take(meeting, Step.CLOSE, at, by)


def count(meeting: Meeting, at: datetime, by: UUID | None, digest: str) -> Meeting:
    """The public count (公开唱票), after the close."""
    check_step(meeting, Step.COUNT)
    return take(meeting, Step.COUNT, at, by, facts={"count_digest": digest})


def certify(
    meeting: Meeting, at: datetime, by: UUID | None, outcomes: dict[str, Any], *, is_witnessed: bool
) -> Meeting:
    """The tally stands once ten owners and half of the committee stand for it.

    Raises CountNotWitnessed.
    """
    check_step(meeting, Step.TALLY)
    if not is_witnessed:
        raise CountNotWitnessed
    return take(meeting, Step.TALLY, at, by, facts=outcomes)


# After the vote


def take_effect(
    meeting: Meeting, effective_on: date | None, at: datetime, by: UUID | None
) -> tuple[Meeting, date]:
    """The day from which its resolutions are in force. Raises EffectDayWrong."""
    check_step(meeting, Step.EFFECT)
    posted = meeting.done(Step.POSTING)
    assert posted is not None
    today = local_date(at)
    earliest_on = local_date(posted.done_at)
    latest_on = year_after(earliest_on).on
    if effective_on is not None and not earliest_on <= effective_on <= latest_on:
        raise EffectDayWrong(earliest_on=earliest_on, latest_on=latest_on)
    day = max(today, effective_on or today)
    return take(meeting, Step.EFFECT, at, by, facts={"effective_on": day.isoformat()}), day


def cancel(meeting: Meeting, reason: str, at: datetime) -> Meeting:
    """Ends it. Raises MeetingInEffect, or MeetingEnded when it is over already."""
    check_under_way(meeting)
    if meeting.done(Step.EFFECT) is not None:
        raise MeetingInEffect(number=meeting.number)
    return replace(meeting, ended_at=at, ended_reason=reason, version=meeting.version + 1)
