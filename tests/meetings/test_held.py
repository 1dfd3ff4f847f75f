"""Meetings against a real database, from the proposal to a resolution that opens money."""

import pytest

from tests.make import assemblies as make
from trustprop.kernel.periods import local_date
from trustprop.meetings import service
from trustprop.meetings.model import Matter, ResolutionState, Step
from trustprop.plumbing.database import Tx
from trustprop.plumbing.vault import Vault
from trustprop.votes.model.counting import Majority

pytestmark = pytest.mark.usefixtures("assembly")


async def test_a_meeting_ends_in_a_resolution_that_others_can_stand_on(
    tx: Tx, assembly: make.Assembly, vault: Vault
) -> None:
    motion = make.motion_command(Matter.BUDGET)
    (made,) = await make.in_effect(tx, assembly, vault, motion, in_favour=8, against=4)
    assert (made.number, made.resolution_id) == ("2025-001", motion.id)
    assert (made.majority, made.subject_id) == (Majority.ORDINARY, motion.subject_id)
    assert made.act_id is None
    assert (made.figures.total_heads, made.figures.participating_heads) == (14, 12)
    director = make.at(assembly.director.caller, make.POSTED)
    required = await service.require(
        tx, director, made.resolution_id, Matter.BUDGET, motion.subject_id
    )
    assert required == made
    assert required.state is ResolutionState.CONFIRMED
    assert made.valid_from == local_date(make.POSTED)
    meeting = await service.find_meeting(tx, assembly.compound_id, made.meeting_id)
    assert meeting.step is Step.EFFECT
