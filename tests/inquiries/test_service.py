"""Questions and objections: asked, answered, overdue, and never by name."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from tests.make import compounds as make_compounds
from tests.make.ground import SEPTEMBER, make_caller, new_id
from trustprop.inquiries import rules, service
from trustprop.inquiries.model import Answer, Ask, InquiryKind, TargetKind
from trustprop.kernel.caller import Caller, Office, OfficeNeeded
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period
from trustprop.plumbing.database import Tx


@pytest.fixture
async def resident(tx: Tx, caller: Caller) -> Caller:
    """A resident of an open compound."""
    await make_compounds.found_compound(tx, caller)
    return replace(caller, person_id=new_id(), mandates=(), is_resident=True)


def manager_of(caller: Caller, at: datetime = SEPTEMBER) -> Caller:
    return make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id, at=at)


def ask(**facts: object) -> Ask:
    values = {
        "id": new_id(),
        "kind": InquiryKind.QUESTION,
        "target_kind": TargetKind.STATEMENT,
        "target_id": new_id(),
        "body": "公共用电为什么比上月多？",
    }
    return Ask(**(values | facts))  # type: ignore[arg-type]


async def test_a_question_names_the_last_day_for_its_answer(tx: Tx, resident: Caller):
    command = ask()
    asked = await service.ask(tx, resident, command)
    assert asked.due_on == date(2025, 9, 22)
    assert asked.is_mine
    assert await service.ask(tx, resident, command) == asked
    with pytest.raises(rules.InquiryDiffers):
        await service.ask(tx, resident, ask(id=command.id, body="别的"))


async def test_nobody_else_learns_who_asked(tx: Tx, resident: Caller):
    await service.ask(tx, resident, ask())
    (seen,) = await service.inquiries(
        tx, manager_of(resident), target_id=None, limit=10, after=None
    )
    assert not seen.is_mine
    assert str(resident.person_id) not in repr(seen)


async def test_an_office_holder_answers_once(tx: Tx, resident: Caller):
    asked = await service.ask(tx, resident, ask())
    manager = manager_of(resident)
    answered = await service.answer(tx, manager, asked.inquiry_id, Answer(body="空调季。"))
    assert (answered.answer, answered.answered_for) == ("空调季。", Office.TRUSTEE_MANAGER)
    again = await service.answer(tx, manager, asked.inquiry_id, Answer(body="空调季。"))
    assert again == answered
    with pytest.raises(rules.AlreadyAnswered):
        await service.answer(tx, manager, asked.inquiry_id, Answer(body="改口"))


async def test_a_resident_cannot_answer_and_a_machine_cannot_ask(tx: Tx, resident: Caller):
    asked = await service.ask(tx, resident, ask())
    with pytest.raises(OfficeNeeded):
        await service.answer(tx, resident, asked.inquiry_id, Answer(body="试"))
    machine = make_caller(compound_id=resident.compound_id, scopes=("books:read",))
    with pytest.raises(rules.PersonNeeded):
        await service.ask(tx, machine, ask())


async def test_an_entry_that_does_not_exist_cannot_be_asked_about(tx: Tx, resident: Caller):
    with pytest.raises(Missing):
        await service.ask(tx, resident, ask(target_kind=TargetKind.ENTRY))


@pytest.mark.parametrize(("days", "overdue"), [(7, 0), (8, 1)])
async def test_an_unanswered_question_is_overdue_after_its_last_day(
    tx: Tx, resident: Caller, days: int, overdue: int
):
    await service.ask(tx, resident, ask())
    later = manager_of(resident, SEPTEMBER + timedelta(days=days))
    assert len(await service.overdue(tx, later)) == overdue


async def test_a_month_shows_what_was_asked_answered_or_open_in_it(tx: Tx, resident: Caller):
    asked = await service.ask(tx, resident, ask())
    october = manager_of(resident, datetime(2025, 10, 3, tzinfo=UTC))
    await service.answer(tx, october, asked.inquiry_id, Answer(body="空调季。"))
    months = {
        month: await service.of_period(tx, resident.compound_id, Period(2025, month))
        for month in (8, 9, 10, 11)
    }
    assert [len(found) for found in months.values()] == [0, 1, 1, 0]
    assert (months[9][0].answer, months[9][0].is_overdue) == ("", True)
    assert months[10][0].answer == "空调季。"
