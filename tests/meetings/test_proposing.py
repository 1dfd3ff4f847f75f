"""Calling a meeting, supporting the call, and moving something in it."""

import pytest
from msgspec.structs import replace

from tests.make import assemblies as make
from tests.make.ground import new_id
from tests.make.meetings import MINUTES
from trustprop.compounds.model import ClauseChange, Scope
from trustprop.kernel.caller import OfficeNeeded
from trustprop.kernel.errors import FieldsInvalid
from trustprop.meetings import rules, service
from trustprop.meetings.model import (
    CalledBy,
    Matter,
    Meeting,
    MotionContent,
    Step,
    Support,
)
from trustprop.plumbing.database import Tx
from trustprop.votes.model.counting import Majority


async def called_by_owners(tx: Tx, assembly: make.Assembly) -> Meeting:
    command = make.propose_command(called_by=CalledBy.OWNERS)
    return await service.propose(tx, assembly.owners[0], command)


def content_of(command: object, **changes: object) -> MotionContent:
    values = {name: getattr(command, name) for name in MotionContent.__struct_fields__}
    return MotionContent(**(values | changes))


async def test_the_committee_calls_a_meeting_and_numbers_have_no_gaps(
    tx: Tx, assembly: make.Assembly
) -> None:
    caller = assembly.director.caller
    first = await service.propose(tx, caller, make.propose_command())
    rehearsal = await service.propose(tx, caller, make.propose_command(is_rehearsal=True))
    second = await service.propose(tx, caller, make.propose_command())
    assert [one.number for one in (first, rehearsal, second)] == [
        "2025-001",
        "R2025-001",
        "2025-002",
    ]
    assert first.step is Step.PROPOSAL


async def test_a_retry_is_success_and_other_content_a_conflict(
    tx: Tx, assembly: make.Assembly
) -> None:
    caller = assembly.director.caller
    command = make.propose_command()
    proposed = await service.propose(tx, caller, command)
    assert await service.propose(tx, caller, command) == proposed
    with pytest.raises(rules.MeetingDiffers):
        await service.propose(tx, caller, replace(command, title="另一次会议"))


async def test_firm_supervisor_and_tenant_call_nothing(tx: Tx, assembly: make.Assembly) -> None:
    for caller in (assembly.manager, assembly.supervisor, assembly.owners[0]):
        with pytest.raises(OfficeNeeded):
            await service.propose(tx, caller, make.propose_command())
    for caller in (assembly.manager, assembly.supervisor, assembly.tenant):
        with pytest.raises(rules.OwnersOnly):
            await service.propose(tx, caller, make.propose_command(called_by=CalledBy.OWNERS))


async def test_owners_call_a_meeting_with_a_fifth_of_area_and_heads(
    tx: Tx, assembly: make.Assembly
) -> None:
    """A fifth of 14 heads is 2.8, so three are needed."""
    meeting = await called_by_owners(tx, assembly)
    for i, is_enough in enumerate((False, False, True)):
        behind = await service.support(tx, assembly.owners[i], meeting.meeting_id, Support())
        assert (behind.heads, behind.total_heads, behind.is_enough) == (i + 1, 14, is_enough)
        assert behind.area_dm2 == (i + 1) * 8950
        found = await service.find_meeting(tx, assembly.compound_id, meeting.meeting_id)
        assert (found.step is Step.PROPOSAL) is is_enough
    with pytest.raises(rules.StepAlreadyDone):
        await service.support(tx, assembly.owners[3], meeting.meeting_id, Support())


async def test_an_owner_supports_once_and_a_tenant_not_at_all(
    tx: Tx, assembly: make.Assembly
) -> None:
    meeting = await called_by_owners(tx, assembly)
    for _ in range(3):
        behind = await service.support(tx, assembly.owners[0], meeting.meeting_id, Support())
    assert behind.heads == 1
    for caller in (assembly.tenant, assembly.manager):
        with pytest.raises(rules.OwnersOnly):
            await service.support(tx, caller, meeting.meeting_id, Support())


async def test_a_signed_list_carries_a_call_with_its_scan(tx: Tx, assembly: make.Assembly) -> None:
    meeting = await called_by_owners(tx, assembly)
    homes = tuple(home.home_id for home in assembly.homes[:3])
    bare = Support(homes=(*homes, new_id()))
    with pytest.raises(FieldsInvalid) as refused:
        await service.support(tx, assembly.owners[0], meeting.meeting_id, bare)
    assert [error.pointer for error in refused.value.errors] == ["/homes/3", "/evidence"]
    listed = Support(homes=homes, evidence=(MINUTES,))
    with pytest.raises(OfficeNeeded):
        await service.support(tx, assembly.owners[5], meeting.meeting_id, listed)
    assert (await service.support(tx, assembly.owners[0], meeting.meeting_id, listed)).is_enough


