"""The period that an answer is about: a month, a quarter, a year, or all that is recorded."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from suyuan.server.kit.problems import Refusal

FIRST_DAY: Final = date(2000, 1, 1)
"""Before the first record."""
_FORM: Final = re.compile(r"(\d{4})(?:-(?:(0[1-9]|1[0-2])|Q([1-4])))?", re.ASCII)
_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class Period:
    """From the day `start` until, not including, the day `end`; `on` is the day as of which stocks are told.

    `name` is 2026-10, 2026-Q4, 2026 or ``all``. `today` is the day of asking: what is overdue is so today.
    """

    name: str
    start: date
    end: date
    today: date

    @property
    def on(self) -> date:
        """The last day of the period, or today if that comes first."""
        return min(self.today, self.end - timedelta(days=1))

    @property
    def months(self) -> list[date]:
        """The first day of every month that has begun."""
        found, month = list[date](), self.start.replace(day=1)
        while month <= self.on:
            found.append(month)
            month = next_month(month)
        return found


def next_month(day: date) -> date:
    """The first day of the month after.

    >>> next_month(date(2026, 12, 31))
    datetime.date(2027, 1, 1)
    """
    return date(day.year + day.month // _MONTHS, day.month % _MONTHS + 1, 1)


def parse_period(name: str | None, today: date) -> Period:
    """The period of a name; without one the year of today.

    Raises
    ------
    Refusal
        ``answers.period_unclear``, or ``answers.period_ahead`` for one that has not begun.

    >>> parse_period("2026-Q4", date(2026, 11, 22)).end
    datetime.date(2027, 1, 1)
    """
    told = str(today.year) if name is None else name
    if told == "all":
        return Period(told, FIRST_DAY, today + timedelta(days=1), today)
    match = _FORM.fullmatch(told)
    if match is None or int(match[1]) < FIRST_DAY.year:
        raise Refusal("answers.period_unclear", period=told[:40])
    year, month, quarter = int(match[1]), match[2], match[3]
    first = int(month) if month else 3 * int(quarter) - 2 if quarter else 1
    length = 1 if month else 3 if quarter else _MONTHS
    start = date(year, first, 1)
    if start > today:
        raise Refusal("answers.period_ahead", period=told, today=str(today))
    end = start
    for _ in range(length):
        end = next_month(end)
    return Period(told, start, end, today)
