"""Objects held against the rules of screening: pass, reject, or needs measurement; what is missing never passes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.assessment.errors import AssessmentError
from suyuan.assessment.screening.rules import QUANTITIES, Concerns, ScreeningRule, ScreeningRules, Verdict
from suyuan.kernel.findings import Value

OBJECT, CHEMISTRY, LEVEL = "object", "chemistry", "level"
Places = npt.NDArray[np.int8]
_YES, _NO = frozenset({"true", "1", "yes", "是", "有"}), frozenset({"false", "0", "no", "否", "无"})


class Outcome(IntEnum):
    """What became of one rule on one object."""

    MET = 0
    UNMET = 1
    MISSING = 2  # not measured, or not to be judged
    APART = 3  # the rule is not for objects of this level


@dataclass(frozen=True, slots=True)
class Gate:
    """One rule on one object, for showing."""

    rule: ScreeningRule
    outcome: Outcome
    found: Value
    chemistry: str

    @property
    def code(self) -> str:
        """The message id of what this says."""
        if self.outcome is Outcome.MISSING and self.found is not None:
            return "screening.chemistry_unknown"
        return f"screening.gate_{self.outcome.name.lower()}"

    @property
    def data(self) -> dict[str, Value]:
        """What the sentence needs."""
        rule = self.rule
        found = f"{self.found:.6g}" if isinstance(self.found, float) else str(self.found).lower()
        limit = rule.limit(self.chemistry) or "–"
        source = f"{rule.source}, {rule.clause}" if rule.clause else rule.source
        facts: dict[str, Value] = {"rule": rule.id, "quantity": rule.quantity, "found": found, "limit": limit}
        return {**facts, "unit": rule.unit, "source": source, "status": rule.status.value}


@dataclass(frozen=True)
class Screened:
    """Objects with their verdicts, in the order of the table.

    Parameters
    ----------
    outcomes
        `Outcome` of each rule (rows) on each object (columns), shape (rules, n).
    """

    rules: ScreeningRules
    table: pl.DataFrame
    outcomes: Places
    verdicts: tuple[Verdict, ...]

    def gates(self, place: int) -> list[Gate]:
        """Every rule that is for this object, in the order of the file."""
        row = self.table.row(place, named=True)
        chemistry = str(row.get(CHEMISTRY) or "")
        found = [Outcome(int(outcome)) for outcome in self.outcomes[:, place]]
        return [
            Gate(rule, outcome, row.get(rule.quantity), chemistry)
            for rule, outcome in zip(self.rules.rules, found, strict=True)
            if outcome is not Outcome.APART
        ]

    def grounds(self, place: int) -> list[Gate]:
        """Why an object did not pass: binding rules that are unmet or missing, and doubtful ones that are unmet."""
        return [
            gate
            for gate in self.gates(place)
            if gate.outcome is Outcome.UNMET or (gate.outcome is Outcome.MISSING and gate.rule.status.binding)
        ]

    def battery_at_fault(self, place: int) -> bool:
        """Whether the object is rejected for itself, and not only for how it was measured."""
        return any(
            gate.outcome is Outcome.UNMET
            and gate.rule.status.binding
            and gate.rule.otherwise is Verdict.REJECT
            and gate.rule.concerns is Concerns.BATTERY
            for gate in self.gates(place)
        )


def screen(table: pl.DataFrame, rules: ScreeningRules, level: str = "C") -> Screened:
    """Hold every row against the rules.

    Parameters
    ----------
    table
        One row an object: `object`, perhaps `level` (C, M, P) and `chemistry`, and columns named as in `QUANTITIES`.
        Yes-or-no columns may be text (yes/no, true/false, 1/0, 是/否); anything else in them is refused.
    level
        What the objects are where the table does not say.
    """
    if OBJECT not in table.columns:
        raise AssessmentError("screening.no_objects", column=OBJECT)
    read = _read(table, level)
    outcomes = np.vstack([_outcomes(rule, read) for rule in rules.rules])
    return Screened(rules, read, outcomes, _verdicts(rules.rules, outcomes))


def _read(table: pl.DataFrame, level: str) -> pl.DataFrame:
    """The table with yes-or-no columns as such, numbers as numbers, and a level in every row."""
    columns: dict[str, pl.Series] = {}
    for name, unit in QUANTITIES.items():
        if name in table.columns:
            columns[name] = _answers(table[name]) if unit == "bool" else _numbers(table[name])
    told = table[LEVEL].cast(pl.String) if LEVEL in table.columns else pl.Series([None] * table.height, dtype=pl.String)
    columns[LEVEL] = told.fill_null(level).alias(LEVEL)
    strange = columns[LEVEL].filter(~columns[LEVEL].is_in(["C", "M", "P"]))
    if len(strange):
        raise AssessmentError("screening.strange_level", found=str(strange[0])[:40])
    return table.with_columns(**columns)


def _answers(column: pl.Series) -> pl.Series:
    if column.dtype == pl.Boolean:
        return column
    said = column.cast(pl.String).str.strip_chars().str.to_lowercase()
    said = said.set(said == "", None)
    strange = said.is_not_null() & ~said.is_in([*_YES, *_NO])
    if strange.any():
        place = int(strange.arg_true()[0])
        raise AssessmentError(
            "screening.not_yes_or_no", column=column.name, row=place + 2, found=str(column[place])[:40]
        )
    answers = [None if one is None else one in _YES for one in said.to_list()]
    return pl.Series(column.name, answers, dtype=pl.Boolean)


def _numbers(column: pl.Series) -> pl.Series:
    """Numbers; an empty cell and one that is no finite number are missing, text that is no number is refused."""
    text = column.dtype == pl.String
    said = column.str.strip_chars() if text else column
    empty = said.is_null() | (said == "") if text else said.is_null()
    read = said.cast(pl.Float64, strict=False)
    strange = read.is_null() & ~empty
    if strange.any():
        place = int(strange.arg_true()[0])
        raise AssessmentError(
            "screening.not_a_number", column=column.name, row=place + 2, found=str(column[place])[:40]
        )
    return read.set(~read.is_finite().fill_null(True), None)


def _outcomes(rule: ScreeningRule, table: pl.DataFrame) -> Places:
    found = np.full(table.height, int(Outcome.MISSING), dtype=np.int8)
    if rule.quantity in table.columns:
        values = table[rule.quantity].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        least, most = _limits(rule, table)
        with np.errstate(invalid="ignore"):
            judged = np.isfinite(values) & ~np.isnan(least)
            met = (values >= least) & (values <= most)
        found[judged & met], found[judged & ~met] = int(Outcome.MET), int(Outcome.UNMET)
    apart = ~table[LEVEL].is_in(list(rule.levels)).to_numpy()
    found[apart] = int(Outcome.APART)
    return found


def _limits(rule: ScreeningRule, table: pl.DataFrame) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Lower and upper limit of each row; not-a-number where the chemistry is not known to the rule."""
    if rule.expected is not None:
        return np.full(table.height, float(rule.expected)), np.full(table.height, float(rule.expected))
    if not rule.by_chemistry:
        return np.full(table.height, _or(rule.least, -np.inf)), np.full(table.height, _or(rule.most, np.inf))
    if CHEMISTRY not in table.columns:
        return np.full(table.height, np.nan), np.full(table.height, np.nan)
    names = [str(name or "") for name in table[CHEMISTRY].to_list()]
    known = {*(rule.least_of or {}), *(rule.most_of or {})}
    low = [_or((rule.least_of or {}).get(name), -np.inf) if name in known else np.nan for name in names]
    high = [_or((rule.most_of or {}).get(name), np.inf) if name in known else np.nan for name in names]
    return np.array(low), np.array(high)


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def _verdicts(rules: Sequence[ScreeningRule], outcomes: Places) -> tuple[Verdict, ...]:
    rejected = np.zeros(outcomes.shape[1], dtype=bool)
    open_ = np.zeros(outcomes.shape[1], dtype=bool)
    for rule, found in zip(rules, outcomes, strict=True):
        unmet, binding = found == Outcome.UNMET, rule.status.binding
        if rule.otherwise is Verdict.REJECT and binding:
            rejected |= unmet
        else:
            open_ |= unmet
        if binding:
            open_ |= found == Outcome.MISSING
    open_ |= (outcomes == Outcome.APART).all(axis=0)  # no rule looked at it
    words: Mapping[tuple[bool, bool], Verdict] = {
        (True, True): Verdict.REJECT,
        (True, False): Verdict.REJECT,
        (False, True): Verdict.NEEDS_MEASUREMENT,
        (False, False): Verdict.PASS,
    }
    return tuple(words[bool(one), bool(other)] for one, other in zip(rejected, open_, strict=True))
