"""Ballots that owners send, and ballots that are contested."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter

from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, Page, open_cursor, page
from trustprop.plumbing.vault import Vault
from trustprop.votes import service
from trustprop.votes.model.counting import Channel
from trustprop.votes.model.holding import (
    BallotEvent,
    BallotReceipt,
    CastBallot,
    ContestedBallot,
    DecideObjection,
    FindInvalid,
    ObjectToBallot,
)
from trustprop.votes.rules.franchise import AlreadyVoted
from trustprop.votes.service.polls import retry_pepper

VOTE = "/compounds/{compound_id:uuid}/votes/{vote_id:uuid}"
BALLOT = VOTE + "/ballots/{ballot_id:uuid}"
TAGS = ["votes"]
ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]


@asynccontextmanager
async def second_ballot_told(
    database: Database, caller: Caller, vote_id: UUID, channel: Channel
) -> AsyncIterator[None]:
    """Whoever sends a second ballot is refused, and the owner is told in a transaction of its own."""
    try:
        yield
    except AlreadyVoted as refusal:
        async with database.begin(caller) as tx:
            await service.note_second_ballot(tx, caller, vote_id, refusal.voter_id, channel)
        raise


@post(VOTE + "/ballots", operation_id="votes_cast", tags=TAGS)
async def cast(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    log_key: NamedDependency[Ed25519PrivateKey],
    vault: NamedDependency[Vault],
    once: NamedDependency[Once],
    data: JSONBody[CastBallot],
) -> Response[BallotReceipt]:
    """Cast one's ballot as an owner of the record date, or under a written proxy."""
    channel = Channel.ONLINE if data.proxy_id is None else Channel.PROXY
    told = second_ballot_told(database, caller, vote_id, channel)
    hidden = once.hidden(retry_pepper(vault, caller.compound_id, vote_id))
    async with told, database.begin(caller) as tx:
        return await hidden(tx, service.cast(tx, caller, vote_id, data, log_key))


@post(BALLOT + "/objections", operation_id="votes_object", tags=TAGS)
async def object_to(
    vote_id: FromPath[UUID],
    ballot_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[ObjectToBallot],
) -> Response[BallotEvent]:
    """Contest a ballot recorded in one's own name."""
    async with database.begin(caller) as tx:
        return await once(tx, service.object_to_ballot(tx, caller, vote_id, ballot_id, data))


@get(VOTE + "/objections", operation_id="votes_objections", tags=TAGS)
async def list_contested(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[ContestedBallot]:
    """List contested ballots with what became of them, in the order of the box."""
    position = open_cursor(cursor, {}, int)
    async with database.read(caller) as tx:
        found = await service.contested(tx, caller, vote_id)
    shown = [one for one in found if position is None or one.sequence > position[0]]
    return page(shown[: limit + 1], limit, {}, _sequence)


def _sequence(one: ContestedBallot) -> list[Any]:
    return [one.sequence]


@post(BALLOT + "/decisions", operation_id="votes_decide", tags=TAGS)
async def decide(
    vote_id: FromPath[UUID],
    ballot_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[DecideObjection],
) -> Response[BallotEvent]:
    """Decide an objection, as the committee: struck, or upheld, with reasons."""
    async with database.begin(caller) as tx:
        return await once(tx, service.decide_objection(tx, caller, vote_id, ballot_id, data))


@post(BALLOT + "/invalidity", operation_id="votes_find_invalid", tags=TAGS)
async def find_invalid(
    vote_id: FromPath[UUID],
    ballot_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[FindInvalid],
) -> Response[BallotEvent]:
    """Find a ballot on paper invalid after it was entered, with reason and proof."""
    async with database.begin(caller) as tx:
        return await once(tx, service.find_invalid(tx, caller, vote_id, ballot_id, data))


handlers = [cast, object_to, list_contested, decide, find_invalid]
