"""How the month is checked, closed, published and corrected."""

from typing import Annotated
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from trustprop.kernel.caller import Caller
from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, Page, open_cursor, page
from trustprop.plumbing.settings import Settings
from trustprop.statements import service
from trustprop.statements.model import (
    DraftClose,
    Erratum,
    PeriodClose,
    Published,
    RecordErratum,
    TieOuts,
)
from trustprop.statements.model.decisions import DecisionRecord

TAGS = ["statements"]
ShownAtOnce = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]


@get(
    "/compounds/{compound_id:uuid}/periods/{period:str}/tie-outs",
    operation_id="periods_tie_outs",
    tags=TAGS,
)
async def get_tie_outs(
    period: FromPath[str], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> TieOuts:
    """Every named check of a month, green or not; nothing is changed."""
    async with database.read(caller) as tx:
        return await service.tie_outs(tx, caller, _month(period))


@post(
    "/compounds/{compound_id:uuid}/periods/{period:str}/close",
    operation_id="periods_close",
    tags=TAGS,
)
async def draft_close(
    period: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DraftClose],
) -> Response[PeriodClose]:
    """Draft the act ``period-close`` (with the same id) when every check is green."""
    async with database.begin(caller) as tx:
        return await once(tx, service.draft_close(tx, caller, _month(period), data))


@get(
    "/compounds/{compound_id:uuid}/periods/{period:str}/close",
    operation_id="periods_close_get",
    tags=TAGS,
)
async def get_close(
    period: FromPath[str], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> PeriodClose:
    """The close of a month as it stands."""
    async with database.read(caller) as tx:
        return await service.find_close(tx, caller, _month(period))


@post(
    "/compounds/{compound_id:uuid}/periods/{period:str}/statement",
    operation_id="statements_publish",
    tags=TAGS,
)
async def publish_statement(
    period: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    log_key: NamedDependency[Ed25519PrivateKey],
    settings: NamedDependency[Settings],
) -> Response[Published]:
    """Draw up and publish the statement of a closed month; its prints follow by themselves."""
    async with database.begin(caller) as tx:
        return await once(
            tx, service.publish(tx, caller, _month(period), log_key, settings.public_url)
        )


@get("/compounds/{compound_id:uuid}/statements", operation_id="statements_list", tags=TAGS)
async def list_statements(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Published]:
    """List the published statements, the newest first."""
    after = open_cursor(cursor, {}, str)
    async with database.read(caller) as tx:
        found = await service.listed(tx, caller.compound_id)
    left = [one for one in found if after is None or one.period < after[0]]
    return page(left, limit, {}, lambda one: [one.period])


@post(
    "/compounds/{compound_id:uuid}/statements/{number:str}/errata",
    operation_id="statements_record_erratum",
    tags=TAGS,
)
async def record_erratum(
    number: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[RecordErratum],
) -> Response[Erratum]:
    """Link a reversal in an open month to the published statement that it corrects."""
    async with database.begin(caller) as tx:
        return await once(tx, service.record_erratum(tx, caller, number, data))


@get(
    "/compounds/{compound_id:uuid}/resolutions/{resolution_id:uuid}/follow-up",
    operation_id="resolutions_follow_up",
    tags=TAGS,
)
async def get_follow_up(
    resolution_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> DecisionRecord:
    """Read what was done and spent under a resolution: budgets, contracts, transfers, mandates, entries."""
    async with database.read(caller) as tx:
        return await service.follow_up(tx, caller, resolution_id)


def _month(period: str) -> Period:
    """Raises Missing for what is no month."""
    try:
        return Period.parse(period)
    except ValueError:
        raise Missing(kind="period") from None


handlers = [
    get_tie_outs,
    draft_close,
    get_close,
    publish_statement,
    list_statements,
    record_erratum,
    get_follow_up,
]
