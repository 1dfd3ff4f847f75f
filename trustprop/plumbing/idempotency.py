"""Once: a POST that may be sent again has one effect and one answer.

The key's row is claimed by INSERT in the same transaction as the effect. A second request with the
same key waits on that row; when the first commits it replays the stored answer, when the first rolls
back it does the work itself. So neither a kill nor a race can do the work twice or lose the answer.
"""

import hmac
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
import msgspec
from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.enums import MediaType

from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import N_
from trustprop.kernel.struct import Fact
from trustprop.plumbing.database import NOBODY, Tx
from trustprop.plumbing.problems import EdgeRefusal

T = TypeVar("T")
KEPT = timedelta(days=30)
MAX_KEY = 255


class IdempotencyKeyMissing(EdgeRefusal):
    status = 400
    code = "idempotency-key-missing"
    detail = N_("This request needs an Idempotency-Key header: a UUID that you keep for retries.")


class IdempotencyKeyReused(EdgeRefusal):
    status = 422
    code = "idempotency-key-reused"
    detail = N_("This Idempotency-Key was already used for another content.")


class IdempotencyKeyInFlight(EdgeRefusal):
    status = 409
    code = "idempotency-key-in-flight"
    detail = N_("A request with this Idempotency-Key is still under way; ask again in a moment.")


class Claim(Fact):
    """A key together with the answer that it shall stand for."""

    claimant_id: UUID
    route: str
    key: str
    content_sha256: bytes
    status: int
    body: bytes


class Once:
    """The idempotency of one request; a dependency of handlers that change something."""

    def __init__(self, caller: Caller, route: str, key: str, content_sha256: bytes) -> None:
        self._caller = caller
        self._route = route
        self._key = key
        self._content_sha256 = content_sha256

    def hidden(self, pepper: bytes) -> "Once":
        """The same, but its content can be tried out only by who has the pepper, while there is one.

        For requests of few possible contents that must stay secret, such as what is on a ballot.
        """
        digest = hmac.digest(pepper, self._content_sha256, "sha256")
        return Once(self._caller, self._route, self._key, digest)

    async def __call__(
        self,
        tx: Tx,
        work: Coroutine[Any, Any, T],
        *,
        status: int = 201,
        location: str | None = None,
    ) -> Response[T]:
        """Does the work, or replays its stored answer.

        Raises IdempotencyKeyReused when the key stands for other content, and
        IdempotencyKeyInFlight when the first request does not end in time.
        """
        try:
            stored = await self._claim(tx)
        except BaseException:
            work.close()
            raise
        if stored is not None:
            work.close()
            return _response(stored["status"], bytes(stored["body"]), location, replayed=True)
        body = msgspec.json.encode(await work)
        await self._keep(tx, status, body)
        return _response(status, body, location, replayed=False)

    async def ahead(
        self, result: T, do: Callable[[Claim], Awaitable[bool]], *, status: int = 201
    ) -> Response[T] | None:
        """The same in a single statement, where the result is known before it is done.

        ``do`` claims the key with the answer and does the work, or changes nothing and says False:
        then there is no answer here and the ordinary way has to find out why.
        """
        body = msgspec.json.encode(result)
        _, claimant_id, route, key = self._identity
        claim = Claim(
            claimant_id=claimant_id,
            route=route,
            key=key,
            content_sha256=self._content_sha256,
            status=status,
            body=body,
        )
        return _response(status, body, None, replayed=False) if await do(claim) else None

    async def _claim(self, tx: Tx) -> asyncpg.Record | None:
        try:
            claimed = await tx.raw.fetchval(
                """
                INSERT INTO idempotency_key
                    (compound_id, credential_id, route, key, content_sha256, created_at)
                VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT DO NOTHING RETURNING true
                """,
                *self._identity,
                self._content_sha256,
                self._caller.at,
            )
        except asyncpg.LockNotAvailableError:
            raise IdempotencyKeyInFlight from None
        if claimed:
            return None
        stored = await tx.raw.fetchrow(
            """
            SELECT content_sha256, status, body FROM idempotency_key
            WHERE compound_id = $1 AND credential_id = $2 AND route = $3 AND key = $4
            FOR SHARE
            """,
            *self._identity,
        )
        if stored is None:
            raise IdempotencyKeyInFlight
        if stored["content_sha256"] != self._content_sha256:
            raise IdempotencyKeyReused
        return stored

    async def _keep(self, tx: Tx, status: int, body: bytes) -> None:
        await tx.raw.execute(
            """
            UPDATE idempotency_key SET status = $5, body = $6
            WHERE compound_id = $1 AND credential_id = $2 AND route = $3 AND key = $4
            """,
            *self._identity,
            status,
            body,
        )

    @property
    def _identity(self) -> tuple[UUID, UUID, str, str]:
        credential = self._caller.credential_id or NOBODY
        return self._caller.compound_id, credential, self._route, self._key


async def provide_once(request: Request[Any, Any, Any], caller: NamedDependency[Caller]) -> Once:
    """Dependency ``once``. Raises IdempotencyKeyMissing."""
    key = request.headers.get("idempotency-key", "").strip().strip('"')
    if not key or len(key) > MAX_KEY:
        raise IdempotencyKeyMissing
    content = request.scope["path"].encode() + b"\n" + await request.body()
    return Once(
        caller, f"{request.method} {request.route_handler.operation_id}", key, sha256(content)
    )


async def forget_old(tx: Tx, caller: Caller) -> None:
    """Drops this compound's keys that are past their thirty days."""
    await tx.raw.execute("DELETE FROM idempotency_key WHERE created_at < $1", caller.at - KEPT)


def _response(status: int, body: bytes, location: str | None, *, replayed: bool) -> Response[Any]:
    headers = {"Idempotency-Replayed": "true"} if replayed else {}
    if location:
        headers["Location"] = location
    return Response(content=body, status_code=status, media_type=MediaType.JSON, headers=headers)
