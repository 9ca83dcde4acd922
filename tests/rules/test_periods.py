from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.rules import FirstDay, LastDay, Period, RulesError, Unit, calendar, deadline, deadlines
from suyuan.rules.periods import falls_on

DAYS = st.dates(date(2015, 1, 1), date(2030, 12, 31))
COUNTS = st.integers(1, 400)
PERIODS = st.builds(Period, COUNTS, st.sampled_from(Unit), st.sampled_from(FirstDay), st.sampled_from(LastDay))


def due(start: date, period: Period) -> date:
    return deadline(calendar(), period, start).due


@pytest.mark.parametrize(
    ("start", "last", "official"),
    [
        (date(2025, 1, 20), date(2025, 2, 14), True),
        (date(2026, 2, 10), date(2026, 3, 9), True),
        (date(2026, 9, 15), date(2026, 10, 12), True),
        (date(2026, 12, 15), date(2027, 1, 5), False),
        (date(2018, 12, 20), date(2019, 1, 11), True),  # 29 December 2018 was worked, the 31st was not
    ],
)
def test_fifteen_working_days(start: date, last: date, official: bool) -> None:
    found = deadline(calendar(), Period(15, Unit.WORKING_DAY), start)
    assert (found.due, found.official) == (last, official)
    assert len(found.skipped) == (last - start).days - 15
    assert not any(day.worked for day in found.skipped)


@pytest.mark.parametrize(
    ("start", "count", "unit", "last_day", "last", "official"),
    [
        # 30 September + 5 = 5 October 2026, in the holiday; 8 October is the next worked day
        (date(2026, 9, 30), 5, Unit.CALENDAR_DAY, LastDay.AS_IT_FALLS, date(2026, 10, 5), True),
        (date(2026, 9, 30), 5, Unit.CALENDAR_DAY, LastDay.NEXT_WORKING_DAY, date(2026, 10, 8), True),
        (date(2026, 9, 1), 30, Unit.CALENDAR_DAY, LastDay.NEXT_WORKING_DAY, date(2026, 10, 8), True),
        (date(2026, 4, 1), 20, Unit.CALENDAR_DAY, LastDay.NEXT_WORKING_DAY, date(2026, 4, 21), True),
        # 14 February 2026 is a Saturday, but worked
        (date(2026, 2, 4), 10, Unit.CALENDAR_DAY, LastDay.NEXT_WORKING_DAY, date(2026, 2, 14), True),
        # the count itself needs no calendar; moving the end does
        (date(2026, 12, 20), 20, Unit.CALENDAR_DAY, LastDay.AS_IT_FALLS, date(2027, 1, 9), True),
        (date(2026, 12, 20), 20, Unit.CALENDAR_DAY, LastDay.NEXT_WORKING_DAY, date(2027, 1, 11), False),
        (date(2026, 1, 31), 1, Unit.MONTH, LastDay.AS_IT_FALLS, date(2026, 2, 28), True),
        (date(2024, 1, 31), 1, Unit.MONTH, LastDay.AS_IT_FALLS, date(2024, 2, 29), True),
        (date(2026, 1, 31), 3, Unit.MONTH, LastDay.AS_IT_FALLS, date(2026, 4, 30), True),
        (date(2024, 2, 29), 12, Unit.MONTH, LastDay.AS_IT_FALLS, date(2025, 2, 28), True),
        (date(2026, 2, 28), 1, Unit.MONTH, LastDay.AS_IT_FALLS, date(2026, 3, 28), True),
        (date(2026, 4, 1), 6, Unit.MONTH, LastDay.NEXT_WORKING_DAY, date(2026, 10, 8), True),
        (date(2026, 1, 31), 1, Unit.MONTH, LastDay.NEXT_WORKING_DAY, date(2026, 2, 28), True),  # a make-up Saturday
    ],
)
def test_calendar_days_and_months(  # one line a case
    start: date, count: int, unit: Unit, last_day: LastDay, last: date, official: bool
) -> None:
    found = deadline(calendar(), Period(count, unit, last_day=last_day), start)
    assert (found.due, found.official) == (last, official)


