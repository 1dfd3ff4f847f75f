"""What meetings are made of: proposals, motions, steps, and the resolutions that come of them."""

from trustprop.meetings.model.foundations import (
    DraftFounding,
    DraftMandate,
    DraftMandateEnd,
    DraftText,
)
from trustprop.meetings.model.resolutions import (
    Area,
    Body,
    Digest,
    DraftRevocation,
    Figures,
    Heads,
    Matter,
    RecordResolution,
    Resolution,
    ResolutionState,
    Revocation,
)

__all__ = [
    "Area",
    "Body",
    "Digest",
    "DraftFounding",
    "DraftMandate",
    "DraftMandateEnd",
    "DraftRevocation",
    "DraftText",
    "Figures",
    "Heads",
    "Matter",
    "RecordResolution",
    "Resolution",
    "ResolutionState",
    "Revocation",
]
