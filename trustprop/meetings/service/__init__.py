"""What meetings do: record decisions, answer for them, and appoint downward into compounds."""

from trustprop.meetings.service.foundations import EFFECTS as _OF_FOUNDATIONS
from trustprop.meetings.service.foundations import (
    draft_founding,
    draft_mandate,
    draft_mandate_end,
    draft_text,
)
from trustprop.meetings.service.resolutions import EFFECTS as _OF_RESOLUTIONS
from trustprop.meetings.service.resolutions import (
    draft_revocation,
    find,
    record,
    require,
    resolutions,
)

EFFECTS = {**_OF_FOUNDATIONS, **_OF_RESOLUTIONS}

__all__ = [
    "EFFECTS",
    "draft_founding",
    "draft_mandate",
    "draft_mandate_end",
    "draft_revocation",
    "draft_text",
    "find",
    "record",
    "require",
    "resolutions",
]
