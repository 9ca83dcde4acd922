"""Quantities that rules look at, from what was measured: a row of pulses, a record of a tester, a whole lot."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.assessment.capacity.residual import Residual
from suyuan.assessment.errors import AssessmentError
from suyuan.assessment.pulses.features import steps_of
from suyuan.assessment.pulses.rows import VOLTAGES, Pulses, pulses_of
from suyuan.assessment.record import Kind, Record
from suyuan.assessment.screening.judging import OBJECT
from suyuan.assessment.signs import REST

CELL, LOT = "cell", "lot"
LEAST_LOT = 5
"""Objects below which a lot has no median worth comparing with."""

DAY_S = 86_400.0
LEAST_REST_S = DAY_S  # a shorter rest shows relaxation and hysteresis, not self-discharge
MOST_DRIFT_K = 2.0  # a cell that warms or cools by more moves its voltage by itself
MOST_BEND = 2.0  # a second half much slower than the first is still relaxing

Floats = npt.NDArray[np.float64]


def with_pulses(table: pl.DataFrame) -> pl.DataFrame:
    """The table with the quantities that its columns `cell`, `width_ms`, `Qn`, `U1`..`U41` give, where it has them.

    `object` is the cell where the table names none. What the table states itself is kept.
    """
    if not set(VOLTAGES) <= set(table.columns):
        return table
    pulses = pulses_of(table)
    found = {name: pl.Series(name, values, nan_to_null=True) for name, values in _of_pulses(pulses).items()}
    named = table if OBJECT in table.columns else table.with_columns(pl.col(CELL).cast(pl.String).alias(OBJECT))
    return named.with_columns(**{name: values for name, values in found.items() if name not in named.columns})


def _of_pulses(pulses: Pulses) -> Mapping[str, Floats]:
    volts = pulses.volts
    whole = np.asarray(np.isfinite(volts).all(axis=1))
    others = np.column_stack([pulses.width_ms, pulses.nominal_ah])
    missing = (~np.isfinite(volts)).sum(axis=1) + (~(np.isfinite(others) & (others > 0))).sum(axis=1)
    steps = steps_of(np.where(whole[:, None], volts, 3.0))
    ohmic = np.median(np.hstack(steps.ohmic), axis=1)

    def where(values: Floats) -> Floats:
        return np.where(whole, values, np.nan)

    return {
        "voltages_missing": missing.astype(np.float64),
        "lowest_v": where(volts.min(axis=1)),
        "highest_v": where(volts.max(axis=1)),
        "ocv_v": np.where(np.isfinite(volts[:, 0]), volts[:, 0], np.nan),
        "least_ohmic_v": where(steps.least),
        "ohmic_v": where(ohmic),
    }


def with_lot(table: pl.DataFrame) -> pl.DataFrame:
    """The table with what only the others of a lot can tell: distance of rest voltage, resistance over the median.

    Objects with the same value in the column `lot` belong together; without that column all do. Below `LEAST_LOT`
    measured objects nothing is added: the quantity stays missing.
    """
    groups = pl.col(LOT) if LOT in table.columns else pl.lit(0)
    added: dict[str, pl.Expr] = {}
    for name, source, relative in (("ocv_deviation_v", "ocv_v", False), ("resistance_ratio", "ohmic_v", True)):
        if name in table.columns or source not in table.columns:
            continue
        value = pl.col(source).cast(pl.Float64, strict=False)
        middle = value.median().over(groups)
        told = value / middle if relative else (value - middle).abs()
        enough = (value.count().over(groups) >= LEAST_LOT) & ((middle > 0) if relative else pl.lit(True))
        added[name] = pl.when(enough).then(told)
    return table.with_columns(**added)


def of_record(record: Record, residual: Residual | None = None) -> dict[str, float]:
    """What a tester's record and the residual capacity measured in it tell; what they do not tell is left out."""
    if record.kind is Kind.IMPEDANCE:
        return {}
    found: dict[str, float | None] = {"self_discharge_v_per_day": self_discharge(record)}
    for discharge in residual.discharges if residual else ():
        _largest(found, "temperature_rise_k", discharge.rise_k)
        _largest(found, "charge_efficiency", discharge.charge_efficiency)
    return {name: value for name, value in found.items() if value is not None}


def _largest(found: dict[str, float | None], name: str, value: float | None) -> None:
    before = found.get(name)
    if value is not None and (before is None or value > before):
        found[name] = value


def self_discharge(record: Record) -> float | None:
    """Fall of the voltage over the longest rest (V a day), from its second half; None where it cannot be told.

    It cannot be told from a rest shorter than `LEAST_REST_S`, from one during which the temperature moved by more
    than `MOST_DRIFT_K`, and from one that is still relaxing.
    """
    rests = record.steps.filter((pl.col("phase") == REST) & (pl.col("duration_s") >= LEAST_REST_S))
    if record.kind is not Kind.SERIES or not rests.height:
        return None
    row = rests.sort("duration_s", descending=True).row(0, named=True)
    part = record.series.slice(row["first_row"], row["rows"])
    time, voltage = part["test_time_second"].to_numpy(), part["voltage_volt"].to_numpy()
    if "temperature_t1_celsius" in part.columns:
        heat = part["temperature_t1_celsius"].drop_nulls()
        if len(heat) and float(np.ptp(heat.to_numpy())) > MOST_DRIFT_K:
            return None
    middle = time[0] + (time[-1] - time[0]) / 2
    slopes = [_slope(time[half], voltage[half]) for half in (time < middle, time >= middle)]
    first, second = slopes
    if first is None or second is None or abs(first) > MOST_BEND * max(abs(second), 1e-4):
        return None
    return -second


def _slope(time_s: Floats, voltage_v: Floats) -> float | None:
    """Change of voltage (V a day), by least squares."""
    if len(time_s) < 3 or time_s[-1] <= time_s[0]:
        return None
    days = (time_s - time_s.mean()) / DAY_S
    return float(days @ (voltage_v - voltage_v.mean()) / (days @ days))


def prepared(table: pl.DataFrame) -> pl.DataFrame:
    """A table as people have it, with `object` and every quantity that its columns give."""
    named = table
    if OBJECT not in named.columns and CELL in named.columns:
        named = named.with_columns(pl.col(CELL).cast(pl.String).alias(OBJECT))
    if OBJECT not in named.columns:
        raise AssessmentError("screening.no_objects", column=OBJECT)
    return with_lot(with_pulses(named))
