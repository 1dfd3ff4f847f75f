"""Accounting periods (calendar months) and dates in the compound's zone."""

from calendar import monthrange
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

ZONE = ZoneInfo("Asia/Shanghai")
"""Every compound of this service is in China, which keeps one zone."""


def local_date(at: datetime) -> date:
    """The accounting date of an instant."""
    return at.astimezone(ZONE).date()


def utc(at: datetime) -> str:
    """RFC 3339 with ``Z`` and microseconds only when there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Period(Struct, frozen=True):
    """One month of the books, written ``2025-09``."""

    year: int
    month: int

    @classmethod
    def of(cls, on: date) -> "Period":
        return cls(on.year, on.month)

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Raises ValueError unless the text is a month such as ``2025-09``."""
        year, dash, month = text.partition("-")
        if not (dash and len(year) == 4 and len(month) == 2 and year.isdigit() and month.isdigit()):
            raise ValueError(f"not a period: {text!r}")
        if not (1 <= int(month) <= 12 and int(year) >= 1990):
            raise ValueError(f"not a period: {text!r}")
        return cls(int(year), int(month))

    @property
    def first_on(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_on(self) -> date:
        return date(self.year, self.month, monthrange(self.year, self.month)[1])

    @property
    def next(self) -> "Period":
        return Period(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def previous(self) -> "Period":
        return Period(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    @property
    def number(self) -> int:
        """``202509``: how tables store a period."""
        return self.year * 100 + self.month

    @classmethod
    def from_number(cls, number: int) -> "Period":
        return cls(number // 100, number % 100)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    def __lt__(self, other: "Period") -> bool:
        return self.number < other.number

    def __le__(self, other: "Period") -> bool:
        return self.number <= other.number

    def __gt__(self, other: "Period") -> bool:
        return self.number > other.number

    def __ge__(self, other: "Period") -> bool:
        return self.number >= other.number
