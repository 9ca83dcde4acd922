"""What people ask for: an overview, flows, a ranking, a trend; each with the version of the data behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import psycopg

from suyuan.server.answers.queries.areas import Area, company_area, division_area
from suyuan.server.answers.queries.cases import open_cases
from suyuan.server.answers.queries.duties import (
    Kept,
    duties_by_company,
    duties_by_month,
    duties_by_place,
    duties_of,
)
from suyuan.server.answers.queries.measures import Figure, figures, measures
from suyuan.server.answers.queries.periods import Period
from suyuan.server.answers.queries.steps import Amount, Balance, Ribbon, Route, Steps, months_of, routes, steps_of
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Refusal
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries import companies

OF_DUTIES: Final = ("on_time_rate", "overdue")
"""Measures that rest on duties alone."""
_VERSION = """
SELECT coalesce(max(number) FILTER (WHERE name = 'batteries'), 0),
       coalesce(max(number) FILTER (WHERE name = 'duties'), 0),
       max(marked_at) FILTER (WHERE name = 'batteries'), (SELECT count(*) FROM answers_waiting)
  FROM answers_mark
"""


@dataclass(frozen=True, slots=True)
class Version:
    """The data behind an answer: how often the folds have changed, when last, and how many submissions wait."""

    batteries: int
    duties: int
    folded_at: datetime | None
    waiting: int

    @property
    def name(self) -> str:
        """Equal for equal data."""
        return f"{self.batteries}.{self.duties}"


@dataclass(frozen=True, slots=True)
class Ranked:
    """One area of a ranking with its number."""

    area: Area
    figure: Figure


@dataclass(frozen=True, slots=True)
class Flows:
    """The stages of an area over a period, the steps between them, and what went from province to province."""

    balance: Mapping[int, Balance]
    ribbons: Mapping[Ribbon, Amount]
    routes: Sequence[Route]


def version(run: psycopg.Cursor[Row]) -> Version:
    """The version of the data that the next answer is given from."""
    (row,) = run.execute(_VERSION).fetchall()
    return Version(*row)


def overview(run: psycopg.Cursor[Row], scope: Scope, area: Area, period: Period) -> list[Figure]:
    """The numbers of one area."""
    steps = steps_of(run, [area.key], period).get(area.key, Steps())
    return figures(steps, duties_of(run, scope, area, period), open_cases(run, scope, area))


def flows(run: psycopg.Cursor[Row], area: Area, period: Period) -> Flows:
    """How batteries moved; every stage closes: opening + entered = left + unaccounted + closing."""
    steps = steps_of(run, [area.key], period).get(area.key, Steps())
    found: list[Route] = []
    if area.scope.level in (Level.NATION, Level.PROVINCE):
        found = routes(run, None if area.scope.level is Level.NATION else area.key, period)
    return Flows(steps.balance(), steps.during, found)


def children(
    run: psycopg.Cursor[Row], scope: Scope, area: Area, period: Period, only: str | None = None
) -> list[tuple[Area, list[Figure]]]:
    """The numbers of each province or city one level below, by code; none below a city or a company.

    `only` names the one measure that is wanted; what it does not rest on is not read.
    """
    keys = area.child_keys
    steps = {} if only in OF_DUTIES else steps_of(run, keys, period)
    kept = {} if only and only not in OF_DUTIES else duties_by_place(run, scope, keys, period)
    return [
        (division_area(key), figures(steps.get(key, Steps()), kept.get(key, Kept()))) for key in sorted({*steps, *kept})
    ]


def by_company(
    run: psycopg.Cursor[Row], scope: Scope, area: Area, period: Period, only: str | None = None
) -> list[tuple[Area, list[Figure]]]:
    """The numbers of each company that is seated in the area, by code; those without any number are left out."""
    codes = _seated(scope, area)
    areas = {f"#{number}": company_area(number, code) for number, code in codes.items()}
    steps = {} if only in OF_DUTIES else steps_of(run, list(areas), period)
    kept = {} if only and only not in OF_DUTIES else duties_by_company(run, scope, area, period)
    return [
        (one, figures(steps.get(key, Steps()), kept.get(one.scope.company or 0, Kept())))
        for key, one in areas.items()
        if key in steps or one.scope.company in kept
    ]


def _seated(scope: Scope, area: Area) -> dict[int, str]:
    """Numbers and codes of the companies of an area, which lies in the scope."""
    known = companies(scope, [area.scope.company]) if area.scope.company is not None else companies(area.scope)
    return dict(known.select("number", "code").iter_rows())


def ranking(  # noqa: PLR0913  each is asked for by itself
    run: psycopg.Cursor[Row], scope: Scope, area: Area, period: Period, measure: str, *, by: str, limit: int
) -> list[Ranked]:
    """Areas below or companies inside by one number, what calls for attention first; those without it are left out.

    Raises
    ------
    Refusal
        ``answers.no_ranking_by`` for a number that is not counted by area.
    """
    told = measures().get(measure)
    if told is None or measure == "open_cases":
        known = [name for name in measures() if name != "open_cases"]
        raise Refusal("answers.no_ranking_by", measure=measure, known=known)
    every = (children if by == "division" else by_company)(run, scope, area, period, measure)
    found = [Ranked(one, figure) for one, several in every for figure in several if figure.name == measure]
    found = [one for one in found if one.figure.value is not None]
    sign = -1 if told.highest_first else 1
    return sorted(found, key=lambda one: (sign * (one.figure.value or 0), one.area.code))[:limit]


def trend(run: psycopg.Cursor[Row], scope: Scope, area: Area, period: Period) -> list[list[Figure]]:
    """The numbers of an area for each month of `period.months`: stocks at its end, the rest during it.

    What is overdue is given by the month of its last day.
    """
    kept = duties_by_month(run, scope, area, period)
    return [
        figures(steps, kept.get(month, Kept()))
        for month, steps in zip(period.months, months_of(run, area.key, period), strict=True)
    ]
