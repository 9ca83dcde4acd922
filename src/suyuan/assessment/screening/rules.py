"""Rules of screening: what is looked at, the threshold, where it comes from and how sure that is.

A file has `id`, `version`, titles and a list of `[[rule]]`: `quantity` names a column of `QUANTITIES`; one of
`expected` (true or false), `at_least`, `at_most`, or these two `_by_chemistry`; `levels` the objects it applies
to (C cell, M module, P pack; all by itself); `otherwise` what follows if it is not met (`reject` or
`needs_measurement`); `concerns` whether the battery or only its measurement is at fault; `source`, `clause`, `status`.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from suyuan.assessment.capacity.protocol import Status
from suyuan.assessment.errors import AssessmentError

DEFAULT_RULES = "physical"
LEVELS = "CMP"

QUANTITIES: Mapping[str, str] = {
    "recorded_life": "bool",  # whether the object's life is on record: a traceability record exists
    "damage": "bool",
    "swelling": "bool",
    "leakage": "bool",
    "polarity_reversed": "bool",
    "insulation_passed": "bool",
    "insulation_ohm_per_v": "Ohm/V",
    "ocv_v": "V",  # of one cell, at rest
    "ocv_deviation_v": "V",  # from the median of the lot
    "self_discharge_v_per_day": "V/d",  # falling is positive
    "least_ohmic_v": "V at 1 C",  # smallest ohmic jump of a pulse row
    "ohmic_v": "V at 1 C",  # median ohmic jump of a pulse row
    "resistance_ratio": "1",  # ohmic resistance over the median of the lot
    "temperature_rise_k": "K",
    "charge_efficiency": "1",
    "voltages_missing": "1",  # values of a pulse row that are no number
    "lowest_v": "V",
    "highest_v": "V",
}
"""What rules may look at, with the unit."""


class Verdict(StrEnum):
    """What screening says of an object."""

    PASS = "pass"  # noqa: S105  no password
    NEEDS_MEASUREMENT = "needs_measurement"
    REJECT = "reject"


class Concerns(StrEnum):
    """What is at fault where a rule is not met."""

    BATTERY = "battery"
    MEASUREMENT = "measurement"  # the battery may be sound: measure again


@dataclass(frozen=True, slots=True)
class ScreeningRule:
    """One gate; its limits are in `unit`, inclusive.

    `least_of` and `most_of` hold limits by chemistry; an object of another chemistry cannot be judged.
    """

    id: str
    quantity: str
    unit: str
    otherwise: Verdict
    concerns: Concerns
    levels: str
    source: str
    clause: str
    status: Status
    expected: bool | None = None
    least: float | None = None
    most: float | None = None
    least_of: Mapping[str, float] | None = None
    most_of: Mapping[str, float] | None = None

    @property
    def by_chemistry(self) -> bool:
        """Whether the limit depends on the chemistry."""
        return self.least_of is not None or self.most_of is not None

    def limit(self, chemistry: str = "") -> str:
        """The limit as text, for one chemistry where it depends on it."""
        if self.expected is not None:
            return str(self.expected).lower()
        least = (self.least_of or {}).get(chemistry, self.least)
        most = (self.most_of or {}).get(chemistry, self.most)
        return " ".join(f"{sign} {value:g}" for sign, value in (("≥", least), ("≤", most)) if value is not None)


@dataclass(frozen=True, slots=True)
class ScreeningRules:
    """A rule file."""

    id: str
    version: int
    title_zh: str
    title_en: str
    rules: tuple[ScreeningRule, ...]

    @property
    def edition(self) -> str:
        """The name that results keep: ``physical@1``."""
        return f"{self.id}@{self.version}"


@cache
def screening_ids() -> tuple[str, ...]:
    """The rule files that come with the program."""
    folder = files("suyuan.assessment.screening")
    return tuple(sorted(each.name.removesuffix(".toml") for each in folder.iterdir() if each.name.endswith(".toml")))


@cache
def screening_rules(name: str = DEFAULT_RULES) -> ScreeningRules:
    """A rule file that comes with the program."""
    if name not in screening_ids():
        raise AssessmentError("screening.no_such_rules", name=name, known=list(screening_ids()))
    return read_screening_rules(
        (files("suyuan.assessment.screening") / f"{name}.toml").read_text(encoding="utf-8"),
    )


def read_screening_rules(text: str) -> ScreeningRules:
    """A rule file from its text; refuses one that is not understood, naming the rule and the key."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AssessmentError("assessment.not_toml", said=str(error)[:120]) from error
    listed = table.get("rule")
    if not isinstance(listed, list) or not listed:
        raise _bad("", "rule", listed)
    rules = tuple(_rule(each) for each in listed)
    twice = sorted({rule.id for rule in rules if sum(other.id == rule.id for other in rules) > 1})
    if twice:
        raise _bad(twice[0], "id", twice[0])
    version = _get(table, "version", "")
    if isinstance(version, bool) or not isinstance(version, int):
        raise _bad("", "version", version)
    told = [_text(table, key, "") for key in ("id", "title_zh", "title_en")]
    return ScreeningRules(told[0], version, told[1], told[2], rules)


