"""How meetings are asked."""

from trustprop.meetings.api import (
    afterwards,
    debate,
    foundations,
    meetings,
    papers,
    resolutions,
    steps,
)

handlers = [
    *meetings.handlers,
    *steps.handlers,
    *debate.handlers,
    *afterwards.handlers,
    *papers.handlers,
    *resolutions.handlers,
    *foundations.handlers,
]
