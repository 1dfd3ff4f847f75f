"""What lines have left, why, and the vouchers that use them."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from trustprop.budgets import rules, service
from trustprop.budgets.model import Availability, LineExecution, Movement
from trustprop.kernel.caller import Caller
from trustprop.ledger.model import PostedEntry, PostVoucher, ReverseVoucher
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, Number, Page, open_cursor, page

ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]
TAGS = ["budgets"]
COMPOUND = "/compounds/{compound_id:uuid}"


@get(
    COMPOUND + "/budgets/{budget_id:uuid}/availability",
    operation_id="budgets_availability",
    tags=TAGS,
)
async def list_availability(
    budget_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 200,
    cursor: str | None = None,
) -> Page[Availability]:
    """List what every line of a budget in force has left, and which are near their limit."""
    filters = {"budget_id": budget_id}
    after = open_cursor(cursor, filters, str)
    async with database.read(caller) as tx:
        found = await service.availability_of(tx, caller, budget_id)
    held = [line for line in found if after is None or [line.code] > after]
    return page(held, limit, filters, lambda line: [line.code])


@get(COMPOUND + "/budget-execution", operation_id="budgets_execution", tags=TAGS)
async def list_execution(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    period: FromQuery[str],
    limit: ShownAtOnce = 200,
    cursor: str | None = None,
) -> Page[LineExecution]:
    """List budget against actual of every line in force at the end of a month."""
    service.check_reads(caller)
    filters = {"period": period}
    month = rules.period(period)
    after = open_cursor(cursor, filters, str, str)
    async with database.read(caller) as tx:
        found = await service.execution(tx, caller.compound_id, month)
    held = [line for line in found if after is None or [line.fund, line.code] > after]
    return page(held, limit, filters, lambda line: [line.fund, line.code])


@get(
    COMPOUND + "/budget-lines/{line_id:uuid}/movements",
    operation_id="budget_line_movements_list",
    tags=TAGS,
)
async def list_movements(
    line_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
) -> Page[Movement]:
    """List every movement of a line; its figures are their sums."""
    service.check_reads(caller)
    filters = {"line_id": line_id}
    after = open_cursor(cursor, filters, Number)
    async with database.read(caller) as tx:
        number = int(after[0]) if after else 0
        found = await service.movements(
            tx, caller.compound_id, line_id, after=number, limit=limit + 1
        )
    return page(found, limit, filters, lambda movement: [movement.number])


@post(COMPOUND + "/accruals", operation_id="accruals_create", tags=TAGS)
async def post_accrual(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[PostVoucher],
) -> Response[PostedEntry]:
    """Post a bookkeeper's voucher that uses the budget lines its lines name."""
    async with database.begin(caller) as tx:
        return await once(tx, service.accrue(tx, caller, data))


@post(
    COMPOUND + "/accruals/{entry_id:uuid}/reversals",
    operation_id="accruals_reverse",
    tags=TAGS,
)
async def reverse_accrual(
    entry_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[ReverseVoucher],
) -> Response[PostedEntry]:
    """Reverse such a voucher; its budget lines have the money again."""
    async with database.begin(caller) as tx:
        return await once(tx, service.reverse_accrual(tx, caller, entry_id, data))


handlers = [
    list_availability,
    list_execution,
    list_movements,
    post_accrual,
    reverse_accrual,
]
