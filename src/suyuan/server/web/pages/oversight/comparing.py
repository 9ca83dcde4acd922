"""Two periods side by side: the numbers of an area, and one of them for each area or company below."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from django.http import HttpResponse
from django.utils.http import content_disposition_header

from suyuan.kernel import sentence
from suyuan.server.answers.queries import asking
from suyuan.server.answers.queries.measures import Figure, measures
from suyuan.server.answers.queries.periods import Period, parse_period
from suyuan.server.answers.queries.wording import names_of
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Level
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.export import xlsx_bytes
from suyuan.server.web.pages.oversight.question import Question, asked, one_moment, period_choices
from suyuan.server.web.pages.oversight.reports import KINDS, home_of
from suyuan.server.web.surroundings import show

COMPARED: Final = ("in_service", "retired", "collected", "collection_rate", "on_time_rate", "unaccounted")
"""What belongs to a period; overdue duties and open cases are so today, whatever the period."""
_POINTS: Final = 100


@dataclass(frozen=True, slots=True)
class Pair:
    """One number in two periods; `kind` is ``number`` or ``ratio``."""

    title: str
    kind: str
    first: float | None
    second: float | None

    @property
    def change(self) -> float | None:
        """The second less the first; of ratios in percentage points. None where one of them is not known."""
        if self.first is None or self.second is None:
            return None
        return (self.second - self.first) * (_POINTS if self.kind == "ratio" else 1)

    @property
    def sign(self) -> str:
        """``+`` before what grew."""
        return "+" if (self.change or 0) > 0 else ""


@member(at="authority")
def compare_page(request: PageRequest) -> HttpResponse:
    """For authorities."""
    return _compared(request)


@member(at="company")
def own_compare_page(request: PageRequest) -> HttpResponse:
    """For a company, about itself."""
    return _compared(request)


def _compared(request: PageRequest) -> HttpResponse:
    about, told = asked(request), request.GET
    today = about.period.today
    usual = last_two(today.year, today.month)
    first = parse_period(told.get("a") or usual[0], today)
    second = parse_period(told.get("b") or usual[1], today)
    measure = told["measure"] if told.get("measure") in COMPARED else "retired"
    with one_moment() as run:
        seen = asking.version(run)
        whole = [asking.overview(run, about.scope, about.area, one) for one in (first, second)]
        below = _below(run, about, (first, second), measure)
    pairs = [_pair(about, name, whole) for name in COMPARED]
    if told.get("format") == "xlsx":
        return _file(about, (first, second), [*pairs, *below])
    return show(
        request,
        "web/compare.html",
        "web_reports.compare_title",
        crumbs=(("web_reports.title", home_of(request)),),
        as_of=seen.folded_at,
        area_name=about.name(about.area),
        area_code="" if about.area.code == about.own.code else about.area.code,
        first=first,
        second=second,
        same=first.name == second.name,
        periods=period_choices(today, about.language),
        measure=measure,
        measure_title=measures()[measure].title.in_language(about.language),
        measures=[(name, measures()[name].title.in_language(about.language)) for name in COMPARED],
        pairs=pairs,
        below=below,
    )


def last_two(year: int, month: int) -> tuple[str, str]:
    """The last two months that have ended before a month.

    >>> last_two(2026, 2)
    ('2025-12', '2026-01')
    """
    months = year * 12 + month - 1
    older, newer = (f"{one // 12}-{one % 12 + 1:02d}" for one in (months - 2, months - 1))
    return older, newer


def _pair(about: Question, measure: str, whole: Sequence[Sequence[Figure]], title: str = "") -> Pair:
    told = measures()[measure]
    first, second = (next((one.value for one in several if one.name == measure), None) for several in whole)
    kind = "ratio" if told.unit == "1" else "number"
    return Pair(title or told.title.in_language(about.language), kind, first, second)


def _below(run: psycopg.Cursor[Row], about: Question, periods: tuple[Period, Period], measure: str) -> list[Pair]:
    """The number of each area one level below, or of the companies of a city, in both periods."""
    if about.area.is_company:
        return []
    ask = asking.by_company if about.area.scope.level is Level.CITY else asking.children
    found = [ask(run, about.scope, about.area, one, measure) for one in periods]
    areas = {area.key: area for several in found for area, _ in several}
    figures = [{area.key: values for area, values in several} for several in found]
    firms = names_of(about.scope, areas.values(), about.language)
    pairs = [
        _pair(about, measure, [one.get(key, []) for one in figures], firms.get(area.code) or about.name(area))
        for key, area in sorted(areas.items())
    ]
    return [one for one in pairs if one.first or one.second]


def _file(about: Question, periods: tuple[Period, Period], pairs: Sequence[Pair]) -> HttpResponse:
    heads = [
        sentence("web_reports.number_or_area", language=about.language),
        *(one.name for one in periods),
        sentence("web_reports.change", language=about.language),
    ]
    rows: list[Sequence[Any]] = [(one.title, one.first, one.second, one.change) for one in pairs]
    response = HttpResponse(xlsx_bytes(heads, rows), content_type=KINDS["xlsx"])
    name = f"compare-{periods[0].name}-{periods[1].name}-{about.area.code}.xlsx"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response
