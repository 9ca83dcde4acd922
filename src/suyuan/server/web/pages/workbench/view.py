"""The page itself."""

from datetime import timedelta
from typing import Any, Final

from django.http import HttpResponse

from suyuan.rules.duties import State
from suyuan.server.accounts.models import Permission
from suyuan.server.answers.queries.duties import duties_of
from suyuan.server.answers.queries.periods import parse_period
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.submissions import queries
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.deadlines import strip
from suyuan.server.web.pages.deadlines.agenda import agenda, day_address, due_of, list_address, own_area, soon
from suyuan.server.web.pages.submissions.shown import kind_name, status_of, waits_for_mending
from suyuan.server.web.pages.workbench.standing import quality, stock
from suyuan.server.web.pages.workbench.today import tasks
from suyuan.server.web.surroundings import show

AHEAD_DAYS: Final = 30
WEEK_DAYS: Final = 7
RECENT: Final = 6


@member(at="company")
def work_page(request: PageRequest) -> HttpResponse:
    """What is to be done, what comes due, what was sent lately; and for whole companies stock and quality of data."""
    actor, today = request.actor, SYSTEM_CLOCK.today()
    scope = actor.scope
    first, last = soon(today)
    recent = queries.batches(scope, queries.Sought(), limit=RECENT)
    again = queries.brought_again(scope, [one.number for one in recent if one.refused])
    whole: dict[str, Any] = {}
    with cursor() as run:
        ahead = agenda(run, scope, actor.language, today, today + timedelta(days=AHEAD_DAYS), today)
        overdue = duties_of(run, scope, own_area(scope), parse_period(None, today)).overdue
        due_soon = sum(one.count for one in ahead if first <= one.day <= last)
        to_do = tasks(run, scope, today, overdue, due_soon)
        if scope.site is None:
            held = stock(run, scope, actor.language, today)
            whole = {"held": held, "quality": quality(run, scope, today, held, ahead)}
    days = strip(due_of(ahead), today, lambda day: day_address(day, today), AHEAD_DAYS)
    return show(
        request,
        "web/workbench.html",
        "web.work_title",
        as_of=SYSTEM_CLOCK.now(),
        tasks=to_do,
        strip=days,
        overdue=overdue,
        week=[one for one in ahead if (one.day - today).days < WEEK_DAYS],
        recent=[
            (one, status_of(one), kind_name(one.kind, actor.language), waits_for_mending(one, again.get(one.number, 0)))
            for one in recent
        ],
        may_submit=actor.may(Permission.SUBMIT),
        whole_company=scope.site is None,
        overdue_address=list_address(State.OVERDUE),
        **whole,
    )
