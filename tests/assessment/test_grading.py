"""Grades: a line belongs to the better grade; an interval over a line asks for a full test."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suyuan.assessment import AssessmentError
from suyuan.assessment.grading import read_schemes, scheme, schemes


@pytest.mark.parametrize(("soh", "grade"), [(0.9, "A"), (0.8999, "B"), (0.6, "D"), (0.1, "E"), (1.2, "A")])
def test_a_line_belongs_to_the_better_grade(soh: float, grade: str) -> None:
    assert scheme().grade(soh) == grade


def test_an_interval_over_a_line_asks_for_a_full_test() -> None:
    assert scheme().of_interval(0.81, 0.89) == "B"
    assert scheme().of_interval(0.79, 0.91) == "full_test:C/B/A"


@given(st.floats(0, 1.2), st.floats(0, 0.3))
def test_a_definite_grade_is_that_of_every_value_inside(low: float, width: float) -> None:
    found = scheme().of_interval(low, low + width)
    if not found.startswith("full_test"):
        assert {scheme().grade(low + share * width) for share in (0, 0.3, 0.7, 1)} == {found}


def test_every_scheme_names_its_status_and_source() -> None:
    assert all(each.status in {"own", "verified", "user"} and each.source for each in schemes().values())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "scheme = 3",
        '[[scheme]]\nid="x"\nversion=1\nstatus="user"\nsource="s"\ngrade=[{name="A",least=0.5},{name="B",least=0.6}]',
        '[[scheme]]\nid="x"\nversion=1\nstatus="user"\nsource="s"\ngrade=[{name="A",least=0.5}]',
    ],
)
def test_a_scheme_that_leaves_a_gap_or_falls_is_refused(text: str) -> None:
    with pytest.raises(AssessmentError) as caught:
        read_schemes(text)
    assert caught.value.code == "assessment.bad_grade_schemes"


def test_an_unknown_scheme_is_refused_with_those_known() -> None:
    with pytest.raises(AssessmentError) as caught:
        scheme("nobody's")
    assert caught.value.data["known"] == sorted(schemes())
