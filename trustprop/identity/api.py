"""How people register and sign in, and how keys of machines and of signers are kept over HTTP."""

import secrets
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import uuid_utils
from litestar import Request, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, Parameter

from trustprop.identity import rules, service
from trustprop.identity.model import (
    ApiKey,
    ChangePassword,
    CreateApiKey,
    NewApiKey,
    OpenedSession,
    OpenSession,
    Person,
    ProveKey,
    RegisterPerson,
    Registration,
    RotateApiKey,
    SigningKey,
)
from trustprop.kernel.caller import Caller
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.plumbing.paging import MAX_LIMIT, Page, open_cursor, page
from trustprop.plumbing.settings import Settings

ShownAtOnce = Annotated[int, Parameter(ge=1, le=MAX_LIMIT)]


# -- people and sessions -------------------------------------------------------------------------


@post("/people", operation_id="people_register", tags=["identity"])
async def register(
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    data: JSONBody[RegisterPerson],
) -> Registration:
    """Register a person. The second factor's secret is told until the first sign-in only."""
    async with database.begin(None) as tx:
        return await service.register(
            tx,
            data,
            at=clock.now(),
            salt=secrets.token_bytes(16),
            totp_secret=secrets.token_bytes(20),
        )


@post("/sessions", operation_id="sessions_open", tags=["identity"])
async def open_session(
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    settings: NamedDependency[Settings],
    data: JSONBody[OpenSession],
) -> OpenedSession:
    """Sign in with login, password and a code of the second factor; the token is shown once."""
    at = clock.now()
    async with database.begin(None) as tx:
        opened = await service.open_session(
            tx,
            data,
            at=at,
            expires_at=at + timedelta(hours=settings.session_hours),
            session_id=UUID(bytes=uuid_utils.uuid7().bytes),
            secret=secrets.token_bytes(32),
        )
    if opened is None:
        raise rules.SignInRefused
    return opened


@get(
    "/sessions/current",
    operation_id="sessions_current",
    tags=["identity"],
    security=[{"session": []}],
)
async def current_session(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Person:
    """Read who is signed in."""
    async with database.read(None) as tx:
        authorization = request.headers.get("authorization")
        credential = await service.authenticate(tx, authorization, clock.now())
        return await service.whoever(tx, credential)


@delete(
    "/sessions/current",
    operation_id="sessions_end",
    tags=["identity"],
    security=[{"session": []}],
)
async def end_session(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> None:
    """Sign out: the token is worth nothing from now on."""
    at = clock.now()
    async with database.begin(None) as tx:
        authorization = request.headers.get("authorization")
        credential = await service.authenticate(tx, authorization, at)
        await service.end_session(tx, credential, at)


@post(
    "/people/current/password",
    operation_id="people_change_password",
    tags=["identity"],
    status_code=204,
    security=[{"session": []}],
)
async def change_password(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
    data: JSONBody[ChangePassword],
) -> None:
    """Change one's password with the old one and a fresh code; every other session ends."""
    at = clock.now()
    async with database.begin(None) as tx:
        authorization = request.headers.get("authorization")
        credential = await service.authenticate(tx, authorization, at)
        is_changed = await service.change_password(
            tx, credential, data, at=at, salt=secrets.token_bytes(16)
        )
    if not is_changed:
        raise rules.SignInRefused


# -- keys of machines ----------------------------------------------------------------------------


@post("/compounds/{compound_id:uuid}/api-keys", operation_id="api_keys_create", tags=["identity"])
async def create_api_key(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    data: JSONBody[CreateApiKey],
) -> NewApiKey:
    """Make an API key; its token is shown once and stored only as a hash."""
    async with database.begin(caller) as tx:
        return await service.create_api_key(tx, caller, data, secrets.token_bytes(32))


@get("/compounds/{compound_id:uuid}/api-keys", operation_id="api_keys_list", tags=["identity"])
async def list_api_keys(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
) -> Page[ApiKey]:
    """List API keys, ended ones too."""
    position = open_cursor(cursor, {}, UUID)
    async with database.read(caller) as tx:
        keys = await service.api_keys(tx, caller)
    after = [key for key in keys if position is None or [str(key.key_id)] > position]
    return page(after[: limit + 1], limit, {}, lambda key: [str(key.key_id)])


@post(
    "/compounds/{compound_id:uuid}/api-keys/{key_id:uuid}/rotations",
    operation_id="api_keys_rotate",
    tags=["identity"],
)
async def rotate_api_key(
    key_id: FromPath[UUID],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    data: JSONBody[RotateApiKey],
) -> NewApiKey:
    """Make a successor; the old key works until the overlap ends."""
    async with database.begin(caller) as tx:
        return await service.rotate_api_key(tx, caller, key_id, data, secrets.token_bytes(32))


@delete(
    "/compounds/{compound_id:uuid}/api-keys/{key_id:uuid}",
    operation_id="api_keys_revoke",
    tags=["identity"],
)
async def revoke_api_key(
    key_id: FromPath[UUID], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> None:
    """Revoke an API key, at once and for ever."""
    async with database.begin(caller) as tx:
        await service.revoke_api_key(tx, caller, key_id)


# -- keys of signers -----------------------------------------------------------------------------


@post(
    "/compounds/{compound_id:uuid}/signing-keys",
    operation_id="signing_keys_prove",
    tags=["identity"],
)
async def prove_key(
    caller: NamedDependency[Caller], database: NamedDependency[Database], data: JSONBody[ProveKey]
) -> SigningKey:
    """Enrol one's own signing key by showing possession; an act of both sides activates it."""
    async with database.begin(caller) as tx:
        return await service.prove_key(tx, caller, data)


@get(
    "/compounds/{compound_id:uuid}/signing-keys",
    operation_id="signing_keys_list",
    tags=["identity"],
)
async def list_signing_keys(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    limit: ShownAtOnce = 50,
    cursor: str | None = None,
) -> Page[SigningKey]:
    """List signing keys: all of them for office holders, one's own for anybody else."""
    position = open_cursor(cursor, {}, str)
    async with database.read(caller) as tx:
        keys = sorted(await service.signing_keys(tx, caller), key=lambda key: key.key_id)
    after = [key for key in keys if position is None or [key.key_id] > position]
    return page(after[: limit + 1], limit, {}, lambda key: [key.key_id])


@post(
    "/compounds/{compound_id:uuid}/signing-keys/{key_id:str}/suspensions",
    operation_id="signing_keys_suspend",
    tags=["identity"],
    status_code=200,
)
async def suspend_key(
    key_id: FromPath[str], caller: NamedDependency[Caller], database: NamedDependency[Database]
) -> SigningKey:
    """Report one's own key lost: it signs nothing until an act of both sides decides."""
    async with database.begin(caller) as tx:
        return await service.suspend_key(tx, caller, key_id)


handlers = [
    register,
    open_session,
    current_session,
    end_session,
    change_password,
    create_api_key,
    list_api_keys,
    rotate_api_key,
    revoke_api_key,
    prove_key,
    list_signing_keys,
    suspend_key,
]
