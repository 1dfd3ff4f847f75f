"""The published count of a vote, open to anybody, and the script with which anyone recomputes it."""

from pathlib import Path
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from trustprop.kernel.errors import Missing
from trustprop.plumbing.clock import Clock
from trustprop.plumbing.database import Database
from trustprop.votes import service as votes
from trustprop.web.answers import JSON, answer, anybody
from trustprop.web.shelf import FOR_A_MINUTE, SHELF, FromShelf, Page, place_of

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify_vote.py"
"""Beside the package, as in a checkout and in the image; a wheel alone has it not."""


@get(
    "/public/{compound_id:uuid}/votes/{name:str}",
    operation_id="public_count",
    include_in_schema=False,
    middleware=[FromShelf],
)
async def get_count(
    compound_id: FromPath[UUID],
    name: FromPath[str],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    clock: NamedDependency[Clock],
) -> Response[bytes]:
    """The count of a vote as ``<vote>.json``; it never changes."""
    vote_id = vote_of(name)
    async with database.read(anybody(compound_id, clock)) as tx:
        counted = await votes.document(tx, compound_id, vote_id)
    page = SHELF.put(place_of(request.scope), Page(counted.document, JSON, f"{vote_id}.json"))
    return answer(request, page)


def vote_of(name: str) -> UUID:
    """Raises Missing unless it is an id with ``.json`` behind it."""
    text, dot, form = name.rpartition(".")
    try:
        vote_id = UUID(text)
    except ValueError:
        raise Missing(kind="count") from None
    if not dot or form != "json" or str(vote_id) != text:
        raise Missing(kind="count")
    return vote_id


@get(
    "/public/verify_vote.py",
    operation_id="public_verifier",
    include_in_schema=False,
    sync_to_thread=True,
)
def get_verifier(request: Request[Any, Any, Any]) -> Response[bytes]:
    """One file without dependencies that recomputes a published count."""
    if not SCRIPT.exists():
        raise Missing(kind="script")
    content = SCRIPT.read_bytes()
    page = Page(content, "text/x-python; charset=utf-8", SCRIPT.name, FOR_A_MINUTE)
    return answer(request, page)


handlers = [get_count, get_verifier]
