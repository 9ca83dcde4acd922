"""When to tell of a last day: working days are counted by the calendar of the law room."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.rules import calendar
from suyuan.rules.leads import lead_day, told_of

DAYS = st.dates(date(2020, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("due", "lead", "day"),
    [
        (date(2026, 11, 27), 0, date(2026, 11, 27)),
        (date(2026, 11, 27), 5, date(2026, 11, 20)),  # a weekend between
        (date(2026, 11, 22), 0, date(2026, 11, 22)),  # a Sunday
        (date(2026, 11, 22), 1, date(2026, 11, 19)),  # Friday is the day left
        (date(2026, 10, 9), 3, date(2026, 9, 29)),  # the National Day holidays lie between
    ],
)
def test_golden_days(due: date, lead: int, day: date) -> None:
    assert lead_day(calendar(), due, lead) == day


@given(DAYS, st.integers(1, 20))
def test_just_so_many_working_days_are_left(due: date, lead: int) -> None:
    told = calendar()
    day = lead_day(told, due, lead)
    ends = [np.array([one], "datetime64[D]") for one in (day, due)]
    assert int(told.working_days_between(*ends)[0]) == lead
    assert told.day(day).worked


@given(DAYS, st.integers(1, 12), st.sets(st.integers(0, 6), min_size=1))
def test_nothing_is_told_twice_and_nothing_is_left_out_whatever_days_are_missed(
    start: date, gap: int, leads: set[int]
) -> None:
    """Told every day, or told after a gap: the same last days with the same leads, but for those that have passed."""
    end = start + timedelta(days=gap)
    daily = [
        pair
        for n in range(gap)
        for pair in told_of(calendar(), start + timedelta(days=n), start + timedelta(days=n + 1), leads)
    ]
    assert len(daily) == len(set(daily))
    at_once = told_of(calendar(), start, end, leads)
    assert set(at_once) == {pair for pair in daily if pair[0] >= end}
