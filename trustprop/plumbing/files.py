"""Bytes behind evidence: content-addressed objects in a folder or an S3 bucket."""

from collections.abc import AsyncIterator
from pathlib import Path

import obstore
from obstore.store import LocalStore, ObjectStore, from_url


class Files:
    """Objects named by the SHA-256 of their content, per compound; written once, never changed."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def at(cls, url: str) -> "Files":
        """``url`` is a folder or any URL that obstore knows (``file://``, ``s3://``)."""
        if "://" in url:
            return cls(from_url(url))
        Path(url).mkdir(parents=True, exist_ok=True)
        return cls(LocalStore(prefix=url))

    async def put(self, compound_id: str, sha256: str, content: bytes) -> None:
        await obstore.put_async(self._store, self._path(compound_id, sha256), content)

    async def get(self, compound_id: str, sha256: str) -> bytes:
        """Raises FileNotFoundError when the object is not there."""
        result = await obstore.get_async(self._store, self._path(compound_id, sha256))
        return bytes(await result.bytes_async())

    async def everything(self) -> AsyncIterator[tuple[str, bytes]]:
        """Every object with its path, one in memory at a time; for backups."""
        for found in [entry for chunk in obstore.list(self._store) for entry in chunk]:
            result = await obstore.get_async(self._store, found["path"])
            yield found["path"], bytes(await result.bytes_async())

    @staticmethod
    def _path(compound_id: str, sha256: str) -> str:
        return f"{compound_id}/{sha256[:2]}/{sha256}"
