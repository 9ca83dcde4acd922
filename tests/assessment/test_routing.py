"""Grade and route: screening before grade, the law before the scheme, and an interval over a line asks for a test."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.assessment import AssessmentError
from suyuan.assessment.grading import GradeScheme, read_schemes, scheme
from suyuan.assessment.routing import (
    ACCEPTANCE,
    LAW_VALUES,
    Graded,
    Health,
    LawOfDay,
    LawPoint,
    Route,
    grade_lot,
    graded_json,
    health_of,
)
from suyuan.assessment.screening import Verdict, screen, screening_rules
from suyuan.kernel import Language, sentence
from suyuan.rules.of_day import of_day
from tests.assessment.test_screening import SOUND

DAY = date(2026, 11, 22)
NO_LAW = LawOfDay(DAY)


def acceptance(told: float | None, sure: bool = True) -> LawOfDay:
    return LawOfDay(DAY, (LawPoint(ACCEPTANCE, "reuse.acceptance@2018-02-01", told, sure, "a standard"),))


def graded(
    health: Health | None, law: LawOfDay = NO_LAW, lines: GradeScheme | None = None, **changes: object
) -> Graded:
    row = pl.DataFrame({name: [value] for name, value in {**SOUND, **changes}.items()})
    return grade_lot(screen(row, screening_rules()), [health], lines or scheme(), law)[0]


def exact(soh: float) -> Health:
    return Health(soh, soh, soh, "measured")


def codes(found: Graded) -> list[str]:
    return [reason.code.partition(".")[2] for reason in found.reasons]


@pytest.mark.parametrize(
    ("soh", "grade", "route"), [(0.95, "A", Route.REUSE), (0.65, "D", Route.REUSE), (0.4, "E", Route.RECYCLE)]
)
def test_a_definite_grade_has_its_route(soh: float, grade: str, route: Route) -> None:
    found = graded(exact(soh))
    assert (found.grade, found.route, found.verdict) == (grade, route, Verdict.PASS)


def test_an_interval_over_a_line_says_so_and_asks_for_a_full_test() -> None:
    found = graded(Health(0.82, 0.78, 0.86, "pulses"))
    assert (found.grade, found.route, codes(found)) == ("full_test:C/B", Route.FULL_TEST, ["crosses_a_line"])
    assert found.reasons[0].data["grade"] == "C/B"


def test_a_reject_overrides_the_best_grade() -> None:
    found = graded(exact(1.0), swelling=True)
    assert (found.grade, found.route, found.verdict) == ("", Route.RECYCLE, Verdict.REJECT)


def test_a_rejected_measurement_is_repeated_and_the_battery_not_recycled() -> None:
    found = graded(exact(1.0), least_ohmic_v=-0.05)
    assert (found.grade, found.route, found.verdict) == ("", Route.FULL_TEST, Verdict.REJECT)
    assert graded(exact(1.0), least_ohmic_v=-0.05, damage=True).route is Route.RECYCLE


def test_a_gap_forbids_reuse_and_is_named() -> None:
    found = graded(exact(0.95), self_discharge_v_per_day=None)
    assert (found.grade, found.route) == ("A", Route.FULL_TEST)
    assert codes(found) == ["gate_missing", "grade_reuses_law_open"]
    assert graded(exact(0.3), self_discharge_v_per_day=None).route is Route.RECYCLE


def test_without_a_state_of_health_there_is_no_grade() -> None:
    found = graded(None)
    assert (found.grade, found.route, codes(found)) == ("", Route.FULL_TEST, ["no_health"])


@pytest.mark.parametrize(
    ("health", "route", "code"),
    [
        (exact(0.7), Route.RECYCLE, "below_the_law"),
        (Health(0.76, 0.74, 0.78, "pulses"), Route.FULL_TEST, "crosses_the_law"),
        (Health(0.77, 0.76, 0.78, "pulses"), Route.REUSE, "grade_reuses"),
    ],
)
def test_the_limit_of_the_law_comes_before_the_scheme(health: Health, route: Route, code: str) -> None:
    found = graded(health, acceptance(0.75))
    assert (found.route, codes(found)) == (route, [code])


def test_a_limit_that_nobody_read_decides_nothing() -> None:
    for law in (acceptance(0.99, sure=False), acceptance(None), NO_LAW):
        found = graded(exact(0.75), law)
        assert (found.route, codes(found)) == (Route.REUSE, ["grade_reuses_law_open"])


@given(st.floats(0, 1.2), st.floats(0, 0.4), st.floats(0.1, 1.0))
def test_reuse_means_that_every_value_inside_may_be_reused(low: float, width: float, limit: float) -> None:
    high = min(low + width, 1.5)
    found = graded(Health((low + high) / 2, low, high, "pulses"), acceptance(limit))
    if found.route is Route.REUSE:
        for share in (0.0, 0.5, 1.0):
            assert graded(exact(low + share * (high - low)), acceptance(limit)).route is Route.REUSE


def test_a_scheme_that_names_no_route_asks_for_a_test() -> None:
    lines = read_schemes('[[scheme]]\nid="u"\nversion=3\nstatus="user"\nsource="s"\ngrade=[{name="x",least=0.0}]')["u"]
    assert codes(graded(exact(0.9), lines=lines)) == ["grade_without_route"]


def test_the_answer_names_what_it_rests_on() -> None:
    law = LawOfDay(DAY, tuple(LawPoint(*point) for point in of_day(LAW_VALUES, DAY)))
    found = graded(Health(0.95, 0.92, 0.97, "pulses"), law)
    assert found.route is Route.REUSE
    assert found.rules[:2] == ("ten-points@2", "physical@1")
    assert "use.prohibited.electric_bicycle@2026-04-01" in found.rules
    assert "use.prohibited.electric_bicycle" in {point.id for point in found.conditions}
    assert found.measurements["soh_method"] == "pulses"
    assert found.measurements["ocv_v"] == 3.3
    told = graded_json(found, lambda code, data: sentence(code, data, Language.ZH))
    assert told["on"] == "2026-11-22"
    assert all("screening." not in reason["message"] for reason in told["reasons"])


def test_the_law_of_another_day_is_another_law() -> None:
    before = LawOfDay(date(2017, 1, 1), tuple(LawPoint(*point) for point in of_day(LAW_VALUES, date(2017, 1, 1))))
    assert before.versions == ()
    assert graded(exact(0.95), before).conditions == ()


@pytest.mark.parametrize("name", ["soh", "soh_lo90", "soh_hi90"])
def test_health_comes_from_the_columns_of_a_lot(name: str) -> None:
    row = {"soh": [0.8, None], "soh_lo90": [0.7, None], "soh_hi90": [0.9, None]}
    assert health_of(pl.DataFrame(row)) == [Health(0.8, 0.7, 0.9, "stated"), None]
    with pytest.raises(AssessmentError) as refused:
        health_of(pl.DataFrame({**row, name: [80.0, None]}))
    assert refused.value.data["row"] == 2
    assert health_of(pl.DataFrame({"object": ["a"]})) == [None]
