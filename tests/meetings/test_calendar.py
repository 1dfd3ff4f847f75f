"""Days: the first is not counted, holidays roll over, and unknown years say so."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustprop.kernel.periods import local_date
from trustprop.meetings.rules.calendar import (
    KNOWN_YEARS,
    after_clear_days,
    is_working,
    last_of,
    start_of,
    window_days,
    year_after,
)

DAYS = st.dates(date(2004, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("on", "works"),
    [
        (date(2025, 9, 30), True),  # the day before National Day
        (date(2025, 10, 1), False),
        (date(2025, 10, 8), False),  # Mid-autumn and National Day together
        (date(2025, 10, 9), True),
        (date(2025, 9, 28), True),  # a Sunday worked in advance (调休)
        (date(2025, 10, 11), True),  # a Saturday worked afterwards
        (date(2025, 10, 12), False),
        (date(2026, 2, 17), False),  # Spring Festival
        (date(2026, 2, 14), True),  # a Saturday worked in advance
        (date(2026, 2, 24), True),
        (date(2026, 1, 1), False),
        (date(2026, 10, 7), False),
        (date(2026, 10, 8), True),
        (date(2026, 10, 10), True),  # a Saturday worked afterwards
    ],
)
def test_holidays_and_make_up_days_are_those_that_were_announced(on: date, works: bool) -> None:
    assert is_working(on) is works


@pytest.mark.parametrize(
    ("first", "days", "last"),
    [
        (date(2025, 3, 3), 15, date(2025, 3, 18)),
        (date(2025, 3, 7), 15, date(2025, 3, 24)),  # the 22nd is a Saturday
        (date(2025, 9, 16), 15, date(2025, 10, 9)),  # 1 October rolls over the whole week
        (date(2025, 9, 19), 15, date(2025, 10, 9)),
        (date(2025, 9, 27), 15, date(2025, 10, 13)),  # the 12th is a Sunday
        (date(2025, 9, 26), 15, date(2025, 10, 11)),  # a Saturday that is worked
        (date(2026, 9, 16), 15, date(2026, 10, 8)),
        (date(2026, 1, 31), 15, date(2026, 2, 24)),  # Spring Festival is nine days
        (date(2025, 12, 17), 15, date(2026, 1, 4)),  # New Year, a Sunday worked
        (date(2024, 2, 13), 15, date(2024, 2, 28)),
        (date(2024, 2, 14), 15, date(2024, 2, 29)),  # the leap day
        (date(2025, 10, 31), 3, date(2025, 11, 3)),
        (date(2025, 9, 30), 3, date(2025, 10, 9)),
        (date(2025, 9, 26), 7, date(2025, 10, 9)),
    ],
)
def test_the_last_day_is_counted_from_the_day_after_and_rolls_over(
    first: date, days: int, last: date
) -> None:
    assert last_of(first, days).on == last


@pytest.mark.parametrize(
    ("notice_on", "earliest_on"),
    [
        (date(2025, 10, 9), date(2025, 10, 25)),  # 16 days after, as the law counts
        (date(2025, 3, 3), date(2025, 3, 19)),
        (date(2025, 3, 7), date(2025, 3, 25)),
        (date(2025, 9, 16), date(2025, 10, 10)),
        (date(2026, 1, 31), date(2026, 2, 25)),
        (date(2025, 12, 17), date(2026, 1, 5)),
    ],
)
def test_ballots_go_out_after_fifteen_clear_days(notice_on: date, earliest_on: date) -> None:
    assert after_clear_days(notice_on, 15).on == earliest_on


@pytest.mark.parametrize(
    ("first", "a_year_later"),
    [
        (date(2025, 11, 6), date(2026, 11, 6)),
        (date(2024, 2, 29), date(2025, 2, 28)),
        (date(2023, 2, 28), date(2024, 2, 28)),
        (date(2025, 1, 1), date(2026, 1, 4)),  # New Year's Day of 2026 rolls to the Sunday worked
        (date(2025, 10, 1), date(2026, 10, 8)),
    ],
)
def test_a_year_ends_on_the_day_of_the_same_name(first: date, a_year_later: date) -> None:
    assert year_after(first).on == a_year_later


def test_a_year_whose_holidays_are_not_announced_has_weekends_only_and_says_so() -> None:
    unknown = KNOWN_YEARS.stop
    assert last_of(date(unknown, 9, 16), 15).is_provisional
    assert not last_of(date(2026, 9, 1), 15).is_provisional
    first_of_october = date(unknown, 10, 1)
    assert is_working(first_of_october) is (first_of_october.weekday() < 5)


@given(DAYS, st.integers(0, 60))
def test_no_period_is_ever_shorter_than_its_days_and_none_ends_on_a_holiday(
    first: date, days: int
) -> None:
    last = last_of(first, days).on
    assert last >= first + timedelta(days=days)
    assert is_working(last)
    skipped = [first + timedelta(days=days + i) for i in range((last - first).days - days)]
    assert not any(is_working(day) for day in skipped)


@given(DAYS, st.integers(1, 60), st.integers(0, 60))
def test_a_later_first_day_never_gives_an_earlier_last_one(
    first: date, days: int, later: int
) -> None:
    assert last_of(first + timedelta(days=later), days).on >= last_of(first, days).on


@given(DAYS)
def test_a_day_begins_at_midnight_in_shanghai(on: date) -> None:
    begins = start_of(on)
    assert local_date(begins) == on
    assert local_date(begins - timedelta(microseconds=1)) == on - timedelta(days=1)


def test_the_window_is_counted_in_days_of_shanghai() -> None:
    opens = datetime(2025, 10, 24, 16, 0, tzinfo=UTC)
    closes = datetime(2025, 10, 30, 15, 59, tzinfo=UTC)
    assert window_days(opens, closes) == 5
    assert window_days(opens, closes + timedelta(minutes=1)) == 6
    assert window_days(opens - timedelta(seconds=1), closes) == 6
