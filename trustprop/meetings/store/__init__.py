"""How meetings are fetched and kept."""

from trustprop.meetings.store.resolutions import (
    add,
    add_outcome,
    every,
    find,
    next_serial,
    number,
)

__all__ = [
    "add",
    "add_outcome",
    "every",
    "find",
    "next_serial",
    "number",
]
