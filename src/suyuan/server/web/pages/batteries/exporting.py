"""Exports of the list: chosen rows or all that were found, as a job; with vehicles' numbers after an approval."""

from typing import Any, Final

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse

from suyuan.kernel import SuyuanError
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.accounts.services.disclosures import disclosures
from suyuan.server.answers.queries.batteries import Sought, count_batteries
from suyuan.server.answers.queries.exports import KEPT_FOR, PERSONAL, Export, export_of, exports_of, file_of
from suyuan.server.answers.services.exporting import COLUMNS, ExportOrder, ask_export, begin_export, cancel_export
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Refusal, status_of
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.blocks import Progress
from suyuan.server.web.components.table import MOST_SELECTED, read_state, selected
from suyuan.server.web.pages.batteries.asked import columns_of, sought_of
from suyuan.server.web.pages.batteries.listing import home_of
from suyuan.server.web.surroundings import flash, show

FORMS: Final = ("xlsx", "csv", "parquet")
_ENDED: Final = ("done", "failed", "cancelled")


@member()
def export_page(request: PageRequest) -> HttpResponseBase:
    """What is exported, with which columns, in which form; a form with ``order`` asks for it."""
    trouble: SuyuanError | None = None
    told = request.POST if request.method == "POST" else request.GET
    if "order" in request.POST:
        try:
            number = ask_export(request.actor.member, _order(request))
        except SuyuanError as error:
            trouble = error
        else:
            return HttpResponseRedirect(reverse("web-batteries-exported", args=[number]))
    sought, shown = _asked(request, told)
    today = SYSTEM_CLOCK.today()
    with cursor() as run:
        counted = count_batteries(run, request.actor.scope, sought, today)
    chosen = set(told.getlist("column")) or set(shown)
    context: dict[str, Any] = {
        "counted": counted,
        "query": told.get("query", ""),
        "rows": list(sought.codes or ()),
        "columns": [(name, name in chosen, name in PERSONAL) for name in COLUMNS],
        "forms": FORMS,
        "form": told.get("form", FORMS[0]),
        "purpose": told.get("purpose", ""),
        "trouble": trouble,
        "status": status_of(trouble) if trouble else 200,
    }
    return show(request, "web/batteries_export.html", "web_batteries.export", crumbs=_crumbs(request), **context)


def _order(request: PageRequest) -> ExportOrder:
    told = request.POST
    sought, _ = _asked(request, told)
    columns = tuple(told.getlist("column"))
    return ExportOrder(sought, columns, told.get("form", ""), request.actor.language, told.get("purpose", ""))


def _asked(request: PageRequest, told: QueryDict) -> tuple[Sought, list[str]]:
    """Which batteries: the rows chosen, or all that the list's filters find; and the columns it showed.

    Raises
    ------
    Refusal
        ``web_batteries.filter_unreadable``, ``web_batteries.none_chosen``.
    """
    columns = columns_of(request.actor.language, authority=request.actor.is_authority)
    listed = HttpRequest()
    listed.GET = QueryDict(told.get("query", "")[:2000])
    state = read_state(listed, columns)
    sought, wrong = sought_of(state.filters, SYSTEM_CLOCK.today())
    if wrong:
        raise Refusal("web_batteries.filter_unreadable", value=state.filters[wrong])
    names = ["vehicle" if name == "vin" else name for name in state.columns]
    rows = selected(request)
    if request.method == "POST" and "all" not in told:
        if not rows:
            raise Refusal("web_batteries.none_chosen", most=MOST_SELECTED)
        return Sought(codes=tuple(rows)), [name for name in names if name in COLUMNS]
    return sought, [name for name in names if name in COLUMNS and name not in PERSONAL]


@member()
def exports_page(request: PageRequest) -> HttpResponse:
    """One's exports."""
    now = SYSTEM_CLOCK.now()
    listed = [(each, each.gone(now)) for each in exports_of(request.actor.member)]
    return show(
        request, "web/batteries_exports.html", "web_batteries.exports", crumbs=_crumbs(request), listed=listed, now=now
    )


@member()
def one_page(request: PageRequest, number: int) -> HttpResponse:
    """One export: what it waits for, how far it is, or its file."""
    found = export_of(request.actor.member, number)
    context: dict[str, Any] = {
        "export": found,
        "progress": _progress(found),
        "days": KEPT_FOR.days,
        "approval": _approval(request, found),
    }
    crumbs = (*_crumbs(request), ("web_batteries.exports", reverse("web-batteries-exports")))
    return show(request, "web/batteries_exported.html", "web_batteries.export", crumbs=crumbs, **context)


@member()
def part(request: PageRequest, number: int) -> HttpResponse:
    """How far it is, alone."""
    found = export_of(request.actor.member, number)
    return HttpResponse(render_to_string("web/parts/progress.html", {"progress": _progress(found)}, request))


@member()
def begin(request: PageRequest, number: int) -> HttpResponseBase:
    """Begin what was approved."""
    begin_export(request.actor.member, number)
    return HttpResponseRedirect(reverse("web-batteries-exported", args=[number]))


@member()
def cancel(request: PageRequest, number: int) -> HttpResponseBase:
    """Cancel it."""
    cancel_export(request.actor.member, number)
    flash(request, "web_batteries.export_cancelled", number=number)
    return HttpResponseRedirect(reverse("web-batteries-exports"))


@member()
def file(request: PageRequest, number: int) -> HttpResponseBase:
    """Its file."""
    found, path = file_of(request.actor.member, number, SYSTEM_CLOCK.now())
    log_reads(request.actor.principal, [Reading("export.batteries", str(number))])
    return FileResponse(path.open("rb"), as_attachment=True, filename=found.name)


def _progress(found: Export) -> Progress:
    """The export as the shared part shows it."""
    return Progress(
        reverse("web-batteries-export-part", args=[found.number]),
        "web_batteries.export_step_waiting" if found.state == "waiting" else "web_batteries.export_step_reading",
        found.done,
        max(found.total or 0, found.done) or None,
        found.state if found.state in _ENDED else "running",
        found.started_at or found.asked_at,
        SYSTEM_CLOCK.now(),
        cancel="" if found.state in _ENDED else reverse("web-batteries-export-cancel", args=[found.number]),
        result=reverse("web-batteries-export-file", args=[found.number]) if found.state == "done" else "",
        error="" if found.state != "failed" else str(found.number),
    )


def _approval(request: PageRequest, found: Export) -> str:
    """How the approval stands that it waits for; empty where it waits for none."""
    if found.state != "asked":
        return ""
    now = SYSTEM_CLOCK.now()
    states = [each.state(now) for each in disclosures(request.actor.scope) if each.number == found.disclosure]
    return states[0] if states else "expired"


def _crumbs(request: PageRequest) -> tuple[tuple[str, str], ...]:
    return (("web_batteries.title", home_of(request)),)
