"""Reports: make one, fetch it again under its number with the same figures, and see it as pages, workbook or data."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from suyuan.codes.divisions import division as division_of
from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.answers.queries.areas import NATION
from suyuan.server.answers.queries.measures import measures
from suyuan.server.answers.queries.papers import FORMS, report_file
from suyuan.server.answers.queries.reports import Kept, find, reports
from suyuan.server.answers.services.reporting import Order, make_report
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing, status_of
from suyuan.server.registry.queries import by_uscc
from suyuan.server.registry.queries.names import names
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import Column, Linked, Row, Table, read_state
from suyuan.server.web.pages.oversight.question import Question, area_named, asked
from suyuan.server.web.surroundings import show

HOMES: Final = {"authority": "/g/reports", "company": "/w/reports"}
KINDS: Final = {
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
ONE_MOMENT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
_MONTHS: Final = 12
_COLUMNS: Final = (
    Column("period", "web_reports.period"),
    Column("template", "web_reports.kind"),
    Column("area", "web_reports.area"),
    Column("as_of", "web_reports.as_of", "day"),
    Column("made_at", "web_reports.made_at", "moment"),
    Column("made_by", "web_reports.made_by"),
    Column("version", "web_reports.version"),
    Column("xlsx", "web_reports.xlsx"),
    Column("pdf", "web_reports.pdf"),
    Column("json", "web_reports.json"),
)


def home_of(request: PageRequest) -> str:
    """Where the reports of somebody stand: those of authorities below ``/g``, those of companies below ``/w``."""
    return HOMES["authority" if request.actor.is_authority else "company"]


@member(at="authority")
def reports_page(request: PageRequest) -> HttpResponseBase:
    """The reports of authorities: make one, and those that were made."""
    return _made(request) if request.method == "POST" else _listed(request)


@member(at="company")
def own_reports_page(request: PageRequest) -> HttpResponseBase:
    """The same for a company, about itself."""
    return _made(request) if request.method == "POST" else _listed(request)


@member(at="authority")
def report_page(request: PageRequest, identity: UUID) -> HttpResponse:
    """One report as it was made."""
    return _shown(request, identity)


@member(at="company")
def own_report_page(request: PageRequest, identity: UUID) -> HttpResponse:
    """The same for a company."""
    return _shown(request, identity)


@member(at="authority")
def report_paper(request: PageRequest, identity: UUID, form: str) -> HttpResponse:
    """One report as a file."""
    return _file(request, identity, form)


@member(at="company")
def own_report_paper(request: PageRequest, identity: UUID, form: str) -> HttpResponse:
    """The same for a company."""
    return _file(request, identity, form)


def _made(request: PageRequest) -> HttpResponseBase:
    """Make a report and lead to it; what is wrong with the order is said beside the form."""
    told, actor, now = request.POST, request.actor, SYSTEM_CLOCK.now()
    template, _, period = told.get("order", "").partition(":")
    try:
        area = area_named(actor.scope, told, SYSTEM_CLOCK.today())
        with transaction.atomic(), cursor() as run:
            run.execute(ONE_MOMENT)
            kept = make_report(run, actor.scope, area, Order(template, period[:20] or None, actor.login))
            about = {"template": kept.template, "period": kept.period, "area": kept.area}
            note_deed(actor.person, actor.scope, "answer.report", str(kept.id), now, about)
    except SuyuanError as trouble:
        return _listed(request, trouble)
    ending = f".{told['form']}" if told.get("form") in FORMS else ""
    return HttpResponseRedirect(f"{home_of(request)}/{kept.id}{ending}", status=303)


def _listed(request: PageRequest, trouble: SuyuanError | None = None) -> HttpResponse:
    about, home = asked(request), home_of(request)
    state = read_state(request, _COLUMNS)
    with cursor() as run:
        page = reports(run, about.scope, limit=state.size, cursor=state.after)
    called = area_names(about, {one.area for one in page.rows})
    lines = [_line(one, home, called, about.language) for one in page.rows]
    return show(
        request,
        "web/reports.html",
        "web_reports.title",
        status=status_of(trouble) if trouble else 200,
        home=home,
        trouble=trouble,
        told=request.POST if trouble else {},
        orders=order_choices(about.period.today, about.language),
        area_name=about.name(about.area),
        area_code="" if about.area.code == about.own.code else about.area.code,
        table=Table("reports", _COLUMNS, state, lines, page.following, empty="web_reports.none"),
        compare=about.to(f"{home}/compare"),
    )


def _line(kept: Kept, home: str, called: Mapping[str, str], language: Language) -> Row:
    address = f"{home}/{kept.id}"
    values: dict[str, Any] = {
        "period": kept.period,
        "template": sentence(f"answers.template_{kept.template}", language=language),
        "area": called.get(kept.area, kept.area),
        "as_of": kept.as_of,
        "made_at": kept.made_at,
        "made_by": kept.made_by,
        "version": f"{kept.batteries_version}.{kept.duties_version}",
        **{form: Linked(form.upper(), f"{address}.{form}") for form in FORMS},
    }
    return Row(str(kept.id), values, address)


def order_choices(today: date, language: Language) -> list[tuple[str, str]]:
    """What can be ordered, the usual first: the last month that has ended, then others, quarters and years."""
    found, first = list[tuple[str, str]](), today.replace(day=1)
    for _ in range(_MONTHS + 1):
        first = date(first.year - (first.month == 1), (first.month - 2) % _MONTHS + 1, 1)
        found.append(("monthly", f"{first:%Y-%m}"))
    found.append(("monthly", f"{today:%Y-%m}"))
    year, quarter = today.year, (today.month + 2) // 3
    for _ in range(5):
        year, quarter = (year, quarter - 1) if quarter > 1 else (year - 1, 4)
        found.append(("quarterly", f"{year}-Q{quarter}"))
    found += [("yearly", str(today.year - back)) for back in (1, 0, 2)]
    words = {kind: sentence(f"answers.template_{kind}", language=language) for kind in {kind for kind, _ in found}}
    return [(f"{kind}:{name}", f"{words[kind]} {name}") for kind, name in found]


def area_names(about: Question, codes: set[str]) -> dict[str, str]:
    """What areas are called, companies together with one look into the register."""
    found = {}
    for code in codes:
        if code == NATION:
            found[code] = sentence("answers.nation", language=about.language)
        elif place := division_of(code, about.period.today):
            found[code] = place.name
    numbers = by_uscc(about.scope, sorted(codes - found.keys()))
    for known in names(list(numbers.values())).values():
        found[known.code] = known.name_zh if about.language is Language.ZH else known.name_en or known.name_zh
    return found


def _kept(request: PageRequest, identity: UUID) -> Kept:
    with cursor() as run:
        kept = find(run, request.actor.scope, identity)
    log_reads(request.actor.principal, [Reading("answer.report", str(identity))])
    return kept


def _shown(request: PageRequest, identity: UUID) -> HttpResponse:
    kept, home, language = _kept(request, identity), home_of(request), request.actor.language
    content = kept.content
    figures = content["figures"]
    title = {
        "kind": sentence(f"answers.template_{kept.template}", language=language),
        "period": kept.period,
        "area": content["area_zh" if language is Language.ZH else "area_en"],
    }
    return show(
        request,
        "web/report.html",
        "web_reports.report_title",
        title_data=title,
        crumbs=(("web_reports.title", home),),
        kept=kept,
        digest=kept.digest.hex(),
        version=content["data_version"],
        files=[(form.upper(), f"{home}/{kept.id}.{form}") for form in ("xlsx", "pdf", "json")],
        figures=[_figure(one, language) for one in figures if one["level"] == "area" and one["measure"] in measures()],
        counts=[
            ("web_reports.has_below", len({one["area"] for one in figures if one["level"] == "below"})),
            ("web_reports.has_companies", len({one["area"] for one in figures if one["level"] == "company"})),
            ("web_reports.has_unaccounted", len(content["unaccounted"])),
        ],
        cut=content["unaccounted_cut"],
    )


def _figure(one: Mapping[str, Any], language: Language) -> dict[str, Any]:
    told = measures()[one["measure"]]
    return {"title": told.title.in_language(language), "kind": "ratio" if told.unit == "1" else "number", **one}


def _file(request: PageRequest, identity: UUID, form: str) -> HttpResponse:
    if form not in KINDS:
        raise Missing("answers.report_not_found", id=f"{identity}.{form}")
    kept = _kept(request, identity)
    response = HttpResponse(report_file(kept, form, request.actor.language), content_type=KINDS[form])
    name = f"{kept.template}-{kept.period}-{kept.area}.{form}"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response
