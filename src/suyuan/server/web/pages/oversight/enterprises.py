"""The companies of an area, and what is known of one: roles, qualifications, duties, findings, cases, sites."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl
import psycopg
from django.http import HttpResponse

from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.answers.queries import asking
from suyuan.server.answers.queries.areas import area_of, place_name
from suyuan.server.answers.queries.duties import duties_of
from suyuan.server.answers.queries.measures import Figure, measures
from suyuan.server.cases.queries import cases
from suyuan.server.cases.queries.procedure import procedure
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries import companies, company_number, sites
from suyuan.server.registry.queries.qualifications import Qualification, qualification_kinds, qualifications
from suyuan.server.registry.queries.qualifications import Wanted as WantedQualifications
from suyuan.server.supervision.queries.catalogue import detectors
from suyuan.server.supervision.queries.findings import FindingRow, Sought, findings
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import Column, Count, Linked, Status, Table, read_state
from suyuan.server.web.components.table import Row as Line
from suyuan.server.web.pages.oversight.flowing import ROWS
from suyuan.server.web.pages.oversight.overview import HOME, frame, ordered, plain, six
from suyuan.server.web.pages.oversight.question import Question, asked, one_moment
from suyuan.server.web.search import there
from suyuan.server.web.surroundings import show

PATH: Final = "/g/enterprises"
SHOWN: Final = 50
"""Of each of findings, cases and qualifications on a profile; where there are more it says so."""
_NUMBERS: Final = ("in_service", "unaccounted", "overdue", "on_time_rate")
_TONES: Final = {"high": "bad", "medium": "warn", "low": "info"}
_KEPT: Final = ("overdue", "in_time", "late", "missed")


def _columns(language: Language) -> tuple[Column, ...]:
    roles = tuple((name, label.in_language(language)) for name, label in vocabulary().roles.items())
    return (
        Column("name", "web_oversight.company", filter="text", sorts=True),
        Column("code", "web_oversight.company_code", filter="text"),
        Column("role", "web_oversight.role", filter="choice", choices=roles),
        Column("place", "web_oversight.seat"),
        *(
            Column(name, f"web_oversight.m_{name}", "ratio" if name == "on_time_rate" else "number", sorts=True)
            for name in _NUMBERS
        ),
    )


@member(at="authority")
def enterprises_page(request: PageRequest) -> HttpResponse:
    """The companies, those with the most overdue first."""
    about = asked(request)
    columns = _columns(about.language)
    state = read_state(request, columns)
    with one_moment() as run:
        seen = asking.version(run)
        told = asking.by_company(run, about.scope, about.area, about.period)
    figures = {area.code: several for area, several in told}
    lines = [line for line in _lines(about, figures) if _fits(line, state.filters)]
    lines.sort(key=lambda line: (-(plain(line, "overdue") or 0), line.key))
    page, following = ordered(lines, state)
    shown, count = [_linked(about, line) for line in page], Count(len(lines))
    return show(
        request,
        "web/oversight_rows.html",
        "web_oversight.enterprises_title",
        as_of=seen.folded_at,
        **frame(about),
        seen=seen,
        table=Table("enterprises", columns, state, shown, following, count, empty="web_oversight.no_company"),
    )


def _lines(about: Question, figures: Mapping[str, Sequence[Figure]]) -> list[Line]:
    found = []
    for row in _companies(about).iter_rows(named=True):
        numbers = {one.name: one.value for one in figures.get(row["code"], ())}
        values: dict[str, Any] = {
            "name": _name(row, about.language),
            "code": row["code"],
            "roles": row["roles"],
            "names": f"{row['name_zh']} {row['name_en']}".lower(),
            "division": row["division"],
            **{name: numbers.get(name) for name in _NUMBERS},
        }
        found.append(Line(row["code"], values))
    return found


def _linked(about: Question, line: Line) -> Line:
    """A row that is shown: in words, and each number with where it leads."""
    values = {
        **line.values,
        "role": _roles(line.values["roles"], about.language),
        "place": _place(about, line.values["division"]),
    }
    for name in _NUMBERS:
        value = line.values[name]
        values[name] = Linked(value, about.to(ROWS, line.key, of=measures()[name].rows) if value else "")
    period = "" if about.period.name == about.usual else f"?period={about.period.name}"
    return Line(line.key, values, f"{PATH}/{line.key}{period}")


def _companies(about: Question) -> pl.DataFrame:
    """Those of the area, which lies in the scope."""
    if about.area.scope.company is not None:
        return companies(about.scope, [about.area.scope.company])
    return companies(about.area.scope)


def _fits(line: Line, filters: Mapping[str, str]) -> bool:
    values = line.values
    return (
        filters.get("name", "").lower() in values["names"]
        and filters.get("code", "").upper() in values["code"]
        and ("role" not in filters or filters["role"] in values["roles"])
    )


def _name(row: Mapping[str, Any], language: Language) -> str:
    return str(row["name_zh"] if language is Language.ZH else row["name_en"] or row["name_zh"])


def _roles(roles: Sequence[str], language: Language) -> str:
    known = vocabulary().roles
    names = [known[name].in_language(language) if name in known else name for name in roles]
    return ("、" if language is Language.ZH else ", ").join(names)


def _place(about: Question, division: str | None) -> str | None:
    return place_name(division, about.language, about.period.on) if division else None


@member(at="authority")
def enterprise_page(request: PageRequest, code: str) -> HttpResponse:
    """One company; who looked is noted.

    Raises
    ------
    Missing
        ``registry.company_not_found``: there is none, or it is not in the scope.
    """
    opened, scope = asked(request), request.actor.scope
    number = company_number(scope, code)
    row = companies(scope, [number]).row(0, named=True)
    area = area_of(scope, company=code)
    about = Question(scope, area, opened.period, opened.language, opened.usual)
    with one_moment() as run:
        seen = asking.version(run)
        figures = asking.overview(run, scope, area, about.period)
        kept = duties_of(run, scope, area, about.period)
        context = {**_standing(run, about, code), **_troubles(run, about, code)}
    log_reads(request.actor.principal, [Reading("company.profile", code)])
    return show(
        request,
        "web/enterprise.html",
        "web_oversight.enterprise_title",
        title_data={"name": _name(row, about.language)},
        crumbs=(("web_oversight.enterprises_title", PATH),),
        as_of=seen.folded_at,
        **frame(about) | {"way": [], "area_code": ""},
        seen=seen,
        company=row,
        roles=_roles(row["roles"], about.language),
        place=_place(about, row["division"]),
        kpis=six(about, figures, seen),
        duties=[(f"web_oversight.rows_{name}", getattr(kept, name), about.to(ROWS, of=name)) for name in _KEPT],
        drill=about.to(HOME),
        sites=_sites(scope, number, about),
        at_most=SHOWN,
        **context,
    )


def _standing(run: psycopg.Cursor[Row], about: Question, code: str) -> dict[str, Any]:
    page = qualifications(run, about.scope, WantedQualifications(company=code), limit=SHOWN)
    return {
        "qualifications": [_qualification(about, one) for one in page.rows],
        "qualifications_more": page.following is not None,
    }


def _qualification(about: Question, one: Qualification) -> dict[str, Any]:
    today = about.period.today
    state = "holds" if one.holds(today) else "ahead" if one.valid_from > today else "over"
    kind = qualification_kinds().get(one.kind)
    return {
        "kind": kind.label.in_language(about.language) if kind else one.kind,
        "reference": " ".join(part for part in (one.reference, one.batch) if part),
        "from": one.valid_from,
        "to": one.valid_to,
        "source": one.source,
        "state": Status(f"web_oversight.qualification_{state}", "good" if state == "holds" else "off"),
    }


def _troubles(run: psycopg.Cursor[Row], about: Question, code: str) -> dict[str, Any]:
    suspected = findings(run, about.scope, Sought(company=code), limit=SHOWN)
    opened = cases.page(run, about.scope, cases.Wanted(company=code), limit=SHOWN)
    return {
        "findings": [_finding(about, one) for one in suspected.rows],
        "findings_more": suspected.following is not None,
        "cases": [_case(about, one) for one in opened.rows],
        "cases_more": opened.following is not None,
    }


def _finding(about: Question, one: FindingRow) -> dict[str, Any]:
    told, address = detectors().get(one.detector), f"/g/alerts/{one.number}"
    weight = told.severity.value if told else "low"
    return {
        "title": told.title.in_language(about.language) if told else one.detector,
        "weight": Status(f"web_oversight.weight_{weight}", _TONES.get(weight, "info")),
        "records": one.records,
        "opened_at": one.opened_at,
        "judgement": f"web_oversight.judged_{one.judgement}" if one.judgement else "",
        "address": address if there(address) else "",
    }


def _case(about: Question, one: cases.CaseRow) -> dict[str, Any]:
    address = f"/g/cases/{one.number}"
    return {
        "title": one.title,
        "state": procedure().states[one.fold.state].in_language(about.language),
        "opened_at": one.opened_at,
        "due_on": one.fold.due_on,
        "address": address if there(address) else "",
    }


def _sites(scope: Scope, number: int, about: Question) -> list[dict[str, Any]]:
    """The company's sites that the scope may see."""
    own = sites(Scope.of_company(number))["number"].to_list()
    return [
        {
            "code": row["code"],
            "name": row["name"],
            "kind": f"web_oversight.site_{row['kind']}",
            "place": _place(about, row["division"]),
            "from": row["valid_from"],
            "to": row["valid_to"],
        }
        for row in sites(scope, own).iter_rows(named=True)
    ]
