"""The instant of a request. A rehearsal may move it; a service with real money cannot."""

from datetime import UTC, datetime, timedelta


class Clock:
    def __init__(self) -> None:
        self._shift = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._shift

    def set_to(self, at: datetime) -> None:
        """Moves the clock; it goes on running from there."""
        self._shift = at - datetime.now(UTC)