def test_the_start_can_be_day_one() -> None:
    assert due(date(2026, 11, 2), Period(5, Unit.WORKING_DAY, FirstDay.SAME)) == date(2026, 11, 6)
    assert due(date(2026, 11, 2), Period(5, Unit.WORKING_DAY)) == date(2026, 11, 9)
    assert due(date(2026, 11, 1), Period(30, Unit.CALENDAR_DAY, FirstDay.SAME)) == date(2026, 11, 30)
    assert due(date(2018, 8, 1), Period(12, Unit.MONTH, FirstDay.SAME)) == date(2019, 7, 31)


def test_a_moved_end_tells_the_days_it_passed_over() -> None:
    found = deadline(calendar(), Period(30, Unit.CALENDAR_DAY, last_day=LastDay.NEXT_WORKING_DAY), date(2026, 9, 1))
    assert [day.date for day in found.skipped] == [date(2026, 10, n) for n in range(1, 8)]
    assert deadline(calendar(), Period(30, Unit.CALENDAR_DAY), date(2026, 9, 1)).skipped == ()


@given(DAYS, COUNTS)
def test_working_days_forward_and_counted_back(start: date, count: int) -> None:
    last = due(start, Period(count, Unit.WORKING_DAY))
    assert calendar().day(last).worked
    span = (np.array([start], "datetime64[D]"), np.array([last], "datetime64[D]"))
    assert calendar().working_days_between(*span).tolist() == [count]


@given(DAYS, st.integers(0, 30), PERIODS)
def test_who_starts_later_is_never_due_earlier(start: date, later: int, period: Period) -> None:
    assert due(start, period) <= due(start + timedelta(days=later), period)


@given(DAYS, PERIODS)
def test_a_longer_period_never_ends_earlier(start: date, period: Period) -> None:
    longer = Period(period.count + 1, period.unit, period.first_day, period.last_day)
    assert due(start, period) <= due(start, longer)
    if period.unit is Unit.WORKING_DAY:
        assert due(start, period) < due(start, longer)


@given(DAYS, st.integers(1, 60))
def test_months_end_on_the_same_day_or_the_last(start: date, count: int) -> None:
    last = due(start, Period(count, Unit.MONTH))
    assert (last.year - start.year) * 12 + last.month - start.month == count
    assert last.day == start.day or (last.day < start.day and (last + timedelta(days=1)).day == 1)


@given(DAYS, PERIODS)
def test_moving_the_end_only_ever_moves_it_to_the_next_worked_day(start: date, period: Period) -> None:
    last = due(start, period)
    if period.unit is Unit.WORKING_DAY:
        assert calendar().day(last).worked
        return
    fallen = falls_on(period, start)
    if period.last_day is LastDay.AS_IT_FALLS:
        assert last == fallen
        return
    assert calendar().day(last).worked
    between = [fallen + timedelta(days=n) for n in range((last - fallen).days)]
    assert not any(calendar().day(day).worked for day in between)


@given(st.lists(DAYS, max_size=20), PERIODS)
def test_a_column_is_answered_as_its_days_are(starts: list[date], period: Period) -> None:
    found = deadlines(calendar(), period, np.array(starts, "datetime64[D]"))
    single = [deadline(calendar(), period, start) for start in starts]
    assert found.due.astype(object).tolist() == [one.due for one in single]
    assert found.official.tolist() == [one.official for one in single]


@given(DAYS, PERIODS)
def test_a_last_day_in_years_with_notices_is_official(start: date, period: Period) -> None:
    found = deadline(calendar(), period, start)
    if start >= date(2018, 1, 2) and found.due <= date(2026, 12, 31):
        assert found.official
    if period.unit is Unit.WORKING_DAY and found.due >= date(2027, 1, 1):
        assert not found.official


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Period(0, Unit.MONTH)
    with pytest.raises(RulesError, match=r"rules\.period_too_long"):
        due(date(2199, 12, 30), Period(30, Unit.WORKING_DAY))
    with pytest.raises(RulesError, match=r"rules\.day_out_of_range"):
        due(date(2199, 12, 30), Period(30, Unit.CALENDAR_DAY))
    with pytest.raises(RulesError, match=r"rules\.day_out_of_range"):
        due(date(1969, 1, 1), Period(1, Unit.MONTH))
