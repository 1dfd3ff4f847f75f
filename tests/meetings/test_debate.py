"""The rules of debate, and advice that can never become a decision."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from tests.make import assemblies as make
from tests.make.ground import new_id
from trustprop.kernel.caller import Caller
from trustprop.meetings import rules, service
from trustprop.meetings.model import (
    AskToSpeak,
    Deliberate,
    Matter,
    Meeting,
    OpenDebate,
    OpenDeliberation,
    Speech,
    Stance,
    WriteRemark,
)
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes.model.counting import Choice

BEGINS = make.PROPOSED + timedelta(days=10)


def after(caller: Caller, seconds: float) -> Caller:
    return make.at(caller, BEGINS + timedelta(seconds=seconds))


async def debated(tx: Tx, assembly: make.Assembly, vault: Vault) -> tuple[Meeting, UUID]:
    """Owner 14 chairs; one motion of the committee."""
    motion = make.motion_command(Matter.OTHER)
    meeting = await make.noticed(tx, assembly, vault, motion)
    command = OpenDebate(chair_id=assembly.owners[13].person_id, place="社区活动室")
    director = after(assembly.director.caller, 0)
    return await service.open_debate(tx, director, meeting.meeting_id, command), motion.id


async def ask(tx: Tx, caller: Caller, motion_id: UUID) -> Speech:
    return await service.ask_to_speak(
        tx, caller, motion_id, AskToSpeak(id=new_id(), stance=Stance.FOR)
    )


async def test_whoever_has_a_motion_of_their_own_cannot_chair(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    director, mover, seconder = assembly.director.caller, assembly.owners[0], assembly.owners[1]
    meeting = await service.propose(tx, director, make.propose_command())
    moved = await service.add_motion(
        tx, mover, meeting.meeting_id, make.motion_command(Matter.OTHER)
    )
    await service.second(tx, seconder, moved.motion_id)
    standing = make.election_command(make.candidate(assembly.owners[2], "丙"))
    await service.add_motion(tx, director, meeting.meeting_id, standing)
    await service.screen(tx, director, meeting.meeting_id)
    await service.set_agenda(tx, director, meeting.meeting_id)
    drawn = make.DrawRoll(vote_id=new_id())
    meeting = await service.draw_roll(tx, director, meeting.meeting_id, drawn, vault)
    held = await service.motions(tx, assembly.compound_id, meeting.meeting_id)
    notice = make.notice_command(meeting, held)
    await service.give_notice(tx, director, meeting.meeting_id, notice)
    for person in (mover, seconder, assembly.owners[2], director):
        command = OpenDebate(chair_id=person.person_id, place="活动室")
        with pytest.raises(rules.ChairNotNeutral):
            await service.open_debate(tx, director, meeting.meeting_id, command)
    neutral = OpenDebate(chair_id=assembly.owners[3].person_id, place="活动室")
    opened = await service.open_debate(tx, director, meeting.meeting_id, neutral)
    assert opened.chair_id == assembly.owners[3].person_id


async def test_nobody_debates_what_is_not_posted(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    motion = make.motion_command()
    meeting = await make.on_the_roll(tx, assembly, vault, motion)
    command = OpenDebate(chair_id=assembly.owners[13].person_id, place="活动室")
    with pytest.raises(rules.StepMissing):
        await service.open_debate(tx, assembly.director.caller, meeting.meeting_id, command)
    with pytest.raises(rules.StepMissing):
        await ask(tx, assembly.owners[0], motion.id)


async def test_everybody_speaks_at_most_twice_on_a_motion(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    _, motion_id = await debated(tx, assembly, vault)
    for _ in range(2):
        await ask(tx, after(assembly.owners[0], 1), motion_id)
    with pytest.raises(rules.SpokenTwice):
        await ask(tx, after(assembly.owners[0], 2), motion_id)
    with pytest.raises(rules.OwnersOnly):
        await ask(tx, after(assembly.tenant, 2), motion_id)
    with pytest.raises(rules.OwnersOnly):
        await ask(tx, after(assembly.manager, 2), motion_id)


async def test_one_speaks_at_a_time_and_two_minutes_are_the_end(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    meeting, motion_id = await debated(tx, assembly, vault)
    chair = assembly.owners[13]
    first = await ask(tx, after(assembly.owners[0], 1), motion_id)
    second = await ask(tx, after(assembly.owners[1], 2), motion_id)
    with pytest.raises(rules.NotTheChair):
        await service.start_speech(tx, after(assembly.owners[0], 3), first.speech_id)
    await service.start_speech(tx, after(chair, 10), first.speech_id)
    with pytest.raises(rules.FloorTaken) as refused:
        await service.start_speech(tx, after(chair, 129), second.speech_id)
    assert refused.value.until_at == BEGINS + timedelta(seconds=130)
    await service.start_speech(tx, after(chair, 130), second.speech_id)
    ended = await service.end_speech(tx, after(chair, 500), first.speech_id)
    assert ended.ended_at == BEGINS + timedelta(seconds=130)
    short = await service.end_speech(tx, after(assembly.owners[1], 145), second.speech_id)
    assert short.ended_at == BEGINS + timedelta(seconds=145)
    with pytest.raises(rules.SpeechOver):
        await service.end_speech(tx, after(chair, 600), second.speech_id)
    log = await service.speeches(tx, assembly.compound_id, meeting.meeting_id)
    assert [one.speech_id for one in log] == [first.speech_id, second.speech_id]


async def test_who_has_not_spoken_comes_before_who_has(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    _, motion_id = await debated(tx, assembly, vault)
    chair = assembly.owners[13]
    first = await ask(tx, after(assembly.owners[0], 1), motion_id)
    again = await ask(tx, after(assembly.owners[0], 2), motion_id)
    other = await ask(tx, after(assembly.owners[1], 3), motion_id)
    with pytest.raises(rules.NotNextToSpeak):
        await service.start_speech(tx, after(chair, 4), other.speech_id)
    await service.start_speech(tx, after(chair, 5), first.speech_id)
    with pytest.raises(rules.NotNextToSpeak) as refused:
        await service.start_speech(tx, after(chair, 200), again.speech_id)
    assert refused.value.next_speech_id == other.speech_id
    await service.start_speech(tx, after(chair, 200), other.speech_id)


async def test_nobody_speaks_after_the_close(tx: Tx, assembly: make.Assembly, vault: Vault) -> None:
    _, motion_id = await debated(tx, assembly, vault)
    with pytest.raises(rules.TooLate):
        await ask(tx, make.at(assembly.owners[0], make.CLOSES), motion_id)


async def test_advice_is_one_person_one_vote_and_makes_no_resolution(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    meeting, motion_id = await debated(tx, assembly, vault)
    director = after(assembly.director.caller, 1)
    command = OpenDeliberation(id=new_id(), question="先讨论预算？", motion_id=motion_id)
    opened = await service.open_deliberation(tx, director, meeting.meeting_id, command)
    for i, choice in enumerate((Choice.FOR, Choice.FOR, Choice.AGAINST, Choice.ABSTAIN)):
        await service.deliberate(
            tx, after(assembly.owners[i], 2), opened.deliberation_id, Deliberate(choice=choice)
        )
    with pytest.raises(rules.DeliberatedTwice):
        await service.deliberate(
            tx, after(assembly.owners[0], 3), opened.deliberation_id, Deliberate(choice=Choice.FOR)
        )
    with pytest.raises(rules.NotTheChair):
        await service.close_deliberation(tx, after(assembly.owners[0], 3), opened.deliberation_id)
    closed = await service.close_deliberation(tx, director, opened.deliberation_id)
    assert closed.advice is not None
    assert (closed.advice.in_favour, closed.advice.against, closed.advice.is_advised) == (
        2,
        1,
        True,
    )
    with pytest.raises(rules.DeliberationClosed):
        await service.deliberate(
            tx, after(assembly.owners[5], 4), opened.deliberation_id, Deliberate(choice=Choice.FOR)
        )
    assert await service.resolutions(tx, assembly.compound_id) == ()
    held = await service.deliberations(tx, assembly.compound_id, meeting.meeting_id)
    assert held == (closed,)


async def test_firm_supervisor_and_residents_remark_without_their_names(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    meeting, motion_id = await debated(tx, assembly, vault)
    for caller, written_for in (
        (assembly.manager, "trustee_manager"),
        (assembly.supervisor, "supervisor"),
        (assembly.tenant, "resident"),
    ):
        command = WriteRemark(id=new_id(), body="请说明费用来源。", motion_id=motion_id)
        remark = await service.write_remark(tx, after(caller, 1), meeting.meeting_id, command)
        assert remark.written_for == written_for
    remarks = await service.remarks(tx, assembly.compound_id, meeting.meeting_id)
    assert len(remarks) == 3
    assert all(isinstance(one.at, datetime) for one in remarks)
