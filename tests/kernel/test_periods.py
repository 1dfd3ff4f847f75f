from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trustprop.kernel.periods import Period, local_date, utc


@given(st.dates(date(1990, 1, 1), date(2999, 12, 31)))
def test_a_period_holds_its_dates_and_touches_its_neighbours(on: date) -> None:
    period = Period.of(on)
    assert period.first_on <= on <= period.last_on
    assert period.next.previous == period
    assert (period.next.first_on - period.last_on).days == 1
    assert Period.parse(str(period)) == period == Period.from_number(period.number)
    assert period < period.next


@pytest.mark.parametrize(
    "text", ["2025-13", "2025-00", "2025-9", "25-09", "2025/09", "", "2025-09-01", "１２３４-01"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a period"):
        Period.parse(text)


def test_the_night_of_a_years_end_belongs_to_the_new_year_in_shanghai() -> None:
    assert local_date(datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC)) == date(2025, 12, 31)
    assert local_date(datetime(2025, 12, 31, 16, 0, tzinfo=UTC)) == date(2026, 1, 1)
    assert utc(datetime(2025, 12, 31, 16, 0, tzinfo=UTC)) == "2025-12-31T16:00:00Z"


def test_periods_stand_in_the_order_of_time():
    august, september = Period(2025, 8), Period(2025, 9)
    assert august < september
    assert august <= september
    assert september > august
    assert september >= august
    assert max(september, Period(2026, 1), august) == Period(2026, 1)
