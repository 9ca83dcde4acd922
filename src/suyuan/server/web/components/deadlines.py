"""Deadlines of the coming days as a strip, and of a month as a calendar: how many, how late, never by colour alone."""

import calendar
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

SOON_DAYS: Final = 3


@dataclass(frozen=True, slots=True)
class Due:
    """How many duties end on a day, and whether that day could still move (no official calendar yet)."""

    open: int
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """A day as it is shown: `tone` is late, soon, fine or none."""

    day: date
    due: Due
    tone: str
    address: str


def strip(due: Mapping[date, Due], today: date, address: Callable[[date], str], days: int = 30) -> list[Day]:
    """The coming days; whatever is overdue stands on the first."""
    late = sum(each.open for day, each in due.items() if day < today)
    shown = [_day(today + timedelta(days=step), due, today, address) for step in range(days)]
    if late:
        first = Due(late + shown[0].due.open, shown[0].due.provisional)
        shown[0] = Day(today, first, "late", address(today))
    return shown


def month(due: Mapping[date, Due], of: date, today: date, address: Callable[[date], str]) -> list[list[Day | None]]:
    """The weeks of a month, Monday first; None for days of its neighbours."""
    weeks = calendar.Calendar().monthdatescalendar(of.year, of.month)
    return [[_day(day, due, today, address) if day.month == of.month else None for day in week] for week in weeks]


def _day(day: date, due: Mapping[date, Due], today: date, address: Callable[[date], str]) -> Day:
    found = due.get(day, Due(0))
    if not found.open:
        tone = "none"
    elif day < today:
        tone = "late"
    else:
        tone = "soon" if (day - today).days <= SOON_DAYS else "fine"
    return Day(day, found, tone, address(day) if found.open else "")
