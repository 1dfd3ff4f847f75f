"""What a decision does: money, texts, mandates and keys; and what it no longer does once revoked."""

from datetime import date, timedelta

import asyncpg
import pytest
from msgspec.structs import replace

from tests.make import assemblies as make
from tests.make.acts import Person
from tests.make.ground import new_id
from tests.make.identity import make_signing_key, prove
from tests.make.meetings import MINUTES, record_command
from trustprop.compounds import service as compounds
from trustprop.compounds.model import ClauseChange, Scope
from trustprop.identity import service as identity
from trustprop.identity.model import KeyState
from trustprop.kernel.caller import Caller, Party
from trustprop.kernel.errors import FieldsInvalid
from trustprop.kernel.periods import local_date
from trustprop.meetings import rules, service
from trustprop.meetings.model import (
    AnswerObjection,
    Body,
    Cancel,
    Figures,
    FilingKind,
    Matter,
    Meeting,
    ObjectionTarget,
    RaiseObjection,
    RecordFiling,
    RecordHandover,
    ResolutionState,
    TakeEffect,
    WriteFollowUp,
)
from trustprop.meetings.store import resolutions as decisions
from trustprop.plumbing import checks
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault

POSTED_ON = local_date(make.POSTED)


@pytest.fixture
def director(assembly: make.Assembly) -> Caller:
    return make.at(assembly.director.caller, make.POSTED)


async def take_effect(tx: Tx, caller: Caller, meeting: Meeting, **changes: object) -> tuple:
    command = TakeEffect(**changes)
    return (await service.take_effect(tx, caller, meeting.meeting_id, command)).resolutions


