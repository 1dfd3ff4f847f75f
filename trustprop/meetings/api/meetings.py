"""How meetings are called and given motions, and how they are read."""

from collections.abc import Coroutine
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, Parameter

from trustprop.compounds import service as compounds
from trustprop.compounds.api import listed
from trustprop.kernel.caller import Caller
from trustprop.meetings import service
from trustprop.meetings.model import (
    AddMotion,
    Deadline,
    Meeting,
    MeetingView,
    Motion,
    MotionContent,
    MotionDifference,
    Propose,
    Step,
    Support,
    Supported,
)
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, Instant, Page, open_cursor, page
from trustprop.plumbing.problems import check_version

COMPOUND = "/compounds/{compound_id:uuid}"
MEETING = COMPOUND + "/meetings/{meeting_id:uuid}"
MOTION = COMPOUND + "/motions/{motion_id:uuid}"
TAGS = ["meetings"]
ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]
IfMatch = Annotated[str | None, HeaderParameter(name="If-Match")]


@post(COMPOUND + "/meetings", operation_id="meetings_create", tags=TAGS)
async def propose(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[Propose],
) -> Response[MeetingView]:
    """Call a meeting: as the committee at once, as owners once enough of them support it."""
    async with database.begin(caller) as tx:
        return await once(tx, shown(service.propose(tx, caller, data)))


@get(COMPOUND + "/meetings", operation_id="meetings_list", tags=TAGS)
async def list_meetings(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[MeetingView]:
    """List meetings, the latest first, rehearsals among them."""
    compounds.check_reads_compound(caller)
    after = _place(open_cursor(cursor, {}, Instant, UUID))
    async with database.read(caller) as tx:
        found = await service.meetings(tx, caller.compound_id, limit=limit + 1, after=after)
    return page([service.view(one) for one in found], limit, {}, _position)


def _place(position: list[Any] | None) -> tuple[datetime, UUID] | None:
    if position is None:
        return None
    proposed_at, meeting_id = position
    return datetime.fromisoformat(proposed_at), UUID(meeting_id)


def _position(view: MeetingView) -> list[Any]:
    return [view.meeting.proposed_at.isoformat(), str(view.meeting.meeting_id)]


@get(MEETING, operation_id="meetings_get", tags=TAGS)
async def get_meeting(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> MeetingView:
    """Read a meeting with every step that was done, by whom, and what proves it."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        return service.view(await service.find_meeting(tx, caller.compound_id, meeting_id))


@get(MEETING + "/calendar", operation_id="meetings_calendar", tags=TAGS)
async def get_calendar(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Deadline]:
    """Read the calendar: each step, its earliest and last day, by whom, and what a miss means."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        found = await service.calendar(tx, caller, meeting_id)
    return listed(found, limit, cursor, {"meeting_id": meeting_id}, _step_position)


def _step_position(deadline: Deadline) -> list[Any]:
    return [list(Step).index(deadline.step)]


@post(MEETING + "/supports", operation_id="meetings_support", tags=TAGS)
async def support(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[Support],
) -> Response[Supported]:
    """Support the call of a meeting with your homes, or bring a signed list."""
    async with database.begin(caller) as tx:
        return await once(tx, service.support(tx, caller, meeting_id, data))


@get(MEETING + "/supports", operation_id="meetings_supports", tags=TAGS)
async def get_supports(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Supported:
    """Read how much of the compound stands behind a call, by area and by heads."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        return await service.supports(tx, caller, meeting_id)


@post(MEETING + "/motions", operation_id="motions_create", tags=TAGS)
async def add_motion(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[AddMotion],
) -> Response[Motion]:
    """Move something; the class of its matter follows from the law and the texts."""
    async with database.begin(caller) as tx:
        return await once(tx, service.add_motion(tx, caller, meeting_id, data))


@get(MEETING + "/motions", operation_id="motions_list", tags=TAGS)
async def list_motions(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Motion]:
    """List the motions of a meeting with their full texts, in the order of being moved."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        found = await service.motions(tx, caller.compound_id, meeting_id)
    return listed(
        found, limit, cursor, {"meeting_id": meeting_id}, lambda motion: [motion.position]
    )


@get(MOTION, operation_id="motions_get", tags=TAGS)
async def get_motion(
    motion_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> Motion:
    """Read a motion with its six elements and the majority that it needs."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        return await service.find_motion(tx, caller.compound_id, motion_id)


@put(MOTION, operation_id="motions_revise", tags=TAGS)
async def revise_motion(
    motion_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    data: JSONBody[MotionContent],
    if_match: IfMatch = None,
) -> Motion:
    """Put a motion otherwise until the screening; it wants to be seconded again."""
    async with database.begin(caller) as tx:
        there = await service.lock_motion(tx, caller, motion_id)
        check_version(if_match, there.version)
        return await service.revise_motion(tx, caller, motion_id, data)


@post(MOTION + "/withdrawal", operation_id="motions_withdraw", tags=TAGS)
async def withdraw_motion(
    motion_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
) -> Response[Motion]:
    """Withdraw a motion of your own until the screening."""
    async with database.begin(caller) as tx:
        return await once(tx, service.withdraw_motion(tx, caller, motion_id))


@post(MOTION + "/seconds", operation_id="motions_second", tags=TAGS)
async def second(
    motion_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
) -> Response[Motion]:
    """Second a motion of somebody else as it reads now."""
    async with database.begin(caller) as tx:
        return await once(tx, service.second(tx, caller, motion_id))


@get(MOTION + "/difference", operation_id="motions_difference", tags=TAGS)
async def get_difference(
    motion_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
) -> MotionDifference:
    """Show what a motion changes in a governing text, clause by clause and word by word."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        return await service.difference(tx, caller, motion_id)


async def shown(held: Coroutine[Any, Any, Meeting]) -> MeetingView:
    """With the step that it stands at."""
    return service.view(await held)


handlers = [
    propose,
    list_meetings,
    get_meeting,
    get_calendar,
    support,
    get_supports,
    add_motion,
    list_motions,
    get_motion,
    revise_motion,
    withdraw_motion,
    second,
    get_difference,
]
