"""Equivalent circuit of a cell from current and voltage: a source, a resistance, one or two RC pairs in series.

V = E - R0 I - U1 - U2 - s q, with dUk/dt = I / Ck - Uk / (Rk Ck), discharging positive, q the charge drawn (Ah).
The current is constant between two records (Plett, Battery Management Systems I, 2015, section 2.4, gives
the same recursion). For given time constants everything else is linear, so only these are searched for.
Uncertainties are standard deviations from the Jacobian at the end and the residuals, widened where
neighbouring residuals resemble each other.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from suyuan.assessment.errors import AssessmentError
from suyuan.assessment.pulses.rows import Floats
from suyuan.assessment.pulses.search import lowest

_LEAST_RECORDS = 12
_STARTS = 6
_REFINED = 80


@dataclass(frozen=True, slots=True)
class Value:
    """A parameter with its standard deviation, in the same unit."""

    value: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Pair:
    """One RC pair."""

    resistance_ohm: Value
    time_constant_s: Value

    @property
    def capacitance_f(self) -> float:
        """Capacitance (F)."""
        return self.time_constant_s.value / self.resistance_ohm.value


@dataclass(frozen=True, slots=True)
class Circuit:
    """A fitted circuit.

    Parameters
    ----------
    source_v
        Open-circuit voltage at the first record (V).
    ohmic_ohm
        R0 (Ohm).
    pairs
        Shortest time constant first.
    slope_v_per_ah
        Fall of the source with the charge drawn (V/Ah), or nothing if it was not fitted.
    error_v
        Root mean square of the residuals (V).
    settled
        Whether every resistance is above two and every time constant above one of its deviations, and lies within
        what the record can show; a parameter that is not settled is a number without meaning.
    """

    source_v: Value
    ohmic_ohm: Value
    pairs: tuple[Pair, ...]
    slope_v_per_ah: Value | None
    error_v: float
    settled: bool


def fit_circuit(time_s: Floats, current_a: Floats, voltage_v: Floats, order: int = 1, *, slope: bool = True) -> Circuit:
    """The circuit that explains a record best.

    Parameters
    ----------
    time_s, current_a, voltage_v
        Records in ascending time, shape (n,); the cell rests before the first.
    order
        RC pairs, 1 or 2.
    slope
        Whether the source may fall with the charge drawn.
    """
    time, current, voltage = (np.asarray(each, dtype=np.float64) for each in (time_s, current_a, voltage_v))
    _check(time, current, voltage, order)
    first, last = float(np.min(np.diff(time))), float(time[-1] - time[0])
    bounds = np.log([first / 2, 2 * last])

    def error(logs: Floats) -> float:
        outside = np.maximum(bounds[0] - logs, 0) + np.maximum(logs - bounds[1], 0)
        near = float(np.sum(np.maximum(0.2 - np.diff(np.sort(logs)), 0))) if order == 2 else 0.0
        residual = _linear(np.clip(logs, *bounds), time, current, voltage, slope)[1]
        return float(np.sqrt(np.mean(residual**2)) * (1 + np.sum(outside) + near))

    starts = [np.array(start) for start in _starts(bounds, order)]
    best = min((lowest(error, start, step=0.4, rounds=25) for start in starts), key=error)
    logs = np.sort(np.clip(lowest(error, best, step=0.1, rounds=_REFINED), *bounds))
    return _circuit(logs, time, current, voltage, slope)


def voltage_of(circuit: Circuit, time_s: Floats, current_a: Floats) -> Floats:
    """The voltage (V) that a circuit would show, discharging positive."""
    constants = np.array([pair.time_constant_s.value for pair in circuit.pairs])
    shapes = _shapes(np.log(constants), time_s, current_a)
    voltage = circuit.source_v.value - circuit.ohmic_ohm.value * current_a
    for pair, shape in zip(circuit.pairs, shapes, strict=True):
        voltage = voltage - pair.resistance_ohm.value * shape
    if circuit.slope_v_per_ah is not None:
        voltage = voltage - circuit.slope_v_per_ah.value * _drawn(time_s, current_a)
    return np.asarray(voltage)


def _check(time: Floats, current: Floats, voltage: Floats, order: int) -> None:
    if order not in (1, 2):
        raise AssessmentError("assessment.circuit_order", found=order)
    if not len(time) == len(current) == len(voltage) or len(time) < _LEAST_RECORDS:
        raise AssessmentError("assessment.circuit_few_records", found=len(time), least=_LEAST_RECORDS)
    finite = np.isfinite(time) & np.isfinite(current) & np.isfinite(voltage)
    if not finite.all():
        raise AssessmentError("assessment.circuit_not_finite", row=int(np.flatnonzero(~finite)[0]) + 1)
    if not (np.diff(time) > 0).all():
        row = int(np.flatnonzero(np.diff(time) <= 0)[0]) + 2
        raise AssessmentError("assessment.circuit_time", row=row)
    if np.ptp(current) < 1e-6:
        raise AssessmentError("assessment.circuit_no_pulse")


def _starts(bounds: Floats, order: int) -> list[list[float]]:
    grid = np.linspace(bounds[0], bounds[1], _STARTS + 2)[1:-1].tolist()
    return [[one] for one in grid] if order == 1 else [[one, other] for one, other in pairwise(grid)]


def _shapes(logs: Floats, time: Floats, current: Floats) -> list[Floats]:
    """What each pair does to a resistance of 1 Ohm: the current through it (A)."""
    passed = np.diff(time, prepend=time[0])
    shapes = []
    for constant in np.exp(logs):
        keep = np.exp(-passed / constant)
        through = np.zeros(len(time))
        for row in range(1, len(time)):
            through[row] = keep[row] * through[row - 1] + (1 - keep[row]) * current[row - 1]
        shapes.append(through)
    return shapes


def _drawn(time: Floats, current: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(current[:-1] * np.diff(time))]) / 3600


def _linear(logs: Floats, time: Floats, current: Floats, voltage: Floats, slope: bool) -> tuple[Floats, Floats]:
    """The linear parameters and the residuals (V) for given time constants."""
    columns = [np.ones(len(time)), -current, *(-shape for shape in _shapes(logs, time, current))]
    if slope:
        columns.append(-_drawn(time, current))
    matrix = np.column_stack(columns)
    found = np.asarray(np.linalg.lstsq(matrix, voltage, rcond=None)[0], dtype=np.float64)
    return found, np.asarray(voltage - matrix @ found)


def _circuit(logs: Floats, time: Floats, current: Floats, voltage: Floats, slope: bool) -> Circuit:
    found, residual = _linear(logs, time, current, voltage, slope)
    deviations = _deviations(logs, found, residual, time, current, slope)
    order = len(logs)
    constants = np.exp(logs)
    pairs = tuple(
        Pair(
            Value(float(found[2 + place]), float(deviations[2 + place])),
            Value(float(constants[place]), float(constants[place] * deviations[len(found) + place])),
        )
        for place in range(order)
    )
    fall = Value(float(found[-1]), float(deviations[len(found) - 1])) if slope else None
    ohmic = Value(float(found[1]), float(deviations[1]))
    sure = all(value.value > 2 * value.deviation for value in (ohmic, *(pair.resistance_ohm for pair in pairs)))
    length = float(time[-1] - time[0])
    inside = all(pair.time_constant_s.deviation < pair.time_constant_s.value < length for pair in pairs)
    source = Value(float(found[0]), float(deviations[0]))
    return Circuit(source, ohmic, pairs, fall, float(np.sqrt(np.mean(residual**2))), bool(sure and inside))


def _deviations(logs: Floats, found: Floats, residual: Floats, time: Floats, current: Floats, slope: bool) -> Floats:
    """Standard deviations of the linear parameters, then of the logarithms of the time constants."""
    shapes = _shapes(logs, time, current)
    columns = [np.ones(len(time)), -current, *(-shape for shape in shapes)]
    if slope:
        columns.append(-_drawn(time, current))
    step = 1e-4
    for place in range(len(logs)):
        moved = logs.copy()
        moved[place] += step
        changed = (_shapes(moved, time, current)[place] - shapes[place]) / step
        columns.append(-found[2 + place] * changed)
    jacobian = np.column_stack(columns)
    scale = np.maximum(np.linalg.norm(jacobian, axis=0), 1e-300)
    inverse = np.linalg.pinv((jacobian / scale).T @ (jacobian / scale), rcond=1e-13)
    freedom = max(len(time) - jacobian.shape[1], 1)
    like = float(residual[1:] @ residual[:-1] / max(float(residual @ residual), 1e-300))
    like = min(max(like, 0.0), 0.95)
    variance = float(residual @ residual) / freedom * (1 + like) / (1 - like)
    return np.asarray(np.sqrt(np.maximum(np.diag(inverse), 0.0) * variance) / scale)
