"""Statements over files and their uploads."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.dialects.postgresql import insert

from trustprop.evidence.model import File, MediaType
from trustprop.evidence.tables import file, file_upload
from trustprop.plumbing.database import Tx


async def add(tx: Tx, compound_id: UUID, added: File) -> None:
    """Keeps what is already there: the same bytes twice are one file."""
    digest = bytes.fromhex(added.sha256)
    await tx.execute(
        insert(file)
        .values(
            compound_id=compound_id, sha256=digest, size=added.size, media_type=added.media_type
        )
        .on_conflict_do_nothing()
    )
    await tx.execute(
        insert(file_upload)
        .values(
            compound_id=compound_id,
            sha256=digest,
            uploaded_by=added.uploaded_by,
            name=added.name,
            uploaded_at=added.uploaded_at,
        )
        .on_conflict_do_nothing()
    )


async def find(tx: Tx, compound_id: UUID, sha256: str, uploader: UUID | None = None) -> File | None:
    """The file under the name of this uploader, or of whoever brought it first."""
    result = await tx.execute(_files(compound_id, [sha256], uploader).limit(1))
    row = result.first()
    return None if row is None else _file(row)


async def find_all(tx: Tx, compound_id: UUID, digests: Collection[str]) -> dict[str, File]:
    result = await tx.execute(_files(compound_id, digests, None))
    found: dict[str, File] = {}
    for row in result:
        found.setdefault(row.sha256.hex(), _file(row))
    return found


def _files(compound_id: UUID, digests: Collection[str], uploader: UUID | None) -> Select[Any]:
    statement = (
        select(
            file.c.sha256,
            file.c.size,
            file.c.media_type,
            file_upload.c.name,
            file_upload.c.uploaded_by,
            file_upload.c.uploaded_at,
        )
        .join_from(file, file_upload)
        .where(
            file.c.compound_id == compound_id,
            file.c.sha256.in_([bytes.fromhex(digest) for digest in digests]),
        )
        .order_by(file.c.sha256, file_upload.c.uploaded_at, file_upload.c.uploaded_by)
    )
    return statement if uploader is None else statement.where(file_upload.c.uploaded_by == uploader)


def _file(row: Row[Any]) -> File:
    return File(
        sha256=row.sha256.hex(),
        size=row.size,
        media_type=MediaType(row.media_type),
        name=row.name,
        uploaded_by=row.uploaded_by,
        uploaded_at=row.uploaded_at,
    )
