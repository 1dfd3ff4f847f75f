"""Backup and restore with proof: database, evidence and the journals' roots in one archive.

The roots are read before the dump, so the dump holds at least their entries. A restore trusts nothing
in the archive: evidence must have the digests it is named by, every integrity query must return no
rows, and every journal must have the root it had.
"""

import asyncio
import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit
from uuid import UUID

import asyncpg
import msgspec
from msgspec import Struct

from trustprop.kernel import merkle
from trustprop.kernel.canonical import sha256
from trustprop.kernel.errors import N_, Conflict, Invalid
from trustprop.plumbing import checks, embedded
from trustprop.plumbing.files import Files
from trustprop.urls import SERVING

ROOTS, DUMP, FILES = "roots.json", "database.dump", "files/"
AT_ONCE = 10_000


class NotEmpty(Conflict):
    code = "database-not-empty"
    detail = N_("This database already holds tables; restore only into an empty one.")


class RootChanged(Conflict):
    code = "journal-root-changed"
    detail = N_("The journal of compound {compound_id} has another root than at the backup.")
    compound_id: str


class RestoreBroken(Conflict):
    code = "restored-books-broken"
    detail = N_("What was restored does not hold: {names}. Do not use this database.")
    names: str


class ArchiveUnreadable(Invalid):
    code = "backup-unreadable"
    detail = N_("This is no archive of a backup, or it was changed: {reason}.")
    reason: str


class BackupFailed(Conflict):
    code = "backup-failed"
    detail = N_("The backup could not be written: {reason}.")
    reason: str


class Root(Struct, frozen=True):
    """A journal at one instant."""

    tree_size: int
    root: str


async def backup(url: str, files: Files, file: Path) -> list[str]:
    """Writes the archive beside its place and moves it there. Raises BackupFailed."""
    unfinished = _begin(file)
    try:
        connection = await asyncpg.connect(url)
        try:
            before = await _roots(connection)
        finally:
            await connection.close()
        with tempfile.TemporaryDirectory(dir=unfinished.parent) as folder:
            dump = Path(folder) / DUMP
            error = await _run(url, ["pg_dump", "--format=custom", "--no-owner", f"--file={dump}"])
            if error:
                raise BackupFailed(reason=error)
            kept = await _write(unfinished, before, dump, files)
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    return [*_told(before, ""), f"{kept} files of evidence"]


async def restore(url: str, serving_url: str, files: Files, file: Path) -> list[str]:
    """Raises NotEmpty, ArchiveUnreadable, RestoreBroken, and RootChanged."""
    connection = await asyncpg.connect(url)
    try:
        await _check_empty(connection)
        with tempfile.TemporaryDirectory() as folder:
            before = _read(file, Path(folder))
            await _make_serving_role(connection, serving_url)
            restoring = ["pg_restore", "--no-owner", "--single-transaction", "--exit-on-error"]
            error = await _run(url, [*restoring, str(Path(folder) / DUMP)])
            if error:
                raise ArchiveUnreadable(reason=error)
            await _check_books(connection, before)
            kept = await _put_back(Path(folder), files)
        return [*_told(before, "  unchanged"), f"{kept} files of evidence"]
    finally:
        await connection.close()


def _begin(file: Path) -> Path:
    """The file to write to, for its owner's eyes only. Raises BackupFailed when the place is taken."""
    unfinished = file.absolute().with_name(file.name + ".unfinished")
    try:
        if file.exists():
            raise BackupFailed(reason=f"{file} exists")
        unfinished.touch(mode=0o600)
    except OSError as error:
        raise BackupFailed(reason=str(error)) from None
    return unfinished


