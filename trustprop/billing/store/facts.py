"""Rows to facts: periods are numbers in tables and text everywhere else."""

from collections.abc import Iterable
from typing import Any, TypeVar

from trustprop.kernel.periods import Period
from trustprop.plumbing import rows

T = TypeVar("T")
_PERIODS = ("period", "valid_from", "valid_until")


def fact(kind: type[T], row: Any) -> T:
    mapping = dict(row._mapping if hasattr(row, "_mapping") else row)  # noqa: SLF001 - public, for all its underscore
    for name in _PERIODS:
        if mapping.get(name) is not None:
            mapping[name] = str(Period.from_number(mapping[name]))
    return rows.to(kind, mapping)


def facts(kind: type[T], found: Iterable[Any]) -> tuple[T, ...]:
    return tuple(fact(kind, row) for row in found)


def number(period: str) -> int:
    return Period.parse(period).number
