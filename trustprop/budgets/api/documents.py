"""Budget documents: draft, revision, consultation with comments, adoption."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, JSONBody, Parameter

from trustprop.budgets import service
from trustprop.budgets.model import (
    AdoptBudget,
    AnswerComment,
    Budget,
    BudgetDocument,
    BudgetVersion,
    Comment,
    DraftBudget,
    ReviseBudget,
    WriteComment,
)
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, Number, Page, open_cursor, page
from trustprop.plumbing.problems import check_version

ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match")]
TAGS = ["budgets"]
BUDGETS = "/compounds/{compound_id:uuid}/budgets"
BUDGET = BUDGETS + "/{budget_id:uuid}"


@post(BUDGETS, operation_id="budgets_create", tags=TAGS)
async def draft_budget(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DraftBudget],
) -> Response[BudgetDocument]:
    """Draft the budget of a year."""
    async with database.begin(caller) as tx:
        return await once(tx, service.draft(tx, caller, data))


@get(BUDGETS, operation_id="budgets_list", tags=TAGS)
async def list_budgets(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
) -> Page[Budget]:
    """List the budgets, the latest year first."""
    position = open_cursor(cursor, {}, Number, UUID)
    before = (int(position[0]), UUID(position[1])) if position else None
    async with database.read(caller) as tx:
        found = await service.listed(tx, caller, before, limit + 1)
    return page(found, limit, {}, lambda budget: [budget.year, str(budget.budget_id)])


@get(BUDGET, operation_id="budgets_get", tags=TAGS)
async def get_budget(
    budget_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Response[BudgetDocument]:
    """Read a budget with its lines, its income and each fund's means."""
    async with database.read(caller) as tx:
        return _tagged(await service.find(tx, caller, budget_id))


@put(BUDGET, operation_id="budgets_revise", tags=TAGS)
async def revise_budget(
    budget_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    data: JSONBody[ReviseBudget],
    if_match: IfMatch = None,
) -> Response[BudgetDocument]:
    """Replace a draft, or a budget under consultation, by its next version."""
    async with database.begin(caller) as tx:
        there = await service.find(tx, caller, budget_id)
        check_version(if_match, there.budget.version)
        return _tagged(await service.revise(tx, caller, budget_id, data, there.budget.version))


@get(BUDGET + "/versions/{version:int}", operation_id="budget_versions_get", tags=TAGS)
async def get_version(
    budget_id: FromPath[UUID],
    version: FromPath[int],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> BudgetVersion:
    """Read a version as it was saved, with its digest."""
    async with database.read(caller) as tx:
        return await service.find_version(tx, caller, budget_id, version)


@post(BUDGET + "/consultation", operation_id="budgets_consult", status_code=200, tags=TAGS)
async def consult_on_budget(
    budget_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
) -> Response[BudgetDocument]:
    """Open a draft for comments; it must stay within what will realistically come in."""
    async with database.begin(caller) as tx:
        return await once(tx, service.consult(tx, caller, budget_id), status=200)


@post(BUDGET + "/adoption", operation_id="budgets_adopt", status_code=200, tags=TAGS)
async def adopt_budget(
    budget_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[AdoptBudget],
) -> Response[BudgetDocument]:
    """Put a budget in force by the resolution that adopted this version of it."""
    async with database.begin(caller) as tx:
        return await once(tx, service.adopt(tx, caller, budget_id, data), status=200)


@post(BUDGET + "/comments", operation_id="budget_comments_create", tags=TAGS)
async def write_comment(
    budget_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[WriteComment],
) -> Response[Comment]:
    """Comment on a budget under consultation, or on one of its lines."""
    async with database.begin(caller) as tx:
        return await once(tx, service.comment(tx, caller, budget_id, data))


@get(BUDGET + "/comments", operation_id="budget_comments_list", tags=TAGS)
async def list_comments(
    budget_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
) -> Page[Comment]:
    """List the comments with their answers, without their authors."""
    filters = {"budget_id": budget_id}
    after = open_cursor(cursor, filters, UUID)
    async with database.read(caller) as tx:
        found = await service.comments(
            tx, caller, budget_id, UUID(after[0]) if after else None, limit + 1
        )
    return page(found, limit, filters, lambda comment: [str(comment.comment_id)])


@post(
    "/compounds/{compound_id:uuid}/budget-comments/{comment_id:uuid}/answer",
    operation_id="budget_comments_answer",
    status_code=200,
    tags=TAGS,
)
async def answer_comment(
    comment_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[AnswerComment],
) -> Response[Comment]:
    """Answer a comment; the first answer stands."""
    async with database.begin(caller) as tx:
        return await once(tx, service.answer(tx, caller, comment_id, data), status=200)


def _tagged(document: BudgetDocument) -> Response[BudgetDocument]:
    return Response(document, headers={"ETag": f'"{document.budget.version}"'})


handlers = [
    draft_budget,
    list_budgets,
    get_budget,
    revise_budget,
    get_version,
    consult_on_budget,
    adopt_budget,
    write_comment,
    list_comments,
    answer_comment,
]
