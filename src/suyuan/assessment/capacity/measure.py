"""Charge and energy of a discharge with their uncertainty, and resistance from its first seconds."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.assessment.capacity.instrument import SQRT3, Instrument
from suyuan.assessment.capacity.phases import Match, Phase
from suyuan.assessment.record import Kind, Record

Floats = npt.NDArray[np.float64]

COVERAGE_FACTOR = 2.0
"""Expanded uncertainty is twice the standard one: about 95 % (GUM 6.3.3)."""
STATED_DIGIT = 1e-4  # the last digit in which sheets of steps state Ah and Wh


@dataclass(frozen=True, slots=True)
class Amount:
    """A measured amount with its expanded uncertainty (same unit, coverage factor 2)."""

    value: float
    uncertainty: float


@dataclass(frozen=True, slots=True)
class Resistance:
    """Resistance (Ohm) at a time after the current began; None with the reason if it cannot be had."""

    time_s: float
    ohm: float | None
    uncertainty_ohm: float | None = None
    reason: str | None = None


def rows_of(record: Record, phase: Phase) -> slice:
    """The rows of the series that belong to a phase."""
    first = int(record.steps["first_row"][phase.first])
    last = phase.last
    return slice(first, int(record.steps["first_row"][last]) + int(record.steps["rows"][last]))


def discharged(record: Record, phase: Phase, instrument: Instrument | None) -> tuple[Amount, Amount]:
    """Charge (Ah) and energy (Wh) of a discharge.

    Errors of the tester stay the same throughout a test, so they add up along it; the error of
    the trapezoid is bounded by the difference between the two staircases.
    """
    charge, energy = phase.discharged_ah, phase.discharged_wh
    if record.kind is Kind.STEPS:
        return _stated(record, phase, instrument)
    rows = rows_of(record, phase)
    time, current, voltage = record.time_s[rows], record.current_a[rows], record.voltage_v[rows]
    passed = np.clip(np.diff(time), 0.0, None) / 3600
    sampling_ah = abs(float(np.sum(np.diff(current) * passed))) / (2 * SQRT3)
    sampling_wh = abs(float(np.sum(np.diff(current * voltage) * passed))) / (2 * SQRT3)
    mean = _Means(
        hours=float(np.sum(passed)),
        volt_hours=float(np.sum(_middle(voltage) * passed)),
        charge=charge,
        energy=energy,
    )
    return _amounts(mean, sampling_ah, sampling_wh, instrument)


def _stated(record: Record, phase: Phase, instrument: Instrument | None) -> tuple[Amount, Amount]:
    digit = STATED_DIGIT / 2 / SQRT3 * (phase.last - phase.first + 1) ** 0.5
    volts = phase.discharged_wh / phase.discharged_ah if phase.discharged_ah else 0.0
    hours = phase.duration_s / 3600
    mean = _Means(hours, volts * hours, phase.discharged_ah, phase.discharged_wh)
    return _amounts(mean, digit, digit, instrument)


@dataclass(frozen=True, slots=True)
class _Means:
    """Integrals over a discharge: time (h), voltage (V h), charge (Ah), energy (Wh)."""

    hours: float
    volt_hours: float
    charge: float
    energy: float


def _amounts(
    mean: _Means, sampling_ah: float, sampling_wh: float, instrument: Instrument | None
) -> tuple[Amount, Amount]:
    tool = instrument or Instrument()
    of_current_ah = (tool.current_floor_a * mean.hours + tool.current_of_reading * mean.charge) / SQRT3
    of_current_wh = (tool.current_floor_a * mean.volt_hours + tool.current_of_reading * mean.energy) / SQRT3
    of_voltage_wh = (tool.voltage_floor_v * mean.charge + tool.voltage_of_reading * mean.energy) / SQRT3
    of_time = tool.time_of_reading / SQRT3
    charge = np.hypot(np.hypot(of_current_ah, sampling_ah), of_time * mean.charge)
    energy = np.hypot(np.hypot(of_current_wh, of_voltage_wh), np.hypot(sampling_wh, of_time * mean.energy))
    return (
        Amount(mean.charge, COVERAGE_FACTOR * float(charge)),
        Amount(mean.energy, COVERAGE_FACTOR * float(energy)),
    )


def _middle(values: Floats) -> Floats:
    return 0.5 * (values[1:] + values[:-1])


def resistances(
    record: Record, match: Match, times_s: tuple[float, ...], instrument: Instrument | None
) -> tuple[Resistance, ...]:
    """Resistance at each of `times_s` after the start of the discharge, from the rest before it."""
    if record.kind is Kind.STEPS:
        return tuple(Resistance(time, None, reason="step_ends_only") for time in times_s)
    if match.rest is None:
        return tuple(Resistance(time, None, reason="no_rest_before") for time in times_s)
    rest, flow = rows_of(record, match.rest), rows_of(record, match.discharge)
    before_v, before_a = float(record.voltage_v[rest][-1]), float(record.current_a[rest][-1])
    start = float(record.steps["start_s"][match.discharge.first])
    since = record.time_s[flow] - start
    voltage, current = record.voltage_v[flow], record.current_a[flow]
    return tuple(_resistance(time, since, before_v - voltage, current - before_a, instrument) for time in times_s)


def _resistance(time_s: float, since: Floats, drop: Floats, step: Floats, instrument: Instrument | None) -> Resistance:
    """By straight lines between the samples; none where the nearest samples are further away than half the time."""
    after = int(np.searchsorted(since, time_s))
    if after >= len(since):
        return Resistance(time_s, None, reason="ended_before")
    before = max(after - 1, 0) if since[after] > time_s else after
    if min(time_s - since[before], since[after] - time_s) > 0.5 * time_s or since[before] > time_s:
        return Resistance(time_s, None, reason="no_sample_near")
    if since[after] - since[before] > time_s:
        return Resistance(time_s, None, reason="no_sample_near")
    volts, amperes = (float(np.interp(time_s, since, values)) for values in (drop, step))
    if abs(amperes) <= 0:
        return Resistance(time_s, None, reason="no_current")
    ohm = volts / amperes
    return Resistance(time_s, ohm, _uncertainty(ohm, amperes, instrument))


def _uncertainty(ohm: float, amperes: float, instrument: Instrument | None) -> float | None:
    """Of a difference of two voltages by one instrument: its floor twice, its share of the reading once."""
    if instrument is None:
        return None
    of_voltage = 2**0.5 * instrument.voltage_floor_v / abs(amperes) + instrument.voltage_of_reading * abs(ohm)
    of_current = abs(ohm) * (instrument.current_floor_a / abs(amperes) + instrument.current_of_reading)
    return COVERAGE_FACTOR * float(np.hypot(of_voltage, of_current)) / SQRT3


def temperatures(record: Record, phase: Phase) -> tuple[float | None, float | None]:
    """Temperature at the start of a phase (°C) and its largest rise above that (K); None if not recorded."""
    steps = record.steps.slice(phase.first, phase.last - phase.first + 1)
    start = steps["start_celsius"].drop_nulls()
    highest = steps.select(pl.max_horizontal("start_celsius", "end_celsius", "max_celsius").max()).item()
    if not len(start) or highest is None:
        return None, None
    return float(start[0]), float(highest) - float(start[0])
