"""Rows to Structs, by column name."""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def to(kind: type[T], row: Any) -> T:
    """One row (SQLAlchemy Row or asyncpg Record) as a Struct; columns the Struct lacks are dropped."""
    mapping = row._mapping if hasattr(row, "_mapping") else row  # noqa: SLF001 - public, for all its underscore
    return msgspec.convert(
        {str(name): value for name, value in mapping.items()}, kind, strict=False
    )


def all_of(kind: type[T], rows: Iterable[Any]) -> tuple[T, ...]:
    return tuple(to(kind, row) for row in rows)
