"""Ballots out, extension, close, count, tally and posting, each at its hour and in its order."""

from datetime import date, timedelta

import pytest

from tests.make import assemblies as make
from tests.make import compounds as make_compounds
from tests.make.ground import new_id
from tests.make.meetings import MINUTES
from trustprop.compounds import rules as compound_rules
from trustprop.compounds import store as compound_store
from trustprop.kernel.caller import Caller, OfficeNeeded
from trustprop.kernel.periods import local_date
from trustprop.meetings import rules, service
from trustprop.meetings.model import (
    AnswerObjection,
    Cancel,
    Consequence,
    ExtendWindow,
    Matter,
    Meeting,
    MeetingForm,
    MeetingObjection,
    ObjectionTarget,
    PostResult,
    RaiseObjection,
    SendBallotsOut,
    Step,
    TakeEffect,
)
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import service as votes
from trustprop.votes.model.counting import Majority
from trustprop.votes.model.holding import VoteState

POST = PostResult(posted=(MINUTES,))
OUT = SendBallotsOut()


@pytest.fixture
def director(assembly: make.Assembly) -> Caller:
    return assembly.director.caller


async def objection(
    tx: Tx, assembly: make.Assembly, meeting: Meeting, target: ObjectionTarget, **changes: object
) -> MeetingObjection:
    command = RaiseObjection(id=new_id(), target=target, body="名册遗漏了 109 室。")
    owner = make.at(assembly.owners[0], changes.get("at", make.PROPOSED))
    return await service.object_to(tx, owner, meeting.meeting_id, command)


# Ballots out


