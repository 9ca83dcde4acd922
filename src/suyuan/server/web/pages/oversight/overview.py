"""The overview of an area: six numbers that explain themselves, the areas below, flows, trend, and who is overdue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import psycopg
from django.http import HttpResponse

from suyuan.kernel import Language, sentence
from suyuan.server.answers.queries import asking
from suyuan.server.answers.queries.areas import Area
from suyuan.server.answers.queries.asking import Ranked, Version
from suyuan.server.answers.queries.duties import due_days
from suyuan.server.answers.queries.measures import Figure, measures
from suyuan.server.answers.queries.periods import Period
from suyuan.server.answers.queries.wording import names_of
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Level
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.blocks import Explained
from suyuan.server.web.components.charts import Chart, Series
from suyuan.server.web.components.deadlines import Day, Due, strip
from suyuan.server.web.components.region import Region, region
from suyuan.server.web.components.table import Column, Count, Linked, State, Table, read_state
from suyuan.server.web.components.table import Row as Line
from suyuan.server.web.mappack import shown_pack
from suyuan.server.web.pages.oversight.flowing import ROWS, picture
from suyuan.server.web.pages.oversight.question import Question, asked, one_moment, period_choices
from suyuan.server.web.surroundings import show

HOME: Final = "/g"
SIX: Final = ("in_service", "retired", "collection_rate", "on_time_rate", "unaccounted", "open_cases")
BELOW: Final = ("in_service", "retired", "collection_rate", "on_time_rate", "unaccounted", "overdue")
RANKED: Final = 10
COMING_DAYS: Final = 30
_BELOW_A_PAGE: Final = 100
_PERCENT: Final = 100
_RATE: Final = "1"


def kpi(about: Question, figure: Figure, seen: Version) -> Explained:
    """A number with its definition, formula, source and moment, and the rows behind it."""
    told, language = measures()[figure.name], about.language
    nothing = figure.denominator == 0
    if figure.denominator is None:
        unit = sentence(f"web_oversight.unit_{told.unit}", language=language)
    else:
        unit = "" if nothing else f"{figure.numerator or 0:,} / {figure.denominator:,}"
    return Explained(
        told.title.in_language(language),
        figure.value,
        "ratio" if told.unit == _RATE else "number",
        told.definition.in_language(language),
        told.formula.in_language(language),
        seen.folded_at,
        told.source.in_language(language),
        "" if nothing else about.to(ROWS, of=told.rows or figure.name),
        unit,
    )


def six(about: Question, figures: Sequence[Figure], seen: Version) -> list[Explained]:
    """The numbers that stand at the top."""
    by_name = {one.name: one for one in figures}
    return [kpi(about, by_name[name], seen) for name in SIX]


@dataclass(frozen=True, slots=True)
class _Below:
    """The areas one level below, or the companies of a city, with their names by key."""

    areas: list[tuple[Area, list[Figure]]]
    names: Mapping[str, str]


@member(at="authority")
def overview_page(request: PageRequest) -> HttpResponse:
    """The overview."""
    about = asked(request)
    with one_moment() as run:
        seen = asking.version(run)
        figures = asking.overview(run, about.scope, about.area, about.period)
        moved = asking.flows(run, about.area, about.period)
        below = _below(run, about)
        ranked, names = overdue_ranking(run, about)
        trend, due = trend_charts(run, about), _coming(run, about)
    state = read_state(request, _columns(about.area), _BELOW_A_PAGE)
    table, measure = _table(about, below, state), chosen_measure(request)
    of_nation = about.area.scope.level is Level.NATION
    return show(
        request,
        "web/oversight.html",
        "web.oversight_title",
        as_of=seen.folded_at,
        **frame(about),
        kpis=six(about, figures, seen),
        seen=seen,
        region=provinces(about, below.areas, measure, table) if of_nation else None,
        below=table,
        below_code=f"web_oversight.below_{about.area.scope.level.value}",
        measures=[(name, f"web_oversight.m_{name}", name == measure) for name in BELOW],
        flows=picture(about, moved, "packs"),
        flows_address=about.to("/g/flows"),
        trend=trend,
        ranked=ranked_lines(about, ranked, names),
        due=due,
        calendar=about.to("/g/calendar"),
        wall=about.to("/g/wall"),
        profile=f"/g/enterprises/{about.area.code}" if about.area.is_company else "",
    )


def frame(about: Question) -> dict[str, Any]:
    """What the head of every page of supervision shows: the way down to the area, and the periods."""
    return {
        "question": about,
        "way": [(about.name(one), one.code, one.key == about.area.key) for one in about.above],
        "periods": period_choices(about.period.today, about.language),
        "area_code": "" if about.area.code == about.own.code else about.area.code,
    }


def _below(run: psycopg.Cursor[Row], about: Question) -> _Below:
    area, period = about.area, about.period
    if area.is_company:
        return _Below([], {})
    if area.scope.level is Level.CITY:
        found = asking.by_company(run, about.scope, area, period)
        names = names_of(about.scope, [one for one, _ in found], about.language)
        return _Below(found, {one.key: names.get(one.code, one.code) for one, _ in found})
    found = asking.children(run, about.scope, area, period)
    return _Below(found, {one.key: about.name(one) for one, _ in found})


def _columns(area: Area) -> tuple[Column, ...]:
    first = "company" if area.scope.level is Level.CITY else "area"
    return (
        Column("area", f"web_oversight.{first}", sorts=True),
        *(
            Column(name, f"web_oversight.m_{name}", "ratio" if measures()[name].unit == _RATE else "number", sorts=True)
            for name in BELOW
        ),
    )


def _table(about: Question, below: _Below, state: State) -> Table:
    """The areas below, each figure leading to its rows."""
    lines = []
    for area, figures in below.areas:
        known = area.is_company or not area.key.endswith("00")  # a place that is not known cannot be asked about
        values: dict[str, Any] = {"area": below.names[area.key]}
        for one in figures:
            opens = about.to(ROWS, area.code, of=measures()[one.name].rows) if one.value and known else ""
            values[one.name] = Linked(one.value, opens)
        lines.append(Line(area.key, values, about.to(HOME, area.code) if known else ""))
    shown, following = ordered(lines, state)
    count = Count(len(lines))
    return Table("areas", _columns(about.area), state, shown, following, count, empty="web_oversight.nothing")


def ordered(lines: list[Line], state: State) -> tuple[list[Line], str | None]:
    """A page of the rows in the order that the address asks for; `after` is the key of the row before it."""
    if state.sorted_by:
        name = state.sorted_by
        known = [line for line in lines if plain(line, name) is not None]
        known.sort(key=lambda line: (plain(line, name), line.key), reverse=state.descending)
        lines = known + [line for line in lines if plain(line, name) is None]
    places = {line.key: place for place, line in enumerate(lines)}
    first = places.get(state.after or "", -1) + 1
    shown = lines[first : first + state.size]
    return shown, shown[-1].key if first + state.size < len(lines) else None


def plain(line: Line, name: str) -> Any:
    """The value of a column without where it leads."""
    value = line.values.get(name)
    return value.value if isinstance(value, Linked) else value


def chosen_measure(request: PageRequest) -> str:
    """The number that the map shows."""
    named = request.GET.get("measure", "")
    return named if named in BELOW else BELOW[0]


def provinces(about: Question, areas: list[tuple[Area, list[Figure]]], measure: str, table: Table | None) -> Region:
    """A number by province, on a map."""
    told = measures()[measure]
    is_rate = told.unit == _RATE
    values = {
        area.code: one.value * _PERCENT if is_rate else one.value
        for area, figures in areas
        for one in figures
        if one.name == measure and one.value is not None
    }
    return region(
        told.title.in_language(about.language) + (" (%)" if is_rate else ""),
        values,
        lambda code: about.to(HOME, code),
        about.language,
        places=1 if is_rate else None,
        pack=shown_pack(),
        table=table,
    )


def overdue_ranking(run: psycopg.Cursor[Row], about: Question) -> tuple[list[Ranked], Mapping[str, str]]:
    """Companies of the area by overdue duties, and their names."""
    if about.area.is_company:
        return [], {}
    found = asking.ranking(run, about.scope, about.area, about.period, "overdue", by="company", limit=RANKED)
    found = [one for one in found if one.figure.value]
    return found, names_of(about.scope, [one.area for one in found], about.language)


def ranked_lines(about: Question, ranked: Sequence[Ranked], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """The ranking with where each leads."""
    return [
        {
            "name": names.get(one.area.code, one.area.code),
            "profile": f"/g/enterprises/{one.area.code}",
            "value": one.figure.value,
            "rows": about.to(ROWS, one.area.code, of="overdue"),
        }
        for one in ranked
    ]


def trend_charts(run: psycopg.Cursor[Row], about: Question) -> list[Chart]:
    """The year that ends with the period, month by month: packs, and rates in percent."""
    last = about.period.on.replace(day=1)
    year = replace(about.period, start=date(last.year - (last.month < 12), last.month % 12 + 1, 1))
    months = asking.trend(run, about.scope, about.area, year)
    return [
        _chart(about.language, year, months, "packs", ("retired", "collected", "unaccounted")),
        _chart(about.language, year, months, "percent", ("collection_rate", "on_time_rate")),
    ]


def _chart(language: Language, year: Period, months: list[list[Figure]], unit: str, names: tuple[str, ...]) -> Chart:
    series = []
    for name in names:
        values = [next((one.value for one in several if one.name == name), None) for several in months]
        if unit == "percent":
            values = [None if value is None else round(value * _PERCENT, 1) for value in values]
        series.append(Series(measures()[name].title.in_language(language), values))
    labels = [f"{month:%Y-%m}" for month in year.months]
    text = sentence(f"web_oversight.trend_{unit}", language=language)
    return Chart("line", text, sentence(f"web_oversight.unit_{unit}", language=language), labels, series)


def _coming(run: psycopg.Cursor[Row], about: Question) -> list[Day]:
    """The coming days; what is overdue stands in the ranking."""
    today = about.period.today
    due: dict[date, int] = {}
    for one in due_days(run, about.scope, about.area, today, today + timedelta(days=COMING_DAYS)):
        due[one.day] = due.get(one.day, 0) + one.duties
    shown = {day: Due(count) for day, count in due.items()}
    return strip(shown, today, lambda day: about.to(ROWS, of="due_on", day=day), COMING_DAYS)
