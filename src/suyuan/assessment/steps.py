"""The table of steps: a series cut where the tester changed what it did, with charge and energy of each piece."""

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.assessment.record import SERIES, STEPS
from suyuan.assessment.signs import CHARGE, DISCHARGE, REST, labelled_phase
from suyuan.kernel.findings import Value

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MIXED, UNKNOWN = "mixed", "unknown"
_COUNTED = ("step_count", "step_index", "step_type")
_MARKS = (*_COUNTED, "cycle_count")
_QUIET = 2e-4
"""A current below this share of the largest one of the record counts as rest."""


_LEAST_AH = 1e-4
"""Below this nothing is compared: counters round, and an idle channel has noise."""


def steps_of(series: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The steps of a series, and the series with its `step_count` from 1.

    Charge and energy are integrated by the trapezoid rule between the samples of a step; what passed
    before its first sample counts with that sample.
    """
    current = _column(series, "current_ampere")
    starts = np.flatnonzero(_begins(series, current))
    numbered = series.with_columns(pl.Series("step_count", _number(starts, series.height)))
    return _table(series, starts, current), _in_order(numbered)


def _in_order(series: pl.DataFrame) -> pl.DataFrame:
    return series.select(name for name in SERIES if name in series.columns)


def _column(series: pl.DataFrame, name: str) -> Floats:
    if name not in series.columns:
        return np.full(series.height, np.nan)
    column = series[name].cast(pl.Float64)
    return (column.fill_null(np.nan) if column.null_count() else column).to_numpy()


def quiet_current(current: Floats) -> float:
    """The current (A) below which a battery is said to rest."""
    largest = float(np.nanmax(np.abs(current))) if np.isfinite(current).any() else 0.0
    return _QUIET * largest


def _begins(series: pl.DataFrame, current: Floats) -> npt.NDArray[np.bool_]:
    """Where a step begins: the tester's own numbers, else a change between rest, charge and discharge."""
    first = np.zeros(series.height, dtype=bool)
    if not series.height:
        return first
    if _has_marks(series):
        first |= changes(series)
        if "step_time_second" in series.columns and "step_count" not in series.columns:
            passed = series["step_time_second"].diff().fill_null(0.0).to_numpy()
            first |= passed < -1e-6
    else:
        flow = np.where(np.abs(np.nan_to_num(current)) <= quiet_current(current), 0.0, np.sign(np.nan_to_num(current)))
        first[1:] |= np.diff(flow) != 0
    first[0] = True
    return first


def _number(starts: Ints, height: int) -> Ints:
    marks = np.zeros(height, dtype=np.int64)
    marks[starts] = 1
    return np.cumsum(marks)


def _increments(series: pl.DataFrame, starts: Ints, current: Floats) -> tuple[Floats, Floats, Floats]:
    """Time (s), charge (Ah, charging positive) and energy (Wh) of the interval before each sample, within its step."""
    time, voltage = _column(series, "test_time_second"), _column(series, "voltage_volt")
    passed = np.diff(time, prepend=time[:1])
    power = voltage * current
    charge = np.empty_like(passed)
    energy = np.empty_like(passed)
    charge[1:] = 0.5 * (current[1:] + current[:-1]) * passed[1:] / 3600
    energy[1:] = 0.5 * (power[1:] + power[:-1]) * passed[1:] / 3600
    head = _before_first(series, starts, passed)
    passed[starts], charge[starts], energy[starts] = head, current[starts] * head / 3600, power[starts] * head / 3600
    if not _has_marks(series):
        ends = starts[1:] - 1
        passed[ends] += head[1:]
        charge[ends] += current[ends] * head[1:] / 3600
        energy[ends] += power[ends] * head[1:] / 3600
    return passed, charge, energy


def step_marks(series: pl.DataFrame) -> list[str]:
    """The columns that change where a step begins: a count of steps alone, else all that number or name them."""
    if "step_count" in series.columns and series["step_count"].null_count() == 0:
        return ["step_count"]
    return [name for name in _MARKS if name in series.columns]


def changes(series: pl.DataFrame) -> npt.NDArray[np.bool_]:
    """Where a tester's own number or name of the step differs from the row before; the first row does."""
    marks = step_marks(series)
    if marks == ["step_count"]:
        count = series["step_count"].to_numpy()
        return np.concatenate([[True], count[1:] != count[:-1]])
    change = series.select(pl.any_horizontal(pl.col(marks).ne_missing(pl.col(marks).shift(1)))).to_series()
    return np.concatenate([[True], change.to_numpy()[1:]])


def _has_marks(series: pl.DataFrame) -> bool:
    """Whether the tester itself numbers or names its steps."""
    return any(name in series.columns for name in _COUNTED)


def _before_first(series: pl.DataFrame, starts: Ints, passed: Floats) -> Floats:
    """How long each step had run at its first sample (s).

    The time of the step says it. Without that a tester that numbers its steps has written their
    first moment; where steps were found from the current alone, the change is taken to lie in the
    middle between two samples.
    """
    gap = np.clip(passed[starts], 0.0, None)
    gap[0] = 0.0
    if "step_time_second" in series.columns:
        told = np.nan_to_num(_column(series, "step_time_second")[starts])
        gap[0] = max(0.0, float(told[0])) if len(told) else 0.0
        return np.asarray(np.clip(np.minimum(told, gap), 0.0, None))
    if _has_marks(series):
        return np.zeros(len(starts))
    inner = np.delete(passed, starts)
    usual = float(np.median(inner[inner > 0])) if (inner > 0).any() else 0.0
    return np.where(gap <= 2 * usual, gap / 2, 0.0)


def _sums(values: Floats, starts: Ints) -> Floats:
    return np.asarray(np.add.reduceat(values, starts))


def _table(series: pl.DataFrame, starts: Ints, current: Floats) -> pl.DataFrame:
    if not series.height:
        return pl.DataFrame(schema=STEPS)
    known = bool(np.isfinite(current).any())
    current = np.nan_to_num(current) if known and np.isnan(current).any() else current
    passed, charge, energy = _increments(series, starts, current)
    voltage, time = _column(series, "voltage_volt"), _column(series, "test_time_second")
    ends = np.append(starts[1:], series.height) - 1
    duration = _sums(passed, starts)
    lasting = np.where(duration > 0, duration, 1.0)
    up, down = _sums(np.clip(charge, 0, None), starts), _sums(np.clip(-charge, 0, None), starts)
    head = passed[starts]
    nothing = np.full(len(starts), np.nan)
    temperature = _column(series, "temperature_t1_celsius")
    labels = series["step_type"].gather(starts) if "step_type" in series.columns else None
    table = {
        "step_count": np.arange(1, len(starts) + 1),
        "step_index": _marks(series, "step_index", starts),
        "cycle_count": _marks(series, "cycle_count", starts),
        "label": labels if labels is not None else pl.Series([None] * len(starts), dtype=pl.String),
        "first_row": starts,
        "rows": ends - starts + 1,
        "start_s": time[starts] - head,
        "duration_s": duration,
        "start_v": voltage[starts],
        "end_v": voltage[ends],
        "min_v": np.fmin.reduceat(voltage, starts),
        "max_v": np.fmax.reduceat(voltage, starts),
        "mean_current_a": np.where(duration > 0, (down - up) * 3600 / lasting, -current[starts]),
        "end_current_a": -current[ends],
        "intervals": _sums((passed > 0).astype(np.float64), starts).astype(np.int64),
        "longest_interval_s": np.fmax.reduceat(passed, starts),
        "charged_ah": up if known else nothing,
        "discharged_ah": down if known else nothing,
        "charged_wh": _sums(np.clip(energy, 0, None), starts) if known else nothing,
        "discharged_wh": _sums(np.clip(-energy, 0, None), starts) if known else nothing,
        "start_celsius": temperature[starts],
        "end_celsius": temperature[ends],
        "max_celsius": np.fmax.reduceat(temperature, starts),
    }  # fmt: skip
    frame = pl.DataFrame(table, strict=False).with_columns(_phases(current, starts, up, down, labels))
    return frame.select(pl.col(name).cast(kind).fill_nan(None) if kind == pl.Float64() else pl.col(name).cast(kind)
                        for name, kind in STEPS.items())  # fmt: skip


def _marks(series: pl.DataFrame, name: str, starts: Ints) -> pl.Series:
    if name not in series.columns:
        return pl.Series([None] * len(starts), dtype=pl.Int64)
    return series[name].gather(starts)


def _phases(current: Floats, starts: Ints, up: Floats, down: Floats, labels: pl.Series | None) -> pl.Series:
    """Rest, charge or discharge by the charge that really passed; the label only where no current was recorded."""
    if not np.isfinite(current).any():
        named = labelled_phase(labels) if labels is not None else pl.Series([None] * len(starts), dtype=pl.String)
        return named.fill_null(UNKNOWN).alias("phase")
    largest = np.maximum.reduceat(np.abs(current), starts)
    total = up + down
    flowing = largest > quiet_current(current)
    sense = np.where(total > 0, up - down, current[starts])
    both = (np.minimum(up, down) > 0.05 * total) & (total > 0)
    phase = np.select([~flowing, both, sense > 0, sense < 0], [REST, MIXED, CHARGE, DISCHARGE], default=REST)
    return pl.Series("phase", phase)


def charge_contradiction(series: pl.DataFrame, steps: pl.DataFrame) -> dict[str, Value] | None:
    """Where the tester's counters and our integral differ by a factor that no rounding explains.

    Such a factor (1000, 3600 …) is a unit read wrongly.
    """
    pairs = (("charging_capacity_ah", "charged_ah"), ("discharging_capacity_ah", "discharged_ah"))
    for counter, integral in pairs:
        if counter not in series.columns or steps[integral].null_count():
            continue
        stated = float(series[counter].fill_null(strategy="forward").fill_null(0.0).diff().clip(lower_bound=0.0).sum())
        ours = float(steps[integral].sum())
        flowing = steps.filter(pl.col(integral) > 0)["intervals"].sum()
        if min(stated, ours) > 0 and max(stated, ours) > _LEAST_AH and flowing >= 20 and not 0.5 < ours / stated < 2.0:
            return {"column": counter, "stated_ah": float(f"{stated:.4g}"), "integrated_ah": float(f"{ours:.4g}")}
    return None
