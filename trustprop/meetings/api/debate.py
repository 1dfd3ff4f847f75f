"""How a debate is asked for."""

from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from trustprop.compounds import service as compounds
from trustprop.compounds.api import listed
from trustprop.kernel.caller import Caller
from trustprop.meetings import service
from trustprop.meetings.api.meetings import COMPOUND, MEETING, MOTION, TAGS, ShownAtOnce, shown
from trustprop.meetings.model import (
    AskToSpeak,
    Deliberate,
    Deliberation,
    MeetingView,
    OpenDebate,
    OpenDeliberation,
    Remark,
    Speech,
    WriteRemark,
)
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import Page


@post(MEETING + "/debate", operation_id="meetings_open_debate", tags=TAGS)
async def open_debate(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[OpenDebate],
) -> Response[MeetingView]:
    """Open the debate under a chair with no motion of their own."""
    async with database.begin(caller) as tx:
        return await once(tx, shown(service.open_debate(tx, caller, meeting_id, data)))


@post(MOTION + "/speeches", operation_id="speeches_create", tags=TAGS)
async def ask_to_speak(
    motion_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[AskToSpeak],
) -> Response[Speech]:
    """Ask to speak on a motion: two minutes, twice each."""
    async with database.begin(caller) as tx:
        return await once(tx, service.ask_to_speak(tx, caller, motion_id, data))


@get(MEETING + "/speeches", operation_id="speeches_list", tags=TAGS)
async def list_speeches(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Speech]:
    """Read the log of a debate, in the order of asking."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        await service.find_meeting(tx, caller.compound_id, meeting_id)
        found = await service.speeches(tx, caller.compound_id, meeting_id)
    return listed(
        found,
        limit,
        cursor,
        {"meeting_id": meeting_id},
        lambda speech: [speech.asked_at.isoformat(), str(speech.speech_id)],
    )


@post(COMPOUND + "/speeches/{speech_id:uuid}/start", operation_id="speeches_start", tags=TAGS)
async def start_speech(
    speech_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
) -> Response[Speech]:
    """Give the floor to the next speaker, as the chair."""
    async with database.begin(caller) as tx:
        return await once(tx, service.start_speech(tx, caller, speech_id))


@post(COMPOUND + "/speeches/{speech_id:uuid}/end", operation_id="speeches_end", tags=TAGS)
async def end_speech(
    speech_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
) -> Response[Speech]:
    """End a speech, as the chair or the speaker; two minutes end it anyway."""
    async with database.begin(caller) as tx:
        return await once(tx, service.end_speech(tx, caller, speech_id))


@post(MEETING + "/deliberations", operation_id="deliberations_create", tags=TAGS)
async def open_deliberation(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[OpenDeliberation],
) -> Response[Deliberation]:
    """Ask everybody for advice: one person, one vote, and never a resolution."""
    async with database.begin(caller) as tx:
        return await once(tx, service.open_deliberation(tx, caller, meeting_id, data))


@get(MEETING + "/deliberations", operation_id="deliberations_list", tags=TAGS)
async def list_deliberations(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Deliberation]:
    """List the deliberations of a meeting, the closed ones with their advice."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        await service.find_meeting(tx, caller.compound_id, meeting_id)
        found = await service.deliberations(tx, caller.compound_id, meeting_id)
    return listed(
        found,
        limit,
        cursor,
        {"meeting_id": meeting_id},
        lambda one: [one.opened_at.isoformat(), str(one.deliberation_id)],
    )


@post(
    COMPOUND + "/deliberations/{deliberation_id:uuid}/votes",
    operation_id="deliberations_vote",
    tags=TAGS,
)
async def deliberate(
    deliberation_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[Deliberate],
) -> Response[Deliberation]:
    """Give your advice, once."""
    async with database.begin(caller) as tx:
        return await once(tx, service.deliberate(tx, caller, deliberation_id, data))


@post(
    COMPOUND + "/deliberations/{deliberation_id:uuid}/close",
    operation_id="deliberations_close",
    tags=TAGS,
)
async def close_deliberation(
    deliberation_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
) -> Response[Deliberation]:
    """Close a deliberation and read its advice."""
    async with database.begin(caller) as tx:
        return await once(tx, service.close_deliberation(tx, caller, deliberation_id))


@post(MEETING + "/remarks", operation_id="remarks_create", tags=TAGS)
async def write_remark(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[WriteRemark],
) -> Response[Remark]:
    """Remark on a meeting or a motion, as resident, firm or supervisor."""
    async with database.begin(caller) as tx:
        return await once(tx, service.write_remark(tx, caller, meeting_id, data))


@get(MEETING + "/remarks", operation_id="remarks_list", tags=TAGS)
async def list_remarks(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Remark]:
    """List the remarks on a meeting; nobody learns who wrote them."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        await service.find_meeting(tx, caller.compound_id, meeting_id)
        found = await service.remarks(tx, caller.compound_id, meeting_id)
    return listed(
        found,
        limit,
        cursor,
        {"meeting_id": meeting_id},
        lambda one: [one.at.isoformat(), str(one.remark_id)],
    )


handlers = [
    open_debate,
    ask_to_speak,
    list_speeches,
    start_speech,
    end_speech,
    open_deliberation,
    list_deliberations,
    deliberate,
    close_deliberation,
    write_remark,
    list_remarks,
]
