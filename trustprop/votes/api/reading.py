"""What may be read of a vote before it is counted: its questions, turnout and roll, one's own ballots."""

from typing import Annotated
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, Parameter

from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database
from trustprop.plumbing.paging import MAX_LIMIT, Page, open_cursor, page
from trustprop.votes import service
from trustprop.votes.model.holding import MyVote, RollLine, Turnout, Vote

VOTE = "/compounds/{compound_id:uuid}/votes/{vote_id:uuid}"
TAGS = ["votes"]
ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]


@get(VOTE, operation_id="votes_get", tags=TAGS)
async def get_vote(
    vote_id: FromPath[UUID], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Vote:
    """Read a vote: its questions, policy, window, and the head of its box."""
    async with database.read(caller) as tx:
        return await service.get_vote(tx, caller, vote_id)


@get(VOTE + "/turnout", operation_id="votes_turnout", tags=TAGS)
async def get_turnout(
    vote_id: FromPath[UUID], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> Turnout:
    """Read how much area and how many heads have returned a ballot; choices are counted at the end."""
    async with database.read(caller) as tx:
        await service.get_vote(tx, caller, vote_id)
        return await service.turnout(tx, caller.compound_id, vote_id)


@get(VOTE + "/roll", operation_id="votes_roll", tags=TAGS)
async def get_roll(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: FromQuery[str | None] = None,
) -> Page[RollLine]:
    """List the frozen roll by serial; names are masked."""
    position = open_cursor(cursor, {}, int)
    async with database.read(caller) as tx:
        found = await service.read_roll(tx, caller, vote_id)
    lines = [line for line in found.lines if position is None or line.serial > position[0]]
    return page(lines[: limit + 1], limit, {}, lambda line: [line.serial])


@get(VOTE + "/my-ballot", operation_id="votes_my_ballot", tags=TAGS)
async def get_my_ballot(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    log_key: NamedDependency[Ed25519PrivateKey],
) -> MyVote:
    """Read one's own places on the roll, with ballots, receipts and notices."""
    async with database.read(caller) as tx:
        return await service.my_vote(tx, caller, vote_id, log_key)


handlers = [get_vote, get_turnout, get_roll, get_my_ballot]
