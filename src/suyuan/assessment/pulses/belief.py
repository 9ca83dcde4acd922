"""What is believed about the cells of a lot, and how reference cells change it.

A lot is not the session the model was trained on: temperature, rest and contact shift all its cells together.
So every way gets a lot effect: an unknown offset and an unknown slope along its features. Reference cells,
whose capacity was measured, settle both; what they leave open stays in the interval.
"""

from dataclasses import dataclass, replace

import numpy as np

from suyuan.assessment.pulses.features import Steps
from suyuan.assessment.pulses.model import Fitted, Width
from suyuan.assessment.pulses.rows import Floats, Ints

OFFSET = 0.035  # standard deviation of what a session adds to the SOH of all its cells (ratio)
SLOPE = 0.01  # the same for one standard deviation of all features
_SETTLED = 2  # rows after which half of what a lot has in common counts as the lot's
_TAIL, _ROUNDS = 4.0, 4  # degrees of freedom of a reference, rounds of doubting
_LEAST_NOISE = 0.01  # a measured capacity repeats no better (ratio)


@dataclass(frozen=True)
class Belief:
    """One way's belief about the rows of a lot before any reference: mean, variance (squared) and features."""

    fitted: Fitted
    mean: Floats
    variance: Floats
    features: Floats
    across: Floats

    @property
    def noise(self) -> float:
        """Standard deviation of a cell around the process (ratio): the usual error on cells left out."""
        return max(self.fitted.process.scale, _LEAST_NOISE)

    def covariance(self, rows: Ints, others: Ints) -> Floats:
        """Covariance between rows of the lot (squared ratio), without the noise of a cell."""
        process = self.fitted.process
        one, other = self.features[rows], self.features[others]
        carried = self.across[rows] @ (process.inverse @ self.across[others].T)  # in this order: few others, many rows
        return np.asarray(process.kernel.between(one, other) - carried + self.common(one, other))

    def common(self, one: Floats, other: Floats) -> Floats:
        """What the lot effect adds."""
        return np.asarray(OFFSET**2 + SLOPE**2 * (one @ other.T) / one.shape[1])


@dataclass(frozen=True, slots=True)
class Updated:
    """A way's belief after the references: mean and variance of all rows; residuals of references left out."""

    mean: Floats
    variance: Floats
    left_out: Floats
    left_out_variance: Floats


def beliefs(width: Width, steps: Steps) -> list[Belief]:
    """What each way believes about rows of one lot."""
    found = []
    for fitted in width.fitted:
        features = fitted.standard(steps)
        if fitted.way.centred:
            features = features - features.mean(axis=0) * len(features) / (len(features) + _SETTLED)
        process = fitted.process
        across = process.across(features)
        mean = across @ process.weights + width.mean_soh
        belief = Belief(fitted, mean, process.variance(features, across), features, across)
        variance = belief.variance + OFFSET**2 + SLOPE**2 * (features**2).mean(axis=1)
        found.append(replace(belief, variance=variance))
    return found


def updated(belief: Belief, places: Ints, measured: Floats) -> Updated:
    """The belief after the SOH (ratio) of the rows at `places` was measured.

    A reference far from what the others say is doubted, as Student's law with four degrees of freedom would
    (iteratively reweighted): one odd cell must not move its whole lot.
    """
    if not len(places):
        return Updated(belief.mean, belief.variance, np.zeros(0), np.zeros(0))
    every = np.arange(len(belief.mean))
    inside = belief.covariance(places, places)
    surprise = measured - belief.mean[places]
    doubt = np.ones(len(places))
    for _ in range(_ROUNDS):
        inverse = np.linalg.inv(inside + belief.noise**2 * np.diag(doubt))
        own = np.diag(inverse)
        left_out = (inverse @ surprise) / own
        variance = np.maximum(1 / own - belief.noise**2 * (doubt - 1), belief.noise**2)
        doubt = np.maximum((_TAIL + left_out**2 / variance) / (_TAIL + 1), 1.0)
    towards = belief.covariance(every, places)
    gain = towards @ inverse
    open_ = np.maximum(belief.variance - np.einsum("ij,ij->i", gain, towards), 0.0)
    return Updated(belief.mean + gain @ surprise, open_, left_out, variance)
