"""Findings as warnings: what detectors saw, what speaks for it, what people say of it, and the case it becomes."""

from typing import Any, Final

from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language, SuyuanError
from suyuan.rules import Duty as Provision
from suyuan.rules import Value, law
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.accounts.services.views import saved_views
from suyuan.server.cases.queries.cases import cases_about
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Refusal, status_of
from suyuan.server.supervision.queries.alerts import (
    STATES,
    Alert,
    Desk,
    Firm,
    Speaking,
    alert,
    alerts,
    count_alerts,
    records_of,
    reports_of,
)
from suyuan.server.supervision.queries.catalogue import Detector, Weight, detectors
from suyuan.server.supervision.queries.findings import FindingRow, finding, judgements
from suyuan.server.supervision.queries.stored import looked_on
from suyuan.server.supervision.queries.tuning import tuned_detectors
from suyuan.server.supervision.services.judging import judge
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import Action, Column, Count, Linked, Row, Status, Table, read_state
from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.cases.acting import OF_AUTHORITIES
from suyuan.server.web.pages.cases.forms import title_of
from suyuan.server.web.surroundings import flash, show

COMPLAINTS: Final = "public.complaint"
USUAL: Final = "standing"
ALL: Final = "all"
JUDGEMENTS: Final = ("confirmed", "false_positive")
LONGEST_NOTE: Final = 2000
VIN_LENGTH: Final = 17
SEVERITIES: Final = {"high": "bad", "medium": "warn", "low": "info"}
_STANDS: Final = {
    "confirmed": Status("web_alerts.confirmed", "bad"),
    "false_positive": Status("web_alerts.false_positive", "off"),
    "gone": Status("web_alerts.gone", "good"),
    "unjudged": Status("web_alerts.unjudged", "unknown"),
}


def _columns(language: Language) -> tuple[Column, ...]:
    names = tuple((name, one.title.in_language(language)) for name, one in detectors().items())
    severities = tuple((one.value, f"supervision.word_{one.value}") for one in Weight)
    states = tuple((name, f"web_alerts.{name}") for name in (*STATES, ALL) if name != USUAL)
    return (
        Column("number", "web_alerts.number"),
        Column("detector", "web_alerts.what", filter="choice", choices=names),
        Column("severity", "web_alerts.severity", "status", filter="choice", choices=severities),
        Column("company", "web_alerts.company", filter="text"),
        Column("party", "web_alerts.party", shown=False),
        Column("records", "web_alerts.records", "number"),
        Column("opened_at", "web_alerts.first_seen", "day"),
        Column("last_at", "web_alerts.last_seen", "day"),
        Column("state", "web_alerts.state", "status", filter="choice", choices=states, any_text=f"web_alerts.{USUAL}"),
        Column("case", "web_alerts.case"),
    )


@member(at="authority")
def alerts_page(request: PageRequest) -> HttpResponseBase:
    """The findings of the area, the newest first; each becomes a case by one button."""
    actor, columns = request.actor, _columns(request.actor.language)
    state = read_state(request, columns)
    filters = state.filters
    wanted = None if filters.get("state") == ALL else filters.get("state", USUAL)
    desk = Desk(filters.get("detector"), filters.get("severity"), filters.get("company"), wanted)
    with cursor() as run:
        found = alerts(run, actor.scope, desk, limit=state.size, cursor=state.after)
        there_are, exact = count_alerts(run, actor.scope, desk)
        cases = cases_about(run, actor.scope, [one.number for one in found.rows])
        day = looked_on(run)
    able = actor.role in OF_AUTHORITIES
    table = Table(
        "alerts",
        columns,
        state,
        [_row(one, cases.get(one.number), actor.language, able=able) for one in found.rows],
        found.following,
        Count(there_are, exact),
        actions=(Action("web_alerts.open_case", reverse("web-g-case-open"), "file-text"),) if able else (),
        views=saved_views(actor.member, "alerts"),
        saves=True,
        empty="web_alerts.none",
    )
    return show(request, "web/alerts.html", "web_alerts.title", table=table, looked_on=day, as_of=SYSTEM_CLOCK.now())


def _row(one: Alert, case: int | None, language: Language, *, able: bool) -> Row:
    address = reverse("web-alert", args=[one.number])
    values = {
        "number": one.number,
        "detector": Linked(title_of(one.detector, language), address),
        "severity": severity_of(one.detector),
        "company": firm_name(one.company, language) or one.division or "",
        "party": firm_name(one.party, language),
        "records": one.records,
        "opened_at": one.opened_at,
        "last_at": one.last_at,
        "state": stands(one.judgement, gone=one.gone_at is not None),
        "case": Linked(case, reverse("web-g-case", args=[case])) if case else "",
    }
    actions = (Action("web_alerts.open_case", reverse("web-g-case-open"), "file-text"),)
    return Row(f"f{one.number}", values, address, actions if able and offered(one, case) else ())


def offered(one: Alert, case: int | None) -> bool:
    """Whether a case can be opened about a finding: of a company, not called false, in no open case."""
    return case is None and one.judgement != "false_positive" and one.company is not None


def severity_of(detector: str) -> Status:
    """How serious findings of a detector are, as a word."""
    known = detectors().get(detector)
    weight = known.severity.value if known else "medium"
    return Status(f"supervision.word_{weight}", SEVERITIES[weight])


def stands(judgement: str | None, *, gone: bool) -> Status:
    """How a finding stands, as a word."""
    return _STANDS[judgement or ("gone" if gone else "unjudged")]


