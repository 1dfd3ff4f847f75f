"""The way of a budget: draft, consultation with answers, adoption by a resolution."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from msgspec.structs import replace

from trustprop.budgets import rules
from trustprop.budgets.model import (
    AdoptBudget,
    AnswerComment,
    Availability,
    Budget,
    BudgetDocument,
    BudgetLine,
    BudgetState,
    BudgetVersion,
    Comment,
    DraftBudget,
    IncomeDraft,
    LineDraft,
    MovementSource,
    ReviseBudget,
    WriteComment,
)
from trustprop.budgets.store import availability as control_store
from trustprop.budgets.store import documents as store
from trustprop.compounds import service as compounds
from trustprop.funds import service as funds
from trustprop.kernel.caller import Caller, Office
from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import local_date
from trustprop.ledger import service as ledger
from trustprop.meetings import service as meetings
from trustprop.meetings.model import Matter
from trustprop.plumbing.database import Tx

DRAFTERS = (Office.TRUSTEE_MANAGER, Office.TRUSTEE_BOOKKEEPER)
MOST_VERSIONS = 2**31 - 1
DECIDERS = (Office.TRUSTEE_MANAGER, Office.COMMITTEE_DIRECTOR, Office.COMMITTEE_MEMBER)


async def draft(tx: Tx, caller: Caller, command: DraftBudget) -> BudgetDocument:
    """A new budget of a year; again with the same content is success.

    Raises FieldsInvalid, BudgetAlreadyDiffers or BudgetYearTaken.
    """
    caller.check_office(*DRAFTERS)
    new = Budget(
        budget_id=command.id,
        year=command.year,
        title=command.title,
        state=BudgetState.DRAFT,
        version=1,
        warning_percent=await _warning_percent(tx, caller),
        drafted_by=caller.person_id,
        drafted_at=caller.at,
    )
    if await store.find_budget(tx, caller.compound_id, command.id):
        return await _already_drafted(tx, caller, new, command)
    if await store.find_adopted(tx, caller.compound_id, command.year):
        raise rules.BudgetYearTaken(year=command.year)
    await _check_document(tx, caller, command.id, command.lines, command.income)
    if not await store.add_budget(tx, caller.compound_id, new):
        return await _already_drafted(tx, caller, new, command)
    return await _save_document(tx, caller, new, command.lines, command.income)


async def revise(
    tx: Tx, caller: Caller, budget_id: UUID, command: ReviseBudget, version: int
) -> BudgetDocument:
    """The next version of a draft or of a budget under consultation; ``version`` is what was read.

    Raises Missing, BudgetVersionMoved, BudgetNotRevisable or FieldsInvalid.
    """
    caller.check_office(*DRAFTERS)
    there = await _lock_budget(tx, caller, budget_id)
    budget = rules.revise(there, command.title, version)
    await _check_document(tx, caller, budget_id, command.lines, command.income)
    await store.delete_document(tx, caller.compound_id, budget_id)
    await store.save_budget(tx, caller.compound_id, budget)
    return await _save_document(tx, caller, budget, command.lines, command.income)


async def consult(tx: Tx, caller: Caller, budget_id: UUID) -> BudgetDocument:
    """Opens a draft for comments. Raises Missing, BudgetNotRevisable or SpendingExceedsIncome."""
    caller.check_office(*DRAFTERS)
    document = await _document(tx, caller, await _lock_budget(tx, caller, budget_id))
    budget = rules.consult(document.budget, document.means, caller.at)
    await store.save_budget(tx, caller.compound_id, budget)
    return replace(document, budget=budget)


async def adopt(tx: Tx, caller: Caller, budget_id: UUID, command: AdoptBudget) -> BudgetDocument:
    """In force by a resolution of the matter ``budget`` about this budget; its lines open.

    Raises Missing, what meetings.require raises, BudgetYearTaken, BudgetNotConsulted,
    BudgetVersionMoved, CommentsUnanswered or SpendingExceedsIncome.
    """
    caller.check_office(*DECIDERS)
    await ledger.lock_books(tx, caller.compound_id)
    document = await _document(tx, caller, await _lock_budget(tx, caller, budget_id))
    budget = document.budget
    if budget.state == BudgetState.ADOPTED and budget.resolution_id == command.resolution_id:
        return document
    adopted = await store.find_adopted(tx, caller.compound_id, budget.year)
    unanswered = await store.count_unanswered(tx, caller.compound_id, budget_id)
    rules.check_adoptable(budget, command.version, document.means, adopted, unanswered)
    await meetings.require(tx, caller, command.resolution_id, Matter.BUDGET, subject_id=budget_id)
    return await _put_in_force(tx, caller, document, command.resolution_id)


async def find(tx: Tx, caller: Caller, budget_id: UUID) -> BudgetDocument:
    """Raises Missing."""
    check_reads(caller)
    budget = await store.find_budget(tx, caller.compound_id, budget_id)
    if budget is None:
        raise Missing(kind="budget")
    return await _document(tx, caller, budget)


async def listed(
    tx: Tx, caller: Caller, before: tuple[int, UUID] | None, limit: int
) -> tuple[Budget, ...]:
    check_reads(caller)
    return await store.budgets(tx, caller.compound_id, before, limit)


async def find_version(tx: Tx, caller: Caller, budget_id: UUID, version: int) -> BudgetVersion:
    """A version as it was saved. Raises Missing."""
    check_reads(caller)
    is_possible = 1 <= version <= MOST_VERSIONS
    found = (
        await store.find_version(tx, caller.compound_id, budget_id, version)
        if is_possible
        else None
    )
    if found is None:
        raise Missing(kind="budget version")
    return found


async def availability_of(tx: Tx, caller: Caller, budget_id: UUID) -> tuple[Availability, ...]:
    """Every line of a budget in force with what it has left; none before adoption."""
    await check_there(tx, caller, budget_id)
    controls = await control_store.controls_of_budget(tx, caller.compound_id, budget_id)
    return tuple(rules.view(control) for control in controls)


async def comment(tx: Tx, caller: Caller, budget_id: UUID, command: WriteComment) -> Comment:
    """A resident or office holder says something about a budget under consultation."""
    check_reads(caller)
    if caller.person_id is None:
        raise rules.CommentNeedsPerson
    budget = await _lock_budget(tx, caller, budget_id)
    new = Comment(
        comment_id=command.id,
        budget_id=budget_id,
        version=budget.version,
        line_id=command.line_id,
        body=command.body,
        commented_at=caller.at,
    )
    there = await store.find_comment(tx, caller.compound_id, command.id)
    if there is not None:
        rules.check_same_comment(there, new, caller.person_id)
        return there[0]
    if budget.state != BudgetState.CONSULTING:
        raise rules.NotUnderConsultation(state=budget.state)
    lines = await store.lines_of(tx, caller.compound_id, budget_id)
    rules.check_comment_line(command.line_id, lines)
    await store.insert_comment(tx, caller.compound_id, new, caller.person_id)
    return new


async def answer(tx: Tx, caller: Caller, comment_id: UUID, command: AnswerComment) -> Comment:
    """The drafters or the committee answer; the answer stands. Raises Missing."""
    caller.check_office(*DRAFTERS, *DECIDERS)
    there = await store.find_comment(tx, caller.compound_id, comment_id, lock=True)
    if there is None:
        raise Missing(kind="comment")
    answered = rules.answer(there[0], command.answer, caller.at)
    if answered != there[0]:
        await store.save_answer(
            tx, caller.compound_id, comment_id, command.answer, caller.person_id, caller.at
        )
    return answered


async def comments(
    tx: Tx, caller: Caller, budget_id: UUID, after: UUID | None, limit: int
) -> tuple[Comment, ...]:
    """In id order, one more than the limit when there are more. Raises Missing."""
    await check_there(tx, caller, budget_id)
    return await store.comments_of(tx, caller.compound_id, budget_id, after, limit)


async def check_there(tx: Tx, caller: Caller, budget_id: UUID) -> None:
    """What hangs on a budget is asked for below one that is here. Raises Missing."""
    check_reads(caller)
    if await store.find_budget(tx, caller.compound_id, budget_id) is None:
        raise Missing(kind="budget")


def check_reads(caller: Caller) -> None:
    """The budget is open to every resident through the whole process (全过程公开)."""
    if not caller.is_resident:
        caller.check_reads_books()


async def open_lines(
    tx: Tx,
    caller: Caller,
    lines: Sequence[BudgetLine],
    source: MovementSource,
    on: date,
    *,
    with_amounts: bool = True,
) -> None:
    """Lines come into force; what an emergency opens starts at nothing and is adjusted up."""
    movements = [
        rules.opening(
            line, source, on, caller.at, appropriated_fen=line.amount_fen if with_amounts else 0
        )
        for line in lines
    ]
    if movements:
        await control_store.open_controls(tx, caller.compound_id, movements)


async def places(tx: Tx, compound_id: UUID) -> tuple[frozenset[str], frozenset[str]]:
    """The fund codes and the open accounts that a line may name."""
    chart = await ledger.chart(tx, compound_id)
    open_accounts = frozenset(code for code, account in chart.accounts.items() if account.is_open)
    return await funds.codes(tx, compound_id), open_accounts


async def _put_in_force(
    tx: Tx, caller: Caller, document: BudgetDocument, resolution_id: UUID
) -> BudgetDocument:
    budget = replace(
        document.budget,
        state=BudgetState.ADOPTED,
        adopted_at=caller.at,
        resolution_id=resolution_id,
        warning_percent=await _warning_percent(tx, caller),
    )
    await store.save_budget(tx, caller.compound_id, budget)
    await store.supersede_others(tx, caller.compound_id, budget)
    source = MovementSource(kind="budget", id=budget.budget_id)
    await open_lines(tx, caller, document.lines, source, date(budget.year, 1, 1))
    return replace(document, budget=budget)


async def _check_document(
    tx: Tx,
    caller: Caller,
    budget_id: UUID,
    lines: Sequence[LineDraft],
    income: Sequence[IncomeDraft],
) -> None:
    fund_codes, accounts = await places(tx, caller.compound_id)
    rules.check_document(lines, income, fund_codes, accounts)
    await check_line_ids(tx, caller, budget_id, lines)


async def check_line_ids(
    tx: Tx,
    caller: Caller,
    budget_id: UUID | None,
    lines: Sequence[LineDraft],
    pointer: str = "/lines",
) -> None:
    """Raises FieldsInvalid when a line's id belongs to another budget (any, when none is named)."""
    taken = await store.find_lines(tx, caller.compound_id, [line.line_id for line in lines])
    elsewhere = {line_id for line_id, owner_id in taken if owner_id != budget_id}
    rules.check_line_ids(lines, elsewhere, pointer)


