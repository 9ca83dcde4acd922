"""Sparse testing: which cells of a lot to test fully next, so that the rest is graded within a stated risk.

Measuring a cell narrows what is open about its whole lot. The next cell is the one whose measurement takes
most from the variance of all cells together; the measured value itself is not needed to know that
(variance of a Gaussian process does not depend on it), so several cells can be named at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from suyuan.assessment.pulses.belief import Belief, beliefs
from suyuan.assessment.pulses.features import steps_of
from suyuan.assessment.pulses.lot import Assessed, assess_lot
from suyuan.assessment.pulses.model import HealthModel
from suyuan.assessment.pulses.rows import Floats, Pulses

_MOST_CANDIDATES = 1_500  # of a larger lot an evenly spaced part is considered, sorted by what is believed


@dataclass(frozen=True)
class Plan:
    """What to test fully next.

    Parameters
    ----------
    cells
        Names, most telling first.
    risk
        Expected share of answered cells whose grade is wrong, as things stand.
    reached
        Whether `risk` is already within the one asked for; then `cells` is empty.
    """

    cells: tuple[str, ...]
    risk: float
    reached: bool


def next_cells(
    model: HealthModel,
    lot: Pulses,
    reference: Mapping[str, float],
    lines: Sequence[float],
    *,
    budget: int,
    risk: float = 0.1,
) -> Plan:
    """Up to `budget` cells to test fully, unless the lot is already graded within `risk`.

    Parameters
    ----------
    reference
        SOH (ratio) of cells measured so far.
    lines
        Lines between grades (ratio).
    risk
        Expected share of cells in a wrong grade that is accepted.
    """
    now = assess_lot(model, lot, reference)
    wrong = misgrading(now, lines)
    if wrong <= risk or budget <= 0:
        return Plan((), wrong, wrong <= risk)
    rows = np.flatnonzero(now.answered)
    width = lot.width_ms[rows]
    most = max(sorted(set(width.tolist())), key=lambda each: int((width == each).sum()))
    rows = rows[width == most]
    rows = rows[np.argsort(now.soh[rows], kind="stable")]
    if len(rows) > _MOST_CANDIDATES:
        asked = [row for row in rows if str(lot.cells[row]) in reference]
        spread = rows[np.linspace(0, len(rows) - 1, _MOST_CANDIDATES).astype(np.int64)]
        rows = np.unique(np.concatenate([np.array(asked, dtype=np.int64), spread]))
    part = next(width for width in model.widths if width.width_ms == most)
    covariance, noise = _covariance(beliefs(part, steps_of(lot.volts[rows])), part.votes)
    taken = [place for place, row in enumerate(rows) if str(lot.cells[row]) in reference]
    chosen = _greedy(covariance, noise, taken, budget)
    return Plan(tuple(str(lot.cells[rows[place]]) for place in chosen), wrong, False)


def misgrading(assessed: Assessed, lines: Sequence[float]) -> float:
    """Expected share of answered cells that truly lie in another grade than their SOH says."""
    rows = assessed.answered & ~assessed.measured
    count = int(assessed.answered.sum())
    if not count:
        return 1.0
    if not rows.any():
        return 0.0
    edges = np.array([-np.inf, *sorted(lines), np.inf])
    soh, spread = assessed.soh[rows], assessed.deviation[rows]
    place = np.searchsorted(edges, soh, side="right") - 1
    cumulative = NormalDist().cdf
    inside = [
        cumulative((edges[at + 1] - mean) / sd) - cumulative((edges[at] - mean) / sd)
        for at, mean, sd in zip(place, soh, spread, strict=True)
    ]
    return float(np.sum(1 - np.array(inside)) / count)


def _covariance(found: list[Belief], votes: Floats) -> tuple[Floats, float]:
    """Of the cells of a lot, mean over the ways; and the noise of one cell (ratio)."""
    every = np.arange(len(found[0].mean))
    parts = [vote * belief.covariance(every, every) for vote, belief in zip(votes, found, strict=True)]
    noise = float(np.sqrt(votes @ np.array([belief.noise**2 for belief in found])))
    return np.asarray(np.sum(parts, axis=0)), noise


def _greedy(covariance: Floats, noise: float, taken: Sequence[int], budget: int) -> list[int]:
    """Places to measure, one after the other, each lowering the sum of all variances most."""
    left = covariance.copy()
    for place in taken:
        left -= np.outer(left[:, place], left[place]) / (left[place, place] + noise**2)
    open_ = np.ones(len(left), dtype=bool)
    open_[list(taken)] = False
    chosen: list[int] = []
    while len(chosen) < budget and open_.any():
        gain = (left**2).sum(axis=0) / (np.diag(left) + noise**2)
        best = int(np.argmax(np.where(open_, gain, -np.inf)))
        chosen.append(best)
        open_[best] = False
        left -= np.outer(left[:, best], left[best]) / (left[best, best] + noise**2)
    return chosen
