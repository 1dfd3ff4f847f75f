"""What the handlers of this house have in common."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response
from litestar.params import QueryParameter

from trustprop.plumbing.paging import MAX_LIMIT, open_cursor

HOUSE = "/compounds/{compound_id:uuid}"
ShownAtOnce = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)]


def after(cursor: str | None, filters: dict[str, Any]) -> UUID | None:
    """The id that the last page ended with. Raises CursorInvalid."""
    position = open_cursor(cursor, filters, UUID)
    return UUID(position[0]) if position else None


def tagged(content: Any, version: int) -> Response[Any]:
    return Response(content, headers={"ETag": f'"{version}"'})
