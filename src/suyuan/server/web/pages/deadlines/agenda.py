"""What is still owed by day and rule, and where each of these numbers opens to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from urllib.parse import urlencode

import psycopg
from django.urls import reverse

from suyuan.kernel import Language
from suyuan.rules.duties import State
from suyuan.server.answers.queries.areas import Area
from suyuan.server.answers.queries.duties import due_days
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.calendars import known_calendar
from suyuan.server.supervision.queries.feeds import title_of
from suyuan.server.supervision.queries.resting import basis_of, may_move
from suyuan.server.web.components.deadlines import SOON_DAYS, Due
from suyuan.server.web.components.table import Status


@dataclass(frozen=True, slots=True)
class Owed:
    """So many duties of one kind that end on one day: title, what it rests on, whether the day may still move."""

    duty: str
    title: str
    basis: str
    count: int
    provisional: bool
    address: str


@dataclass(frozen=True, slots=True)
class OwedOn:
    """A day of the agenda."""

    day: date
    count: int
    owed: Sequence[Owed]
    status: Status
    address: str


def own_area(scope: Scope) -> Area:
    """What a company or an outlet owes is counted over all that its scope sees."""
    return Area(scope, f"#{scope.company}", "")


def list_address(state: State, first: date | None = None, last: date | None = None, duty: str | None = None) -> str:
    """The duties in a state with a last day in a span, exactly."""
    days = f"{first}" if first == last else f"{first}..{last}"
    asked = {"f.state": state.value, "f.due_on": days if first else None, "f.duty": duty}
    told = urlencode({name: value for name, value in asked.items() if value})
    return f"{reverse('web-deadlines-list')}?{told}"


def day_address(day: date, today: date, duty: str | None = None) -> str:
    """The open duties that end on a day."""
    return list_address(State.OVERDUE if day < today else State.DUE, day, day, duty)


def agenda(
    run: psycopg.Cursor[Row], scope: Scope, language: Language, first: date, before: date, today: date
) -> list[OwedOn]:
    """What is still owed with a last day from `first` until, not including, `before`."""
    known = known_calendar()
    found = []
    for day, lines in groupby(due_days(run, scope, own_area(scope), first, before), lambda one: one.day):
        owed = [
            Owed(
                line.duty,
                title_of(line.version, line.duty, language),
                basis_of(line.version, language),
                line.duties,
                may_move(line.version, day, known),
                day_address(day, today, line.duty),
            )
            for line in lines
        ]
        count = sum(one.count for one in owed)
        found.append(OwedOn(day, count, owed, status_of_day(day, today), day_address(day, today)))
    return found


def status_of_day(day: date, today: date) -> Status:
    """How near a last day is, in words."""
    left = (day - today).days
    if left < 0:
        return Status("web_deadlines.late_by", "bad", {"days": -left})
    if left == 0:
        return Status("web_deadlines.due_today", "warn")
    return Status("web_deadlines.days_left", "warn" if left <= SOON_DAYS else "good", {"days": left})


def due_of(days: Sequence[OwedOn]) -> Mapping[date, Due]:
    """The same for strip and month."""
    return {one.day: Due(one.count, any(each.provisional for each in one.owed)) for one in days}


def soon(today: date) -> tuple[date, date]:
    """The days that count as soon: today and the three after it."""
    return today, today + timedelta(days=SOON_DAYS)
