"""What the operator of a service does: integrity, audit against a statement, operator keys."""

import base64
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import uuid_utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trustprop.identity import rules as signing
from trustprop.identity import service as identity
from trustprop.kernel.canonical import sha256
from trustprop.plumbing import checks
from trustprop.plumbing.database import Database
from trustprop.statements import service as statements
from trustprop.statements import verify as verification
from trustprop.statements.verify import Finding, Report

OPERATOR_KEY_DAYS = 365


async def integrity(url: str) -> list[tuple[str, list[Any]]]:
    """Every integrity query of every house, and the rows that break it."""
    connection = await asyncpg.connect(url)
    try:
        return list((await checks.run(connection)).items())
    finally:
        await connection.close()


async def verify_against(url: str, file: Path) -> Report:
    """A published statement by itself, then the database of its service against it.

    A file that does not hold by itself says nothing about a database. Raises Unreadable.
    """
    report = verification.verify_file(file)
    if not report.is_sound:
        return report
    database = Database.connect(url, pool_size=1)
    try:
        async with database.read(None) as tx:
            kept = await statements.audit(tx, verification.read_file(file))
            broken = await checks.run(tx.raw)
    finally:
        await database.close()
    failing = ", ".join(name for name, rows in broken.items() if rows)
    integrity = Finding(code="integrity", holds=not failing, detail=failing or str(len(broken)))
    return msgspec.structs.replace(report, findings=(*report.findings, *kept, integrity))


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