async def test_ballots_go_out_at_the_announced_hour_and_not_before(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.noticed(tx, assembly, vault)
    early = make.at(director, make.OPENS - timedelta(microseconds=1))
    with pytest.raises(rules.TooEarly) as refused:
        await service.send_ballots_out(tx, early, meeting.meeting_id, OUT)
    assert refused.value.earliest_on == date(2025, 10, 25)
    await service.send_ballots_out(tx, make.at(director, make.OPENS), meeting.meeting_id, OUT)
    vote = await votes.find_vote(tx, assembly.compound_id, meeting.vote_id)
    assert (vote.state, vote.closes_at) == (VoteState.OPEN, make.CLOSES)


async def test_ballots_that_went_out_too_late_leave_only_the_cancellation(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.noticed(tx, assembly, vault)
    late = make.at(director, make.CLOSES - timedelta(days=4))
    with pytest.raises(rules.TooLate):
        await service.send_ballots_out(tx, late, meeting.meeting_id, OUT)
    command = Cancel(reason="选票未按时发放")
    cancelled = await service.cancel(tx, late, meeting.meeting_id, command)
    assert cancelled.ended_reason == "选票未按时发放"
    vote = await votes.find_vote(tx, assembly.compound_id, meeting.vote_id)
    assert vote.state is VoteState.ABANDONED
    with pytest.raises(rules.MeetingEnded):
        await service.send_ballots_out(tx, late, meeting.meeting_id, OUT)
    with pytest.raises(rules.MeetingEnded):
        await service.cancel(tx, late, meeting.meeting_id, command)


async def test_owners_who_meet_debate_before_ballots_go_out(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.noticed(tx, assembly, vault, form=MeetingForm.ASSEMBLY)
    with pytest.raises(rules.StepMissing) as refused:
        await service.send_ballots_out(tx, make.at(director, make.OPENS), meeting.meeting_id, OUT)
    assert refused.value.needed is Step.DEBATE


async def test_objections_to_the_roll_are_answered_before_ballots_go_out(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.noticed(tx, assembly, vault)
    raised = await objection(tx, assembly, meeting, ObjectionTarget.ROLL)
    opening = make.at(director, make.OPENS)
    with pytest.raises(rules.ObjectionsOpen):
        await service.send_ballots_out(tx, opening, meeting.meeting_id, OUT)
    answer = AnswerObjection(answer="109 室在名册第 9 行。", is_upheld=False)
    with pytest.raises(OfficeNeeded):
        await service.answer_objection(tx, assembly.manager, raised.objection_id, answer)
    await service.answer_objection(tx, director, raised.objection_id, answer)
    with pytest.raises(rules.ObjectionAnswered):
        await service.answer_objection(tx, director, raised.objection_id, answer)
    await service.send_ballots_out(tx, opening, meeting.meeting_id, OUT)
    with pytest.raises(rules.TooLate):
        await objection(tx, assembly, meeting, ObjectionTarget.ROLL, at=make.OPENS)


async def test_an_objection_to_the_roll_that_is_right_ends_the_meeting(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.noticed(tx, assembly, vault)
    raised = await objection(tx, assembly, meeting, ObjectionTarget.ROLL)
    answer = AnswerObjection(answer="确有遗漏。", is_upheld=True)
    await service.answer_objection(tx, director, raised.objection_id, answer)
    with pytest.raises(rules.ObjectionStands):
        await service.send_ballots_out(tx, make.at(director, make.OPENS), meeting.meeting_id, OUT)


async def test_who_objected_is_known_to_the_committee_and_to_nobody_else(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.noticed(tx, assembly, vault)
    raised = await objection(tx, assembly, meeting, ObjectionTarget.ROLL)
    for caller, knows in (
        (director, True),
        (assembly.owners[0], True),
        (assembly.owners[1], False),
        (assembly.supervisor, False),
    ):
        (shown,) = await service.objections(tx, caller, meeting.meeting_id)
        assert (shown.raised_by == raised.raised_by) is knows


# Extension


EXTENDED = make.CLOSES + timedelta(days=7)


async def test_the_window_is_extended_only_where_a_clause_allows_it(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.opened(tx, assembly, vault)
    during = make.at(director, make.OPENS + timedelta(days=2))
    command = ExtendWindow(closes_at=EXTENDED, posted=(MINUTES,))
    with pytest.raises(rules.ExtensionNotAllowed):
        await service.extend(tx, during, meeting.meeting_id, command)


async def test_an_extension_is_posted_and_made_before_the_window_ends(
    tx: Tx, caller: Caller, vault: Vault
) -> None:
    clause = make_compounds.clause("meeting_extensions", 1)
    text = make_compounds.text(clause, kind=make.PROCEDURE)
    assembly = await make.add_assembly(tx, caller.compound_id, text)
    meeting = await make.opened(tx, assembly, vault)
    director = assembly.director.caller
    during, after = make.OPENS + timedelta(days=2), make.CLOSES
    command = ExtendWindow(closes_at=EXTENDED, posted=(MINUTES,))
    with pytest.raises(rules.TooLate):
        await service.extend(tx, make.at(director, after), meeting.meeting_id, command)
    shorter = ExtendWindow(closes_at=make.CLOSES, posted=(MINUTES,))
    with pytest.raises(rules.ExtensionTooShort):
        await service.extend(tx, make.at(director, during), meeting.meeting_id, shorter)
    far = ExtendWindow(closes_at=make.OPENS + timedelta(days=62), posted=(MINUTES,))
    with pytest.raises(rules.WindowWrong):
        await service.extend(tx, make.at(director, during), meeting.meeting_id, far)
    extended = await service.extend(tx, make.at(director, during), meeting.meeting_id, command)
    assert (extended.closes_at, extended.extensions) == (EXTENDED, 1)
    done = extended.done(Step.BALLOTS_IN)
    assert done is not None
    assert done.evidence == (MINUTES,)
    later = ExtendWindow(closes_at=EXTENDED + timedelta(days=1), posted=(MINUTES,))
    with pytest.raises(rules.ExtensionNotAllowed):
        await service.extend(tx, make.at(director, during), meeting.meeting_id, later)
    with pytest.raises(rules.TooEarly):
        await service.close(tx, make.at(director, make.CLOSES), meeting.meeting_id)
    closed = await service.close(tx, make.at(director, EXTENDED), meeting.meeting_id)
    assert closed.step is Step.CLOSE


# Close, count, tally


async def test_nothing_is_counted_before_the_close_and_nothing_closed_before_its_hour(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.opened(tx, assembly, vault)
    early = make.at(director, make.CLOSES - timedelta(microseconds=1))
    with pytest.raises(rules.TooEarly):
        await service.close(tx, early, meeting.meeting_id)
    with pytest.raises(rules.StepMissing):
        await service.count(tx, early, meeting.meeting_id, vault)
    digest = await make.closed(tx, assembly, meeting, vault)
    again = await service.count(tx, make.at(director, make.CLOSES), meeting.meeting_id, vault)
    assert again.digest == digest


async def test_a_tally_stands_on_ten_owners_and_half_of_the_committee(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.opened(tx, assembly, vault)
    await make.vote(tx, assembly, meeting, 12)
    digest = await make.closed(tx, assembly, meeting, vault)
    evening = make.at(director, make.CLOSES)
    with pytest.raises(rules.CountNotWitnessed):
        await service.certify(tx, evening, meeting.meeting_id)
    with pytest.raises(rules.StepMissing) as refused:
        await service.post_result(tx, evening, meeting.meeting_id, POST)
    assert refused.value.needed is Step.TALLY
    with pytest.raises(rules.StepMissing):
        await service.take_effect(tx, evening, meeting.meeting_id, TakeEffect())
    await make.witness(tx, assembly, meeting, digest)
    certified = await service.certify(tx, evening, meeting.meeting_id)
    assert certified.step is Step.TALLY
    (outcome,) = await service.outcomes(tx, assembly.compound_id, meeting.meeting_id)
    assert (outcome.is_passed, outcome.resolutions) == (True, ())


@pytest.mark.parametrize(
    ("matter", "in_favour", "against", "is_passed"),
    [
        (Matter.BUDGET, 10, 0, True),
        (Matter.BUDGET, 9, 0, False),  # 9 of 14 are less than two thirds
        (Matter.BUDGET, 6, 6, False),
        (Matter.BUDGET, 7, 5, True),
        (Matter.COMMON_PART_BUSINESS, 8, 4, False),
        (Matter.COMMON_PART_BUSINESS, 9, 3, True),  # three quarters includes the number itself
    ],
)
async def test_a_motion_passes_by_area_and_heads_in_its_class(
    tx: Tx,
    assembly: make.Assembly,
    vault: Vault,
    director: Caller,
    matter: Matter,
    in_favour: int,
    against: int,
    is_passed: bool,
) -> None:
    motion = make.motion_command(matter)
    meeting = await make.posted(tx, assembly, vault, motion, in_favour=in_favour, against=against)
    taken = await service.take_effect(
        tx, make.at(director, make.POSTED), meeting.meeting_id, TakeEffect()
    )
    (outcome,) = await service.outcomes(tx, assembly.compound_id, meeting.meeting_id)
    assert outcome.is_passed is is_passed
    assert outcome.resolutions == ((motion.id,) if is_passed else ())
    majority = Majority.SPECIAL if matter is Matter.COMMON_PART_BUSINESS else Majority.ORDINARY
    assert [one.majority for one in taken.resolutions] == ([majority] if is_passed else [])


# The calendar


def shown(calendar: tuple, step: Step) -> tuple:
    deadline = next(one for one in calendar if one.step is step)
    return deadline.earliest_on, deadline.due_on, deadline.until_on


async def test_the_calendar_names_every_day_with_its_citation(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.posted(tx, assembly, vault)
    calendar = await service.calendar(tx, assembly.owners[0], meeting.meeting_id)
    assert [deadline.step for deadline in calendar] == list(Step)
    assert shown(calendar, Step.BALLOTS_OUT) == (date(2025, 10, 25), date(2025, 10, 31), None)
    assert shown(calendar, Step.CLOSE) == (date(2025, 11, 5), date(2025, 11, 5), None)
    assert shown(calendar, Step.POSTING) == (
        date(2025, 11, 5),
        date(2025, 11, 10),  # the 8th is a Saturday
        date(2025, 11, 21),
    )
    assert shown(calendar, Step.OBJECTIONS) == (
        date(2025, 11, 6),
        date(2025, 11, 13),
        date(2025, 11, 13),
    )
    assert shown(calendar, Step.FILING) == (date(2025, 11, 5), date(2025, 12, 5), None)
    assert shown(calendar, Step.REVOCATION_WINDOW)[1] == date(2026, 11, 6)
    assert all(deadline.citation for deadline in calendar)
    assert not any(deadline.is_late for deadline in calendar)
    by_step = {deadline.step: deadline for deadline in calendar}
    assert by_step[Step.BALLOTS_OUT].if_missed is Consequence.CANCELLED
    assert by_step[Step.POSTING].if_missed is Consequence.LATE
    assert by_step[Step.EFFECT].done_at is None


async def test_the_calendar_plans_from_today_until_the_notice_is_given(
    tx: Tx, assembly: make.Assembly, director: Caller
) -> None:
    meeting = await make.proposed(tx, assembly)
    calendar = await service.calendar(tx, director, meeting.meeting_id)
    ballots = next(one for one in calendar if one.step is Step.BALLOTS_OUT)
    assert (ballots.earliest_on, ballots.is_provisional) == (local_date(make.OPENS), True)


async def test_a_day_that_was_missed_shows(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.noticed(tx, assembly, vault)
    late = make.at(director, make.CLOSES)
    calendar = await service.calendar(tx, late, meeting.meeting_id)
    assert [one.step for one in calendar if one.is_late] == [Step.BALLOTS_OUT]


def test_a_local_profile_gives_extraordinary_meetings_seven_days() -> None:
    hangzhou = compound_rules.resolve(compound_store.profile("hangzhou"), [])
    assert hangzhou.extraordinary_notice_days.value == 7
    assert hangzhou.meeting_notice_days.value == 15
