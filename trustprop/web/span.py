"""A month, a quarter or a year, as an address says it: ``2025-09``, ``2025-Q3``, ``2025``."""

import re

from msgspec import Struct

from trustprop.kernel.errors import Missing
from trustprop.kernel.periods import Period

_FORM = re.compile(r"(?P<year>20\d\d)(?:-(?:(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4])))?")


class Span(Struct, frozen=True):
    """Whole months from the first to the last, both included."""

    first: Period
    last: Period

    @classmethod
    def parse(cls, text: str) -> "Span":
        """Raises Missing: an address that names no span leads nowhere."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise Missing(kind="period")
        year = int(found["year"])
        if found["month"]:
            month = Period(year, int(found["month"]))
            return cls(month, month)
        if found["quarter"]:
            last = 3 * int(found["quarter"])
            return cls(Period(year, last - 2), Period(year, last))
        return cls(Period(year, 1), Period(year, 12))

    @classmethod
    def month(cls, period: Period) -> "Span":
        return cls(period, period)

    @classmethod
    def quarter(cls, period: Period) -> "Span":
        last = (period.month + 2) // 3 * 3
        return cls(Period(period.year, last - 2), Period(period.year, last))

    @classmethod
    def year(cls, period: Period) -> "Span":
        return cls(Period(period.year, 1), Period(period.year, 12))

    @property
    def length(self) -> int:
        return self.last.month - self.first.month + 1

    @property
    def next(self) -> "Span":
        return self._like(self.last.next)

    @property
    def previous(self) -> "Span":
        return self._like(self.first.previous)

    def _like(self, period: Period) -> "Span":
        """Of the same length, around a month."""
        return {1: Span.month, 3: Span.quarter, 12: Span.year}[self.length](period)

    def __str__(self) -> str:
        if self.length == 1:
            return str(self.first)
        if self.length == 3:
            return f"{self.first.year}-Q{self.last.month // 3}"
        return str(self.first.year)
