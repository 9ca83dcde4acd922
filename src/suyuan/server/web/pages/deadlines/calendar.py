"""The month with its agenda."""

from datetime import date, timedelta
from typing import Final

from django.http import HttpResponse
from django.urls import reverse

from suyuan.rules.duties import State
from suyuan.server.answers.queries.duties import duties_of
from suyuan.server.answers.queries.periods import FIRST_DAY, next_month, parse_period
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.supervision.queries.feeds import feed_there_is, notices
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.deadlines import month
from suyuan.server.web.pages.deadlines.agenda import agenda, day_address, due_of, list_address, own_area
from suyuan.server.web.surroundings import show

LAST_YEAR: Final = 2198
_UNREAD: Final = 100


@member(at="company")
def calendar_page(request: PageRequest) -> HttpResponse:
    """A month of last days, the list below it, and what is overdue."""
    scope, today = request.actor.scope, SYSTEM_CLOCK.today()
    first = month_named(request.GET.get("month", ""), today)
    with cursor() as run:
        days = agenda(run, scope, request.actor.language, first, next_month(first), today)
        overdue = duties_of(run, scope, own_area(scope), parse_period(None, today)).overdue
        unread = len(notices(run, scope, unread=True, limit=_UNREAD).rows)
        feed = feed_there_is(run, scope)
    address = reverse("web-deadlines")
    return show(
        request,
        "web/deadlines.html",
        "web_deadlines.title",
        as_of=SYSTEM_CLOCK.now(),
        month=month(due_of(days), first, today, lambda day: day_address(day, today)),
        month_name=f"{first:%Y-%m}",
        previous=f"{address}?month={first - timedelta(days=1):%Y-%m}",
        following=f"{address}?month={next_month(first):%Y-%m}",
        is_now=first == today.replace(day=1),
        days=days,
        overdue=overdue,
        overdue_address=list_address(State.OVERDUE),
        unread=unread,
        feed=feed,
        whole_company=scope.site is None,
    )


def month_named(text: str, today: date) -> date:
    """The first day of a month named 2026-11; of this month where that names none."""
    try:
        found = date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
    return found if found >= FIRST_DAY and found.year <= LAST_YEAR else today.replace(day=1)
