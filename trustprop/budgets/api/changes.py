"""Changes of a budget in force: adjustments, virements, emergencies."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, Parameter

from trustprop.budgets import service
from trustprop.budgets.model import (
    Adjustment,
    DecideChange,
    Emergency,
    EmergencyNow,
    GiveNotice,
    ProposeAdjustment,
    ProposeEmergency,
    ProposeVirement,
    Virement,
)
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, Page, open_cursor, page

ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]
TAGS = ["budgets"]
COMPOUND = "/compounds/{compound_id:uuid}"
BUDGET = COMPOUND + "/budgets/{budget_id:uuid}"


@post(BUDGET + "/adjustments", operation_id="budget_adjustments_create", tags=TAGS)
async def propose_adjustment(
    budget_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[ProposeAdjustment],
) -> Response[Adjustment]:
    """Propose a change for the assembly to decide on."""
    async with database.begin(caller) as tx:
        return await once(tx, service.propose_adjustment(tx, caller, budget_id, data))


@get(BUDGET + "/adjustments", operation_id="budget_adjustments_list", tags=TAGS)
async def list_adjustments(
    budget_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
) -> Page[Adjustment]:
    """List the adjustments of a budget with their decisions."""
    filters = {"budget_id": budget_id}
    after = open_cursor(cursor, filters, UUID)
    async with database.read(caller) as tx:
        found = await service.adjustments(tx, caller, budget_id)
    held = [item for item in found if after is None or [str(item.adjustment_id)] > after]
    return page(held, limit, filters, lambda item: [str(item.adjustment_id)])


@post(
    COMPOUND + "/budget-adjustments/{adjustment_id:uuid}/adoption",
    operation_id="budget_adjustments_adopt",
    status_code=200,
    tags=TAGS,
)
async def adopt_adjustment(
    adjustment_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DecideChange],
) -> Response[Adjustment]:
    """Put an adjustment in force by its own resolution."""
    async with database.begin(caller) as tx:
        return await once(tx, service.adopt_adjustment(tx, caller, adjustment_id, data), status=200)


@post(BUDGET + "/virements", operation_id="budget_virements_create", tags=TAGS)
async def propose_virement(
    budget_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[ProposeVirement],
) -> Response[Virement]:
    """Draft the act (with the same id) that moves money inside a category."""
    async with database.begin(caller) as tx:
        return await once(tx, service.propose_virement(tx, caller, budget_id, data))


@get(BUDGET + "/virements", operation_id="budget_virements_list", tags=TAGS)
async def list_virements(
    budget_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
) -> Page[Virement]:
    """List the virements of a budget."""
    filters = {"budget_id": budget_id}
    after = open_cursor(cursor, filters, UUID)
    async with database.read(caller) as tx:
        found = await service.virements(tx, caller, budget_id)
    held = [item for item in found if after is None or [str(item.virement_id)] > after]
    return page(held, limit, filters, lambda item: [str(item.virement_id)])


@post(BUDGET + "/emergencies", operation_id="budget_emergencies_create", tags=TAGS)
async def propose_emergency(
    budget_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[ProposeEmergency],
) -> Response[Emergency]:
    """Draft the act (with the same id) that has money at once, under the cap of the texts."""
    async with database.begin(caller) as tx:
        return await once(tx, service.propose_emergency(tx, caller, budget_id, data))


@get(COMPOUND + "/budget-emergencies", operation_id="budget_emergencies_list", tags=TAGS)
async def list_emergencies(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    is_overdue: bool | None = None,
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
) -> Page[EmergencyNow]:
    """List the emergencies, or only those whose notice or ratification is overdue (or is not)."""
    filters = {"is_overdue": is_overdue}
    after = open_cursor(cursor, filters, UUID)
    async with database.read(caller) as tx:
        found = await service.emergencies(tx, caller)
    held = [
        item
        for item in found
        if (after is None or _position(item) > after)
        and (is_overdue is None or item.is_overdue is is_overdue)
    ]
    return page(held, limit, filters, _position)


@post(
    COMPOUND + "/budget-emergencies/{emergency_id:uuid}/notice",
    operation_id="budget_emergencies_notice",
    status_code=200,
    tags=TAGS,
)
async def give_notice(
    emergency_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[GiveNotice],
) -> Response[Emergency]:
    """Record how the owners were told."""
    async with database.begin(caller) as tx:
        return await once(tx, service.give_notice(tx, caller, emergency_id, data), status=200)


@post(
    COMPOUND + "/budget-emergencies/{emergency_id:uuid}/ratification",
    operation_id="budget_emergencies_ratify",
    status_code=200,
    tags=TAGS,
)
async def ratify_emergency(
    emergency_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DecideChange],
) -> Response[Emergency]:
    """Record the resolution by which the assembly ratified it."""
    async with database.begin(caller) as tx:
        return await once(tx, service.ratify(tx, caller, emergency_id, data), status=200)


def _position(item: EmergencyNow) -> list[str]:
    return [str(item.emergency.emergency_id)]


handlers = [
    propose_adjustment,
    list_adjustments,
    adopt_adjustment,
    propose_virement,
    list_virements,
    propose_emergency,
    list_emergencies,
    give_notice,
    ratify_emergency,
]
