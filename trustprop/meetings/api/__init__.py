"""How meetings are asked."""

from trustprop.meetings.api import foundations, resolutions

handlers = [*resolutions.handlers, *foundations.handlers]
