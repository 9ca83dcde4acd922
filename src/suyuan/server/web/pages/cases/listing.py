"""The cases of an authority, and those about a company."""

from typing import Any, Final

from django.http import HttpResponse
from django.http.response import HttpResponseBase

from suyuan.server.cases.queries.cases import CaseRow, Wanted, counts, page
from suyuan.server.cases.queries.procedure import CLOSED, procedure
from suyuan.server.cases.queries.wording import authority_name
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import Column, Count, Linked, Row, Table, read_state
from suyuan.server.web.pages.cases.case import case_address, words_of
from suyuan.server.web.surroundings import show

LATE: Final = "late"


@member(at="authority")
def authority_cases(request: PageRequest) -> HttpResponseBase:
    """Cases that the authority may see."""
    return _show(request)


@member(at="company")
def company_cases(request: PageRequest) -> HttpResponseBase:
    """Cases about the company, from the first letter on."""
    return _show(request)


def _columns(request: PageRequest) -> tuple[Column, ...]:
    language = request.actor.language
    states = tuple((name, title.in_language(language)) for name, title in procedure().states.items())
    firm = (Column("company", "web_cases.company", filter="text"),) if request.actor.is_authority else ()
    return (
        Column("number", "web_cases.number"),
        Column("title", "web_cases.about"),
        *firm,
        Column("state", "web_cases.state", "status", filter="choice", choices=states),
        Column("due", "web_cases.due", "status", filter="choice", choices=((LATE, "web_cases.late"),)),
        Column("due_on", "web_cases.due_on", "day"),
        Column("lead", "web_cases.lead"),
        Column("opened_at", "web_cases.opened_at", "day"),
        Column("outcome", "web_cases.outcome", shown=False),
    )


def _show(request: PageRequest) -> HttpResponse:
    scope, today, columns = request.actor.scope, SYSTEM_CLOCK.today(), _columns(request)
    state = read_state(request, columns)
    filters = state.filters
    everything = request.GET.get("all") == "1" or "state" in filters
    late = today if filters.get("due") == LATE else None
    wanted = Wanted(filters.get("state"), not everything, filters.get("company"), late)
    with cursor() as run:
        found = page(run, scope, wanted, limit=state.size, cursor=state.after)
        there_are = counts(run, scope, today)
    rows = [_row(request, one) for one in found.rows]
    labels = procedure().states
    overview = [
        (name, labels[name].in_language(request.actor.language), *there_are[name])
        for name in labels
        if name in there_are
    ]
    count = _count(wanted, there_are)
    context: dict[str, Any] = {
        "table": Table("cases", columns, state, rows, found.following, count, empty="web_cases.none"),
        "everything": everything,
        "overview": overview,
    }
    title = "web_cases.title" if request.actor.is_authority else "web_cases.title_own"
    return show(request, "web/cases.html", title, as_of=SYSTEM_CLOCK.now(), **context)


def _count(wanted: Wanted, there_are: dict[str, tuple[int, int]]) -> Count | None:
    """How many the table has, where the counts by state tell."""
    if wanted.company is not None:
        return None
    place = 1 if wanted.overdue_on else 0
    some = [
        count[place]
        for name, count in there_are.items()
        if wanted.state in (None, name) and not (wanted.unfinished and name == CLOSED)
    ]
    return Count(sum(some))


def _row(request: PageRequest, row: CaseRow) -> Row:
    told, address = words_of(row, request), case_address(request, row.number)
    values = {
        "number": row.number,
        "title": Linked(row.title, address),
        "company": told["company_name"],
        "state": told["state"],
        "due": told["due"],
        "due_on": row.fold.due_on,
        "lead": authority_name(row.fold.lead, SYSTEM_CLOCK.today(), request.actor.language),
        "opened_at": row.opened_at,
        "outcome": told["outcome"],
    }
    return Row(str(row.number), values, address)
