"""How questions and objections are put and answered."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from trustprop.inquiries import service
from trustprop.inquiries.model import Answer, Ask, PublicInquiry
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, Instant, Page, open_cursor, page

COMPOUND = "/compounds/{compound_id:uuid}"
TAGS = ["inquiries"]
ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]


@post(COMPOUND + "/inquiries", operation_id="inquiries_create", tags=TAGS)
async def ask(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[Ask],
) -> Response[PublicInquiry]:
    """Ask about, or object to, anything published; the answer names its last day."""
    async with database.begin(caller) as tx:
        return await once(tx, service.ask(tx, caller, data))


@get(COMPOUND + "/inquiries", operation_id="inquiries_list", tags=TAGS)
async def list_inquiries(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    target_id: FromQuery[UUID | None] = None,
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[PublicInquiry]:
    """List inquiries and answers, newest first; nobody learns who asked."""
    filters = {"target_id": target_id}
    after = _instant_and_id(open_cursor(cursor, filters, Instant, UUID))
    async with database.read(caller) as tx:
        found = await service.inquiries(
            tx, caller, target_id=target_id, limit=limit + 1, after=after
        )
    return page(found, limit, filters, lambda one: [one.asked_at.isoformat(), str(one.inquiry_id)])


def _instant_and_id(position: list[Any] | None) -> tuple[datetime, UUID] | None:
    if position is None:
        return None
    instant, last = position
    return datetime.fromisoformat(instant), UUID(last)


@get(COMPOUND + "/overdue-inquiries", operation_id="inquiries_overdue", tags=TAGS)
async def list_overdue(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[PublicInquiry]:
    """List inquiries whose last day went by without an answer, the oldest first."""
    position = open_cursor(cursor, {}, str, str, UUID)
    async with database.read(caller) as tx:
        found = await service.overdue(tx, caller)
    shown = [one for one in found if position is None or _place(one) > position]
    return page(shown, limit, {}, _place)


def _place(one: PublicInquiry) -> list[Any]:
    return [one.due_on.isoformat(), one.asked_at.isoformat(), str(one.inquiry_id)]


@get(COMPOUND + "/inquiries/{inquiry_id:uuid}", operation_id="inquiries_get", tags=TAGS)
async def get_inquiry(
    inquiry_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> PublicInquiry:
    """Read one inquiry with its answer."""
    async with database.read(caller) as tx:
        return await service.get(tx, caller, inquiry_id)


@post(
    COMPOUND + "/inquiries/{inquiry_id:uuid}/answer",
    operation_id="inquiries_answer",
    tags=TAGS,
)
async def answer(
    inquiry_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[Answer],
) -> Response[PublicInquiry]:
    """Answer an inquiry, as an office holder of either side."""
    async with database.begin(caller) as tx:
        return await once(tx, service.answer(tx, caller, inquiry_id, data))


handlers = [ask, list_inquiries, list_overdue, get_inquiry, answer]
