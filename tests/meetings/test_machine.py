"""However a meeting is pushed, no path leads past the law to a resolution."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from msgspec.structs import replace

from tests.make.compounds import clause
from tests.make.ground import new_id
from trustprop.compounds import rules as compound_rules
from trustprop.compounds import store as compound_store
from trustprop.kernel.errors import Refusal
from trustprop.kernel.periods import local_date
from trustprop.meetings.model import (
    AnnounceMeeting,
    CalledBy,
    ExtendWindow,
    Meeting,
    MeetingForm,
    MeetingKind,
    Step,
)
from trustprop.meetings.rules import debate, steps
from trustprop.meetings.rules.calendar import after_clear_days, window_days
from trustprop.meetings.rules.deadlines import draw_calendar

BEGINS = datetime(2025, 9, 10, 1, 0, tzinfo=UTC)
AGENDA = (UUID(int=1), UUID(int=2))
DIGEST = "ab" * 32
LIMITS = compound_rules.resolve(
    compound_store.profile("national"), [(new_id(), "议事规则", clause("meeting_extensions", 1))]
)
DECIDING = (
    Step.PROPOSAL,
    Step.SCREENING,
    Step.AGENDA,
    Step.ROLL,
    Step.NOTICE,
    Step.BALLOTS_OUT,
    Step.CLOSE,
    Step.COUNT,
    Step.TALLY,
    Step.POSTING,
    Step.EFFECT,
)


def begun(form: MeetingForm, kind: MeetingKind) -> Meeting:
    meeting = Meeting(
        meeting_id=new_id(),
        number="2025-001",
        kind=kind,
        form=form,
        title="业主大会",
        place="活动室",
        called_by=CalledBy.COMMITTEE,
        is_rehearsal=False,
        proposed_by=new_id(),
        proposed_at=BEGINS,
    )
    return steps.take(meeting, Step.PROPOSAL, BEGINS, None)


class Conducting(RuleBasedStateMachine):
    """Anybody asks for any step at any hour; a refusal changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.at = BEGINS
        self.meeting = begun(MeetingForm.ASSEMBLY, MeetingKind.ANNUAL)
        self.is_witnessed = False
        self.steps_when_ended = 0

    def attempt(self, act: Any, *arguments: Any, **more: Any) -> None:
        try:
            changed = act(self.meeting, *arguments, **more)
        except Refusal:
            return
        self.meeting = changed[0] if isinstance(changed, tuple) else changed
        if self.meeting.ended_at is not None:
            self.steps_when_ended = len(self.meeting.steps)

    @rule(form=st.sampled_from(MeetingForm), kind=st.sampled_from(MeetingKind))
    @precondition(lambda self: len(self.meeting.steps) == 1)
    def call(self, form: MeetingForm, kind: MeetingKind) -> None:
        self.meeting = begun(form, kind)

    @rule(hours=st.one_of(st.integers(0, 30), st.integers(24 * 5, 24 * 20)))
    def time_passes(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    @rule(step=st.sampled_from([Step.SCREENING, Step.AGENDA, Step.POSTING, Step.FILING]))
    def plain_step(self, step: Step) -> None:
        self.attempt(self._take, step)
        if self.meeting.done(Step.AGENDA) is not None and self.meeting.agenda_digest is None:
            self.meeting = replace(self.meeting, agenda_digest=DIGEST)

    def _take(self, meeting: Meeting, step: Step) -> Meeting:
        steps.check_step(meeting, step)
        return steps.take(meeting, step, self.at, None)

    @rule()
    def draw_roll(self) -> None:
        self.attempt(steps.draw_roll, new_id(), self.at, None)

    @rule(
        opens_in=st.integers(0, 40),
        lasts=st.integers(0, 70),
        named=st.sampled_from([AGENDA, AGENDA, AGENDA[:1], (*AGENDA, UUID(int=3))]),
    )
    def give_notice(self, opens_in: int, lasts: int, named: tuple[UUID, ...]) -> None:
        opens_at = self.at + timedelta(days=opens_in)
        command = AnnounceMeeting(
            agenda_digest=DIGEST,
            motions=named,
            opens_at=opens_at,
            closes_at=opens_at + timedelta(days=lasts),
            posted=(DIGEST,),
            told_residents_committee=(DIGEST,),
        )
        self.attempt(steps.give_notice, LIMITS, AGENDA, command, self.at, None)

    @rule()
    def open_debate(self) -> None:
        self.attempt(self._debate)

    def _debate(self, meeting: Meeting) -> Meeting:
        debate.check_debate_opens(meeting, self.at)
        return steps.take(meeting, Step.DEBATE, self.at, None)

    @rule()
    def send_ballots_out(self) -> None:
        self.attempt(steps.send_ballots_out, LIMITS, self.at, None)

    @rule(days=st.integers(-5, 70))
    def extend(self, days: int) -> None:
        closes_at = (self.meeting.closes_at or self.at) + timedelta(days=days)
        command = ExtendWindow(closes_at=closes_at, posted=(DIGEST,))
        self.attempt(steps.extend, LIMITS, command, self.at, None)

    @rule()
    def close(self) -> None:
        self.attempt(steps.close, self.at, None, {})

    @rule()
    def count(self) -> None:
        self.attempt(steps.count, self.at, None, DIGEST)

    @rule()
    @precondition(lambda self: self.meeting.done(Step.COUNT) is not None)
    def witness(self) -> None:
        self.is_witnessed = True

    @rule()
    def certify(self) -> None:
        self.attempt(steps.certify, self.at, None, {}, is_witnessed=self.is_witnessed)

    @rule(days=st.one_of(st.none(), st.integers(-10, 10)))
    def take_effect(self, days: int | None) -> None:
        on = None if days is None else local_date(self.at) + timedelta(days=days)
        self.attempt(steps.take_effect, on, self.at, None)

    @rule(sure=st.integers(0, 9))
    def cancel(self, sure: int) -> None:
        if sure == 0:
            self.attempt(steps.cancel, "重新召集", self.at)

    @invariant()
    def a_decision_has_every_step_before_it(self) -> None:
        meeting = self.meeting
        if meeting.done(Step.EFFECT) is None:
            return
        done = [meeting.done(step) for step in DECIDING]
        assert all(done)
        instants = [one.done_at for one in done if one]
        assert instants == sorted(instants)
        assert self.is_witnessed
        assert meeting.ended_at is None

    @invariant()
    def ballots_follow_clear_days_of_notice_and_a_whole_window(self) -> None:
        meeting = self.meeting
        out, closed = meeting.done(Step.BALLOTS_OUT), meeting.done(Step.CLOSE)
        if out is None:
            return
        assert meeting.notice_on is not None
        assert meeting.notice_on == meeting.record_on
        assert meeting.opens_at is not None
        assert meeting.closes_at is not None
        assert meeting.opens_at <= out.done_at
        assert local_date(out.done_at) >= after_clear_days(meeting.notice_on, 15).on
        assert 5 <= window_days(out.done_at, meeting.closes_at) <= 60
        if meeting.form is MeetingForm.ASSEMBLY:
            assert meeting.done(Step.DEBATE) is not None
        if closed is not None:
            assert closed.done_at >= meeting.closes_at

    @invariant()
    def what_is_over_is_over(self) -> None:
        if self.meeting.ended_at is not None:
            assert len(self.meeting.steps) == self.steps_when_ended

    @invariant()
    def the_calendar_can_always_be_drawn(self) -> None:
        calendar = draw_calendar(self.meeting, LIMITS, local_date(self.at))
        assert [deadline.step for deadline in calendar] == list(Step)


Conducting.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
TestConducting = Conducting.TestCase


def test_the_machine_can_reach_a_decision() -> None:
    """A control: the invariants above are not true of nothing."""
    machine = Conducting()
    machine.call(MeetingForm.WRITTEN, MeetingKind.ANNUAL)
    machine.plain_step(Step.SCREENING)
    machine.plain_step(Step.AGENDA)
    machine.draw_roll()
    machine.give_notice(40, 10, AGENDA)
    machine.time_passes(24 * 40)
    machine.send_ballots_out()
    machine.time_passes(24 * 10)
    machine.close()
    machine.count()
    machine.witness()
    machine.certify()
    machine.plain_step(Step.POSTING)
    machine.take_effect(None)
    assert machine.meeting.step is Step.EFFECT
    machine.a_decision_has_every_step_before_it()
    assert local_date(machine.at) == date(2025, 10, 30)


@pytest.mark.parametrize("skipped", [step for step in DECIDING if step is not Step.PROPOSAL])
def test_without_any_one_step_no_later_one_is_done(skipped: Step) -> None:
    """Every step names what it needs, so that leaving one out stops the meeting there."""
    meeting = begun(MeetingForm.WRITTEN, MeetingKind.ANNUAL)
    for step in DECIDING[1:]:
        if step is skipped:
            continue
        try:
            steps.check_step(meeting, step)
        except steps.StepMissing:
            continue
        meeting = steps.take(meeting, step, BEGINS, None)
    assert meeting.done(Step.EFFECT) is None
