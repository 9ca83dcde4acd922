"""Duties of the companies of an area: who is late with what, and the case it becomes."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from suyuan.kernel import Language
from suyuan.rules import explanation_json, law
from suyuan.rules.duties import State
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.accounts.services.views import saved_views
from suyuan.server.cases.queries.cases import cases_about
from suyuan.server.cases.services.opening import LATE
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.names import companies_named
from suyuan.server.supervision.queries.duties import DutyRow, Wanted, explained, page
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import Action, Column, Linked, Row, Status, Table, read_state
from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.cases.acting import OF_AUTHORITIES
from suyuan.server.web.pages.cases.forms import duty_title
from suyuan.server.web.surroundings import show

TONES: Final = {
    "fulfilled_in_time": "good",
    "fulfilled_late": "warn",
    "fulfilled": "good",
    "due": "info",
    "overdue": "bad",
    "open": "unknown",
    "void": "off",
}


def _columns(language: Language) -> tuple[Column, ...]:
    names = tuple((name, versions[-1].title.in_language(language)) for name, versions in sorted(law().duties.items()))
    states = tuple((one.value, f"supervision.state_{one.value}") for one in State if one is not State.OVERDUE)
    usual = f"supervision.state_{State.OVERDUE.value}"
    return (
        Column("duty", "web_duties.duty", filter="choice", choices=names),
        Column("company", "web_duties.company", filter="text"),
        Column("object", "web_duties.object"),
        Column("started_on", "web_duties.started_on", "day"),
        Column("due_on", "web_duties.due_on", "day"),
        Column("late", "web_duties.late", "number"),
        Column("state", "web_duties.state", "status", filter="choice", choices=states, any_text=usual),
        Column("case", "web_duties.case"),
    )


@member(at="authority")
def duties_page(request: PageRequest) -> HttpResponseBase:
    """What is overdue in the area, unless another state is asked for; each becomes a case by one button."""
    actor, today = request.actor, SYSTEM_CLOCK.today()
    columns = _columns(actor.language)
    state = read_state(request, columns)
    filters = state.filters
    firm = _firm(actor.scope, filters["company"]) if "company" in filters else None
    wanted = Wanted(firm, filters.get("duty"), State(filters.get("state", State.OVERDUE.value)))
    with cursor() as run:
        found = page(run, actor.scope, wanted, today, limit=state.size, cursor=state.after)
        cases = cases_about(run, actor.scope, [], [_key(one) for one in found.rows])
    able = actor.role in OF_AUTHORITIES
    table = Table(
        "duties",
        columns,
        state,
        [_row(one, cases.get(_key(one)), actor.language, able=able) for one in found.rows],
        found.following,
        actions=(Action("web_duties.open_case", reverse("web-g-case-open"), "file-text"),) if able else (),
        views=saved_views(actor.member, "duties"),
        saves=True,
        empty="web_duties.none",
    )
    context: dict[str, Any] = {"table": table, "shown": wanted.state, "as_of": SYSTEM_CLOCK.now()}
    return show(request, "web/duties.html", "web_duties.title", **context)


def _firm(scope: Scope, typed: str) -> str:
    """The code of the company whose name is meant; what is typed itself where it is a code, or nobody's name."""
    named = companies_named(scope, typed, 1)
    return named[0].code if named else typed


def _key(one: DutyRow) -> tuple[UUID, str]:
    return UUID(one.record), one.duty


def _row(one: DutyRow, case: int | None, language: Language, *, able: bool) -> Row:
    address = reverse("web-duty", args=[one.record, one.duty])
    values = {
        "duty": Linked(duty_title(one.version, language), address),
        "company": _company(one, language),
        "object": one.object,
        "started_on": one.started_on,
        "due_on": one.due_on,
        "late": one.late_days,
        "state": Status(f"supervision.state_{one.state.value}", TONES[one.state.value]),
        "case": Linked(case, reverse("web-g-case", args=[case])) if case else "",
    }
    actions = (Action("web_duties.open_case", reverse("web-g-case-open"), "file-text"),)
    offered = able and case is None and one.state.value in LATE
    return Row(f"d{one.record}:{one.duty}", values, address, actions if offered else ())


def _company(one: DutyRow, language: Language) -> str:
    return one.name_en if language is Language.EN and one.name_en else one.name_zh


@member(at="authority")
def duty_page(request: PageRequest, record: UUID, duty: str) -> HttpResponse:
    """One duty with each step of its explanation; that it was read is noted."""
    actor, language = request.actor, request.actor.language
    with cursor() as run:
        found = explained(run, actor.scope, record, duty, SYSTEM_CLOCK.today())
        case = cases_about(run, actor.scope, [], [(record, duty)]).get((record, duty))
    log_reads(actor.principal, [Reading("duty", f"{record} {duty}")])
    one, told = found.duty, explanation_json(found.explanation, language)
    context: dict[str, Any] = {
        "duty": one,
        "key": f"d{one.record}:{one.duty}",
        "company": _company(one, language),
        "state": Status(f"supervision.state_{one.state.value}", TONES[one.state.value]),
        "sure": f"rules.short_{one.status}",
        "steps": [each["message"] for each in told["steps"]],
        "skipped": [each["message"] for each in told["skipped"]],
        "recounts": found.recounts,
        "case": case,
        "offered": case is None and one.state.value in LATE and actor.role in OF_AUTHORITIES,
        "title_data": {"title": duty_title(one.version, language)},
        "as_of": SYSTEM_CLOCK.now(),
    }
    return show(
        request, "web/duty.html", "web_duties.one", crumbs=(("web_duties.title", reverse("web-duties")),), **context
    )


urlpatterns = [
    path("g/duties", require_safe(duties_page), name="web-duties"),
    path("g/duties/<uuid:record>/<str:duty>", require_safe(duty_page), name="web-duty"),
]
MENU = (Entry("web_duties.title", "web-duties", "calendar-event", "authority", 30),)
