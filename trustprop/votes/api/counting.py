"""The count of a vote and its witnesses."""

from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.vault import Vault
from trustprop.votes import service
from trustprop.votes.model.holding import CountedVote, Witness

VOTE = "/compounds/{compound_id:uuid}/votes/{vote_id:uuid}"
TAGS = ["votes"]


@post(VOTE + "/count", operation_id="votes_count", tags=TAGS)
async def count(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    vault: NamedDependency[Vault],
    once: NamedDependency[Once],
) -> Response[CountedVote]:
    """Count a closed vote, once; then the key of its secret answers is destroyed."""
    async with database.begin(caller) as tx:
        answer = await once(tx, service.count(tx, caller, vote_id, vault))
    service.forget_key(vault, caller.compound_id, vote_id)
    return answer


@get(VOTE + "/count", operation_id="votes_get_count", tags=TAGS)
async def get_count(
    vote_id: FromPath[UUID], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> CountedVote:
    """Read the result with its whole arithmetic, and how many have witnessed it."""
    async with database.read(caller) as tx:
        await service.get_vote(tx, caller, vote_id)
        return await service.counted_vote(tx, caller.compound_id, vote_id)


@post(VOTE + "/count/witnesses", operation_id="votes_witness", tags=TAGS)
async def witness(
    vote_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    once: NamedDependency[Once],
    data: JSONBody[Witness],
) -> Response[CountedVote]:
    """Stand for the digest of the count: as an owner, as a committee member, or for a signed sheet."""
    async with database.begin(caller) as tx:
        return await once(tx, service.witness(tx, caller, vote_id, data))


handlers = [count, get_count, witness]
