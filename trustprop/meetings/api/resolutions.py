"""How resolutions are asked for."""

from collections.abc import Awaitable
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from trustprop.acts import rules as act_rules
from trustprop.acts.model import Act, ActView
from trustprop.compounds import service as compounds
from trustprop.compounds.api import listed
from trustprop.kernel.caller import Caller
from trustprop.meetings import service
from trustprop.meetings.model import (
    DraftRevocation,
    Matter,
    RecordResolution,
    Resolution,
)
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, Page

TAGS = ["meetings"]


@post("/compounds/{compound_id:uuid}/resolutions", operation_id="resolutions_create", tags=TAGS)
async def record_resolution(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[RecordResolution],
) -> Response[Resolution]:
    """Record a decision with its figures and minutes; both sides then confirm the record.

    Figures that do not pass, or that do not fit the roll of the record date, are refused.
    """
    async with database.begin(caller) as tx:
        return await once(tx, service.record(tx, caller, data))


@get("/compounds/{compound_id:uuid}/resolutions", operation_id="resolutions_list", tags=TAGS)
async def list_resolutions(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    matter: FromQuery[Matter | None] = None,
    limit: Annotated[int, Parameter(ge=1, le=MAX_LIMIT)] = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Resolution]:
    """List resolutions in order of their numbers; everybody here may know what was decided."""
    filters = {"matter": matter}
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        every = await service.resolutions(tx, caller.compound_id)
    held = [resolution for resolution in every if matter in (None, resolution.matter)]
    return listed(held, limit, cursor, filters, _position)


def _position(resolution: Resolution) -> list[int]:
    year, serial = resolution.number.split("-")
    return [int(year), int(serial)]


@get(
    "/compounds/{compound_id:uuid}/resolutions/{resolution_id:uuid}",
    operation_id="resolutions_get",
    tags=TAGS,
)
async def get_resolution(
    resolution_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Resolution:
    """Read a resolution with its figures, tally and state."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        return await service.find(tx, caller.compound_id, resolution_id)


@post(
    "/compounds/{compound_id:uuid}/resolution-revocations",
    operation_id="resolution_revocations_create",
    tags=TAGS,
)
async def draft_revocation(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DraftRevocation],
) -> Response[ActView]:
    """Draft the act that revokes a resolution, after a later decision or a judgment."""
    async with database.begin(caller) as tx:
        return await once(tx, _shown(service.draft_revocation(tx, caller, data)))


async def _shown(drafting: Awaitable[Act]) -> ActView:
    """The payload and digest that the signers sign."""
    return act_rules.view(await drafting)


handlers = [record_resolution, list_resolutions, get_resolution, draft_revocation]
