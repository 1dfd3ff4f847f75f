"""The calendar of a meeting: each step with its earliest and last day, who does it, and what a miss means."""

from datetime import date, timedelta

from msgspec.structs import replace

from trustprop.compounds.model import Limits
from trustprop.kernel.periods import local_date
from trustprop.kernel.struct import Fact
from trustprop.meetings.model.meetings import (
    CalledBy,
    Consequence,
    Deadline,
    Meeting,
    MeetingKind,
    Step,
)
from trustprop.meetings.rules.calendar import Day, after_clear_days, last_of, year_after
from trustprop.meetings.rules.steps import notice_days

BY = {Step.DEBATE: "chair", Step.BALLOTS_IN: "owners", Step.OBJECTIONS: "owners"}
_CONSEQUENCE = {
    Step.BALLOTS_OUT: Consequence.CANCELLED,
    Step.COUNT: Consequence.LATE,
    Step.TALLY: Consequence.LATE,
    Step.POSTING: Consequence.LATE,
    Step.FILING: Consequence.LATE,
}
_CITATIONS = {
    Step.PROPOSAL: "物业管理条例 13",
    Step.SCREENING: "民法典 278(1)",
    Step.AGENDA: "物业管理条例 14",
    Step.ROLL: "区分所有权解释 8, 9",
    Step.NOTICE: "物业管理条例 14",
    Step.DEBATE: "物业管理条例 12",
    Step.BALLOTS_IN: "物业管理条例 12",
    Step.COUNT: "业主大会议事规则: 公开计票",
    Step.TALLY: "民法典 278(2)",
    Step.EFFECT: "民法典 280",
    Step.REVOCATION_WINDOW: "区分所有权解释 12",
}


class _Days(Fact):
    earliest_on: date | None = None
    due: Day | None = None
    until: Day | None = None


def draw_calendar(meeting: Meeting, limits: Limits, today: date) -> tuple[Deadline, ...]:
    """Every step in order. Before the notice the days are those of a notice given today."""
    days = _before_the_vote(meeting, limits, today) | _after_the_vote(meeting, limits)
    return tuple(_deadline(meeting, limits, step, days.get(step, _Days()), today) for step in Step)


def _before_the_vote(meeting: Meeting, limits: Limits, today: date) -> dict[Step, _Days]:
    notice_on = meeting.notice_on or today
    ballots = after_clear_days(notice_on, notice_days(meeting, limits))
    days = {
        Step.ROLL: _Days(earliest_on=meeting.record_on),
        Step.DEBATE: _Days(earliest_on=notice_on),
        Step.BALLOTS_OUT: _Days(earliest_on=ballots.on),
    }
    if meeting.opens_at is None or meeting.closes_at is None:
        return days
    closes_on = local_date(meeting.closes_at)
    least = timedelta(days=limits.meeting_window_min_days.value)
    closed, last_out = Day(on=closes_on), Day(on=closes_on - least)
    opens_on = local_date(meeting.opens_at)
    return days | {
        Step.DEBATE: _Days(earliest_on=notice_on, due=closed),
        Step.BALLOTS_OUT: _Days(earliest_on=opens_on, due=last_out),
        Step.BALLOTS_IN: _Days(earliest_on=opens_on, due=closed),
        Step.CLOSE: _Days(earliest_on=closes_on, due=closed),
        Step.COUNT: _Days(earliest_on=closes_on, due=closed),
        Step.TALLY: _Days(earliest_on=closes_on, due=closed),
    }


def _after_the_vote(meeting: Meeting, limits: Limits) -> dict[Step, _Days]:
    days: dict[Step, _Days] = {}
    counted = meeting.done(Step.COUNT)
    if counted is not None:
        counted_on = local_date(counted.done_at)
        posting = last_of(counted_on, limits.decision_posting_days.value)
        filing = last_of(counted_on, limits.filing_days.value)
        days[Step.POSTING] = _Days(earliest_on=counted_on, due=posting)
        days[Step.FILING] = _Days(earliest_on=counted_on, due=filing)
    posted = meeting.done(Step.POSTING)
    if posted is not None:
        posted_on = local_date(posted.done_at)
        heard = last_of(posted_on, limits.result_objection_days.value)
        stays = last_of(posted_on, limits.result_posting_days.value)
        days[Step.POSTING] = replace(days[Step.POSTING], until=stays)
        days[Step.OBJECTIONS] = _Days(earliest_on=posted_on, due=heard, until=heard)
        days[Step.EFFECT] = _Days(earliest_on=posted_on)
        days[Step.REVOCATION_WINDOW] = _Days(earliest_on=posted_on, due=year_after(posted_on))
    return days


def objections_until(meeting: Meeting, limits: Limits) -> date | None:
    """The last day on which an objection to the result is heard; None before the posting."""
    posted = meeting.done(Step.POSTING)
    if posted is None:
        return None
    return last_of(local_date(posted.done_at), limits.result_objection_days.value).on


def handover_due(effective_on: date, limits: Limits) -> date:
    """The first day on which the replaced mandates are over, handed over or not."""
    return last_of(effective_on, limits.handover_days.value).on + timedelta(days=1)


def _deadline(meeting: Meeting, limits: Limits, step: Step, days: _Days, today: date) -> Deadline:
    done = meeting.done(step)
    done_on = None if done is None else local_date(done.done_at)
    due_on = None if days.due is None else days.due.on
    is_over = due_on is not None and (done_on or today) > due_on
    is_guess = step in (Step.DEBATE, Step.BALLOTS_OUT) and meeting.notice_on is None
    known = [day for day in (days.due, days.until) if day is not None]
    return Deadline(
        step=step,
        by=_by(meeting, step),
        earliest_on=days.earliest_on,
        due_on=due_on,
        until_on=None if days.until is None else days.until.on,
        if_missed=_CONSEQUENCE.get(step, Consequence.WAITS),
        citation=_citation(meeting, limits, step),
        done_at=None if done is None else done.done_at,
        is_late=is_over and step in _CONSEQUENCE and meeting.ended_at is None,
        is_provisional=is_guess or any(day.is_provisional for day in known),
    )


def _by(meeting: Meeting, step: Step) -> str:
    if step is Step.PROPOSAL and meeting.called_by is CalledBy.OWNERS:
        return "owners"
    if step is Step.REVOCATION_WINDOW:
        return "time"
    return BY.get(step, "committee")


def _citation(meeting: Meeting, limits: Limits, step: Step) -> str:
    is_extraordinary = meeting.kind is MeetingKind.EXTRAORDINARY
    notice = limits.extraordinary_notice_days if is_extraordinary else limits.meeting_notice_days
    by_limit = {
        Step.BALLOTS_OUT: notice,
        Step.CLOSE: limits.meeting_window_max_days,
        Step.POSTING: limits.decision_posting_days,
        Step.OBJECTIONS: limits.result_objection_days,
        Step.FILING: limits.filing_days,
    }
    limit = by_limit.get(step)
    return _CITATIONS[step] if limit is None else limit.source.citation
