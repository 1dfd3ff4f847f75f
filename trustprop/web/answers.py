"""How public pages are answered: to anybody, and only when the visitor does not have them yet."""

from typing import Any
from uuid import UUID

from litestar import Request, Response

from trustprop.kernel.caller import Caller
from trustprop.plumbing.clock import Clock
from trustprop.web.shelf import Page

HTML = "text/html; charset=utf-8"
JSON = "application/json"


def answer(request: Request[Any, Any, Any], page: Page) -> Response[bytes]:
    is_known = page.etag in request.headers.get("if-none-match", "")
    return Response(
        b"" if is_known else page.content,
        status_code=304 if is_known else 200,
        headers=page.headers,
        media_type=page.headers["Content-Type"],
    )


def anybody(compound_id: UUID, clock: Clock) -> Caller:
    return Caller(compound_id=compound_id, at=clock.now())


def base(compound_id: UUID) -> str:
    return f"/public/{compound_id}"
