"""What the operator of a service does: integrity, backup with proof, restore, operator keys."""

import asyncio
import base64
import io
import secrets
import shutil
import subprocess
import tarfile
import tempfile
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
from trustprop.kernel.errors import N_, Conflict
from trustprop.ledger.rules import merkle
from trustprop.plumbing import checks, embedded
from trustprop.plumbing.database import Database
from trustprop.plumbing.settings import Settings

OPERATOR_KEY_DAYS = 365
ROOTS, DUMP, FILES = "roots.json", "database.dump", "files"


class NotEmpty(Conflict):
    code = "database-not-empty"
    detail = N_("This database already holds tables; restore only into an empty one.")


class RootChanged(Conflict):
    code = "journal-root-changed"
    detail = N_("The journal of compound {compound_id} has another root than at the backup.")
    compound_id: str


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


async def roots(url: str) -> dict[str, dict[str, Any]]:
    """Every compound's tree size and root, recomputed from the leaf hashes of its entries."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT compound_id, array_agg(leaf_hash ORDER BY number) AS leaves FROM entry GROUP BY compound_id"
        )
    finally:
        await connection.close()
    return {
        str(row["compound_id"]): {
            "tree_size": len(row["leaves"]),
            "root": merkle.root(row["leaves"]).hex(),
        }
        for row in rows
    }


async def backup(url: str, settings: Settings, file: Path) -> list[str]:
    """Dump, evidence and roots in one archive. The roots are read first: the dump holds at least them."""
    before = await roots(url)
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / DUMP
        await _run(
            ["pg_dump", "--format=custom", "--no-owner", f"--file={dump}", f"--dbname={url}"]
        )
        with tarfile.open(file, "w:gz") as archive:
            _add(archive, ROOTS, msgspec.json.encode(before))
            archive.add(dump, DUMP)
            evidence = _evidence(settings)
            if evidence.exists():
                archive.add(evidence, FILES)
    return [
        f"{name}  {one['tree_size']} entries  root {one['root']}" for name, one in before.items()
    ]


async def restore(url: str, settings: Settings, file: Path) -> list[str]:
    """Raises NotEmpty, and RootChanged when a journal is not what it was at the backup."""
    await _check_empty(url)
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(file, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        await _run(["pg_restore", "--no-owner", f"--dbname={url}", str(Path(folder) / DUMP)])
        if (Path(folder) / FILES).exists():
            shutil.copytree(Path(folder) / FILES, _evidence(settings), dirs_exist_ok=True)
        before = msgspec.json.decode((Path(folder) / ROOTS).read_bytes())
    after = await roots(url)
    for compound_id, one in before.items():
        if await _root_at(url, compound_id, one["tree_size"]) != one["root"]:
            raise RootChanged(compound_id=compound_id)
    return [
        f"{name}  {one['tree_size']} entries  root {one['root']}  unchanged"
        for name, one in after.items()
    ]


async def _root_at(url: str, compound_id: str, tree_size: int) -> str:
    """The root of the first ``tree_size`` entries: entries posted during the dump may follow."""
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch(
            "SELECT leaf_hash FROM entry WHERE compound_id = $1 AND number <= $2 ORDER BY number",
            UUID(compound_id),
            tree_size,
        )
    finally:
        await connection.close()
    return merkle.root([row["leaf_hash"] for row in rows]).hex()


async def _check_empty(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"):
            raise NotEmpty
        await connection.execute("""
            DO $$ BEGIN
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'trustprop_serving') THEN
                    CREATE ROLE trustprop_serving LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
                END IF;
            END $$
        """)
    finally:
        await connection.close()


async def _run(command: list[str]) -> None:
    """Runs a PostgreSQL tool: the embedded server's own, or the system's where it is newer than none."""
    embedded_tool = embedded.bin_path() / command[0]
    program = str(embedded_tool if embedded_tool.exists() else shutil.which(command[0]))
    process = await asyncio.create_subprocess_exec(
        program, *command[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, error = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{command[0]}: {error.decode()[-2000:]}")


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _evidence(settings: Settings) -> Path:
    return Path(settings.files_url or str(Path(settings.var_dir) / "files"))
