"""Credentials for requests, laid into the database as the endpoints of identity would leave them."""

import secrets
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from tests.make.ground import new_id
from trustprop.identity import rules

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
FAR_AHEAD = datetime(2100, 1, 1, tzinfo=UTC)


async def sign_in(owner: asyncpg.Connection, person_id: UUID) -> dict[str, str]:
    """The headers of a person with an open session."""
    token = rules.session_token(secrets.token_bytes(32))
    await owner.execute(
        "INSERT INTO person (person_id, display_name, login, created_at) VALUES ($1, '张三', $2, $3) "
        "ON CONFLICT DO NOTHING",
        person_id,
        f"p{person_id.hex}",
        LONG_AGO,
    )
    await owner.execute(
        "INSERT INTO session (session_id, token_hash, person_id, created_at, expires_at) "
        "VALUES ($1, $2, $3, $4, $5)",
        new_id(),
        rules.token_hash(token),
        person_id,
        LONG_AGO,
        FAR_AHEAD,
    )
    return _headers(token)


async def api_key(
    owner: asyncpg.Connection, compound_id: UUID, *scopes: str, vendor_id: UUID | None = None
) -> dict[str, str]:
    """The headers of a machine of one compound."""
    token = rules.api_token(secrets.token_bytes(32), compound_id)
    await owner.execute(
        "INSERT INTO api_key (compound_id, key_id, prefix, secret_hash, label, scopes, vendor_id, "
        "created_at, expires_at) VALUES ($1, $2, $3, $4, 'test', $5, $6, $7, $8)",
        compound_id,
        new_id(),
        token[: rules.PREFIX_SHOWN],
        rules.token_hash(token),
        list(scopes),
        vendor_id,
        LONG_AGO,
        FAR_AHEAD,
    )
    return _headers(token)


async def operator(owner: asyncpg.Connection) -> dict[str, str]:
    token = rules.operator_token(secrets.token_bytes(32))
    await owner.execute(
        "INSERT INTO operator_key (key_id, prefix, secret_hash, label, created_at, expires_at) "
        "VALUES ($1, $2, $3, 'test', $4, $5)",
        new_id(),
        token[: rules.PREFIX_SHOWN],
        rules.token_hash(token),
        LONG_AGO,
        FAR_AHEAD,
    )
    return _headers(token)


def _headers(token: str) -> dict[str, str]:
    """Each with an idempotency key of its own, which a retry of the same request keeps."""
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(new_id())}
