"""What the operator of a service does: integrity, audit against a statement, operator keys."""

import base64
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import uuid_utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trustprop.identity import rules as signing
from trustprop.identity import service as identity
from trustprop.kernel.canonical import sha256
from trustprop.plumbing import checks
from trustprop.plumbing.database import Database

OPERATOR_KEY_DAYS = 365


async def integrity(url: str) -> list[tuple[str, list[Any]]]:
    """Every integrity query of every house, and the rows that break it."""
    connection = await asyncpg.connect(url)
    try:
        return list((await checks.run(connection)).items())
    finally:
        await connection.close()


async def operator_key(url: str, label: str) -> str:
    """A new operator key's token; it is shown once and only its hash is kept."""
    database = Database.connect(url, pool_size=1)
    now = datetime.now(UTC)
    try:
        async with database.begin(None) as tx:
            return await identity.make_operator_key(
                tx,
                label,
                key_id=UUID(bytes=uuid_utils.uuid7().bytes),
                secret=secrets.token_bytes(32),
                at=now,
                expires_at=now + timedelta(days=OPERATOR_KEY_DAYS),
            )
    finally:
        await database.close()


def signature(key: Ed25519PrivateKey, payload: bytes) -> dict[str, str]:
    """The body of ``POST …/acts/{id}/signatures`` over the exact bytes of a payload."""
    digest = sha256(payload)
    return {
        "key_id": signing.key_id_of(signing.public_bytes(key)),
        "payload_digest": digest.hex(),
        "signature": base64.b64encode(signing.sign(key, digest)).decode(),
    }