async def test_a_call_without_support_is_screened_by_nobody(
    tx: Tx, assembly: make.Assembly
) -> None:
    meeting = await called_by_owners(tx, assembly)
    await service.add_motion(
        tx, assembly.director.caller, meeting.meeting_id, make.motion_command()
    )
    with pytest.raises(rules.StepMissing) as refused:
        await service.screen(tx, assembly.director.caller, meeting.meeting_id)
    assert refused.value.facts == {"step": Step.SCREENING, "needed": Step.PROPOSAL}


# Motions


@pytest.mark.parametrize(
    ("matter", "majority", "citation"),
    [
        (Matter.BUDGET, Majority.ORDINARY, "民法典 278(1)(9)"),
        (Matter.MAINTENANCE_FUND_USE, Majority.ORDINARY, "民法典 278(1)(5)"),
        (Matter.MAINTENANCE_FUND_RAISE, Majority.SPECIAL, "民法典 278(1)(6)"),
        (Matter.COMMON_PART_BUSINESS, Majority.SPECIAL, "民法典 278(1)(8)"),
        (Matter.CHANGE_TO_BUSINESS, Majority.UNANIMOUS, "民法典 279; 区分所有权解释 11"),
    ],
)
async def test_the_class_of_a_motion_follows_its_matter_and_cites_the_law(
    tx: Tx, assembly: make.Assembly, matter: Matter, majority: Majority, citation: str
) -> None:
    meeting = await service.propose(tx, assembly.director.caller, make.propose_command())
    command = make.motion_command(matter, scope=Scope(building="1"))
    motion = await service.add_motion(tx, assembly.director.caller, meeting.meeting_id, command)
    assert (motion.majority, motion.legal_basis) == (majority, citation)


async def test_what_an_owner_moves_wants_another_one_who_seconds_it(
    tx: Tx, assembly: make.Assembly
) -> None:
    director, mover, other = assembly.director.caller, assembly.owners[0], assembly.owners[1]
    meeting = await service.propose(tx, director, make.propose_command())
    command = make.motion_command(Matter.OTHER)
    motion = await service.add_motion(tx, mover, meeting.meeting_id, command)
    with pytest.raises(FieldsInvalid) as refused:
        await service.screen(tx, director, meeting.meeting_id)
    assert [(e.pointer, e.code) for e in refused.value.errors] == [("/motions/1", "not-seconded")]
    with pytest.raises(rules.OwnMotionSeconded):
        await service.second(tx, mover, motion.motion_id)
    with pytest.raises(rules.OwnersOnly):
        await service.second(tx, assembly.tenant, motion.motion_id)
    assert (await service.second(tx, other, motion.motion_id)).seconds == 1
    revised = await service.revise_motion(
        tx, mover, motion.motion_id, content_of(command, title="另一个题目")
    )
    found = await service.find_motion(tx, assembly.compound_id, motion.motion_id)
    assert (revised.version, found.seconds) == (2, 0)
    await service.second(tx, other, motion.motion_id)
    await service.screen(tx, director, meeting.meeting_id)


async def test_nobody_changes_the_motion_of_another(tx: Tx, assembly: make.Assembly) -> None:
    director, mover = assembly.director.caller, assembly.owners[0]
    meeting = await service.propose(tx, director, make.propose_command())
    command = make.motion_command()
    motion = await service.add_motion(tx, mover, meeting.meeting_id, command)
    for caller in (director, assembly.owners[1]):
        with pytest.raises(rules.NotYourMotion):
            await service.revise_motion(tx, caller, motion.motion_id, content_of(command))
        with pytest.raises(rules.NotYourMotion):
            await service.withdraw_motion(tx, caller, motion.motion_id)
    await service.withdraw_motion(tx, mover, motion.motion_id)
    with pytest.raises(rules.MotionWithdrawn):
        await service.second(tx, assembly.owners[1], motion.motion_id)
    with pytest.raises(rules.NoMotions):
        await service.screen(tx, director, meeting.meeting_id)


