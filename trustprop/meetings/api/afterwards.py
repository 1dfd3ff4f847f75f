"""How objections, filing, handover and follow-up are asked for."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from trustprop.compounds import service as compounds
from trustprop.compounds.api import listed
from trustprop.kernel.caller import Caller
from trustprop.meetings import service
from trustprop.meetings.api.meetings import COMPOUND, MEETING, TAGS, ShownAtOnce
from trustprop.meetings.model import (
    AnswerObjection,
    Filing,
    FollowUp,
    Handover,
    MeetingObjection,
    RaiseObjection,
    RecordFiling,
    RecordHandover,
    WriteFollowUp,
)
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import Page


@post(MEETING + "/objections", operation_id="meeting_objections_create", tags=TAGS)
async def raise_objection(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[RaiseObjection],
) -> Response[MeetingObjection]:
    """Object to the roll before ballots go out, or to the result while it is open to that."""
    async with database.begin(caller) as tx:
        return await once(tx, service.object_to(tx, caller, meeting_id, data))


@get(MEETING + "/objections", operation_id="meeting_objections_list", tags=TAGS)
async def list_objections(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[MeetingObjection]:
    """List objections with their answers; who objected is known to the committee alone."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        await service.find_meeting(tx, caller.compound_id, meeting_id)
        found = await service.objections(tx, caller, meeting_id)
    return listed(
        found,
        limit,
        cursor,
        {"meeting_id": meeting_id},
        lambda one: [one.raised_at.isoformat(), str(one.objection_id)],
    )


@post(
    COMPOUND + "/objections/{objection_id:uuid}/answer",
    operation_id="meeting_objections_answer",
    tags=TAGS,
)
async def answer_objection(
    objection_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[AnswerObjection],
) -> Response[MeetingObjection]:
    """Answer an objection; one that is right ends the meeting."""
    async with database.begin(caller) as tx:
        return await once(tx, service.answer_objection(tx, caller, objection_id, data))


@post(MEETING + "/filing", operation_id="meetings_file", tags=TAGS)
async def record_filing(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[RecordFiling],
) -> Response[Filing]:
    """Record the receipt of the street office."""
    async with database.begin(caller) as tx:
        return await once(tx, service.file(tx, caller, meeting_id, data))


@get(MEETING + "/filing", operation_id="meetings_filings", tags=TAGS)
async def list_filings(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Filing]:
    """List what was filed with the street office."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        await service.find_meeting(tx, caller.compound_id, meeting_id)
        found = await service.filings(tx, caller.compound_id, meeting_id)
    return listed(
        found,
        limit,
        cursor,
        {"meeting_id": meeting_id},
        lambda one: [one.filed_on.isoformat(), str(one.filing_id)],
    )


@post(MEETING + "/handovers", operation_id="handovers_create", tags=TAGS)
async def hand_over(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[RecordHandover],
) -> Response[Handover]:
    """Record what the old committee handed over; its mandates end on that day."""
    async with database.begin(caller) as tx:
        return await once(tx, service.hand_over(tx, caller, meeting_id, data))


@get(MEETING + "/handovers", operation_id="handovers_list", tags=TAGS)
async def list_handovers(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Handover]:
    """List the handovers after an election."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        await service.find_meeting(tx, caller.compound_id, meeting_id)
        found = await service.handovers(tx, caller.compound_id, meeting_id)
    return listed(
        found,
        limit,
        cursor,
        {"meeting_id": meeting_id},
        lambda one: [one.handed_on.isoformat(), str(one.handover_id)],
    )


@post(
    COMPOUND + "/resolutions/{resolution_id:uuid}/follow-ups",
    operation_id="follow_ups_create",
    tags=TAGS,
)
async def write_follow_up(
    resolution_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[WriteFollowUp],
) -> Response[FollowUp]:
    """Say what was done under a resolution."""
    async with database.begin(caller) as tx:
        return await once(tx, service.follow_up(tx, caller, resolution_id, data))


@get(
    COMPOUND + "/resolutions/{resolution_id:uuid}/follow-ups",
    operation_id="follow_ups_list",
    tags=TAGS,
)
async def list_follow_ups(
    resolution_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[FollowUp]:
    """List what was done under a resolution, in the order of being done."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        await service.find(tx, caller.compound_id, resolution_id)
        found = await service.follow_ups(tx, caller.compound_id, [resolution_id])
    filters = {"resolution_id": resolution_id}
    return listed(found, limit, cursor, filters, _done_position)


def _done_position(one: FollowUp) -> list[Any]:
    return [one.done_on.isoformat(), str(one.follow_up_id)]


handlers = [
    raise_objection,
    list_objections,
    answer_objection,
    record_filing,
    list_filings,
    hand_over,
    list_handovers,
    write_follow_up,
    list_follow_ups,
]
