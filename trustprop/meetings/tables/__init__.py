"""What is stored of meetings."""

from trustprop.meetings.tables import meetings, resolutions

__all__ = ["meetings", "resolutions"]
