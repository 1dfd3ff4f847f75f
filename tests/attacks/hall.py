"""A small compound that votes, and everybody who may ask the application something about it."""

from typing import Any
from uuid import UUID

import httpx
import msgspec

from tests.make import votes as make
from tests.make.ground import new_id
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database
from trustprop.plumbing.vault import Vault
from trustprop.votes.model.holding import BoxedBallot, Vote
from trustprop.votes.store import box


class Hall:
    """The application at the time of a vote, and everybody who may ask it something."""

    def __init__(
        self, client: httpx.AsyncClient, world: make.World, tokens: dict[UUID, dict[str, str]]
    ) -> None:
        self.client = client
        self.base = f"/v1/compounds/{world.compound_id}"
        self._tokens = tokens

    def headers(self, who: Caller, key: UUID | None = None) -> dict[str, str]:
        assert who.person_id is not None
        return self._tokens[who.person_id] | {"Idempotency-Key": str(key or new_id())}

    async def post(
        self, who: Caller, path: str, body: Any, key: UUID | None = None
    ) -> httpx.Response:
        return await self.client.post(
            self.base + path,
            content=body if isinstance(body, bytes) else msgspec.json.encode(body),
            headers=self.headers(who, key) | {"Content-Type": "application/json"},
        )

    async def get(self, who: Caller, path: str) -> httpx.Response:
        return await self.client.get(self.base + path, headers=self.headers(who))


async def open_vote(database: Database, world: make.World, vault: Vault, *questions: Any) -> Vote:
    async with database.begin(world.director) as tx:
        return await make.opened(tx, world, vault, *questions)


async def boxed(database: Database, world: make.World, vote: Vote) -> tuple[BoxedBallot, ...]:
    async with database.read(world.director) as tx:
        return await box.ballots(tx, world.compound_id, vote.vote_id)
