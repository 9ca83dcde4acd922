"""Counting a period from a day: working days, calendar days, months; whole columns at once.

Rules, written down once (the Civil Code's articles 201 to 203 are the model, and each rule's file says
which of them it takes over):

- The day after the start is day 1 (`FirstDay.NEXT`), or the start itself is (`FirstDay.SAME`).
- A period in months ends on the day of the same number; a month that has none ends it on its last
  day: 31 January and one month is 28 February, or the 29th.
- A period in working days ends on a working day. Another one ends as it falls (`LastDay.AS_IT_FALLS`)
  or, where its last day is not worked, on the next that is (`LastDay.NEXT_WORKING_DAY`).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np

from suyuan.rules.errors import RulesError
from suyuan.rules.working_days import FIRST, Bools, Calendar, Day, Days, Ints, places

_EPOCH = np.datetime64(FIRST, "D")


class Unit(StrEnum):
    """What a period is counted in."""

    WORKING_DAY = "working_day"
    CALENDAR_DAY = "calendar_day"
    MONTH = "month"


class FirstDay(StrEnum):
    """Which day counts as 1."""

    NEXT = "next_day"
    SAME = "same_day"


class LastDay(StrEnum):
    """What becomes of a last day that is not worked."""

    AS_IT_FALLS = "as_it_falls"
    NEXT_WORKING_DAY = "next_working_day"


@dataclass(frozen=True, slots=True)
class Period:
    """So many days or months, and how they are counted."""

    count: int
    unit: Unit
    first_day: FirstDay = FirstDay.NEXT
    last_day: LastDay = LastDay.AS_IT_FALLS

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"a period is at least 1 {self.unit}, not {self.count}")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Last days of many periods, and of each whether official notices decide it."""

    due: Days
    official: Bools


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day of one period, whether official notices decide it, and the days that were not counted."""

    start: date
    due: date
    official: bool
    skipped: tuple[Day, ...]


def deadlines(calendar: Calendar, period: Period, starts: Days) -> Deadlines:
    """The last day of `period` from each of `starts` (days, shape n, none missing)."""
    before = places(starts) - (period.first_day is FirstDay.SAME)
    match period.unit:
        case Unit.WORKING_DAY:
            due = _working_day(calendar, before, period.count)
            looked_at = before
        case Unit.CALENDAR_DAY:
            due, looked_at = _moved(calendar, period, before + period.count)
        case Unit.MONTH:
            due, looked_at = _moved(calendar, period, _months_later(before, period.count))
    official = calendar.unsure_until[_inside(due)] == calendar.unsure_until[looked_at]
    return Deadlines(_EPOCH + due.astype("timedelta64[D]"), official)


def _inside(numbers: Ints) -> Ints:
    return places(_EPOCH + numbers.astype("timedelta64[D]"))


def _working_day(calendar: Calendar, before: Ints, count: int) -> Ints:
    """The working day number `count` after each day."""
    place = calendar.worked_until[_inside(before)] + count - 1
    if len(place) and place.max() >= len(calendar.workdays):
        raise RulesError("rules.period_too_long", count=count)
    return calendar.workdays[place]


def _moved(calendar: Calendar, period: Period, falls: Ints) -> tuple[Ints, Ints]:
    """Where the last day stands at the end, and the last day whose calendar did not matter for it."""
    if period.last_day is LastDay.AS_IT_FALLS:
        return falls, falls
    return _working_day(calendar, falls - 1, 1), falls - 1


def _months_later(numbers: Ints, count: int) -> Ints:
    days = _EPOCH + numbers.astype("timedelta64[D]")
    month = days.astype("datetime64[M]")
    day_of_month = (days - month.astype("datetime64[D]")).astype(np.int64)
    target = month + np.timedelta64(count, "M")
    length = ((target + 1).astype("datetime64[D]") - target.astype("datetime64[D]")).astype(np.int64)
    start = target.astype("datetime64[D]").astype(np.int64)
    return np.asarray(start + np.minimum(day_of_month, length - 1), np.int64)


def deadline(calendar: Calendar, period: Period, start: date) -> Deadline:
    """The last day of one period, with every day that was not counted and why.

    A period in working days skips each day that is not worked; another one only those on which its
    last day would have fallen.
    """
    answer = deadlines(calendar, period, np.array([start], "datetime64[D]"))
    due: date = answer.due[0].astype(object)
    first = start + timedelta(days=period.first_day is FirstDay.NEXT)
    if period.unit is not Unit.WORKING_DAY:
        first = falls_on(period, start)
    between = (calendar.day(first + timedelta(days=n)) for n in range((due - first).days + 1))
    moves = period.unit is Unit.WORKING_DAY or period.last_day is LastDay.NEXT_WORKING_DAY
    skipped = tuple(day for day in between if moves and not day.worked)
    return Deadline(start, due, bool(answer.official[0]), skipped)


def falls_on(period: Period, start: date) -> date:
    """The last day of a period in days or months before it is moved to a working day."""
    before = places(np.array([start], "datetime64[D]")) - (period.first_day is FirstDay.SAME)
    later = _months_later(before, period.count) if period.unit is Unit.MONTH else before + period.count
    fallen: date = (_EPOCH + later.astype("timedelta64[D]"))[0].astype(object)
    return fallen
