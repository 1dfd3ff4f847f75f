"""What a counted resolution does without an act: mandates, their ends, texts."""

from datetime import date, timedelta

import asyncpg
import pytest

from tests.make import compounds as make
from tests.make.ground import new_id
from trustprop.compounds import rules, service
from trustprop.compounds.model import TextKind
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.errors import FieldsInvalid, Missing
from trustprop.plumbing.database import Tx

TODAY = date(2025, 9, 15)


async def test_whoever_is_elected_is_in_office_by_the_resolution_alone(
    tx: Tx, caller: Caller
) -> None:
    await make.found_compound(tx, caller)
    elected = make.appointment(Office.COMMITTEE_MEMBER)
    resolution_id = new_id()
    term = await service.appoint_elected(tx, caller, elected, resolution_id)
    assert (term.act_id, term.resolution_id) == (None, resolution_id)
    members = await service.committee(tx, caller.compound_id, TODAY)
    assert elected.person_id in {member.person_id for member in members}


async def test_nobody_is_elected_onto_the_other_side(tx: Tx, caller: Caller) -> None:
    founding = await make.found_compound(tx, caller)
    manager = founding.mandates[0].person_id
    elected = make.appointment(Office.COMMITTEE_MEMBER, person_id=manager)
    with pytest.raises(rules.BothSides):
        await service.appoint_elected(tx, caller, elected, new_id())


async def test_an_election_ends_what_it_replaces_on_the_day_of_the_handover(
    tx: Tx, caller: Caller
) -> None:
    founding = await make.found_compound(tx, caller)
    director = founding.mandates[1]
    resolution_id, handover = new_id(), TODAY + timedelta(days=10)
    ids = [director.mandate_id]
    (ended,) = await service.end_mandates(tx, caller, ids, handover, resolution_id)
    assert (ended.ended_on, ended.ended_by_resolution_id) == (handover, resolution_id)
    assert await service.committee(tx, caller.compound_id, handover - timedelta(days=1))
    assert await service.committee(tx, caller.compound_id, handover) == ()
    assert await service.end_mandates(tx, caller, ids, handover, new_id()) == ()
    with pytest.raises(Missing):
        await service.end_mandates(tx, caller, [new_id()], handover, resolution_id)


async def test_no_election_ends_a_mandate_in_the_past(tx: Tx, caller: Caller) -> None:
    founding = await make.found_compound(tx, caller)
    ids = [founding.mandates[1].mandate_id]
    (ended,) = await service.end_mandates(tx, caller, ids, date(2025, 1, 2), new_id())
    assert ended.ended_on == TODAY


async def test_a_counted_resolution_adopts_the_next_version_of_a_text(
    tx: Tx, caller: Caller
) -> None:
    await make.found_compound(tx, caller, make.text(make.clause("virement_percent", 10)))
    resolution_id = new_id()
    draft = make.text(make.clause("virement_percent", 5), effective_from=TODAY)
    adopted = await service.adopt_text_by(tx, caller, draft, resolution_id)
    assert (adopted.version, adopted.act_id) == (2, None)
    assert adopted.resolution_id == resolution_id
    assert adopted in await service.texts(tx, caller.compound_id, TODAY)
    limits = await service.limits(tx, caller.compound_id, TODAY)
    assert limits.virement_percent.value == 5


async def test_no_resolution_adopts_a_clause_that_weakens_the_law(tx: Tx, caller: Caller) -> None:
    await make.found_compound(tx, caller)
    draft = make.text(make.clause("meeting_notice_days", 3), kind=TextKind.COVENANT)
    with pytest.raises(FieldsInvalid):
        await service.adopt_text_by(tx, caller, draft, new_id())


@pytest.mark.parametrize(
    "statement",
    [
        (
            "INSERT INTO mandate (compound_id, mandate_id, person_id, office, party, valid_from, "
            "valid_until) VALUES ($1, $2, $2, 'auditor', 'supervisor', '2025-01-01', '2025-12-31')"
        ),
        (
            "INSERT INTO governing_text (compound_id, text_id, kind, version, title, effective_from) "
            "VALUES ($1, $2, 'other', 1, '文本', '2025-01-01')"
        ),
    ],
)
async def test_the_database_wants_an_act_or_a_resolution_behind_everything(
    tx: Tx, caller: Caller, statement: str
) -> None:
    await make.found_compound(tx, caller)
    with pytest.raises(asyncpg.CheckViolationError):
        await tx.raw.execute(statement, caller.compound_id, new_id())