def firm_name(firm: Firm | None, language: Language) -> str:
    """The name of a company in a language; empty for none."""
    if firm is None:
        return ""
    return firm.name_en if language is Language.EN and firm.name_en else firm.name_zh


@member(at="authority")
def alert_page(request: PageRequest, number: int) -> HttpResponseBase:
    """One finding: rule and law, what speaks for it, what people said; that it was read is noted."""
    response = _show(request, number)
    log_reads(request.actor.principal, [Reading("finding", str(number))])
    return response


@member(*OF_AUTHORITIES, at="authority")
def alert_judged(request: PageRequest, number: int) -> HttpResponseBase:
    """Say of a finding that it is confirmed, or a false positive."""
    actor, said = request.actor, request.POST.get("judgement", "")
    note = request.POST.get("note", "").replace("\r\n", "\n").strip()
    try:
        _check(said, note)
        with transaction.atomic(), cursor() as run:
            finding(run, actor.scope, number, limit=0)
            judge(run, number, said, note, actor.name)
            note_deed(actor.person, actor.scope, "finding.judged", f"{number} {said}", SYSTEM_CLOCK.now())
    except Refusal as trouble:
        return _show(request, number, trouble)
    flash(request, "web_alerts.judged")
    return HttpResponseRedirect(reverse("web-alert", args=[number]))


def _check(said: str, note: str) -> None:
    if said not in JUDGEMENTS:
        raise Refusal("web_alerts.judgement_missing")
    if (said == "false_positive" and not note) or len(note) > LONGEST_NOTE or "\0" in note:
        raise Refusal("web_alerts.note_missing", longest=LONGEST_NOTE)


def _show(request: PageRequest, number: int, trouble: SuyuanError | None = None) -> HttpResponse:
    actor, language = request.actor, request.actor.language
    with cursor() as run:
        row, _ = finding(run, actor.scope, number, limit=0)
        one = alert(run, actor.scope, number)
        records = records_of(run, actor.scope, number, cursor=request.GET.get("after"))
        said = judgements(run, actor.scope, number)
        known = tuned_detectors(run).get(row.detector)
        case = cases_about(run, actor.scope, [number]).get(number)
        reports = reports_of(run, actor.scope, number) if row.detector == COMPLAINTS else ()
    context: dict[str, Any] = {
        "finding": row,
        "alert": one,
        "company": firm_name(one.company, language),
        "party": firm_name(one.party, language),
        "state": stands(row.judgement, gone=row.gone_at is not None),
        **rule_told(known, language),
        "figures": _figures(row),
        "records": [_record(each, language) for each in records.rows],
        "following": records.following,
        "judgements": said,
        "case": case,
        "offered": offered(one, case),
        "able": actor.role in OF_AUTHORITIES,
        "reports": reports,
        "trouble": trouble,
        "told": request.POST if trouble else {},
        "longest": LONGEST_NOTE,
    }
    return show(
        request,
        "web/alert.html",
        "web_alerts.one",
        crumbs=(("web_alerts.title", reverse("web-alerts")),),
        title_data={"number": str(number), "title": title_of(row.detector, language)},
        status=status_of(trouble) if trouble else 200,
        as_of=SYSTEM_CLOCK.now(),
        **context,
    )


def _record(one: Speaking, language: Language) -> tuple[Speaking, str, str, str, str]:
    """A record with where its object leads to, its kind, and who was on both sides."""
    kind = vocabulary().kinds[one.kind].label.in_language(language)
    address = "" if len(one.object) == VIN_LENGTH else reverse("web-identity", args=[one.object])
    return one, address, kind, firm_name(one.reporter, language), firm_name(one.party, language)


def rule_told(known: Detector | None, language: Language) -> dict[str, Any]:
    """A rule for people: how serious, how sure, on what it rests, and its limits with their units."""
    if known is None:
        return {"detector": None, "severity": severity_of(""), "basis": [], "limits": []}
    told = law()
    versions: list[list[Value | Provision]] = [
        [*told.values.get(name, ()), *told.duties.get(name, ())] for name in known.basis
    ]
    last = [each[-1] for each in versions]
    basis = [(f"{one.title.in_language(language)} ({one.id})", f"rules.short_{one.weakest.value}") for one in last]
    limits = [
        (f"web_alerts.limit_{name}", one.value, unit_code(one.unit), f"rules.short_{one.status.value}")
        for name, one in known.parameters.items()
    ]
    return {
        "detector": known,
        "severity": severity_of(known.name),
        "sure": f"rules.short_{known.status.value}",
        "basis": basis,
        "limits": limits,
    }


def unit_code(unit: str) -> str:
    """The code of a unit's words."""
    return "web_alerts.unit_share" if unit == "1" else f"web_alerts.unit_{unit}"


def _figures(row: FindingRow) -> list[tuple[str, object]]:
    """What was counted or weighed: codes of names, with their units, and values."""
    return [(f"web_alerts.figure_{name}", value) for name, value in sorted((row.figures or {}).items())]


urlpatterns = [
    path("g/alerts", require_safe(alerts_page), name="web-alerts"),
    path("g/alerts/<int:number>", require_safe(alert_page), name="web-alert"),
    path("g/alerts/<int:number>/judge", require_POST(alert_judged), name="web-alert-judge"),
]
MENU = (Entry("web_alerts.title", "web-alerts", "alert-triangle", "authority", 20),)
