"""Two people press the same button in the same instant."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.make import assemblies as make
from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Refusal
from trustprop.meetings import rules, service
from trustprop.meetings.model import CalledBy, Meeting, Support, TakeEffect
from trustprop.plumbing.database import Database
from trustprop.plumbing.vault import Vault


@pytest.fixture
async def standing(database: Database, caller: Caller) -> make.Assembly:
    """Committed, so that several connections see it."""
    async with database.begin(caller) as tx:
        return await make.add_assembly(tx, caller.compound_id)


async def test_a_meeting_that_two_take_into_effect_at_once_decides_once(
    database: Database, standing: make.Assembly, tmp_path: Path, owner: asyncpg.Connection
) -> None:
    director = make.at(standing.director.caller, make.POSTED)
    member = make.at(standing.member.caller, make.POSTED)
    async with database.begin(director) as tx:
        motions = (make.motion_command(), make.motion_command())
        meeting = await make.posted(tx, standing, Vault(tmp_path), *motions)

    async def effect(caller: Caller) -> str:
        try:
            async with database.begin(caller) as tx:
                await service.take_effect(tx, caller, meeting.meeting_id, TakeEffect())
        except Refusal as refused:
            return refused.code
        return "done"

    said = await asyncio.gather(*(effect(caller) for caller in (director, member) * 3))
    assert sorted(said) == ["done"] + [rules.StepAlreadyDone.code] * 5
    numbers = await owner.fetch(
        "SELECT year, serial FROM resolution WHERE compound_id = $1 ORDER BY serial",
        standing.compound_id,
    )
    assert [tuple(row) for row in numbers] == [(2025, 1), (2025, 2)]


async def test_owners_who_support_at_once_are_all_counted(
    database: Database, standing: make.Assembly
) -> None:
    first = standing.owners[0]
    async with database.begin(first) as tx:
        command = make.propose_command(called_by=CalledBy.OWNERS)
        meeting: Meeting = await service.propose(tx, first, command)

    async def support(caller: Caller) -> bool | str:
        try:
            async with database.begin(caller) as tx:
                behind = await service.support(tx, caller, meeting.meeting_id, Support())
                return behind.is_enough
        except rules.StepAlreadyDone as refused:
            return refused.code

    said = await asyncio.gather(*(support(owner) for owner in standing.owners[:6]))
    assert sorted(map(str, said)) == ["False", "False", "True"] + ["step-already-done"] * 3
