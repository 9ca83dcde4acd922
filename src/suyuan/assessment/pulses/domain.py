"""Where a model may answer: rest voltages and features like those of cells it was trained on.

A lot as a whole may lie a little away (another temperature, another rest): the shift that all its cells have in
common against their nearest trained neighbours is taken off before a cell is called unlike training.
"""

from dataclasses import dataclass

import numpy as np

from suyuan.assessment.pulses.features import Steps, mean_view
from suyuan.assessment.pulses.rows import Flags, Floats, Ints

REST_MARGIN_V = 0.01
"""How far a rest voltage may lie outside the trained range (V). The medians of two sessions of the same
cells differ by 1 to 5 mV (PulseBat), by the rest before the pulse and the direction of the current before it."""

_NEIGHBOURS = 3
_MOST_COMMON = 0.25  # in logarithms: a lot may have up to 22 % less resistance in common
_SETTLED = 4  # rows after which half of what a lot has in common counts as the lot's
_REACH = 2.2  # times the distance that 97 of 100 trained rows keep from the cells that are not their own
_LEAST_REACH = (
    1.2  # standard deviations of a feature: where most cells are alike, a weak one still is a cell of the type
)
_PORTION = 2_000


@dataclass(frozen=True, slots=True)
class Domain:
    """The region of trained rows.

    Parameters
    ----------
    lowest_v, highest_v
        Range of the rest voltage (V).
    middle, spread
        What standardises the features: rest voltage, then logarithms of mean over-potentials.
    points
        Standardised trained rows, shape (rows, 11).
    reach
        Largest distance from the nearest trained rows that is answered (standard deviations of a feature).
    """

    lowest_v: float
    highest_v: float
    middle: Floats
    spread: Floats
    points: Floats
    reach: float

    def outside_charge(self, steps: Steps) -> Flags:
        """Rows with a rest voltage beyond the trained range."""
        low, high = self.lowest_v - REST_MARGIN_V, self.highest_v + REST_MARGIN_V
        return np.asarray((steps.rest_v < low) | (steps.rest_v > high))

    def distance(self, steps: Steps) -> Floats:
        """Distance of each row of a lot from training, 1 at the border."""
        features = (mean_view(steps) - self.middle) / self.spread
        if len(features) > 1:
            features = features - self._common(features)
        return _distance(features, self.points) / self.reach

    def _common(self, features: Floats) -> Floats:
        """What a lot has in common against its nearest trained rows; never in the rest voltage."""
        nearest = np.concatenate([_nearest(part, self.points) for part in _portions(features)])
        away = np.median(features - self.points[nearest], axis=0) * len(features) / (len(features) + _SETTLED)
        most = _MOST_COMMON / self.spread
        most[0] = 0.0
        return np.asarray(np.clip(away, -most, most))


def domain_of(steps: Steps, group: Ints) -> Domain:
    """The domain of trained rows; `group` is the number of the cell of each."""
    features = mean_view(steps)
    middle, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    points = (features - middle) / spread
    apart = _apart(points, points)
    apart[group[:, None] == group[None]] = np.inf
    own = np.sqrt(np.partition(apart, _NEIGHBOURS - 1, axis=1)[:, :_NEIGHBOURS].mean(axis=1))
    reach = max(_REACH * float(np.quantile(own, 0.97)), _LEAST_REACH)
    return Domain(float(steps.rest_v.min()), float(steps.rest_v.max()), middle, spread, points, reach)


def _portions(rows: Floats) -> list[Floats]:
    return [rows[start : start + _PORTION] for start in range(0, len(rows), _PORTION)]


def _apart(one: Floats, other: Floats) -> Floats:
    """Mean squared difference of the features of each pair."""
    whole = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None] - 2 * (one @ other.T)
    return np.asarray(np.maximum(whole, 0.0) / one.shape[1])


def _nearest(rows: Floats, points: Floats) -> Ints:
    return np.asarray(_apart(rows, points).argmin(axis=1))


def _distance(rows: Floats, points: Floats) -> Floats:
    """Root mean square distance to the nearest trained rows."""
    found = [
        np.sqrt(np.partition(_apart(part, points), _NEIGHBOURS - 1, axis=1)[:, :_NEIGHBOURS].mean(axis=1))
        for part in _portions(rows)
    ]
    return np.concatenate(found)
