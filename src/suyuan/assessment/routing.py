"""Grade and route: what may become of a battery, with every reason, under the law of a day that is handed in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import isfinite
from typing import Any

import polars as pl

from suyuan.assessment.errors import AssessmentError
from suyuan.assessment.grading import FULL_TEST, GradeScheme
from suyuan.assessment.pulses.rows import MOST_SOH
from suyuan.assessment.screening import Outcome, Screened, Verdict
from suyuan.kernel import Finding
from suyuan.kernel.findings import Value

ACCEPTANCE = "reuse.acceptance"
"""The value of the law below which reuse is not accepted (ratio of residual over rated capacity)."""

LAW_VALUES = (
    ACCEPTANCE,
    "category.echelon_use",
    "category.echelon_list",
    "destination.lawful_utilisers_only",
    "echelon.owner_hands_over",
    "use.prohibited.electric_bicycle",
    "use.prohibited.electric_motorcycle",
    "use.prohibited.low_speed_vehicle",
    "use.prohibited.power_tool",
)
"""Values of the law that a route depends on or that bind who takes it."""


class Route(StrEnum):
    """What may become of a battery."""

    REUSE = "reuse"  # as a product
    FULL_TEST = "full_test"
    RECYCLE = "recycle"


@dataclass(frozen=True, slots=True)
class LawPoint:
    """One value of the law: `told` is None where the law leaves it open, `sure` whether its text was read.

    `version` is the name of that version of the value, kept for ever; empty where nothing is in force.
    """

    id: str
    version: str
    told: float | bool | str | None
    sure: bool
    source: str


@dataclass(frozen=True, slots=True)
class LawOfDay:
    """What the law says on a day of what matters for a route; whoever composes the rooms fills it in."""

    on: date
    points: tuple[LawPoint, ...] = ()

    def get(self, name: str) -> LawPoint | None:
        """The point of that name, if something is in force."""
        return next((point for point in self.points if point.id == name and point.version), None)

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of all values in force."""
        return tuple(point.version for point in self.points if point.version)


@dataclass(frozen=True, slots=True)
class Health:
    """State of health (ratio) with its interval, and how it was measured; equal ends stand for no interval."""

    soh: float
    low: float
    high: float
    method: str


@dataclass(frozen=True, slots=True)
class Graded:
    """The answer for one object.

    Parameters
    ----------
    grade
        Empty where there is none: rejected, not screened whole, no state of health.
    reasons
        Why the route is what it is, gravest first, each with its message.
    conditions
        What the law asks of whoever takes the route, as (id, version) of values in force.
    measurements
        What was used, by quantity.
    rules
        Versions of every rule used: scheme, screening, law.
    """

    object: str
    grade: str
    health: Health | None
    verdict: Verdict
    route: Route
    reasons: tuple[Finding, ...]
    conditions: tuple[LawPoint, ...]
    measurements: Mapping[str, Value]
    rules: tuple[str, ...]
    on: date


def grade_lot(screened: Screened, health: Sequence[Health | None], scheme: GradeScheme, law: LawOfDay) -> list[Graded]:
    """Grade and route of every object that was screened, in the same order; `health` has one entry an object."""
    names = screened.table["object"].cast(str).to_list()
    rules = (f"{scheme.id}@{scheme.version}", screened.rules.edition, *law.versions)
    found = []
    for place, (name, known) in enumerate(zip(names, health, strict=True)):
        grade, route, reasons = _routed(screened, place, known, scheme, law)
        found.append(
            Graded(
                object=str(name),
                grade=grade,
                health=known,
                verdict=screened.verdicts[place],
                route=route,
                reasons=reasons,
                conditions=_conditions(law) if route is Route.REUSE else (),
                measurements=_measurements(screened, place, known),
                rules=rules,
                on=law.on,
            )
        )
    return found


def _routed(
    screened: Screened, place: int, known: Health | None, scheme: GradeScheme, law: LawOfDay
) -> tuple[str, Route, tuple[Finding, ...]]:
    """Screening first: what it rejects gets no grade, whatever its state of health."""
    grounds = tuple(Finding(gate.code, gate.data) for gate in screened.grounds(place))
    verdict = screened.verdicts[place]
    if verdict is Verdict.REJECT:
        return "", Route.RECYCLE if screened.battery_at_fault(place) else Route.FULL_TEST, grounds
    route, reasons = _by_health(known, scheme, law)
    grade = scheme.of_interval(known.low, known.high) if known else ""
    if verdict is Verdict.NEEDS_MEASUREMENT and route is not Route.RECYCLE:
        return grade, Route.FULL_TEST, (*grounds, *reasons)
    return grade, route, (*grounds, *reasons)


