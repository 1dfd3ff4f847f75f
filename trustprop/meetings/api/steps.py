"""How a meeting is brought from one step to the next."""

from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from trustprop.compounds import service as compounds
from trustprop.compounds.api import listed
from trustprop.kernel.caller import Caller
from trustprop.meetings import service
from trustprop.meetings.api.meetings import MEETING, TAGS, ShownAtOnce, shown
from trustprop.meetings.model import (
    AnnounceMeeting,
    Cancel,
    DrawRoll,
    EffectTaken,
    ExtendWindow,
    MeetingView,
    MotionOutcome,
    PostResult,
    SendBallotsOut,
    TakeEffect,
)
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import Page
from trustprop.plumbing.vault import Vault
from trustprop.votes import service as votes
from trustprop.votes.model.holding import CountedVote


@post(MEETING + "/screening", operation_id="meetings_screen", tags=TAGS)
async def screen(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
) -> Response[MeetingView]:
    """Screen every motion: six elements, seconded, lawful, in its class."""
    async with database.begin(caller) as tx:
        return await once(tx, shown(service.screen(tx, caller, meeting_id)))


@post(MEETING + "/agenda", operation_id="meetings_set_agenda", tags=TAGS)
async def set_agenda(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
) -> Response[MeetingView]:
    """Freeze the motions with their full texts and attachments under one digest."""
    async with database.begin(caller) as tx:
        return await once(tx, shown(service.set_agenda(tx, caller, meeting_id)))


@post(MEETING + "/roll", operation_id="meetings_draw_roll", tags=TAGS)
async def draw_roll(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    once: NamedDependency[Once],
    data: JSONBody[DrawRoll],
) -> Response[MeetingView]:
    """Draw the roll of this day and prepare the vote; the notice follows on the same day."""
    async with database.begin(caller) as tx:
        return await once(tx, shown(service.draw_roll(tx, caller, meeting_id, data, vault)))


@post(MEETING + "/notice", operation_id="meetings_give_notice", tags=TAGS)
async def give_notice(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[AnnounceMeeting],
) -> Response[MeetingView]:
    """Announce motions, roll and days; what is not named here cannot be voted on."""
    async with database.begin(caller) as tx:
        return await once(tx, shown(service.give_notice(tx, caller, meeting_id, data)))


@post(MEETING + "/ballots-out", operation_id="meetings_send_ballots_out", tags=TAGS)
async def send_ballots_out(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[SendBallotsOut],
) -> Response[MeetingView]:
    """Open the vote at the announced hour."""
    async with database.begin(caller) as tx:
        return await once(tx, shown(service.send_ballots_out(tx, caller, meeting_id, data)))


@post(MEETING + "/extension", operation_id="meetings_extend", tags=TAGS)
async def extend(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[ExtendWindow],
) -> Response[MeetingView]:
    """Take ballots in for longer where a clause allows it, and post that."""
    async with database.begin(caller) as tx:
        return await once(tx, shown(service.extend(tx, caller, meeting_id, data)))


@post(MEETING + "/close", operation_id="meetings_close", tags=TAGS)
async def close(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
) -> Response[MeetingView]:
    """Close the vote when its hour has come."""
    async with database.begin(caller) as tx:
        return await once(tx, shown(service.close(tx, caller, meeting_id)))


@post(MEETING + "/count", operation_id="meetings_count", tags=TAGS)
async def count(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    once: NamedDependency[Once],
) -> Response[CountedVote]:
    """Count in public, once; then the key of secret answers is destroyed."""
    async with database.begin(caller) as tx:
        meeting = await service.find_meeting(tx, caller.compound_id, meeting_id)
        answer = await once(tx, service.count(tx, caller, meeting_id, vault))
    assert meeting.vote_id is not None
    votes.forget_key(vault, caller.compound_id, meeting.vote_id)
    return answer


@post(MEETING + "/tally", operation_id="meetings_certify", tags=TAGS)
async def certify(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
) -> Response[MeetingView]:
    """Certify the tally once ten owners and half of the committee stand for the count."""
    async with database.begin(caller) as tx:
        return await once(tx, shown(service.certify(tx, caller, meeting_id)))


@get(MEETING + "/tally", operation_id="meetings_outcomes", tags=TAGS)
async def list_outcomes(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[MotionOutcome]:
    """Read what became of every motion, and which resolutions came of it."""
    compounds.check_reads_compound(caller)
    async with database.read(caller) as tx:
        found = await service.outcomes(tx, caller.compound_id, meeting_id)
    return listed(
        found, limit, cursor, {"meeting_id": meeting_id}, lambda outcome: [outcome.position]
    )


@post(MEETING + "/posting", operation_id="meetings_post_result", tags=TAGS)
async def post_result(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[PostResult],
) -> Response[MeetingView]:
    """Post the decision with its tally and the digest of the count."""
    async with database.begin(caller) as tx:
        return await once(tx, shown(service.post_result(tx, caller, meeting_id, data)))


@post(MEETING + "/effect", operation_id="meetings_take_effect", tags=TAGS)
async def take_effect(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[TakeEffect],
) -> Response[EffectTaken]:
    """Make the resolutions; texts, mandates and keys follow them."""
    async with database.begin(caller) as tx:
        return await once(tx, service.take_effect(tx, caller, meeting_id, data))


@post(MEETING + "/cancellation", operation_id="meetings_cancel", tags=TAGS)
async def cancel(
    meeting_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[Cancel],
) -> Response[MeetingView]:
    """Cancel a meeting that cannot keep the law any more; nothing is mended in it."""
    async with database.begin(caller) as tx:
        return await once(tx, shown(service.cancel(tx, caller, meeting_id, data)))


handlers = [
    screen,
    set_agenda,
    draw_roll,
    give_notice,
    send_ballots_out,
    extend,
    close,
    count,
    certify,
    list_outcomes,
    post_result,
    take_effect,
    cancel,
]