async def _save_document(
    tx: Tx,
    caller: Caller,
    budget: Budget,
    lines: Sequence[LineDraft],
    income: Sequence[IncomeDraft],
) -> BudgetDocument:
    await store.insert_lines(tx, caller.compound_id, budget.budget_id, lines)
    await store.insert_income(tx, caller.compound_id, budget.budget_id, income)
    content = rules.canonical_document(budget, lines, income)
    version = BudgetVersion(
        budget_id=budget.budget_id,
        version=budget.version,
        digest=sha256(content).hex(),
        document=content,
        saved_by=caller.person_id,
        saved_at=caller.at,
    )
    await store.insert_version(tx, caller.compound_id, version)
    return await _document(tx, caller, budget)


async def _already_drafted(
    tx: Tx, caller: Caller, new: Budget, command: DraftBudget
) -> BudgetDocument:
    first = await store.find_version(tx, caller.compound_id, command.id, 1)
    assert first is not None
    if first.document != rules.canonical_document(new, command.lines, command.income):
        raise rules.BudgetAlreadyDiffers
    return await find(tx, caller, command.id)


async def _document(tx: Tx, caller: Caller, budget: Budget) -> BudgetDocument:
    lines = await store.lines_of(tx, caller.compound_id, budget.budget_id)
    income = await store.income_of(tx, caller.compound_id, budget.budget_id)
    return BudgetDocument(
        budget=budget, lines=lines, income=income, means=rules.means(lines, income)
    )


async def _lock_budget(tx: Tx, caller: Caller, budget_id: UUID) -> Budget:
    budget = await store.find_budget(tx, caller.compound_id, budget_id, lock=True)
    if budget is None:
        raise Missing(kind="budget")
    return budget


async def _warning_percent(tx: Tx, caller: Caller) -> int:
    limits = await compounds.limits(tx, caller.compound_id, local_date(caller.at))
    return limits.budget_warning_percent.value
