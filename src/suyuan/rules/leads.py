"""When to tell of a last day: so many working days before it."""

from collections.abc import Collection
from datetime import date, timedelta

import numpy as np

from suyuan.rules.working_days import Calendar


def lead_day(calendar: Calendar, due: date, lead: int) -> date:
    """The day after which `lead` working days are left up to and including `due`; `due` itself for 0.

    >>> from suyuan.rules import calendar
    >>> lead_day(calendar(), date(2026, 11, 27), 1), lead_day(calendar(), date(2026, 11, 23), 1)
    (datetime.date(2026, 11, 26), datetime.date(2026, 11, 20))
    """
    if not lead:
        return due
    end = int(np.datetime64(due, "D").astype(np.int64))
    before = int(calendar.worked_until[end]) - lead  # working days up to the day wanted
    return date(1970, 1, 1) + timedelta(days=int(calendar.workdays[before - 1]))


def told_of(calendar: Calendar, after: date, today: date, leads: Collection[int]) -> list[tuple[date, int]]:
    """The last days, from `today` on, of which to tell today with which lead; `after` is the day last told.

    A day on which nobody told anything is made up for. Sorted by day and lead.
    """
    furthest = max(leads, default=0)
    found = []
    due = today
    while True:
        days = {lead: lead_day(calendar, due, lead) for lead in leads}
        found += [(due, lead) for lead, day in sorted(days.items()) if after < day <= today]
        if not days or days[furthest] > today:
            return found
        due += timedelta(days=1)
