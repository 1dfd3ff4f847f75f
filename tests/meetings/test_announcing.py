"""Agenda, roll and notice; and the database's own eye on what was posted."""

from datetime import timedelta

import asyncpg
import pytest
from msgspec.structs import replace
from sqlalchemy.exc import DBAPIError

from tests.make import assemblies as make
from tests.make.ground import new_id
from tests.make.meetings import MINUTES
from trustprop.evidence.rules import FilesMissing
from trustprop.kernel.caller import OfficeNeeded
from trustprop.kernel.periods import local_date
from trustprop.meetings import rules, service
from trustprop.meetings.model import DrawRoll, MeetingKind, Step
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes import service as votes
from trustprop.votes.model.holding import VoteState


async def test_the_agenda_freezes_full_texts_under_one_digest(
    tx: Tx, assembly: make.Assembly
) -> None:
    caller = assembly.director.caller
    meeting = await make.proposed(tx, assembly, make.motion_command(), make.motion_command())
    await service.screen(tx, caller, meeting.meeting_id)
    frozen = await service.set_agenda(tx, caller, meeting.meeting_id)
    motions = await service.motions(tx, assembly.compound_id, meeting.meeting_id)
    assert len({motion.digest for motion in motions} - {None}) == 2
    assert frozen.agenda_digest is not None
    found = await service.find_meeting(tx, assembly.compound_id, meeting.meeting_id)
    assert found == frozen
    with pytest.raises(rules.StepAlreadyDone):
        await service.set_agenda(tx, caller, meeting.meeting_id)


