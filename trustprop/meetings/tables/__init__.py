"""What is stored of meetings."""

from trustprop.meetings.tables import meetings, prints, resolutions

__all__ = ["meetings", "prints", "resolutions"]
