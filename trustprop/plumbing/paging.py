"""Lists by cursor: keyset order, an opaque cursor bound to its filters, no offsets, no totals."""

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from types import GenericAlias
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta, Struct

from trustprop.kernel.canonical import digest
from trustprop.kernel.errors import N_, Invalid

T = TypeVar("T")
MAX_LIMIT = 200
Number = Annotated[int, Meta(ge=0, le=2**53)]
"""A number in a cursor: it fits into every column."""
Instant = Annotated[datetime, Meta(tz=True)]


class CursorInvalid(Invalid):
    code = "cursor-invalid"
    detail = N_("This cursor does not belong to this list and these filters.")


class PageLinks(Struct, frozen=True, kw_only=True):
    next: str | None
    has_more: bool


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    data: tuple[T, ...]
    page: PageLinks


def open_cursor(cursor: str | None, filters: dict[str, Any], *kinds: Any) -> list[Any] | None:
    """The keyset position in a cursor, or None for the first page. Raises CursorInvalid.

    ``kinds`` are the types of the sort keys: a cursor is opaque but no secret, so that somebody may
    have written anything into it.
    """
    if not cursor:
        return None
    try:
        position, bound_to = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=="))
        if kinds:
            msgspec.convert(position, GenericAlias(tuple, kinds))
    except (binascii.Error, ValueError, msgspec.MsgspecError, TypeError, RecursionError):
        raise CursorInvalid from None
    if bound_to != _bind(filters) or not isinstance(position, list):
        raise CursorInvalid
    return position


def page(
    items: Sequence[T], limit: int, filters: dict[str, Any], position: Callable[[T], list[Any]]
) -> Page[T]:
    """A page from ``limit + 1`` fetched items; ``position`` names the sort keys of an item."""
    shown = tuple(items[:limit])
    has_more = len(items) > limit
    following = None
    if has_more:
        content = msgspec.json.encode([position(shown[-1]), _bind(filters)])
        following = base64.urlsafe_b64encode(content).decode().rstrip("=")
    return Page(data=shown, page=PageLinks(next=following, has_more=has_more))


def _bind(filters: dict[str, Any]) -> str:
    named = {name: str(value) for name, value in filters.items() if value is not None}
    return digest(named).hex()[:12]