async def test_screening_names_all_that_every_motion_lacks(tx: Tx, assembly: make.Assembly) -> None:
    incomplete = make.motion_command(elements=replace(make.ELEMENTS, resources=" ", outcome=""))
    nowhere = make.motion_command(Matter.MAINTENANCE_FUND_USE, scope=Scope(building="9"))
    upstairs = make.motion_command(
        Matter.MAINTENANCE_FUND_USE, scope=Scope(building="1", stair="7")
    )
    meeting = await make.proposed(tx, assembly, incomplete, nowhere, upstairs)
    with pytest.raises(FieldsInvalid) as refused:
        await service.screen(tx, assembly.director.caller, meeting.meeting_id)
    assert [error.pointer for error in refused.value.errors] == [
        "/motions/1/elements/resources",
        "/motions/1/elements/outcome",
        "/motions/2/scope/building",
        "/motions/3/scope/stair",
    ]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"is_secret": True}, "/is_secret"),
        ({"matter": Matter.MANDATE}, "/election"),
        ({"matter": Matter.GOVERNING_TEXT}, "/amendment"),
        ({"matter": Matter.CHANGE_TO_BUSINESS}, "/scope/building"),
    ],
)
async def test_a_motion_that_contradicts_itself_is_not_even_moved(
    tx: Tx, assembly: make.Assembly, changes: dict, pointer: str
) -> None:
    meeting = await service.propose(tx, assembly.director.caller, make.propose_command())
    command = replace(make.motion_command(), **changes)
    with pytest.raises(FieldsInvalid) as refused:
        await service.add_motion(tx, assembly.director.caller, meeting.meeting_id, command)
    assert [error.pointer for error in refused.value.errors] == [pointer]


async def test_a_clause_that_weakens_the_law_is_not_even_moved(
    tx: Tx, assembly: make.Assembly
) -> None:
    meeting = await service.propose(tx, assembly.director.caller, make.propose_command())
    change = ClauseChange(
        code="9", body="提前三日公告。", limit_name="meeting_notice_days", limit_value=3
    )
    with pytest.raises(FieldsInvalid) as refused:
        await service.add_motion(
            tx, assembly.director.caller, meeting.meeting_id, make.amendment_command(change)
        )
    assert refused.value.errors[0].code == "weakens-law"


async def test_two_motions_cannot_change_the_same_clause(tx: Tx, assembly: make.Assembly) -> None:
    change = ClauseChange(code="9", body="甲。")
    first, second = make.amendment_command(change), make.amendment_command(change)
    meeting = await make.proposed(tx, assembly, first, second)
    with pytest.raises(FieldsInvalid) as refused:
        await service.screen(tx, assembly.director.caller, meeting.meeting_id)
    assert [(e.pointer, e.code) for e in refused.value.errors] == [
        ("/motions/2/amendment/changes/0/code", "collides")
    ]


async def test_a_motion_shows_what_it_changes_word_by_word(tx: Tx, assembly: make.Assembly) -> None:
    command = make.amendment_command(ClauseChange(code="1", body="会议每年召开一次。"))
    meeting = await make.proposed(tx, assembly, command)
    assert meeting.step is Step.PROPOSAL
    shown = await service.difference(tx, assembly.owners[0], command.id)
    assert shown.from_version == 0
    assert [(one.code, one.before) for one in shown.clauses] == [("1", None)]


async def test_nothing_is_moved_or_changed_after_the_screening(
    tx: Tx, assembly: make.Assembly
) -> None:
    caller = assembly.director.caller
    command = make.motion_command()
    meeting = await make.proposed(tx, assembly, command)
    await service.screen(tx, caller, meeting.meeting_id)
    with pytest.raises(rules.MotionsFrozen):
        await service.add_motion(tx, caller, meeting.meeting_id, make.motion_command())
    with pytest.raises(rules.MotionsFrozen):
        await service.revise_motion(tx, caller, command.id, content_of(command))
    with pytest.raises(rules.MotionsFrozen):
        await service.withdraw_motion(tx, caller, command.id)
    assert (await service.add_motion(tx, caller, meeting.meeting_id, command)).version == 1


async def test_who_stands_for_the_committee_is_an_owner_of_no_other_side(
    tx: Tx, assembly: make.Assembly
) -> None:
    tenant = make.candidate(assembly.tenant, "租客")
    manager = make.candidate(assembly.manager, "经理")
    keyed = make.candidate(assembly.owners[0], "甲", key_id="ab" * 32)
    command = make.election_command(tenant, manager, keyed, replaces=(new_id(),))
    meeting = await make.proposed(tx, assembly, command)
    with pytest.raises(FieldsInvalid) as refused:
        await service.screen(tx, assembly.director.caller, meeting.meeting_id)
    at = "/motions/1/election"
    assert [(e.pointer, e.code) for e in refused.value.errors] == [
        (f"{at}/replaces/0", "unknown"),
        (f"{at}/candidates/0/person_id", "not-an-owner"),
        (f"{at}/candidates/1/person_id", "not-an-owner"),
        (f"{at}/candidates/1/person_id", "both-sides"),
        (f"{at}/candidates/2/key_id", "key-of-another"),
    ]
