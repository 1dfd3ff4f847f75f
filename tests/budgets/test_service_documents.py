"""The way of a budget from draft to adoption."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from tests.make import funds as make_funds
from tests.make import meetings as make_meetings
from tests.make.budgets import add_budget, budget_draft, income_draft, line_draft
from tests.make.compounds import clause
from tests.make.ground import make_caller, new_id
from trustprop.budgets import rules, service
from trustprop.budgets.model import (
    AdoptBudget,
    AnswerComment,
    BudgetState,
    ReviseBudget,
    WriteComment,
)
from trustprop.kernel.caller import Caller, Office, OfficeNeeded
from trustprop.kernel.errors import FieldsInvalid
from trustprop.meetings.model import Matter
from trustprop.meetings.rules import ResolutionOfAnotherMatter, ResolutionOfAnotherSubject


@pytest.fixture
async def manager(tx, caller) -> Caller:
    await make_funds.add_books(tx, caller)
    return make_caller(Office.TRUSTEE_MANAGER, compound_id=caller.compound_id)


def resident_of(caller: Caller) -> Caller:
    return Caller(
        compound_id=caller.compound_id, person_id=new_id(), is_resident=True, at=caller.at
    )


async def consulted(tx, manager, *lines):
    command = budget_draft(*lines)
    await service.draft(tx, manager, command)
    return await service.consult(tx, manager, command.id)


async def test_a_draft_sent_twice_is_one_draft(tx, manager):
    command = budget_draft(line_draft("5106"), line_draft("510206"))
    first = await service.draft(tx, manager, command)
    assert await service.draft(tx, manager, command) == first
    assert [line.code for line in first.lines] == ["510206", "5106"]
    with pytest.raises(rules.BudgetAlreadyDiffers):
        await service.draft(tx, manager, replace(command, title="另一份"))


async def test_every_wrong_line_is_named_at_once(tx, manager):
    twice = line_draft("5106")
    command = budget_draft(
        twice,
        twice,
        line_draft("4301"),
        line_draft("5999", fund="PJ-001"),
        line_draft("5202", 10_00, used_before_fen=9_00, encumbered_before_fen=2_00),
        income=(income_draft(account="5106"),),
    )
    with pytest.raises(FieldsInvalid) as refused:
        await service.draft(tx, manager, command)
    assert [(e.pointer, e.code) for e in refused.value.errors] == [
        ("/lines/1/line_id", "duplicate"),
        ("/lines/1/code", "duplicate"),
        ("/lines/2/account", "account-of-wrong-group"),
        ("/lines/3/fund", "unknown-fund"),
        ("/lines/3/account", "unknown-account"),
        ("/lines/4/amount_fen", "used-before-exceeds-amount"),
        ("/income/0/account", "account-of-wrong-group"),
    ]


async def test_a_budget_within_its_income_goes_to_consultation_and_one_beyond_does_not(tx, manager):
    expects = income_draft(amount_fen=100_00, collection_percent=90)
    within = budget_draft(line_draft(amount_fen=90_00), income=(expects,))
    beyond = budget_draft(line_draft(amount_fen=90_01), income=(expects,))
    for command in (within, beyond):
        await service.draft(tx, manager, command)
    document = await service.consult(tx, manager, within.id)
    assert document.budget.state is BudgetState.CONSULTING
    with pytest.raises(rules.SpendingExceedsIncome) as refused:
        await service.consult(tx, manager, beyond.id)
    assert refused.value.facts == {
        "fund": "OP",
        "planned_fen": 90_01,
        "expected_fen": 100_00,
        "collectable_fen": 90_00,
    }


async def test_one_fund_s_income_does_not_carry_another_fund(tx, manager):
    command = budget_draft(line_draft("5401", 10_00, fund="PR"))
    await service.draft(tx, manager, command)
    with pytest.raises(rules.SpendingExceedsIncome) as refused:
        await service.consult(tx, manager, command.id)
    assert (refused.value.fund, refused.value.collectable_fen) == ("PR", 0)


async def test_a_revision_is_a_new_version_and_the_old_one_stays_readable(tx, manager):
    command = budget_draft(line_draft(amount_fen=90_00))
    first = await service.draft(tx, manager, command)
    changed = (replace(command.lines[0], amount_fen=80_00), line_draft("5106", 5_00))
    revision = ReviseBudget(title=command.title, lines=changed, income=command.income)
    second = await service.revise(tx, manager, command.id, revision, 1)
    assert (second.budget.version, sum(line.amount_fen for line in second.lines)) == (2, 85_00)
    old = await service.find_version(tx, manager, command.id, 1)
    new = await service.find_version(tx, manager, command.id, 2)
    assert b'"amount_fen":9000' in old.document
    assert old.digest != new.digest
    assert first.budget.version == 1
    with pytest.raises(rules.BudgetVersionMoved):
        await service.revise(tx, manager, command.id, revision, 1)


async def test_a_resident_comments_and_gets_an_answer_before_adoption(tx, manager, caller):
    line = line_draft()
    document = await consulted(tx, manager, line)
    budget_id = document.budget.budget_id
    resident = resident_of(caller)
    said = WriteComment(id=new_id(), body="电梯维保为何涨价？", line_id=line.line_id)
    await service.comment(tx, resident, budget_id, said)
    assert await service.comment(tx, resident, budget_id, said)
    resolution = await make_meetings.add_resolution(tx, caller, Matter.BUDGET, budget_id)
    adoption = AdoptBudget(resolution_id=resolution.resolution_id, version=1)
    with pytest.raises(rules.CommentsUnanswered):
        await service.adopt(tx, manager, budget_id, adoption)
    answered = await service.answer(tx, manager, said.id, AnswerComment(answer="合同到期重签。"))
    assert answered.answer == "合同到期重签。"
    with pytest.raises(rules.CommentAlreadyDiffers):
        await service.answer(tx, manager, said.id, AnswerComment(answer="改口。"))
    adopted = await service.adopt(tx, manager, budget_id, adoption)
    assert adopted.budget.state is BudgetState.ADOPTED
    (shown,) = await service.comments(tx, resident, budget_id, None, 10)
    assert (shown.body, shown.answer) == (said.body, "合同到期重签。")


async def test_comments_are_open_only_during_consultation(tx, manager, caller):
    command = budget_draft()
    await service.draft(tx, manager, command)
    said = WriteComment(id=new_id(), body="太早")
    with pytest.raises(rules.NotUnderConsultation):
        await service.comment(tx, resident_of(caller), command.id, said)


async def test_a_comment_on_a_line_of_another_budget_is_refused(tx, manager, caller):
    document = await consulted(tx, manager)
    said = WriteComment(id=new_id(), body="?", line_id=new_id())
    with pytest.raises(FieldsInvalid):
        await service.comment(tx, resident_of(caller), document.budget.budget_id, said)


async def test_nothing_is_adopted_that_nobody_could_comment_on(tx, manager, caller):
    command = budget_draft()
    await service.draft(tx, manager, command)
    resolution = await make_meetings.add_resolution(tx, caller, Matter.BUDGET, command.id)
    adoption = AdoptBudget(resolution_id=resolution.resolution_id, version=1)
    with pytest.raises(rules.BudgetNotConsulted):
        await service.adopt(tx, manager, command.id, adoption)


async def test_only_a_resolution_about_this_very_budget_adopts_it(tx, manager, caller):
    document = await consulted(tx, manager)
    budget_id = document.budget.budget_id
    of_another = await make_meetings.add_resolution(tx, caller, Matter.BUDGET, new_id())
    of_fees = await make_meetings.add_resolution(tx, caller, Matter.FEE, budget_id)
    adoption = AdoptBudget(resolution_id=of_another.resolution_id, version=1)
    with pytest.raises(ResolutionOfAnotherSubject):
        await service.adopt(tx, manager, budget_id, adoption)
    adoption = AdoptBudget(resolution_id=of_fees.resolution_id, version=1)
    with pytest.raises(ResolutionOfAnotherMatter):
        await service.adopt(tx, manager, budget_id, adoption)


async def test_a_year_has_one_budget_and_other_drafts_are_superseded(tx, manager, caller):
    rival = budget_draft()
    await service.draft(tx, manager, rival)
    adopted = await add_budget(tx, caller)
    found = await service.find(tx, manager, rival.id)
    assert found.budget.state is BudgetState.SUPERSEDED
    with pytest.raises(rules.BudgetYearTaken):
        await service.draft(tx, manager, budget_draft())
    assert adopted.budget.warning_percent == 90


async def test_adoption_again_is_success(tx, manager, caller):
    document = await add_budget(tx, caller)
    assert document.budget.resolution_id is not None
    adoption = AdoptBudget(resolution_id=document.budget.resolution_id, version=1)
    again = await service.adopt(tx, manager, document.budget.budget_id, adoption)
    assert again.budget == document.budget


async def test_the_warning_is_the_limit_of_the_adopted_text(tx, caller):
    await make_funds.add_books(tx, caller, clause("budget_warning_percent", 80))
    document = await add_budget(tx, caller)
    assert document.budget.warning_percent == 80


async def test_the_budget_is_open_to_residents_and_closed_to_machines_without_scope(
    tx, manager, caller
):
    document = await add_budget(tx, caller)
    found = await service.find(tx, resident_of(caller), document.budget.budget_id)
    assert found.lines == document.lines
    stranger = Caller(compound_id=caller.compound_id, at=datetime(2025, 9, 15, tzinfo=UTC))
    with pytest.raises(OfficeNeeded):
        await service.find(tx, stranger, document.budget.budget_id)


async def test_a_committee_member_drafts_no_budget(tx, caller):
    member = make_caller(Office.COMMITTEE_MEMBER, compound_id=caller.compound_id)
    with pytest.raises(OfficeNeeded):
        await service.draft(tx, member, budget_draft())
