"""What is stored of meetings."""

from trustprop.meetings.tables.resolutions import (
    resolution,
    resolution_outcome,
)

__all__ = [
    "resolution",
    "resolution_outcome",
]