async def test_what_a_meeting_leaves_behind_breaks_no_rule(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    await make.in_effect(tx, assembly, vault, make.motion_command(), make.motion_command())
    names = [
        name
        for name in checks.queries()
        if name.startswith("meetings:") and "outcomes come from acts" not in name
    ]
    assert len(names) > 8
    assert [name for name in names if await tx.raw.fetch(checks.queries()[name])] == []


async def test_a_rehearsal_goes_through_every_step_and_decides_nothing(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.posted(tx, assembly, vault, is_rehearsal=True)
    assert await take_effect(tx, director, meeting) == ()
    assert await service.resolutions(tx, assembly.compound_id) == ()
    (outcome,) = await service.outcomes(tx, assembly.compound_id, meeting.meeting_id)
    assert outcome.is_passed
    await service.record(tx, director, _paper(director))


async def test_the_database_lets_no_rehearsal_make_a_resolution(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    (made,) = await make.in_effect(tx, assembly, vault)
    rehearsal = await make.posted(tx, assembly, vault, is_rehearsal=True)
    (motion,) = await service.motions(tx, assembly.compound_id, rehearsal.meeting_id)
    forged = replace(
        made,
        resolution_id=motion.motion_id,
        meeting_id=rehearsal.meeting_id,
        motion_id=motion.motion_id,
        number="2025-002",
    )
    with pytest.raises(Exception, match="fk_resolution_meeting"):
        await decisions.add(tx, assembly.compound_id, forged)


async def test_the_database_lets_no_resolution_in_without_its_count(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    (made,) = await make.in_effect(tx, assembly, vault)
    open_meeting = await make.noticed(tx, assembly, vault)
    (motion,) = await service.motions(tx, assembly.compound_id, open_meeting.meeting_id)
    forged = replace(
        made,
        resolution_id=motion.motion_id,
        meeting_id=open_meeting.meeting_id,
        motion_id=motion.motion_id,
        number="2025-002",
    )
    await decisions.add(tx, assembly.compound_id, forged)
    with pytest.raises(asyncpg.RestrictViolationError):
        await tx.raw.execute("SET CONSTRAINTS ALL IMMEDIATE")


async def test_the_database_lets_no_resolution_in_without_witnesses_whoever_certified_it(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.opened(tx, assembly, vault)
    await make.vote(tx, assembly, meeting, 12)
    await make.closed(tx, assembly, meeting, vault)
    for step in ("tally", "posting"):
        await tx.raw.execute(
            "INSERT INTO meeting_step VALUES ($1, $2, $3, 1, $4, NULL, '{}', '{}')",
            assembly.compound_id,
            meeting.meeting_id,
            step,
            make.POSTED,
        )
    (made,) = await take_effect(tx, director, meeting)
    assert made.tally.is_passed
    with pytest.raises(asyncpg.RestrictViolationError, match="no counted meeting"):
        await tx.raw.execute("SET CONSTRAINTS ALL IMMEDIATE")


def _paper(caller: Caller, **changes: object) -> object:
    figures = Figures(
        total_area_dm2=14 * 8950,
        total_heads=14,
        participating_area_dm2=12 * 8950,
        participating_heads=12,
        for_area_dm2=12 * 8950,
        for_heads=12,
    )
    values = {"figures": figures, "expires_at": caller.at + timedelta(days=9)}
    return record_command(**(values | changes))


async def test_decisions_of_the_assembly_come_from_paper_only_until_it_meets_here(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    await service.record(tx, director, _paper(director))
    await make.in_effect(tx, assembly, vault)
    with pytest.raises(rules.MeetingsAreHeldHere):
        await service.record(tx, director, _paper(director))
    members = Figures(total_heads=2, participating_heads=2, for_heads=2)
    command = _paper(director, matter=Matter.OTHER, decided_by=Body.COMMITTEE, figures=members)
    assert (await service.record(tx, director, command)).number == "2025-003"


async def test_a_meeting_takes_effect_once_and_after_its_posting(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.posted(tx, assembly, vault)
    for wrong in (POSTED_ON - timedelta(days=1), date(2026, 11, 7), date.max):
        with pytest.raises(rules.EffectDayWrong):
            await take_effect(tx, director, meeting, effective_on=wrong)
    later = date(2026, 1, 1)
    (made,) = await take_effect(tx, director, meeting, effective_on=later)
    assert made.valid_from == later
    with pytest.raises(rules.StepAlreadyDone):
        await take_effect(tx, director, meeting)
    with pytest.raises(rules.MeetingInEffect):
        await service.cancel(tx, director, meeting.meeting_id, Cancel(reason="反悔"))
    with pytest.raises(rules.ResolutionNotInForce):
        await service.require(tx, director, made.resolution_id, Matter.BUDGET)


async def test_an_objection_to_the_result_that_is_right_lets_nothing_take_effect(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.posted(tx, assembly, vault)
    owner = make.at(assembly.owners[0], make.POSTED)
    command = RaiseObjection(id=new_id(), target=ObjectionTarget.RESULT, body="计票有误。")
    raised = await service.object_to(tx, owner, meeting.meeting_id, command)
    late = make.at(owner, make.POSTED + timedelta(days=8))
    with pytest.raises(rules.TooLate):
        await service.object_to(tx, late, meeting.meeting_id, replace(command, id=new_id()))
    with pytest.raises(rules.OwnersOnly):
        await service.object_to(
            tx, assembly.tenant, meeting.meeting_id, replace(command, id=new_id())
        )
    answer = AnswerObjection(answer="属实。", is_upheld=True)
    await service.answer_objection(tx, director, raised.objection_id, answer)
    with pytest.raises(rules.ObjectionStands):
        await take_effect(tx, director, meeting)


# Money


async def test_a_resolution_opens_its_own_matter_subject_and_scope_and_nothing_else(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    motion = make.motion_command(Matter.MAINTENANCE_FUND_USE, scope=Scope(building="1"))
    (made,) = await make.in_effect(tx, assembly, vault, motion)
    assert made.figures.total_heads == 7
    require = service.require
    own = Scope(building="1")
    matter = Matter.MAINTENANCE_FUND_USE
    assert await require(tx, director, motion.id, matter, motion.subject_id, scope=own) == made
    with pytest.raises(rules.ResolutionOfAnotherMatter):
        await require(tx, director, motion.id, Matter.BUDGET)
    with pytest.raises(rules.ResolutionOfAnotherSubject):
        await require(tx, director, motion.id, matter, new_id(), scope=own)
    with pytest.raises(rules.ResolutionOfAnotherScope):
        await require(tx, director, motion.id, matter, motion.subject_id)


async def test_an_expired_decision_opens_nothing_more(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    until = POSTED_ON + timedelta(days=30)
    motion = make.motion_command(valid_until=until)
    await make.in_effect(tx, assembly, vault, motion)
    last_day = make.at(director, make.POSTED + timedelta(days=30))
    assert await service.require(tx, last_day, motion.id, Matter.BUDGET)
    with pytest.raises(rules.ResolutionNotInForce):
        await service.require(
            tx, make.at(director, make.POSTED + timedelta(days=31)), motion.id, Matter.BUDGET
        )


async def test_a_later_meeting_takes_a_decision_back(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    decided = make.motion_command(Matter.FEE)
    await make.in_effect(tx, assembly, vault, decided)
    back = make.motion_command(
        Matter.FEE, subject_id=None, revokes_resolution_id=decided.id, title="撤销"
    )
    (taken,) = await make.in_effect(tx, assembly, vault, back)
    revoked = await service.find(tx, assembly.compound_id, decided.id)
    assert revoked.state is ResolutionState.REVOKED
    with pytest.raises(rules.ResolutionNotInForce):
        await service.require(tx, director, decided.id, Matter.FEE)
    with pytest.raises(rules.ResolutionTakesBack):
        await service.require(tx, director, taken.resolution_id, Matter.FEE)


async def test_a_decision_is_taken_back_in_its_own_matter_only(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    decided = make.motion_command(Matter.COMMON_PART_BUSINESS)
    await make.in_effect(tx, assembly, vault, decided)
    back = make.motion_command(Matter.OTHER, revokes_resolution_id=decided.id)
    meeting = await make.proposed(tx, assembly, back)
    with pytest.raises(FieldsInvalid) as refused:
        await service.screen(tx, assembly.director.caller, meeting.meeting_id)
    assert refused.value.errors[0].pointer == "/motions/1/revokes_resolution_id"


async def test_what_was_done_under_a_resolution_is_written_down(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    (made,) = await make.in_effect(tx, assembly, vault)
    command = WriteFollowUp(id=new_id(), done_on=POSTED_ON, body="已签合同。", evidence=(MINUTES,))
    written = await service.follow_up(tx, assembly.manager, made.resolution_id, command)
    with pytest.raises(rules.FollowUpDiffers):
        await service.follow_up(tx, assembly.manager, made.resolution_id, command)
    found = await service.follow_ups(tx, assembly.compound_id, [made.resolution_id])
    assert found == (written,)


# Texts


async def test_a_limit_follows_the_version_that_is_in_force_on_that_day(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    change = ClauseChange(
        code="7",
        body="大额为二十万元以上。",
        limit_name="large_payment_fen",
        limit_value=20_000_000,
    )
    from_on = POSTED_ON + timedelta(days=20)
    motion = make.amendment_command(change, effective_on=from_on)
    (made,) = await make.in_effect(tx, assembly, vault, motion)
    assert (made.valid_from, made.subject_id) == (from_on, motion.amendment.text_id)
    for day, expected in ((from_on - timedelta(days=1), 10_000_000), (from_on, 20_000_000)):
        limit = (await compounds.limits(tx, assembly.compound_id, day)).large_payment_fen
        assert limit.value == expected
    assert limit.source.text_id == motion.amendment.text_id
    texts = await compounds.texts(tx, assembly.compound_id)
    adopted = next(text for text in texts if text.text_id == motion.amendment.text_id)
    assert (adopted.version, adopted.act_id, adopted.resolution_id) == (1, None, motion.id)


async def test_a_second_version_keeps_every_clause_that_was_not_changed(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    first = make.amendment_command(
        ClauseChange(code="1", body="甲。"), ClauseChange(code="2", body="乙。")
    )
    await make.in_effect(tx, assembly, vault, first)
    second = make.amendment_command(
        ClauseChange(code="2", body="丙。"), ClauseChange(code="3", body="丁。")
    )
    meeting = await make.posted(tx, assembly, vault, second)
    shown = await service.difference(tx, assembly.owners[0], second.id)
    assert (shown.from_version, [one.code for one in shown.clauses]) == (1, ["2", "3"])
    await take_effect(tx, director, meeting)
    texts = await compounds.texts(tx, assembly.compound_id)
    adopted = next(text for text in texts if text.text_id == second.amendment.text_id)
    assert [(one.code, one.body) for one in adopted.clauses] == [
        ("1", "甲。"),
        ("2", "丙。"),
        ("3", "丁。"),
    ]
    assert await service.difference(tx, assembly.owners[0], second.id) == shown


# Elections


async def _proved(tx: Tx, owner: Caller) -> Person:
    key = make_signing_key(owner.person_id or "")
    await prove(tx, owner, key)
    return Person(owner, key)


BEGINS = date(2025, 11, 10)


async def test_the_elected_take_their_seats_with_their_keys_and_the_old_ones_end(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    winner = await _proved(tx, assembly.owners[0])
    old = tuple(
        person.caller.mandates[0].mandate_id for person in (assembly.director, assembly.member)
    )
    first = make.candidate(assembly.owners[0], "甲", key_id=winner.key_id)
    second, third = (make.candidate(assembly.owners[i], "乙丙"[i - 1]) for i in (1, 2))
    motion = make.election_command(first, second, third, replaces=old)
    made = await make.in_effect(tx, assembly, vault, motion)
    assert {one.resolution_id for one in made} == {first.candidate_id, second.candidate_id}
    terms = {term.mandate_id: term for term in await compounds.mandates(tx, assembly.compound_id)}
    assert third.candidate_id not in terms
    taken = terms[first.candidate_id]
    assert (taken.valid_from, taken.act_id, taken.resolution_id) == (
        BEGINS,
        None,
        first.candidate_id,
    )
    key = await identity.get_key(tx, assembly.compound_id, winner.key_id)
    assert (key.state, local_date(key.expires_at)) == (KeyState.ACTIVE, date(2028, 11, 10))
    due_on = date(2025, 11, 21)  # ten days after the 10th, and the day after that
    assert {terms[id_].out_on for id_ in old} == {due_on}
    committee = await compounds.committee(tx, assembly.compound_id, due_on)
    assert {term.person_id for term in committee} == {
        assembly.owners[0].person_id,
        assembly.owners[1].person_id,
    }


async def test_a_handover_ends_the_old_mandates_on_its_own_day(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    old = (assembly.member.caller.mandates[0].mandate_id,)
    motion = make.election_command(make.candidate(assembly.owners[0], "甲"), seats=1, replaces=old)
    meeting = await make.posted(tx, assembly, vault, motion)
    command = RecordHandover(
        id=new_id(),
        motion_id=motion.id,
        handed_on=date(2025, 11, 12),
        items=("公章", "合同", "财务资料"),
        evidence=(MINUTES,),
    )
    day = make.at(director, make.POSTED + timedelta(days=6))
    with pytest.raises(rules.StepMissing):
        await service.hand_over(tx, day, meeting.meeting_id, command)
    await take_effect(tx, director, meeting)
    early = replace(command, handed_on=date(2025, 11, 5))
    with pytest.raises(rules.HandoverDayWrong):
        await service.hand_over(tx, day, meeting.meeting_id, early)
    handover = await service.hand_over(tx, day, meeting.meeting_id, command)
    assert await service.handovers(tx, assembly.compound_id, meeting.meeting_id) == (handover,)
    term = await compounds.find_mandate(tx, assembly.compound_id, old[0])
    assert term.out_on == date(2025, 11, 12)
    with pytest.raises(rules.HandoverDiffers):
        await service.hand_over(tx, day, meeting.meeting_id, replace(command, id=new_id()))


async def test_a_committee_that_was_not_filled_replaces_nobody(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    """One of three seats is no committee: the seat is taken, the old ones stay."""
    old = (assembly.member.caller.mandates[0].mandate_id,)
    motion = make.election_command(make.candidate(assembly.owners[0], "甲"), seats=3, replaces=old)
    meeting = await make.posted(tx, assembly, vault, motion)
    made = await take_effect(tx, director, meeting)
    assert len(made) == 1
    (outcome,) = await service.outcomes(tx, assembly.compound_id, meeting.meeting_id)
    assert outcome.open_seats == 2
    assert (await compounds.find_mandate(tx, assembly.compound_id, old[0])).ended_on is None


async def test_nobody_is_elected_who_misses_a_majority(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    motion = make.election_command(make.candidate(assembly.owners[0], "甲"), seats=1)
    meeting = await make.posted(tx, assembly, vault, motion, in_favour=6, against=6)
    assert await take_effect(tx, director, meeting) == ()
    parties = {term.party for term in await compounds.mandates(tx, assembly.compound_id)}
    assert Party.OWNERS in parties
    (outcome,) = await service.outcomes(tx, assembly.compound_id, meeting.meeting_id)
    assert (outcome.is_passed, outcome.elected, outcome.open_seats) == (False, (), 1)


# Filing


async def test_the_receipt_of_the_street_office_is_kept(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.opened(tx, assembly, vault)
    command = RecordFiling(
        id=new_id(),
        kind=FilingKind.DECISIONS,
        filed_on=POSTED_ON,
        receipt_number="街道备 2025-11",
        evidence=(MINUTES,),
    )
    with pytest.raises(rules.StepMissing):
        await service.file(tx, director, meeting.meeting_id, command)


async def test_what_is_filed_is_filed_after_the_posting(
    tx: Tx, assembly: make.Assembly, vault: Vault, director: Caller
) -> None:
    meeting = await make.posted(tx, assembly, vault)
    command = RecordFiling(
        id=new_id(),
        kind=FilingKind.DECISIONS,
        filed_on=POSTED_ON,
        receipt_number="街道备 2025-11",
        evidence=(MINUTES,),
    )
    early = replace(command, filed_on=POSTED_ON - timedelta(days=1))
    with pytest.raises(rules.FilingDateWrong):
        await service.file(tx, director, meeting.meeting_id, early)
    filed = await service.file(tx, director, meeting.meeting_id, command)
    second = replace(command, id=new_id(), kind=FilingKind.TEXTS)
    await service.file(tx, director, meeting.meeting_id, second)
    assert (await service.filings(tx, assembly.compound_id, meeting.meeting_id))[0] == filed
