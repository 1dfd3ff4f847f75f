"""How acts are listed, read, signed, rejected and withdrawn, and how those about keys are drawn up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, Parameter, QueryParameter

from trustprop.acts import rules, service
from trustprop.acts.model import (
    Act,
    ActState,
    ActSummary,
    ActView,
    DraftKeyActivation,
    DraftKeyReplacement,
    DraftKeyRevocation,
    RejectAct,
    SignAct,
    WaitingFor,
    WithdrawAct,
)
from trustprop.acts.service import Effects
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database, Tx
from trustprop.plumbing.idempotency import Once
from trustprop.plumbing.paging import MAX_LIMIT, Page, open_cursor, page

ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]


# -- reading -------------------------------------------------------------------------------------


@get("/compounds/{compound_id:uuid}/acts", operation_id="acts_list", tags=["acts"])
async def list_acts(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    in_state: Annotated[ActState | None, QueryParameter(name="state")] = None,
    kind: FromQuery[str | None] = None,
    subject_id: FromQuery[UUID | None] = None,
    waiting_for: FromQuery[WaitingFor | None] = None,
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
) -> Page[ActSummary]:
    """List acts; ``waiting_for=me`` gives those that the caller can still sign."""
    filters = {
        "state": in_state,
        "kind": kind,
        "subject_id": subject_id,
        "waiting_for": waiting_for,
    }
    position = open_cursor(cursor, filters, UUID)
    async with database.read(caller) as tx:
        acts = await service.acts(
            tx,
            caller,
            state=in_state,
            kind=kind,
            subject_id=subject_id,
            waiting_for_me=waiting_for is not None,
            after=UUID(position[0]) if position else None,
            limit=limit + 1,
        )
    shown = [rules.summary(act, caller.at) for act in acts]
    return page(shown, limit, filters, lambda act: [str(act.act_id)])


@get("/compounds/{compound_id:uuid}/acts/{act_id:uuid}", operation_id="acts_get", tags=["acts"])
async def get_act(
    act_id: FromPath[UUID], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> ActView:
    """Read an act with the very bytes whose SHA-256 is signed."""
    async with database.read(caller) as tx:
        return rules.view(await service.get(tx, caller, act_id), caller.at)


# -- signing and the other ends ------------------------------------------------------------------


@post(
    "/compounds/{compound_id:uuid}/acts/{act_id:uuid}/signatures",
    operation_id="acts_sign",
    tags=["acts"],
)
async def sign(
    act_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    effects: NamedDependency[Effects],
    once: NamedDependency[Once],
    data: JSONBody[SignAct],
) -> Response[ActSummary]:
    """Add one's signature over the digest; the last one that is needed takes effect at once."""

    async def signed(tx: Tx) -> ActSummary:
        return rules.summary(await service.sign(tx, caller, act_id, data, effects), caller.at)

    async with expired_on_touch(database, caller, act_id, effects), database.begin(caller) as tx:
        return await once(tx, signed(tx))


@post(
    "/compounds/{compound_id:uuid}/acts/{act_id:uuid}/rejections",
    operation_id="acts_reject",
    tags=["acts"],
)
async def reject(
    act_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    effects: NamedDependency[Effects],
    once: NamedDependency[Once],
    data: JSONBody[RejectAct],
) -> Response[ActSummary]:
    """Say no, with a reason; any signer of a side that must sign can."""

    async def rejected(tx: Tx) -> ActSummary:
        act = await service.reject(tx, caller, act_id, data.reason, effects)
        return rules.summary(act, caller.at)

    async with expired_on_touch(database, caller, act_id, effects), database.begin(caller) as tx:
        return await once(tx, rejected(tx))


@post(
    "/compounds/{compound_id:uuid}/acts/{act_id:uuid}/withdrawals",
    operation_id="acts_withdraw",
    tags=["acts"],
)
async def withdraw(
    act_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    effects: NamedDependency[Effects],
    once: NamedDependency[Once],
    data: JSONBody[WithdrawAct],
) -> Response[ActSummary]:
    """Take an act back, with a reason; the side that drew it up can."""

    async def withdrawn(tx: Tx) -> ActSummary:
        act = await service.withdraw(tx, caller, act_id, data.reason, effects)
        return rules.summary(act, caller.at)

    async with expired_on_touch(database, caller, act_id, effects), database.begin(caller) as tx:
        return await once(tx, withdrawn(tx))


@asynccontextmanager
async def expired_on_touch(
    database: Database, caller: Caller, act_id: UUID, effects: Effects
) -> AsyncIterator[None]:
    """Whoever comes too late still ends the act: the refusal rolls back, its expiry does not."""
    try:
        yield
    except rules.ActExpired:
        async with database.begin(caller) as tx:
            await service.expire(tx, caller, act_id, effects)
        raise


# -- keys ----------------------------------------------------------------------------------------


@post(
    "/compounds/{compound_id:uuid}/key-activations",
    operation_id="key_activations_draft",
    tags=["acts"],
)
async def draft_key_activation(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    data: JSONBody[DraftKeyActivation],
) -> ActView:
    """Draw up the act that makes a proved key active."""
    async with database.begin(caller) as tx:
        return _drawn_up(await service.draft_key_activation(tx, caller, data), caller)


@post(
    "/compounds/{compound_id:uuid}/key-revocations",
    operation_id="key_revocations_draft",
    tags=["acts"],
)
async def draft_key_revocation(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    data: JSONBody[DraftKeyRevocation],
) -> ActView:
    """Draw up the act that revokes a key."""
    async with database.begin(caller) as tx:
        return _drawn_up(await service.draft_key_revocation(tx, caller, data), caller)


@post(
    "/compounds/{compound_id:uuid}/key-replacements",
    operation_id="key_replacements_draft",
    tags=["acts"],
)
async def draft_key_replacement(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    data: JSONBody[DraftKeyReplacement],
) -> ActView:
    """Draw up the act that puts a new key of the same person in the place of a lost one."""
    async with database.begin(caller) as tx:
        return _drawn_up(await service.draft_key_replacement(tx, caller, data), caller)


def _drawn_up(act: Act, caller: Caller) -> ActView:
    return rules.view(act, caller.at)


handlers = [
    list_acts,
    get_act,
    sign,
    reject,
    withdraw,
    draft_key_activation,
    draft_key_revocation,
    draft_key_replacement,
]
