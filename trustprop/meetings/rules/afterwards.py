"""Objections with their clock, filing and handover."""

from collections.abc import Iterable
from datetime import date, datetime

from msgspec.structs import replace

from trustprop.compounds.model import Limits
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import N_, Conflict, Forbidden, Invalid
from trustprop.kernel.periods import local_date
from trustprop.meetings.model.afterwards import (
    AnswerObjection,
    MeetingObjection,
    ObjectionTarget,
)
from trustprop.meetings.model.meetings import Meeting, Step
from trustprop.meetings.rules.deadlines import objections_until
from trustprop.meetings.rules.steps import (
    ObjectionsOpen,
    ObjectionStands,
    StepMissing,
    TooLate,
    check_under_way,
)


class OwnersOnly(Forbidden):
    code = "owners-only"
    detail = N_("Owners and their committee do this, signed in as themselves.")


class ObjectionAnswered(Conflict):
    code = "objection-answered"
    detail = N_("This objection was answered.")


class HandoverDayWrong(Invalid):
    code = "handover-day-wrong"
    detail = N_("A handover lies between {from_on} and {until_on}.")
    from_on: date
    until_on: date


class NothingToHandOver(Conflict):
    code = "nothing-to-hand-over"
    detail = N_("This motion replaced no mandate.")


class FilingDateWrong(Invalid):
    code = "filing-date-wrong"
    detail = N_("It is filed after the posting, and not in the future.")


class ObjectionDiffers(Conflict):
    code = "objection-differs"
    detail = N_("An objection with this id is already here.")


class FilingDiffers(Conflict):
    code = "filing-differs"
    detail = N_("A filing with this id is already here.")


class HandoverDiffers(Conflict):
    code = "handover-differs"
    detail = N_("The handover after this election is already here.")


class FollowUpDiffers(Conflict):
    code = "follow-up-differs"
    detail = N_("A follow-up with this id is already here.")


def check_resident(caller: Caller) -> None:
    """Raises OwnersOnly for a machine and for a stranger."""
    if caller.person_id is None or not (caller.is_resident or caller.mandates):
        raise OwnersOnly


def check_objection(
    meeting: Meeting, target: ObjectionTarget, limits: Limits, at: datetime
) -> None:
    """The roll is open to objections from the notice until ballots go out, the result for some days.

    Raises MeetingEnded, StepMissing or TooLate.
    """
    check_under_way(meeting)
    if target is ObjectionTarget.ROLL:
        if meeting.done(Step.NOTICE) is None:
            raise StepMissing(step=Step.OBJECTIONS, needed=Step.NOTICE)
        out = meeting.done(Step.BALLOTS_OUT)
        if out is not None:
            raise TooLate(step=Step.OBJECTIONS, due_on=local_date(out.done_at))
        return
    until_on = objections_until(meeting, limits)
    if until_on is None:
        raise StepMissing(step=Step.OBJECTIONS, needed=Step.POSTING)
    if local_date(at) > until_on:
        raise TooLate(step=Step.OBJECTIONS, due_on=until_on)


def answer(
    objection: MeetingObjection, command: AnswerObjection, caller: Caller
) -> MeetingObjection:
    """Raises ObjectionAnswered."""
    if objection.answered_at is not None:
        raise ObjectionAnswered
    return replace(
        objection,
        answer=command.answer,
        is_upheld=command.is_upheld,
        answer_evidence=command.evidence,
        answered_by=caller.person_id,
        answered_at=caller.at,
    )


def check_no_upheld(objections: Iterable[MeetingObjection], target: ObjectionTarget) -> None:
    """Raises ObjectionStands."""
    if any(one.is_upheld for one in objections if one.target is target):
        raise ObjectionStands


def check_no_objection(objections: Iterable[MeetingObjection], target: ObjectionTarget) -> None:
    """Raises ObjectionStands or ObjectionsOpen."""
    about = [objection for objection in objections if objection.target is target]
    check_no_upheld(about, target)
    unanswered = sum(objection.answered_at is None for objection in about)
    if unanswered:
        raise ObjectionsOpen(unanswered=unanswered)


def check_handover(handed_on: date, effective_on: date, today: date) -> None:
    """Raises HandoverDayWrong."""
    if not effective_on <= handed_on <= today:
        raise HandoverDayWrong(from_on=effective_on, until_on=today)


def check_filing(meeting: Meeting, filed_on: date, today: date) -> None:
    """Raises FilingDateWrong."""
    posted = meeting.done(Step.POSTING)
    assert posted is not None
    if not local_date(posted.done_at) <= filed_on <= today:
        raise FilingDateWrong
