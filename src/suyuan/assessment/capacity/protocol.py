"""Protocols: what a test has to do, as data with the source and the verification status of every number."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any

from suyuan.assessment.errors import AssessmentError
from suyuan.assessment.signs import CHARGE, DISCHARGE, REST

_PHASES = frozenset({REST, CHARGE, DISCHARGE})


class Status(StrEnum):
    """How sure a number of a protocol is."""

    READ = "read"  # in a text that we read
    USER = "user"  # put in by the user, who has the text
    OWN = "own"  # a choice of ours; no standard
    RECALLED = "recalled"  # from memory: shown and judged, but nothing depends on it

    @property
    def binding(self) -> bool:
        """Whether a test that does not meet it has not followed the protocol."""
        return self is not Status.RECALLED


class Rule(StrEnum):
    """What a requirement looks at."""

    CHARGE_BEFORE = "charge_before"
    REST = "rest"
    RATE = "rate"
    CUT_OFF = "cut_off"
    TEMPERATURE = "temperature"
    INTERVALS = "intervals"
    REPEATABILITY = "repeatability"
    ACCEPTANCE = "acceptance"

    @property
    def of_result(self) -> bool:
        """Whether it looks at the result as a whole and not at one discharge."""
        return self in (Rule.REPEATABILITY, Rule.ACCEPTANCE)


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a protocol asks for.

    `value` ± `tolerance`, or at `least`; the meaning of the numbers is that of the `rule` and
    their unit is `unit`. `window` and `most_cycles` belong to repeatability. Acceptance is residual over
    rated capacity of at `least` a ratio; it judges the battery, not whether the protocol was followed.
    """

    id: str
    rule: Rule
    unit: str
    source: str
    status: Status
    value: float | None = None
    tolerance: float = 0.0
    least: float | None = None
    window: int = 1
    most_cycles: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """One phase of the sequence; an optional one may be absent."""

    phase: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Protocol:
    """A procedure for residual capacity.

    Parameters
    ----------
    sequence
        Phases in order; the last is the discharge that is measured.
    least_share
        A discharge below this share of the largest of the record is no full one.
    resistance_times_s
        Times after the start of the discharge at which resistance is reported (s).
    """

    id: str
    version: int
    title_zh: str
    title_en: str
    sequence: tuple[Place, ...]
    least_share: float
    resistance_times_s: tuple[float, ...]
    requirements: tuple[Requirement, ...]

    def requirement(self, rule: Rule) -> Requirement | None:
        """The requirement with a rule, if the protocol has one."""
        return next((each for each in self.requirements if each.rule is rule), None)


@cache
def protocol_ids() -> tuple[str, ...]:
    """The protocols that come with the program."""
    folder = files("suyuan.assessment.capacity") / "protocols"
    return tuple(sorted(each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml")))


@cache
def protocol(name: str) -> Protocol:
    """A protocol that comes with the program.

    >>> protocol("gbt-34015-2017").requirement(Rule.INTERVALS).least
    50.0
    """
    if name not in protocol_ids():
        raise AssessmentError("assessment.no_such_protocol", protocol=name, known=list(protocol_ids()))
    text = (files("suyuan.assessment.capacity") / "protocols" / f"{name}.toml").read_text(encoding="utf-8")
    return read_protocol(text)


def read_protocol(text: str) -> Protocol:
    """A protocol from its TOML text; refuses one that is not understood, naming the key."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AssessmentError("assessment.not_toml", said=str(error)[:120]) from error
    sequence = tuple(_place(str(each)) for each in _list(table, "sequence"))
    if not sequence or sequence[-1] != Place(DISCHARGE, optional=False):
        raise AssessmentError("assessment.bad_protocol", key="sequence", value=str(table.get("sequence")))
    share = _number(table, "least_share", 0.0, 1.0)
    return Protocol(
        id=str(_get(table, "id")),
        version=int(_number(table, "version", 0, 1e9)),
        title_zh=str(_get(table, "title_zh")),
        title_en=str(_get(table, "title_en")),
        sequence=sequence,
        least_share=share,
        resistance_times_s=tuple(_time(each) for each in _list(table, "resistance_times_s")),
        requirements=tuple(_requirement(each) for each in table.get("requirement", ())),
    )


def _get(table: Mapping[str, Any], key: str) -> Any:
    if key not in table:
        raise AssessmentError("assessment.bad_protocol", key=key, value="")
    return table[key]


def _list(table: Mapping[str, Any], key: str) -> list[Any]:
    value = _get(table, key)
    if not isinstance(value, list):
        raise AssessmentError("assessment.bad_protocol", key=key, value=str(value)[:80])
    return value


def _number(table: Mapping[str, Any], key: str, low: float, high: float) -> float:
    value = _get(table, key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise AssessmentError("assessment.bad_protocol", key=key, value=str(value)[:80])
    return float(value)


def _time(value: Any) -> float:
    return _number({"resistance_times_s": value}, "resistance_times_s", 1e-6, 1e6)


def _place(text: str) -> Place:
    phase = text.removesuffix("?")
    if phase not in _PHASES:
        raise AssessmentError("assessment.bad_protocol", key="sequence", value=text[:80])
    return Place(phase, optional=text.endswith("?"))


def _requirement(table: Mapping[str, Any]) -> Requirement:
    numbers = {
        key: _number(table, key, -1e9, 1e9)
        for key in ("value", "tolerance", "least", "window", "most_cycles")
        if key in table
    }
    try:
        rule, status = Rule(_get(table, "rule")), Status(_get(table, "status"))
    except ValueError as error:
        raise AssessmentError("assessment.bad_protocol", key="requirement", value=str(error)[:80]) from error
    _complete(rule, numbers)
    cycles = numbers.get("most_cycles")
    return Requirement(
        id=str(_get(table, "id")),
        rule=rule,
        unit=str(_get(table, "unit")),
        source=str(_get(table, "source")),
        status=status,
        value=numbers.get("value"),
        tolerance=numbers.get("tolerance", 0.0),
        least=numbers.get("least"),
        window=int(numbers.get("window", 1)),
        most_cycles=None if cycles is None else int(cycles),
    )


_NEEDS = {
    Rule.REST: ("least",),
    Rule.RATE: ("value", "tolerance"),
    Rule.TEMPERATURE: ("value", "tolerance"),
    Rule.INTERVALS: ("least",),
    Rule.REPEATABILITY: ("window", "tolerance"),
    Rule.ACCEPTANCE: ("least",),
}


def _complete(rule: Rule, numbers: Mapping[str, float]) -> None:
    for key in _NEEDS.get(rule, ()):
        if key not in numbers:
            raise AssessmentError("assessment.bad_protocol", key=f"{rule}.{key}", value="")
