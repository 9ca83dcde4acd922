"""Which days are worked: weekends, holidays and make-up days of the yearly notices.

Days are counted from 1970-01-01 in arrays that reach to 2199, so that whole columns of dates are
answered at once. A year without an official notice is worked from Monday to Friday and every answer
that touches it says that it is provisional.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from suyuan.rules.errors import RulesError

Days: TypeAlias = npt.NDArray[np.datetime64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

FIRST, LAST = date(1970, 1, 1), date(2199, 12, 31)
_SIZE = (LAST - FIRST).days + 1
_SATURDAY = 5


class DayKind(StrEnum):
    """Why a day is worked or not."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"  # a weekend day worked in exchange for a holiday


@dataclass(frozen=True, slots=True)
class Break:
    """One holiday of a notice: days off from `start` to `end`, and the weekend days worked for it."""

    zh: str
    en: str
    start: date
    end: date
    worked: tuple[date, ...] = ()

    def days(self) -> list[date]:
        """The days off."""
        return [self.start + timedelta(days=n) for n in range((self.end - self.start).days + 1)]


@dataclass(frozen=True, slots=True)
class Notice:
    """The holidays of one year. A notice may name days at the end of the year before."""

    year: int
    official: bool
    source: str
    breaks: tuple[Break, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """One day: whether it is worked, why, under which holiday, and whether an official notice says so."""

    date: date
    kind: DayKind
    official: bool
    zh: str = ""
    en: str = ""

    @property
    def worked(self) -> bool:
        """Whether it counts as a working day."""
        return self.kind in (DayKind.WORKDAY, DayKind.MAKE_UP)


def _place(day: date) -> int:
    if not FIRST <= day <= LAST:
        raise RulesError("rules.day_out_of_range", day=day.isoformat(), first=str(FIRST), last=str(LAST))
    return (day - FIRST).days


@dataclass(frozen=True, eq=False)
class Calendar:
    """All notices known, by year, and the arrays made from them.

    `worked` says of each day whether it is worked, `worked_until` how many days up to and including it
    are, `workdays` which ones, and `unsure_until` how many up to it lie in a year without official notice.
    """

    notices: dict[int, Notice]
    worked: Bools = field(init=False)
    worked_until: Ints = field(init=False)
    workdays: Ints = field(init=False)
    unsure_until: Ints = field(init=False)

    def __post_init__(self) -> None:
        worked = (np.arange(_SIZE) + FIRST.weekday()) % 7 < _SATURDAY
        for notice in self._in_order():
            for one in notice.breaks:
                worked[_place(one.start) : _place(one.end) + 1] = False
                worked[[_place(day) for day in one.worked]] = True
        years = np.arange(_SIZE).astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
        unsure = ~np.isin(years, self.official_years())
        made = {
            "worked": worked,
            "worked_until": np.cumsum(worked, dtype=np.int64),
            "workdays": np.flatnonzero(worked).astype(np.int64),
            "unsure_until": np.cumsum(unsure, dtype=np.int64),
        }
        for name, array in made.items():
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def _in_order(self) -> list[Notice]:
        return [self.notices[year] for year in sorted(self.notices)]

    def official_years(self) -> list[int]:
        """The years with an official notice, in order."""
        return [notice.year for notice in self._in_order() if notice.official]

    def day(self, day: date) -> Day:
        """What is known of one day."""
        _place(day)
        official = (notice := self.notices.get(day.year)) is not None and notice.official
        for notice in reversed(self._in_order()):
            for one in notice.breaks:
                if one.start <= day <= one.end and day not in one.worked:
                    return Day(day, DayKind.HOLIDAY, official, one.zh, one.en)
                if day in one.worked:
                    return Day(day, DayKind.MAKE_UP, official, one.zh, one.en)
        return Day(day, DayKind.WEEKEND if day.weekday() >= _SATURDAY else DayKind.WORKDAY, official)

    def with_notice(self, notice: Notice) -> "Calendar":
        """This calendar with one year told, or told anew."""
        return replace(self, notices={**self.notices, notice.year: notice})

    def working_days_between(self, start: Days, end: Days) -> Ints:
        """How many working days lie after `start` up to and including `end` (arrays of one shape)."""
        return self.worked_until[places(end)] - self.worked_until[places(start)]


def calendar_of(notices: Iterable[Notice]) -> Calendar:
    """The calendar that several notices make; the last one told of a year counts."""
    return Calendar({notice.year: notice for notice in notices})


def places(days: Days) -> Ints:
    """Days as numbers from 1970-01-01; `RulesError` if one lies outside 1970–2199."""
    numbers = days.astype("datetime64[D]").astype(np.int64)
    outside = (numbers < 0) | (numbers >= _SIZE)
    if outside.any():
        wrong = str(days[outside][0])
        raise RulesError("rules.day_out_of_range", day=wrong, first=str(FIRST), last=str(LAST))
    return numbers


def changed_days(before: Calendar, after: Calendar) -> list[tuple[Day, Day]]:
    """Days that one calendar works and the other does not, in order: what a new notice changes."""
    numbers = np.flatnonzero(before.worked != after.worked).tolist()
    days = [FIRST + timedelta(days=number) for number in numbers]
    return [(before.day(day), after.day(day)) for day in days]
