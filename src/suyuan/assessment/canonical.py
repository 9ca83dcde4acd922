"""From the columns of a file to a record: required columns, order of time, sign, units; nothing is guessed silently."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.assessment import signs, timeline
from suyuan.assessment.errors import AssessmentError
from suyuan.assessment.readers.cells import is_moment, moments, numbers
from suyuan.assessment.readers.headings import Heading
from suyuan.assessment.readers.tables import Table
from suyuan.assessment.record import SERIES, Kind, Record
from suyuan.assessment.saying import found
from suyuan.assessment.steps import charge_contradiction, steps_of
from suyuan.kernel import Finding, Severity
from suyuan.kernel.findings import Value

_TEXTS = frozenset({"step_type", "moment", "charging_state"})
_LARGEST = {"test_time_second": 1e11, "voltage_volt": 1e6, "current_ampere": 1e7}
"""Beyond these (3,000 years, a megavolt, ten megaampere) a number is damage, not a measurement."""
_SHOWN = 5
_HIGHEST_V = 1500.0  # the limit of low voltage d.c. (IEC 60038): no traction battery lies above it


@dataclass(slots=True)
class Draft:
    """Columns read so far, and what is to be said about them.

    Parameters
    ----------
    frame
        Float64 columns under names of `SERIES`, `step_type` as String.
    places
        Number of each row in the file, for messages.
    """

    form: str
    frame: pl.DataFrame
    places: npt.NDArray[np.int64]
    findings: list[Finding] = field(default_factory=list)
    about: dict[str, Value] = field(default_factory=dict)
    name: str | None = None
    assumed: frozenset[str] = frozenset()  # columns whose heading names no unit

    def say(self, code: str, severity: Severity = Severity.FINDING, **data: Value) -> None:
        """Keep a finding."""
        self.findings.append(Finding(code, data, severity=severity))

    def keep(self, rows: npt.NDArray[np.bool_]) -> None:
        """Go on with some rows."""
        self.frame, self.places = self.frame.filter(pl.Series(rows)), self.places[rows]


def some(places: npt.NDArray[np.int64]) -> str:
    """The first places of many, as a message shows them."""
    shown = ", ".join(str(int(place)) for place in places[:_SHOWN])
    return f"{shown} …" if len(places) > _SHOWN else shown


def draft_of(table: Table, form: str, name: str | None = None) -> Draft:
    """The columns of a table as numbers; cells that are none are told about."""
    draft = Draft(form, pl.DataFrame(), table.places, list(table.findings), name=name)
    columns: list[pl.Series] = []
    for place, heading in table.layout.columns.items():
        text = table.frame[f"c{place}"]
        if heading.column == "moment" or (heading.column == "test_time_second" and is_moment(text)):
            columns += _moments(text, draft)
        elif heading.column in _TEXTS:
            columns.append(text.str.strip_chars().alias(heading.column))
        else:
            columns.append(_numbers(text, heading, table, draft))
    draft.frame = pl.DataFrame(columns) if columns else pl.DataFrame()
    _tell_layout(table, draft)
    return draft


def _numbers(text: pl.Series, heading: Heading, table: Table, draft: Draft) -> pl.Series:
    read = numbers(text, heading.unit, table.separator)
    finite = read.is_finite().fill_null(False)
    written = text.str.strip_chars().str.len_chars().fill_null(0) > 0
    bad = (~finite & written).to_numpy()
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        draft.say(
            "assessment.unreadable_cells",
            column=heading.text,
            count=int(bad.sum()),
            rows=some(table.places[bad]),
            value=(text[first] or "")[:40],
        )
    values = pl.Series(np.where(finite.to_numpy(), read.fill_null(0.0).to_numpy(), np.nan)).fill_nan(None)
    scaled = values if heading.factor == 1.0 else values * heading.factor
    return scaled.alias(heading.column)


def _moments(text: pl.Series, draft: Draft) -> list[pl.Series]:
    read, form = moments(text)
    if form is None or form == "?":
        shown = str(text.drop_nulls()[0])[:40] if text.null_count() < len(text) else ""
        code = "assessment.day_and_month" if form == "?" else "assessment.unknown_moment"
        draft.say(code, Severity.WARNING, value=shown)
        return [read.alias("clock_second")] if form == "?" else []
    draft.about["clock"] = "the tester's own, zone not stated"
    return [read.alias("moment")]


def _tell_layout(table: Table, draft: Draft) -> None:
    layout = table.layout
    draft.assumed = frozenset(heading.column for heading in layout.columns.values() if heading.assumed)
    assumed = [f"{heading.text} [{heading.unit}]" for heading in layout.columns.values() if heading.assumed]
    clocks = {h.text for h in layout.columns.values() if h.assumed and h.column.endswith("_time_second")}
    told = [text for text in assumed if text.rpartition(" [")[0] not in clocks or not _clocked(table)]
    if told:
        draft.say("assessment.unit_assumed", Severity.WARNING, columns=told)
    for trouble in layout.troubles:
        draft.say("assessment.unknown_unit", column=trouble.text, unit=trouble.unit)
    if layout.twice:
        draft.say("assessment.column_twice", Severity.WARNING, columns=list(layout.twice))
    unnamed = table.frame.width - len(table.headings)
    if unnamed > 0 and not _empty(table.frame[:, len(table.headings) :]):
        draft.say("assessment.unnamed_columns", Severity.WARNING, count=unnamed)
    if layout.unknown:
        draft.about["columns_not_read"] = list(layout.unknown)


def _empty(frame: pl.DataFrame) -> bool:
    return all(column.null_count() == len(column) for column in frame)


def _clocked(table: Table) -> bool:
    """Whether bare times are durations with colons, whose unit is plain."""
    bare = [f"c{p}" for p, h in table.layout.columns.items() if h.assumed and h.column.endswith("_time_second")]
    return all(table.frame[name].head(1).str.contains(":").fill_null(False).all() for name in bare)


def settle(draft: Draft, kind: Kind = Kind.SERIES) -> Record:
    """The record of a draft; refuses one without rows or without its required columns."""
    _require(draft)
    _drop_unreadable(draft)
    if not draft.frame.height:
        raise AssessmentError("assessment.no_rows", form=draft.form)
    timeline.check_unit(draft)
    timeline.straighten(draft)
    signs.settle_signs(draft)
    _check_voltage(draft)
    series = _ordered(draft.frame)
    steps, numbered = steps_of(series)
    contradiction = charge_contradiction(numbered, steps)
    if contradiction is not None:
        draft.findings.append(found("assessment.charge_contradicts", **contradiction))
    return Record(draft.form, kind, numbered, steps, tuple(draft.findings), _sorted(draft.about), draft.name)


def _sorted(about: Mapping[str, Value]) -> dict[str, Value]:
    return {key: about[key] for key in sorted(about)}


def _require(draft: Draft) -> None:
    """Time, voltage and current, made from what the file has where the making is plain, and said."""
    frame = draft.frame
    if "voltage_volt" not in frame.columns:
        raise AssessmentError("assessment.missing_columns", columns=["voltage"], found=_found(draft))
    if "moment" in frame.columns:
        if "unix_time_second" not in frame.columns:
            frame = frame.with_columns(pl.col("moment").alias("unix_time_second"))
        frame = frame.drop("moment")
    if "test_time_second" not in frame.columns:
        if "unix_time_second" not in frame.columns:
            raise AssessmentError("assessment.missing_columns", columns=["test time"], found=_found(draft))
        start = frame["unix_time_second"].drop_nulls()
        since = pl.col("unix_time_second") - (start[0] if len(start) else 0.0)
        frame = frame.with_columns(since.alias("test_time_second"))
        draft.say("assessment.time_from_clock", Severity.WARNING)
    draft.frame = frame
    if "current_ampere" not in frame.columns:
        _make_current(draft)
    draft.frame = draft.frame.drop("charge_increment_ah", strict=False)


def _make_current(draft: Draft) -> None:
    frame = draft.frame
    if "charge_increment_ah" in frame.columns:
        passed = pl.col("test_time_second").diff()
        made = pl.when(passed > 0).then(pl.col("charge_increment_ah") * 3600 / passed).otherwise(0.0).fill_null(0.0)
        draft.frame = frame.with_columns(made.alias("current_ampere"))
        draft.say("assessment.current_from_charge", Severity.WARNING)
        return
    if "power_watt" in frame.columns:
        made = pl.when(pl.col("voltage_volt") != 0).then(pl.col("power_watt") / pl.col("voltage_volt"))
        draft.frame = frame.with_columns(made.otherwise(0.0).alias("current_ampere"))
        draft.say("assessment.current_from_power", Severity.WARNING)
        return
    draft.frame = frame.with_columns(pl.lit(None, dtype=pl.Float64).alias("current_ampere"))
    draft.say("assessment.no_current")


def _found(draft: Draft) -> list[str]:
    return sorted(draft.frame.columns)


def _drop_unreadable(draft: Draft) -> None:
    """Rows without time, voltage or current cannot stand in a series; they are left out and counted."""
    frame = draft.frame
    good = np.ones(frame.height, dtype=bool)
    for name, largest in _LARGEST.items():
        if name != "current_ampere" or frame[name].null_count() < frame.height:
            good &= np.abs(frame[name].fill_null(np.nan).to_numpy()) <= largest
    if good.all():
        return
    lost = draft.places[~good]
    last = len(lost) == 1 and not good[-1]
    code = "assessment.last_row_cut" if last else "assessment.rows_lost"
    draft.say(code, count=len(lost), rows=some(lost), kept=int(good.sum()))
    draft.keep(good)


def _check_voltage(draft: Draft) -> None:
    middle = draft.frame["voltage_volt"].abs().median()
    if isinstance(middle, float) and middle > _HIGHEST_V:
        draft.say("assessment.unit_doubtful", column="voltage", value=round(middle, 3), limit=_HIGHEST_V)


def _ordered(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns of the series in their order and types."""
    present = [name for name in SERIES if name in frame.columns]
    return frame.select(pl.col(name).cast(SERIES[name], strict=False) for name in present)
