"""How files are sent and fetched over HTTP. They are never shown from the service's own origin."""

from typing import Annotated, Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromPath

from trustprop.evidence import rules, service
from trustprop.evidence.model import File, MediaType
from trustprop.kernel.caller import Caller
from trustprop.plumbing.database import Database
from trustprop.plumbing.downloads import operation_of
from trustprop.plumbing.files import Files

ENVELOPE = 64 * 1024
"""Bytes that a multipart form may add around the file."""


@post(
    "/compounds/{compound_id:uuid}/files",
    operation_id="files_create",
    tags=["evidence"],
    request_max_body_size=rules.MAX_SIZE + ENVELOPE,
)
async def upload_file(
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    files: NamedDependency[Files],
    data: Annotated[dict[str, UploadFile], Body(media_type=RequestEncodingType.MULTI_PART)],
) -> File:
    """Upload one file in the form field ``file``; the answer names it by its SHA-256.

    The same bytes again are success: the digest is the idempotency key.
    """
    sent = data.get("file")
    if len(data) != 1 or not isinstance(sent, UploadFile):
        raise rules.FileFieldMissing
    content = await sent.read()
    async with database.begin(caller) as tx:
        return await service.store(tx, caller, files, sent.filename, content)


@get(
    "/compounds/{compound_id:uuid}/files/{sha256:str}",
    operation_id="files_download",
    operation_class=operation_of(MediaType),
    tags=["evidence"],
)
async def download_file(
    sha256: FromPath[str],
    caller: NamedDependency[Caller],
    database: NamedDependency[Database],
    files: NamedDependency[Files],
) -> Response[bytes]:
    """Download a file as an attachment, for office holders and for whoever uploaded it."""
    async with database.read(caller) as tx:
        found, content = await service.read(tx, caller, files, sha256)
    return Response(content=content, media_type=found.media_type, headers=_headers(found))


def _headers(found: File) -> dict[str, Any]:
    plain = f"{found.sha256[:16]}.{found.media_type.extension}"
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(found.name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, immutable, max-age=31536000",
        "ETag": f'"{found.sha256}"',
    }


handlers = [upload_file, download_file]
