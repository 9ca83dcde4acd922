"""Deadlines of an area: a month at a glance, day by day as a list, and as a calendar file for other programs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID, uuid5

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from suyuan.kernel import sentence
from suyuan.kernel.findings import Value
from suyuan.rules import Duty, RulesError, law
from suyuan.rules.icalendar import Entry, calendar_text
from suyuan.rules.periods import LastDay, Unit
from suyuan.server.answers.queries import asking
from suyuan.server.answers.queries.duties import DueDay, due_days, duties_of
from suyuan.server.answers.queries.periods import FIRST_DAY, next_month
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.supervision.queries.calendars import known_calendar
from suyuan.server.supervision.queries.feeds import title_of
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.deadlines import SOON_DAYS, Due, month
from suyuan.server.web.pages.oversight.flowing import ROWS
from suyuan.server.web.pages.oversight.overview import frame
from suyuan.server.web.pages.oversight.question import Question, asked, one_moment
from suyuan.server.web.surroundings import show

PATH: Final = "/g/calendar"
_ENTRIES_BELOW: Final = UUID("3e1f6a54-9a0c-5d4e-9c39-2f5d0d2b7a11")
_LAST_YEAR: Final = 2198
_AHEAD_YEARS: Final = 2


@dataclass(frozen=True, slots=True)
class Owed:
    """So many duties of one kind that end on one day: title, the article they rest on, and whether the day may move."""

    title: str
    basis: str
    count: int
    provisional: bool


@dataclass(frozen=True, slots=True)
class DayOwed:
    """A day of the list; `tone` is late, soon or fine."""

    day: date
    count: int
    owed: Sequence[Owed]
    tone: str
    address: str


@member(at="authority")
def calendar_page(request: PageRequest) -> HttpResponse:
    """The month."""
    about = asked(request)
    today = about.period.today
    first = _month(request.GET.get("month", ""), today)
    with one_moment() as run:
        seen = asking.version(run)
        found = due_days(run, about.scope, about.area, first, next_month(first))
        overdue = duties_of(run, about.scope, about.area, about.period).overdue
    official = frozenset(known_calendar().official_years())
    days = [_day(about, day, list(several), official) for day, several in groupby(found, lambda one: one.day)]
    due = {one.day: Due(one.count, any(each.provisional for each in one.owed)) for one in days}
    before = first - timedelta(days=1)
    return show(
        request,
        "web/oversight_calendar.html",
        "web_oversight.calendar_title",
        as_of=seen.folded_at,
        **frame(about),
        seen=seen,
        month=month(due, first, today, lambda day: _rows(about, day)),
        month_name=f"{first:%Y-%m}",
        before=about.to(PATH, month=f"{before:%Y-%m}"),
        after=about.to(PATH, month=f"{next_month(first):%Y-%m}"),
        days=days,
        overdue=overdue,
        overdue_rows=about.to(ROWS, of="overdue"),
        file=about.to(f"{PATH}.ics"),
    )


@member(at="authority")
def calendar_file(request: PageRequest) -> HttpResponse:
    """What is still owed in the area as a calendar: one entry a kind of duty and day."""
    about, now = asked(request), SYSTEM_CLOCK.now()
    ahead = date(about.period.today.year + _AHEAD_YEARS, 12, 31)
    with one_moment() as run:
        found = due_days(run, about.scope, about.area, FIRST_DAY, ahead)
    official = frozenset(known_calendar().official_years())
    title = sentence("web_oversight.calendar_of", {"area": about.name(about.area)}, about.language)
    text = calendar_text(title, [_entry(about, one, official) for one in found], now)
    response = HttpResponse(text.encode(), content_type="text/calendar; charset=utf-8")
    file = f"suyuan-deadlines-{about.area.code}.ics"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=file) or ""
    return response


def _month(text: str, today: date) -> date:
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return found if found >= FIRST_DAY and found.year <= _LAST_YEAR else today.replace(day=1)


def _rows(about: Question, day: date) -> str:
    return about.to(ROWS, of="due_on", day=day)


def _day(about: Question, day: date, several: Sequence[DueDay], official: frozenset[int]) -> DayOwed:
    left = (day - about.period.today).days
    owed = [_owed(about, one, official) for one in several]
    tone = "late" if left < 0 else "soon" if left <= SOON_DAYS else "fine"
    return DayOwed(day, sum(one.count for one in owed), owed, tone, _rows(about, day))


def _owed(about: Question, one: DueDay, official: frozenset[int]) -> Owed:
    title = title_of(one.version, one.duty, about.language)
    rule = _rule(one.version)
    if rule is None:
        return Owed(title, "", one.duties, provisional=False)
    instrument = law().instruments[rule.instrument]
    basis = f"{instrument.title.in_language(about.language)} {rule.article}".strip()
    return Owed(title, basis, one.duties, provisional=_by_working_days(rule) and one.day.year not in official)


def _rule(version: str) -> Duty | None:
    try:
        found = law().version(version)
    except RulesError:
        return None
    return found if isinstance(found, Duty) else None


def _by_working_days(rule: Duty) -> bool:
    """Whether working days decide its last day: where nobody has published those of a year, it may move."""
    period = rule.period
    return period is not None and (period.unit is Unit.WORKING_DAY or period.last_day is LastDay.NEXT_WORKING_DAY)


def _entry(about: Question, one: DueDay, official: frozenset[int]) -> Entry:
    told = _owed(about, one, official)
    data: dict[str, Value] = {
        "title": told.title,
        "count": one.duties,
        "due": str(one.day),
        "basis": told.basis,
        "version": one.version,
    }
    uid = f"{uuid5(_ENTRIES_BELOW, f'{about.area.code} {one.version} {one.day}')}@{settings.LOG_BASE}"
    state = "overdue" if one.day < about.period.today else "due"
    summary = sentence(f"web_oversight.entry_{state}", data, about.language)
    text = sentence("web_oversight.entry_about", data, about.language)
    return Entry(uid, one.day, not told.provisional, 0, summary, text)