async def test_the_ballot_asks_exactly_what_the_agenda_holds(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    kept, withdrawn = make.motion_command(), make.motion_command()
    meeting = await make.proposed(tx, assembly, withdrawn, kept)
    caller = assembly.director.caller
    await service.withdraw_motion(tx, caller, withdrawn.id)
    await service.screen(tx, caller, meeting.meeting_id)
    await service.set_agenda(tx, caller, meeting.meeting_id)
    drawn = await service.draw_roll(
        tx, caller, meeting.meeting_id, DrawRoll(vote_id=new_id()), vault
    )
    vote = await votes.find_vote(tx, assembly.compound_id, drawn.vote_id)
    assert [question.question_id for question in vote.questions] == [kept.id]
    assert (vote.heads, vote.record_on) == (14, local_date(make.PROPOSED))


async def test_what_is_not_posted_cannot_be_voted_on(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    first, second = make.motion_command(), make.motion_command()
    meeting = await make.on_the_roll(tx, assembly, vault, first, second)
    motions = await service.motions(tx, assembly.compound_id, meeting.meeting_id)
    caller = assembly.director.caller
    unknown = new_id()
    for named, missing, extra in (
        ((first.id,), (second.id,), ()),
        ((first.id, second.id, unknown), (), (unknown,)),
    ):
        command = replace(make.notice_command(meeting, motions), motions=named)
        with pytest.raises(rules.NoticeOfOtherMotions) as refused:
            await service.give_notice(tx, caller, meeting.meeting_id, command)
        assert (refused.value.missing, refused.value.unknown) == (missing, extra)
    other = make.notice_command(meeting, motions, agenda_digest="ab" * 32)
    with pytest.raises(rules.NoticeOfOtherMotions):
        await service.give_notice(tx, caller, meeting.meeting_id, other)


async def test_ballots_wait_for_fifteen_clear_days(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    meeting = await make.on_the_roll(tx, assembly, vault)
    motions = await service.motions(tx, assembly.compound_id, meeting.meeting_id)
    early = make.notice_command(meeting, motions, opens_at=make.OPENS - timedelta(seconds=1))
    caller = assembly.director.caller
    with pytest.raises(rules.BallotsTooEarly) as refused:
        await service.give_notice(tx, caller, meeting.meeting_id, early)
    assert refused.value.facts["earliest_on"] == local_date(make.OPENS)
    right = make.notice_command(meeting, motions)
    noticed = await service.give_notice(tx, caller, meeting.meeting_id, right)
    assert noticed.step is Step.NOTICE


@pytest.mark.parametrize(("days", "is_allowed"), [(4, False), (5, True), (60, True), (61, False)])
async def test_the_window_lasts_five_to_sixty_days(
    tx: Tx, assembly: make.Assembly, vault: Vault, days: int, is_allowed: bool
) -> None:
    meeting = await make.on_the_roll(tx, assembly, vault)
    motions = await service.motions(tx, assembly.compound_id, meeting.meeting_id)
    command = make.notice_command(
        meeting, motions, closes_at=make.OPENS + timedelta(days=days, hours=1)
    )
    caller = assembly.director.caller
    if is_allowed:
        await service.give_notice(tx, caller, meeting.meeting_id, command)
    else:
        with pytest.raises(rules.WindowWrong) as refused:
            await service.give_notice(tx, caller, meeting.meeting_id, command)
        assert (refused.value.least, refused.value.most, refused.value.days) == (5, 60, days)


@pytest.mark.parametrize("year", [1, 9999])
async def test_a_year_that_is_a_typing_error_is_no_window(
    tx: Tx, assembly: make.Assembly, vault: Vault, year: int
) -> None:
    meeting = await make.on_the_roll(tx, assembly, vault)
    motions = await service.motions(tx, assembly.compound_id, meeting.meeting_id)
    typo = make.notice_command(meeting, motions, closes_at=make.CLOSES.replace(year=year))
    with pytest.raises(rules.WindowWrong):
        await service.give_notice(tx, assembly.director.caller, meeting.meeting_id, typo)


async def test_the_roll_is_of_the_day_of_the_notice_or_drawn_again(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    meeting = await make.on_the_roll(tx, assembly, vault)
    motions = await service.motions(tx, assembly.compound_id, meeting.meeting_id)
    next_day = make.at(assembly.director.caller, make.PROPOSED + timedelta(days=1))
    late = make.notice_command(
        meeting,
        motions,
        opens_at=make.OPENS + timedelta(days=3),
        closes_at=make.CLOSES + timedelta(days=3),
    )
    with pytest.raises(rules.RollOfAnotherDay):
        await service.give_notice(tx, next_day, meeting.meeting_id, late)
    again = DrawRoll(vote_id=new_id())
    drawn = await service.draw_roll(tx, next_day, meeting.meeting_id, again, vault)
    assert (drawn.vote_id, drawn.record_on) == (again.vote_id, local_date(next_day.at))
    first = await votes.find_vote(tx, assembly.compound_id, meeting.vote_id)
    assert first.state is VoteState.ABANDONED
    await service.give_notice(tx, next_day, meeting.meeting_id, late)
    with pytest.raises(rules.StepAlreadyDone):
        await service.draw_roll(tx, next_day, meeting.meeting_id, again, vault)


async def test_a_notice_proves_that_it_hangs_there(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    meeting = await make.on_the_roll(tx, assembly, vault)
    motions = await service.motions(tx, assembly.compound_id, meeting.meeting_id)
    command = make.notice_command(meeting, motions, told_residents_committee=("cd" * 32,))
    with pytest.raises(FilesMissing):
        await service.give_notice(tx, assembly.director.caller, meeting.meeting_id, command)


async def test_an_extraordinary_meeting_waits_as_long_where_no_local_law_shortens_it(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    meeting = await make.on_the_roll(tx, assembly, vault, kind=MeetingKind.EXTRAORDINARY)
    motions = await service.motions(tx, assembly.compound_id, meeting.meeting_id)
    early = make.notice_command(meeting, motions, opens_at=make.OPENS - timedelta(days=8))
    with pytest.raises(rules.BallotsTooEarly):
        await service.give_notice(tx, assembly.director.caller, meeting.meeting_id, early)


@pytest.mark.parametrize("step", ["screen", "set_agenda"])
async def test_the_firm_and_the_supervisor_conduct_nothing(
    tx: Tx, assembly: make.Assembly, step: str
) -> None:
    meeting = await make.proposed(tx, assembly)
    for caller in (assembly.manager, assembly.supervisor, assembly.owners[0]):
        with pytest.raises(OfficeNeeded):
            await getattr(service, step)(tx, caller, meeting.meeting_id)


# The second witness


TAMPERING = (
    "UPDATE meeting SET opens_at = opens_at - interval '1 day'",
    "UPDATE meeting SET closes_at = closes_at - interval '1 day'",
    "UPDATE meeting SET agenda_digest = 'x'",
    "UPDATE meeting SET vote_id = gen_random_uuid()",
    'UPDATE motion SET content = content || \'{"title": "x"}\'',
    "UPDATE motion SET withdrawn_at = now()",
    "UPDATE meeting_step SET facts = '{}'",
    "DELETE FROM meeting_step",
    """INSERT INTO meeting_step SELECT compound_id, meeting_id, 'ballots_out', 1, done_at, done_by,
    facts, evidence FROM meeting_step WHERE step = 'notice'""",
    """INSERT INTO meeting_step SELECT compound_id, meeting_id, 'count', 1, done_at, done_by, facts,
    evidence FROM meeting_step WHERE step = 'notice'""",
    """INSERT INTO motion SELECT compound_id, gen_random_uuid(), meeting_id, 9, 1, matter, majority,
    legal_basis, content, moved_by, is_moved_by_committee, moved_at, NULL, NULL FROM motion""",
)


@pytest.mark.parametrize("statement", TAMPERING)
async def test_the_database_itself_keeps_what_was_posted(
    tx: Tx, assembly: make.Assembly, vault: Vault, statement: str
) -> None:
    await make.noticed(tx, assembly, vault)
    with pytest.raises((asyncpg.PostgresError, DBAPIError)) as refused:
        await tx.raw.execute(statement)
    assert "permission denied" in str(refused.value) or isinstance(
        refused.value, asyncpg.RestrictViolationError
    )


async def test_a_file_that_was_posted_is_named_by_the_step(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    meeting = await make.noticed(tx, assembly, vault)
    done = meeting.done(Step.NOTICE)
    assert done is not None
    assert done.evidence == (MINUTES,)
    assert done.done_by == assembly.director.caller.person_id