def _by_health(known: Health | None, scheme: GradeScheme, law: LawOfDay) -> tuple[Route, tuple[Finding, ...]]:
    """Route by state of health alone, the law first."""
    if known is None:
        return Route.FULL_TEST, (Finding("screening.no_health"),)
    facts: dict[str, Value] = {name: f"{getattr(known, name):.3f}" for name in ("soh", "low", "high")}
    limit = _limit(law)
    if limit is not None and known.low < limit[0]:
        point = limit[1]
        of_law = {**facts, "limit": f"{limit[0]:.3f}", "version": point.version, "source": point.source}
        below = known.high < limit[0]
        code = "screening.below_the_law" if below else "screening.crosses_the_law"
        return Route.RECYCLE if below else Route.FULL_TEST, (Finding(code, of_law),)
    route, code, grade = _by_grade(known, scheme, law_open=limit is None)
    return route, (Finding(code, {**facts, "grade": grade, "scheme": f"{scheme.id}@{scheme.version}"}),)


def _limit(law: LawOfDay) -> tuple[float, LawPoint] | None:
    """The least ratio that the law accepts, if its text was read."""
    point = law.get(ACCEPTANCE)
    told = point is not None and point.sure and isinstance(point.told, float)
    return (float(point.told), point) if point is not None and told and point.told is not None else None


def _by_grade(known: Health, scheme: GradeScheme, *, law_open: bool) -> tuple[Route, str, str]:
    """Route, message id and grade (or the grades that the interval touches)."""
    grade = scheme.of_interval(known.low, known.high)
    if grade.startswith(FULL_TEST):
        return Route.FULL_TEST, "screening.crosses_a_line", grade.partition(":")[2]
    match scheme.route(grade):
        case Route.RECYCLE:
            return Route.RECYCLE, "screening.grade_recycles", grade
        case Route.REUSE:
            return Route.REUSE, "screening.grade_reuses_law_open" if law_open else "screening.grade_reuses", grade
        case _:
            return Route.FULL_TEST, "screening.grade_without_route", grade


def _conditions(law: LawOfDay) -> tuple[LawPoint, ...]:
    """What the law says besides the limit, of reuse as a product: values that are in force and not `false`."""
    return tuple(point for point in law.points if point.version and point.id != ACCEPTANCE and point.told)


def _measurements(screened: Screened, place: int, known: Health | None) -> dict[str, Value]:
    used: dict[str, Value] = {
        gate.rule.quantity: gate.found for gate in screened.gates(place) if gate.outcome is not Outcome.MISSING
    }
    if known is not None:
        used["soh_method"] = known.method
    return used


SOH, LOW, HIGH, METHOD = "soh", "soh_lo90", "soh_hi90", "soh_method"


def health_of(table: pl.DataFrame) -> list[Health | None]:
    """State of health of each row from the columns that a lot's answer has: `soh`, `soh_lo90`, `soh_hi90`.

    A row without interval counts as measured exactly; one with an impossible interval is refused.
    """
    if SOH not in table.columns:
        return [None] * table.height
    columns = [_ratios(table, name) for name in (SOH, LOW, HIGH)]
    methods = table[METHOD].cast(pl.String).to_list() if METHOD in table.columns else [None] * table.height
    found: list[Health | None] = []
    for row, (soh, low, high) in enumerate(zip(*columns, strict=True)):
        if soh is None:
            found.append(None)
            continue
        ends = (soh if low is None else low, soh if high is None else high)
        if not 0 <= ends[0] <= soh <= ends[1] <= MOST_SOH:
            raise AssessmentError("screening.not_an_interval", row=row + 2, soh=soh, low=ends[0], high=ends[1])
        found.append(Health(soh, *ends, method=methods[row] or "stated"))
    return found


def _ratios(table: pl.DataFrame, name: str) -> list[float | None]:
    if name not in table.columns:
        return [None] * table.height
    read = table[name].cast(pl.Float64, strict=False)
    return [value if value is not None and isfinite(value) else None for value in read.to_list()]


def graded_json(graded: Graded, say: Callable[[str, Mapping[str, Value]], str]) -> dict[str, Any]:
    """A graded object as plain values for JSON."""
    known = graded.health
    return {
        "object": graded.object,
        "verdict": graded.verdict.value,
        "grade": graded.grade,
        "route": graded.route.value,
        "soh": known.soh if known else None,
        "soh_low": known.low if known else None,
        "soh_high": known.high if known else None,
        "reasons": [
            {"code": reason.code, "data": dict(reason.data), "message": say(reason.code, reason.data)}
            for reason in graded.reasons
        ],
        "conditions": [{"id": point.id, "version": point.version, "told": point.told} for point in graded.conditions],
        "measurements": dict(graded.measurements),
        "rules": list(graded.rules),
        "on": graded.on.isoformat(),
    }
