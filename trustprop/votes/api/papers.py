"""Deliveries, appointments, proxies, and what is read on returned papers."""

from typing import Annotated, Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter, QueryParameter

from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, Page, open_cursor, page
from trustprop.plumbing.vault import Vault
from trustprop.votes import service
from trustprop.votes.api.casting import second_ballot_told
from trustprop.votes.model.counting import Channel
from trustprop.votes.model.holding import (
    AppointVoter,
    BallotPaper,
    DeliveriesRecorded,
    DeliverMany,
    Delivery,
    EndProxy,
    EnterPaper,
    GiveProxy,
    PaperOutcome,
    PaperStanding,
    PaperState,
    ProxyView,
    VoterAppointment,
)
from trustprop.votes.service.polls import retry_pepper

VOTE = "/compounds/{compound_id:uuid}/votes/{vote_id:uuid}"
TAGS = ["votes"]
ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]


@get(VOTE + "/papers", operation_id="votes_papers", tags=TAGS)
async def list_ballot_papers(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[BallotPaper]:
    """List the ballot papers by serial with their codes, for who prints and who reads them."""
    position = open_cursor(cursor, {}, int)
    async with database.read(caller) as tx:
        found = await service.ballot_papers(tx, caller, vote_id, vault)
    shown = [one for one in found if position is None or one.serial > position[0]]
    return page(shown[: limit + 1], limit, {}, lambda one: [one.serial])


@post(VOTE + "/deliveries", operation_id="votes_deliver", tags=TAGS)
async def deliver(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DeliverMany],
) -> Response[DeliveriesRecorded]:
    """Record to whom ballots were delivered, with the proof."""
    async with database.begin(caller) as tx:
        return await once(tx, service.deliver(tx, caller, vote_id, data))


@get(VOTE + "/deliveries", operation_id="votes_deliveries", tags=TAGS)
async def list_deliveries(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[Delivery]:
    """List the delivery register."""
    position = open_cursor(cursor, {}, UUID)
    after = UUID(position[0]) if position else None
    async with database.read(caller) as tx:
        found = await service.deliveries(tx, caller, vote_id, after=after, limit=limit + 1)
    return page(found, limit, {}, lambda one: [str(one.delivery_id)])


@post(VOTE + "/appointments", operation_id="votes_appoint", tags=TAGS)
async def appoint(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[AppointVoter],
) -> Response[VoterAppointment]:
    """Record which of them co-owners have appointed to vote."""
    async with database.begin(caller) as tx:
        return await once(tx, service.appoint_voter(tx, caller, vote_id, data))


@post(VOTE + "/proxies", operation_id="votes_give_proxy", tags=TAGS)
async def give_proxy(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    once: NamedDependency[Once],
    data: JSONBody[GiveProxy],
) -> Response[ProxyView]:
    """Record a written proxy; one over the cap or held by staff of the firm is void."""
    async with database.begin(caller) as tx:
        return await once(tx, service.give_proxy(tx, caller, vote_id, data, vault))


@get(VOTE + "/proxies", operation_id="votes_proxies", tags=TAGS)
async def list_proxies(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[ProxyView]:
    """List written proxies; holders are masked."""
    position = open_cursor(cursor, {}, UUID)
    async with database.read(caller) as tx:
        found = await service.proxies(tx, caller, vote_id)
    shown = [one for one in found if position is None or str(one.proxy_id) > position[0]]
    return page(shown[: limit + 1], limit, {}, lambda one: [str(one.proxy_id)])


@post(
    VOTE + "/proxies/{proxy_id:uuid}/end",
    operation_id="votes_end_proxy",
    tags=TAGS,
)
async def end_proxy(
    vote_id: FromPath[UUID],
    proxy_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[EndProxy],
) -> Response[ProxyView]:
    """End a proxy that its owner withdrew; a ballot cast under it stays."""
    async with database.begin(caller) as tx:
        return await once(tx, service.end_proxy(tx, caller, vote_id, proxy_id, data))


@post(VOTE + "/paper-entries", operation_id="votes_enter_paper", tags=TAGS)
async def enter_paper(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    log_key: NamedDependency[Ed25519PrivateKey],
    once: NamedDependency[Once],
    data: JSONBody[EnterPaper],
) -> Response[PaperOutcome]:
    """Enter what one reads on a paper; when two have read the same, the ballot is in the box."""
    channel = Channel.PAPER if data.proxy_id is None else Channel.PROXY
    told = second_ballot_told(database, caller, vote_id, channel)
    hidden = once.hidden(retry_pepper(vault, caller.compound_id, vote_id))
    async with told, database.begin(caller) as tx:
        return await hidden(tx, service.enter_paper(tx, caller, vote_id, data, vault, log_key))


@get(VOTE + "/paper-entries", operation_id="votes_paper_entries", tags=TAGS)
async def list_papers(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    in_state: Annotated[PaperState | None, QueryParameter(name="state")] = None,
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[PaperStanding]:
    """List how far the reading of each paper is; never what was read."""
    filters = {"state": in_state}
    position = open_cursor(cursor, filters, int)
    async with database.read(caller) as tx:
        found = await service.paper_standings(tx, caller, vote_id, in_state)
    shown = [one for one in found if position is None or one.serial > position[0]]
    return page(shown[: limit + 1], limit, filters, _serial)


def _serial(one: PaperStanding) -> list[Any]:
    return [one.serial]


handlers = [
    list_ballot_papers,
    deliver,
    list_deliveries,
    appoint,
    give_proxy,
    list_proxies,
    end_proxy,
    enter_paper,
    list_papers,
]