def _bad(rule: str, key: str, value: object) -> AssessmentError:
    return AssessmentError("screening.bad_rules", rule=rule or "-", key=key, value=str(value)[:80])


def _get(table: Mapping[str, Any], key: str, rule: str) -> Any:
    if key not in table:
        raise _bad(rule, key, "")
    return table[key]


def _text(table: Mapping[str, Any], key: str, rule: str) -> str:
    value = _get(table, key, rule)
    if not isinstance(value, str):
        raise _bad(rule, key, value)
    return value


_TEXTS = {"id", "quantity", "unit", "levels", "otherwise", "concerns", "source", "clause", "status"}
_LIMITS = {"expected", "at_least", "at_most", "at_least_by_chemistry", "at_most_by_chemistry"}
_KEYS = frozenset(_TEXTS | _LIMITS)


def _rule(table: object) -> ScreeningRule:
    if not isinstance(table, Mapping):
        raise _bad("", "rule", table)
    name = _text(table, "id", "")
    strange = sorted(set(table) - _KEYS)
    if strange:
        raise _bad(name, strange[0], table[strange[0]])
    quantity = _text(table, "quantity", name)
    if quantity not in QUANTITIES:
        raise _bad(name, "quantity", quantity)
    unit, levels = str(table.get("unit", "")), str(table.get("levels", LEVELS))
    if unit != QUANTITIES[quantity].removesuffix("bool"):
        raise _bad(name, "unit", unit)
    if not levels or set(levels) - set(LEVELS):
        raise _bad(name, "levels", levels)
    otherwise = _word(Verdict, table, "otherwise", name)
    if otherwise is Verdict.PASS:
        raise _bad(name, "otherwise", otherwise)
    made = ScreeningRule(
        id=name,
        quantity=quantity,
        unit=unit,
        otherwise=otherwise,
        concerns=_word(Concerns, {"concerns": "battery", **table}, "concerns", name),
        levels=levels,
        source=_text(table, "source", name),
        clause=_text(table, "clause", name),
        status=_word(Status, table, "status", name),
        expected=_expected(table, name),
        least=_number(table, "at_least", name),
        most=_number(table, "at_most", name),
        least_of=_numbers(table, "at_least_by_chemistry", name),
        most_of=_numbers(table, "at_most_by_chemistry", name),
    )
    _limited(made)
    return made


def _limited(rule: ScreeningRule) -> None:
    """A yes-or-no quantity has an expected answer, a number a limit, and only one way of limits."""
    plain = rule.least is not None or rule.most is not None
    if QUANTITIES[rule.quantity] == "bool":
        right = rule.expected is not None and not plain and not rule.by_chemistry
    else:
        right = rule.expected is None and plain != rule.by_chemistry
    if not right:
        raise _bad(rule.id, "expected" if QUANTITIES[rule.quantity] == "bool" else "at_least", rule.limit())


Word = TypeVar("Word", bound=StrEnum)


def _word(words: type[Word], table: Mapping[str, Any], key: str, rule: str) -> Word:
    value = _get(table, key, rule)
    try:
        return words(value)
    except ValueError:
        raise _bad(rule, key, value) from None


def _expected(table: Mapping[str, Any], rule: str) -> bool | None:
    value = table.get("expected")
    if value is not None and not isinstance(value, bool):
        raise _bad(rule, "expected", value)
    return value


def _number(table: Mapping[str, Any], key: str, rule: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _bad(rule, key, value)
    return float(value)


def _numbers(table: Mapping[str, Any], key: str, rule: str) -> Mapping[str, float] | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, Mapping) or not value:
        raise _bad(rule, key, value)
    found = {str(name): _number(value, name, rule) for name in value}
    return {name: number for name, number in found.items() if number is not None}