async def _roots(connection: asyncpg.Connection) -> dict[str, Root]:
    """Every compound's journal as it is now."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        sizes = await connection.fetch(
            "SELECT compound_id, count(*) AS tree_size FROM entry GROUP BY compound_id ORDER BY 1"
        )
        return {
            str(row["compound_id"]): await _root_at(
                connection, row["compound_id"], row["tree_size"]
            )
            for row in sizes
        }


async def _root_at(connection: asyncpg.Connection, compound_id: UUID, tree_size: int) -> Root:
    """The root over the first entries, from their leaf hashes, some thousands at a time."""
    frontier: tuple[bytes, ...] = ()
    size = 0
    while size < tree_size:
        rows = await connection.fetch(
            "SELECT leaf_hash FROM entry WHERE compound_id = $1 AND number > $2 AND number <= $3 "
            "ORDER BY number",
            compound_id,
            size,
            min(size + AT_ONCE, tree_size),
        )
        if not rows:
            break
        frontier = merkle.append(frontier, size, (row["leaf_hash"] for row in rows))
        size += len(rows)
    return Root(size, merkle.root_of_peaks(frontier).hex())


def _told(roots: dict[str, Root], verdict: str) -> list[str]:
    return [
        f"{compound_id}  {journal.tree_size} entries  root {journal.root}{verdict}"
        for compound_id, journal in roots.items()
    ]


async def _write(archive: Path, before: dict[str, Root], dump: Path, files: Files) -> int:
    """The number of evidence files written."""
    count = 0
    with tarfile.open(archive, "w:gz") as opened:
        _add(opened, ROOTS, msgspec.json.encode(before))
        opened.add(dump, DUMP)
        async for path, content in files.everything():
            _add(opened, FILES + path, content)
            count += 1
    return count


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def _read(file: Path, folder: Path) -> dict[str, Root]:
    """Unpacks the archive and looks at all of it before anything is changed."""
    try:
        with tarfile.open(file, "r:gz") as archive:
            archive.extractall(folder, filter="data")
        roots = msgspec.json.decode((folder / ROOTS).read_bytes(), type=dict[str, Root])
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise ArchiveUnreadable(reason=str(error) or type(error).__name__) from None
    if not (folder / DUMP).is_file():
        raise ArchiveUnreadable(reason=f"{DUMP} is missing")
    for path in _evidence(folder):
        if sha256(path.read_bytes()).hex() != path.name:
            raise ArchiveUnreadable(reason=f"{FILES}{path.relative_to(folder / FILES)}")
    return roots


def _evidence(folder: Path) -> Iterator[Path]:
    return (path for path in sorted((folder / FILES).rglob("*")) if path.is_file())


async def _put_back(folder: Path, files: Files) -> int:
    count = 0
    for path in _evidence(folder):
        compound_id = path.relative_to(folder / FILES).parts[0]
        await files.put(compound_id, path.name, path.read_bytes())
        count += 1
    return count


async def _check_empty(connection: asyncpg.Connection) -> None:
    if await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"):
        raise NotEmpty


async def _make_serving_role(connection: asyncpg.Connection, serving_url: str) -> None:
    """Grants name this role, and a dump of one database holds no roles. Its password is the setting's."""
    if await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", SERVING):
        return
    password = unquote(urlsplit(serving_url).password or "")
    statement = await connection.fetchval(
        "SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS "
        "PASSWORD %L', $1::text, nullif($2::text, ''))",
        SERVING,
        password,
    )
    await connection.execute(statement)


async def _check_books(connection: asyncpg.Connection, before: dict[str, Root]) -> None:
    broken = [name for name, rows in (await checks.run(connection)).items() if rows]
    if broken:
        raise RestoreBroken(names=", ".join(broken))
    for compound_id, journal in before.items():
        if await _root_at(connection, UUID(compound_id), journal.tree_size) != journal:
            raise RootChanged(compound_id=compound_id)


async def _run(url: str, command: list[str]) -> str:
    """Runs a PostgreSQL tool of the embedded version; what it complains of, empty when all went well.

    The password goes by the environment: a command line can be read by everybody on the machine.
    """
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    bare = urlunsplit(parts._replace(netloc=f"{user.partition(':')[0]}@{host}"))
    environment: dict[str, Any] = dict(os.environ)
    if parts.password:
        environment["PGPASSWORD"] = unquote(parts.password)
    process = await asyncio.create_subprocess_exec(
        str(embedded.bin_path() / command[0]),
        *command[1:],
        f"--dbname={bare}",
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode == 0:
        return ""
    return " ".join(said.decode(errors="replace").split())[-500:] or f"exit {process.returncode}"
