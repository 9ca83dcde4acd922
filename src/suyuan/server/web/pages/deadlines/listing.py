"""The duties behind every number of the calendar, and one with each step of its explanation."""

from datetime import date
from typing import Any, Final
from uuid import UUID

import psycopg
from django.http import HttpResponse
from django.urls import reverse

from suyuan.kernel import Language
from suyuan.rules import explanation_json, law
from suyuan.rules.duties import State
from suyuan.server.accounts.queries.views import saved_views
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.answers.queries.duties import due_days
from suyuan.server.answers.queries.periods import FIRST_DAY
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import Row as Stored
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.duties import DutyRow, Wanted, explained, page
from suyuan.server.supervision.queries.feeds import title_of
from suyuan.server.supervision.queries.resting import basis_of
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import Column, Count, Row, Status, Table, read_state
from suyuan.server.web.pages.deadlines.agenda import own_area
from suyuan.server.web.surroundings import show

_TONES: Final = {
    State.IN_TIME: "good",
    State.LATE: "warn",
    State.FULFILLED: "good",
    State.DUE: "info",
    State.OVERDUE: "bad",
    State.OPEN: "unknown",
    State.VOID: "off",
}
_MOST_DAYS: Final = 5000
_LAST_DAY: Final = date(9999, 1, 1)


def _columns(language: Language) -> tuple[Column, ...]:
    names = {name: versions[-1].title.in_language(language) for name, versions in sorted(law().duties.items())}
    states = tuple((one.value, f"supervision.state_{one.value}") for one in State)
    return (
        Column("duty", "web_deadlines.duty", filter="choice", choices=tuple(names.items())),
        Column("object", "web_deadlines.object", "code"),
        Column("started_on", "web_deadlines.started_on", "day"),
        Column("due_on", "web_deadlines.due_on", "day", filter="text"),
        Column("late", "web_deadlines.late_days", "number"),
        Column("state", "web_deadlines.state", "status", filter="choice", choices=states),
        Column("fulfilled_on", "web_deadlines.fulfilled_on", "day", shown=False),
    )


@member(at="company")
def list_page(request: PageRequest) -> HttpResponse:
    """Duties of the company that are not fulfilled, unless a state is asked for; of certain days, of one rule."""
    actor, today = request.actor, SYSTEM_CLOCK.today()
    state = read_state(request, _columns(actor.language))
    chosen = State(state.filters["state"]) if "state" in state.filters else None
    span = span_named(state.filters.get("due_on", ""))
    first, last = span or (None, None)
    wanted = Wanted(None, state.filters.get("duty"), chosen, first, last, unfulfilled=chosen is None)
    with cursor() as run:
        found = page(run, actor.scope, wanted, today, limit=state.size, cursor=state.after)
        count = _count(run, actor.scope, wanted, today)
    table = Table(
        "deadlines",
        _columns(actor.language),
        state,
        [_row(one, actor.language) for one in found.rows],
        found.following,
        count,
        views=saved_views(actor.member, "deadlines"),
        saves=True,
        empty="web_deadlines.list_none",
    )
    return show(
        request,
        "web/deadlines_list.html",
        "web_deadlines.list_title",
        crumbs=(("web_deadlines.title", reverse("web-deadlines")),),
        as_of=SYSTEM_CLOCK.now(),
        table=table,
        unclear=state.filters.get("due_on") if span is None and "due_on" in state.filters else None,
        unfulfilled=chosen is None,
    )


def span_named(text: str) -> tuple[date, date] | None:
    """``2026-11-25`` or ``2026-11-22..2026-11-25``; None for what names no days.

    >>> span_named("2026-11-25")
    (datetime.date(2026, 11, 25), datetime.date(2026, 11, 25))
    """
    begin, _, end = text.partition("..")
    try:
        return date.fromisoformat(begin.strip()), date.fromisoformat((end or begin).strip())
    except ValueError:
        return None


def _count(run: psycopg.Cursor[Stored], scope: Scope, wanted: Wanted, today: date) -> Count | None:
    """How many there are, from the fold by day; for other states nobody counts."""
    if wanted.state not in (State.DUE, State.OVERDUE):
        return None
    first, last = wanted.due_from or FIRST_DAY, wanted.due_to or _LAST_DAY
    first = max(first, today) if wanted.state is State.DUE else first
    before = date.fromordinal(last.toordinal() + 1)
    before = min(before, today) if wanted.state is State.OVERDUE else before
    lines = due_days(run, scope, own_area(scope), first, before, _MOST_DAYS)
    number = sum(line.duties for line in lines if wanted.duty in (None, line.duty))
    return Count(number, exact=len(lines) < _MOST_DAYS)


def _row(one: DutyRow, language: Language) -> Row:
    values = {
        "duty": title_of(one.version, one.duty, language),
        "object": one.object,
        "started_on": one.started_on,
        "due_on": one.due_on,
        "late": one.late_days,
        "state": _status(one),
        "fulfilled_on": one.fulfilled_on,
    }
    return Row(f"{one.record}:{one.duty}", values, reverse("web-deadline", args=[one.record, one.duty]))


def _status(one: DutyRow) -> Status:
    return Status(f"supervision.state_{one.state.value}", _TONES[one.state])


@member(at="company")
def duty_page(request: PageRequest, record: UUID, duty: str) -> HttpResponse:
    """Why a duty has its last day: rule, article, what was counted and what not; that it was read is noted."""
    actor = request.actor
    with cursor() as run:
        found = explained(run, actor.scope, record, duty, SYSTEM_CLOCK.today())
    log_reads(actor.principal, [Reading("duty", f"{record} {duty}")])
    one, told = found.duty, explanation_json(found.explanation, actor.language)
    context: dict[str, Any] = {
        "duty": one,
        "state": _status(one),
        "basis": basis_of(one.version, actor.language),
        "sure": f"rules.short_{one.status}",
        "steps": told["steps"],
        "skipped": told["skipped"],
        "recounts": found.recounts,
        "unfulfilled": one.state in (State.DUE, State.OVERDUE, State.OPEN),
    }
    return show(
        request,
        "web/deadline.html",
        title_of(one.version, one.duty, actor.language),
        crumbs=(
            ("web_deadlines.title", reverse("web-deadlines")),
            ("web_deadlines.list_title", reverse("web-deadlines-list")),
        ),
        as_of=SYSTEM_CLOCK.now(),
        **context,
    )
