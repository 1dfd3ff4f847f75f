"""Which paper may be drawn up when, for whom, and when ballots are printed."""

from collections.abc import Mapping

from trustprop.kernel.errors import N_, Conflict, Invalid
from trustprop.meetings.model.meetings import Meeting, Step
from trustprop.meetings.model.papers import PaperName
from trustprop.meetings.model.prints import BallotPrint
from trustprop.meetings.rules.steps import MeetingEnded

DRAWN_AFTER: Mapping[PaperName, Step] = {
    PaperName.AGENDA: Step.AGENDA,
    PaperName.MOTIONS: Step.AGENDA,
    PaperName.ROLL: Step.ROLL,
    PaperName.NOTICE: Step.ROLL,
    PaperName.PROXY: Step.NOTICE,
    PaperName.BALLOTS: Step.NOTICE,
    PaperName.DELIVERIES: Step.NOTICE,
    PaperName.COUNT_SHEET: Step.COUNT,
    PaperName.MINUTES: Step.COUNT,
    PaperName.CERTIFICATE: Step.TALLY,
    PaperName.DECISIONS: Step.TALLY,
    PaperName.FILING: Step.POSTING,
}
"""For the owners' side and the supervisor: a notice is printed before it can be posted."""

PUBLIC_AFTER: Mapping[PaperName, Step] = {
    PaperName.NOTICE: Step.NOTICE,
    PaperName.AGENDA: Step.NOTICE,
    PaperName.MOTIONS: Step.NOTICE,
    PaperName.PROXY: Step.NOTICE,
    PaperName.CERTIFICATE: Step.TALLY,
    PaperName.DECISIONS: Step.POSTING,
}
"""What everybody here may print for themselves, and from when."""


class PaperNotReady(Conflict):
    code = "paper-not-ready"
    detail = N_("This paper can be drawn up once this step is done: {needed}.")
    needed: Step


class NoticeWindowNeeded(Invalid):
    code = "notice-window-needed"
    detail = N_("Before the notice is given, say from when until when ballots are to be taken in.")


class BallotsOver(Conflict):
    code = "ballots-over"
    detail = N_("No more ballots are printed: the vote of meeting {number} is closed.")
    number: str


class PrintDiffers(Conflict):
    code = "print-differs"
    detail = N_("A print with this id is already there for another meeting or language.")


def check_ready(meeting: Meeting, needed: Step) -> None:
    """Raises PaperNotReady."""
    if meeting.done(needed) is None:
        raise PaperNotReady(needed=needed)


def check_prints_ballots(meeting: Meeting) -> None:
    """From the notice until the close. Raises MeetingEnded, PaperNotReady or BallotsOver."""
    if meeting.ended_at is not None:
        raise MeetingEnded(number=meeting.number, reason=meeting.ended_reason or "")
    check_ready(meeting, DRAWN_AFTER[PaperName.BALLOTS])
    if meeting.done(Step.CLOSE) is not None:
        raise BallotsOver(number=meeting.number)


def check_same_print(known: BallotPrint, asked: BallotPrint) -> None:
    """Raises PrintDiffers."""
    if (known.meeting_id, known.lang) != (asked.meeting_id, asked.lang):
        raise PrintDiffers
