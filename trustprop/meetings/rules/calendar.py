"""The days of a meeting: clear days, holidays that roll over, and when each step may and must be done.

The first day is not counted (Civil Code 201); a last day on a holiday rolls to the next working day
(203). Holidays and make-up days are those of ``chinese_calendar``. Of a year that it does not know
yet only the weekends are known, and what follows from it is provisional.
"""

from calendar import isleap
from datetime import UTC, date, datetime, time, timedelta

import chinese_calendar
from chinese_calendar import constants

from trustprop.kernel.periods import ZONE, local_date
from trustprop.kernel.struct import Fact

KNOWN_YEARS = range(min(constants.holidays).year, max(constants.holidays).year + 1)
ONE_DAY = timedelta(days=1)
YEARS = range(2000, 2201)
"""Other years are typing errors."""


class Day(Fact):
    """A day that was worked out, and whether the holidays of its year are announced yet."""

    on: date
    is_provisional: bool = False


def is_working(on: date) -> bool:
    """Whether a day is a working day; make-up days on weekends are (调休)."""
    if on.year in KNOWN_YEARS:
        return bool(chinese_calendar.is_workday(on))
    return on.weekday() < 5


def last_of(first: date, days: int) -> Day:
    """The last of so many days after a first one, which is not counted; a holiday rolls over."""
    return _rolled(first + timedelta(days=days))


def year_after(first: date) -> Day:
    """The day of the same name a year later; from 29 February to 28 February (Civil Code 202)."""
    is_leap_day = (first.month, first.day) == (2, 29)
    day = 28 if is_leap_day and not isleap(first.year + 1) else first.day
    return _rolled(first.replace(year=first.year + 1, day=day))


def after_clear_days(first: date, days: int) -> Day:
    """The first day on which so many whole days lie behind a first one."""
    last = last_of(first, days)
    return Day(on=last.on + ONE_DAY, is_provisional=last.is_provisional)


def _rolled(on: date) -> Day:
    while not is_working(on):
        on += ONE_DAY
    return Day(on=on, is_provisional=on.year not in KNOWN_YEARS)


def start_of(on: date) -> datetime:
    """Midnight in the compound's zone, as an instant."""
    return datetime.combine(on, time(), ZONE).astimezone(UTC)


def window_days(opens_at: datetime, closes_at: datetime) -> int:
    """Days in which ballots are taken in; the first is not counted."""
    return (local_date(closes_at) - local_date(opens_at)).days
