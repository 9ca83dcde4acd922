"""The cells of a lot: state of health with an interval, or the reason why there is no answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from suyuan.assessment.grading import GradeScheme
from suyuan.assessment.pulses.belief import Belief, beliefs, updated
from suyuan.assessment.pulses.features import steps_of
from suyuan.assessment.pulses.model import HealthModel, Width
from suyuan.assessment.pulses.quality import Refusal, mark, refusals, repeated, unrefused
from suyuan.assessment.pulses.rows import Floats, Ints, Pulses

COVERAGE = 0.9
"""Share of cells whose SOH is promised to lie in the interval."""

_WIDER = 0.85  # the votes share one error less than each of them has; what is open about the lot comes on top
_PRIOR_CELLS = 8.0  # weight of that in cells, against the references left out of their own lot
_MOST_SQUARE = 9.0  # one reference three deviations away says no more than that about the others
_MEASURED_SD = 0.01  # repeatability of a full test (ratio): PulseBat's two sessions differ by 0.4 to 1.9 %


@dataclass(frozen=True)
class Assessed:
    """A lot with its answers, one a row, in the order of the rows.

    Parameters
    ----------
    soh, low, high
        State of health and its interval (ratio); not a number where refused.
    refusal
        A `Refusal`, or None where there is an answer.
    measured
        Whether the answer is the measurement of a reference cell itself.
    inflation
        By how much the references widened the intervals, 1 if they agree with the model's own.
    unknown
        Reference cells that the lot does not hold or that are refused: they were not used.
    deviation
        Standard deviation that the interval was made of (ratio).
    """

    cells: npt.NDArray[np.object_]
    soh: Floats
    low: Floats
    high: Floats
    refusal: npt.NDArray[np.object_]
    measured: npt.NDArray[np.bool_]
    inflation: float = 1.0
    unknown: tuple[str, ...] = ()
    deviation: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def answered(self) -> npt.NDArray[np.bool_]:
        """Rows with an answer."""
        return unrefused(self.refusal)


def assess_lot(
    model: HealthModel, lot: Pulses, reference: Mapping[str, float] | None = None, coverage: float = COVERAGE
) -> Assessed:
    """State of health of every cell of a lot.

    Parameters
    ----------
    lot
        One row a cell, all from the same place and session.
    reference
        Measured SOH (ratio) of some cells of the lot; none is allowed, three to ten are better.
    coverage
        Share of cells that the interval is to hold.
    """
    refusal = judged(model, lot)
    known = dict(reference or {})
    answers = np.full((4, len(lot)), np.nan)
    inflation = 1.0
    for width in model.widths:
        rows = np.flatnonzero(unrefused(refusal) & (lot.width_ms == width.width_ms))
        if len(rows):
            answers[:, rows], inflation = _answer(width, lot.take(rows), known, coverage)
    used = {str(name) for name in lot.cells[unrefused(refusal)]}
    measured = np.array([str(name) in known for name in lot.cells]) & unrefused(refusal)
    unknown = tuple(sorted(set(known) - used))
    return Assessed(lot.cells, answers[0], answers[1], answers[2], refusal, measured, inflation, unknown, answers[3])


def grades_of(assessed: Assessed, scheme: GradeScheme) -> list[str]:
    """The grade of each row: of its interval, of the measurement itself where there is one, empty where refused."""
    found = []
    for row, answered in enumerate(assessed.answered.tolist()):
        if not answered:
            found.append("")
        elif assessed.measured[row]:
            found.append(scheme.grade(float(assessed.soh[row])))
        else:
            found.append(scheme.of_interval(float(assessed.low[row]), float(assessed.high[row])))
    return found


def judged(model: HealthModel, lot: Pulses) -> npt.NDArray[np.object_]:
    """A `Refusal` or None for each row: its signal, its type, its width, its place in the trained domain."""
    reasons = refusals(lot)
    mark(reasons, repeated(lot.cells), Refusal.TWICE)
    other = np.abs(np.nan_to_num(lot.nominal_ah) / model.nominal_ah - 1) > 1e-3
    mark(reasons, other, Refusal.TYPE)
    widths = [width.width_ms for width in model.widths]
    trained = np.isin(lot.width_ms, widths)
    mark(reasons, ~trained, Refusal.WIDTH)
    for width in model.widths:
        rows = np.flatnonzero(unrefused(reasons) & (lot.width_ms == width.width_ms))
        if not len(rows):
            continue
        steps = steps_of(lot.volts[rows])
        far = width.domain.distance(steps) > 1
        reasons[rows[far]] = Refusal.DOMAIN
        reasons[rows[width.domain.outside_charge(steps)]] = Refusal.CHARGE
    return reasons


def _answer(width: Width, lot: Pulses, known: Mapping[str, float], coverage: float) -> tuple[Floats, float]:
    """SOH, low, high and standard deviation of rows of one width, shape (4, n); and the inflation."""
    names = [str(name) for name in lot.cells]
    places = np.array([place for place, name in enumerate(names) if name in known], dtype=np.int64)
    values = np.array([known[names[place]] for place in places])
    mean, deviation, inflation, freedom = combined(width, beliefs(width, steps_of(lot.volts)), places, values)
    half = quantile(0.5 + coverage / 2, freedom) * deviation
    normal = NormalDist().inv_cdf(0.5 + coverage / 2)
    mean[places], half[places], deviation[places] = values, normal * _MEASURED_SD, _MEASURED_SD
    return np.vstack([mean, np.maximum(mean - half, 0.0), mean + half, deviation]), inflation


def combined(width: Width, found: list[Belief], places: Ints, values: Floats) -> tuple[Floats, Floats, float, float]:
    """Mean over the ways: SOH, its standard deviation, the inflation by the references, degrees of freedom."""
    votes = width.votes
    each = [updated(belief, places, values) for belief in found]
    means = np.array([update.mean for update in each])
    mean = votes @ means
    cell = (_WIDER * width.scale) ** 2
    variance = votes @ np.array([update.variance for update in each]) + votes @ (means - mean) ** 2 + cell
    left = votes @ np.array([update.left_out for update in each])
    inside = votes @ np.array([update.left_out_variance for update in each])
    noise = votes @ np.array([belief.noise**2 for belief in found])
    squares = np.minimum(left**2 / np.maximum(inside - noise + cell, 1e-9), _MOST_SQUARE)
    freedom = _PRIOR_CELLS + len(places)
    inflation = float(np.sqrt((_PRIOR_CELLS + squares.sum()) / freedom))
    return mean, np.sqrt(variance) * inflation, inflation, freedom


def quantile(share: float, freedom: float) -> float:
    """Quantile of Student's t by the expansion of Fisher and Cornish, good to 0.001 from ten degrees of freedom."""
    z = NormalDist().inv_cdf(share)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3
