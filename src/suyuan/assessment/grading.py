"""Grades of state of health: lines as data; an interval that crosses a line asks for a full test."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from suyuan.assessment.errors import AssessmentError

DEFAULT_SCHEME = "ten-points"
FULL_TEST = "full_test"
ROUTES = ("reuse", "recycle")


@dataclass(frozen=True, slots=True)
class GradeScheme:
    """Grades by the least SOH (ratio) of each, best first; the last reaches down to zero.

    Parameters
    ----------
    status
        `own` (ours, no standard), `user` (the user's) or `verified` (read in the text of a standard).
    routes
        What each grade is for, `reuse` or `recycle`; None where the scheme does not say.
    """

    id: str
    version: int
    status: str
    source: str
    names: tuple[str, ...]
    least: tuple[float, ...]
    routes: tuple[str | None, ...] = ()

    @property
    def lines(self) -> tuple[float, ...]:
        """The lines between two grades, highest first."""
        return self.least[:-1]

    def grade(self, soh: float) -> str:
        """The grade of a state of health that is known exactly."""
        place = next((place for place, least in enumerate(self.least) if soh >= least), len(self.names) - 1)
        return self.names[place]

    def route(self, grade: str) -> str | None:
        """What a grade is for: `reuse`, `recycle`, or None where the scheme does not say."""
        return self.routes[self.names.index(grade)] if self.routes else None

    def of_interval(self, low: float, high: float) -> str:
        """The grade if the whole interval lies in one, else `full_test:` and the grades it touches, worst first."""
        worst, best = self.names.index(self.grade(low)), self.names.index(self.grade(high))
        if worst == best:
            return self.names[worst]
        return f"{FULL_TEST}:{'/'.join(reversed(self.names[best : worst + 1]))}"


def read_schemes(text: str) -> dict[str, GradeScheme]:
    """The schemes of a TOML file by their id."""
    try:
        found = [_scheme(table) for table in tomllib.loads(text)["scheme"]]
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise AssessmentError("assessment.bad_grade_schemes", why=str(error)[:80]) from error
    return {scheme.id: scheme for scheme in found}


@cache
def schemes() -> dict[str, GradeScheme]:
    """The schemes that come with the program."""
    return read_schemes(files("suyuan.assessment").joinpath("grade_schemes.toml").read_text(encoding="utf-8"))


def scheme(name: str = DEFAULT_SCHEME) -> GradeScheme:
    """A scheme that comes with the program, by its id."""
    try:
        return schemes()[name]
    except KeyError:
        raise AssessmentError("assessment.unknown_grade_scheme", name=name, known=sorted(schemes())) from None


def _scheme(table: dict[str, Any]) -> GradeScheme:
    grades = table["grade"]
    names = tuple(str(grade["name"]) for grade in grades)
    least = tuple(float(grade["least"]) for grade in grades)
    if not least or list(least) != sorted(set(least), reverse=True) or least[-1] != 0 or len(set(names)) != len(names):
        raise ValueError(f"grades of {table['id']}: least falls from grade to grade, and ends at 0")
    routes = tuple(grade.get("route") for grade in grades)
    if set(routes) - {None, *ROUTES}:
        raise ValueError(f"grades of {table['id']}: a route is one of {', '.join(ROUTES)}")
    version, status, source = int(table["version"]), str(table["status"]), str(table["source"])
    return GradeScheme(str(table["id"]), version, status, source, names, least, routes)
