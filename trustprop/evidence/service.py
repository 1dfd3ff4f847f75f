"""What evidence does: take a file, find it, give its bytes back unchanged."""

from collections.abc import Collection
from uuid import UUID

from trustprop.evidence import rules
from trustprop.evidence import store as shelf
from trustprop.evidence.model import File
from trustprop.kernel.caller import Caller
from trustprop.kernel.canonical import sha256 as digest_of
from trustprop.kernel.errors import Missing
from trustprop.plumbing.database import Tx
from trustprop.plumbing.files import Files


async def store(tx: Tx, caller: Caller, files: Files, name: str, content: bytes) -> File:
    """Takes a file; the same bytes again are the same file.

    The bytes are written before the row, so that a row never names bytes that are not there.
    """
    rules.check_may_upload(caller)
    rules.check_size(len(content))
    added = File(
        sha256=digest_of(content).hex(),
        size=len(content),
        media_type=rules.sniff(content),
        name=rules.clean_name(name),
        uploaded_by=rules.uploader(caller),
        uploaded_at=caller.at,
    )
    await files.put(str(caller.compound_id), added.sha256, content)
    await shelf.add(tx, caller.compound_id, added)
    return await find(tx, caller, added.sha256)


async def find(tx: Tx, caller: Caller, sha256: str) -> File:
    """A file that this caller may read: every one for those who read the books, else its own.

    Raises DigestInvalid or Missing.
    """
    rules.check_digest(sha256)
    own = None if rules.reads_all(caller) else rules.uploader(caller)
    found = await shelf.find(tx, caller.compound_id, sha256, own)
    if found is None:
        raise Missing(kind="file")
    return found


async def read(tx: Tx, caller: Caller, files: Files, sha256: str) -> tuple[File, bytes]:
    """A file with its bytes. Raises DigestInvalid or Missing."""
    found = await find(tx, caller, sha256)
    return found, await content_of(files, caller.compound_id, sha256)


async def content_of(files: Files, compound_id: UUID, sha256: str) -> bytes:
    """The bytes behind a row; they are checked against their name, since a disk can lie."""
    content = await files.get(str(compound_id), sha256)
    assert digest_of(content).hex() == sha256, "stored evidence differs from its digest"
    return content


async def find_all(tx: Tx, compound_id: UUID, digests: Collection[str]) -> dict[str, File]:
    """The files behind these digests, by digest; absent ones are left out. Raises DigestInvalid."""
    for digest in digests:
        rules.check_digest(digest)
    return await shelf.find_all(tx, compound_id, digests)


async def check_exist(tx: Tx, compound_id: UUID, digests: Collection[str]) -> dict[str, File]:
    """The files behind these digests. Raises DigestInvalid, or FilesMissing naming every absent one."""
    found = await find_all(tx, compound_id, digests)
    rules.check_all_found(digests, found)
    return found
