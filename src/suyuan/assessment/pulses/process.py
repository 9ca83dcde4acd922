"""A Gaussian process from features to SOH, tuned by leaving out whole cells, and what a new lot changes in it.

Textbook form (Rasmussen and Williams, 2006, chapters 2 and 5): linear and squared-exponential kernel on
standardised features. The residual of a cell left out with all its rows has a closed form, so tuning never
sees a cell that it is judged on.
"""

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist

import numpy as np

from suyuan.assessment.pulses.rows import Floats, Ints
from suyuan.assessment.pulses.search import lowest

_MEAN_SD = 0.3  # the mean SOH of a type is known to no better than this before any data
_START = np.log([0.05, 0.05, 1.0, 0.02])
_NO_CURVE = -9.0  # logarithm of an amplitude that is none
_PULL = 0.003  # (SOH points) how much a factor e away from the start has to gain
_TUNED_ROWS = 400
_NOTHING = -60.0  # exponents below give numbers too small to be worked on quickly
_VARIANCE_ROWS = 500
_PORTION = 512  # rows worked on together: they fit into the processor's cache


@dataclass(frozen=True, slots=True)
class Kernel:
    """What a process believes before any data, as natural logarithms.

    Parameters
    ----------
    values
        Linear amplitude (SOH), curved amplitude (SOH), length (standard deviations of a feature), noise (SOH).
    """

    values: Floats

    def between(self, one: Floats, other: Floats) -> Floats:
        """Covariance of SOH (squared ratio) between rows of standardised features."""
        found = np.empty((len(one), len(other)))
        for start in range(0, len(one), _PORTION):
            part = one[start : start + _PORTION]
            inner = part @ other.T / one.shape[1]
            found[start : start + _PORTION] = self.of(inner, squares(part, other, inner) if self.curved else None)
        return found

    @property
    def curved(self) -> bool:
        """Whether there is a curved part."""
        return bool(self.values[1] > _NO_CURVE)

    def of(self, inner: Floats, apart: Floats | None) -> Floats:
        """Covariance from inner products and squared distances, both over the number of features."""
        linear, curved, length, _ = np.exp(self.values)
        whole = linear**2 * inner
        whole += _MEAN_SD**2
        if self.curved and apart is not None:
            bend = apart * (-0.5 / length**2)
            np.exp(np.maximum(bend, _NOTHING, out=bend), out=bend)
            bend *= curved**2
            whole += bend
        return np.asarray(whole)

    @property
    def noise(self) -> float:
        """Standard deviation of a row around the process (SOH)."""
        return float(np.exp(self.values[3]))


def squares(one: Floats, other: Floats, inner: Floats) -> Floats:
    """Squared distances between rows from their inner products, both over the number of features."""
    width = one.shape[1]
    whole = -2 * inner
    whole += ((one**2).sum(axis=1) / width)[:, None]
    whole += ((other**2).sum(axis=1) / width)[None]
    return np.asarray(np.maximum(whole, 0.0, out=whole))


def _inverse(covariance: Floats, noise: float) -> Floats:
    with_noise = covariance.copy()
    with_noise[np.diag_indices(len(with_noise))] += noise**2 + 1e-9
    return np.asarray(np.linalg.inv(with_noise))


def cell_residuals(inverse: Floats, soh: Floats, groups: list[Ints]) -> Floats:
    """Residual of each row when its whole cell is left out (ratio)."""
    weights = inverse @ soh
    residuals = np.empty(len(soh))
    for rows in groups:
        residuals[rows] = np.linalg.solve(inverse[np.ix_(rows, rows)], weights[rows])
    return residuals


def groups_of(group: Ints) -> list[Ints]:
    """Rows of each cell, in the order of the cells' numbers."""
    return [np.flatnonzero(group == number) for number in np.unique(group)]


def tuned(features: Floats, soh: Floats, group: Ints, *, linear: bool, seed: int) -> Kernel:
    """The kernel with the smallest error on cells left out, looked for on at most 400 rows."""
    rows = np.sort(np.random.default_rng(seed).permutation(len(features))[:_TUNED_ROWS])
    part, wanted, groups = features[rows], soh[rows], groups_of(group[rows])
    width = features.shape[1]
    inner = part @ part.T / width
    apart = squares(part, part, inner)

    def error(point: Floats) -> float:
        kernel = Kernel(_whole(point) if linear else point)
        residuals = cell_residuals(_inverse(kernel.of(inner, apart), kernel.noise), wanted, groups)
        away = point - (_START[[0, 3]] if linear else _START)
        return float(100 * np.sqrt(np.mean(residuals**2)) + _PULL * np.sum(away**2))

    best = lowest(error, _START[[0, 3]] if linear else _START, rounds=25 if linear else 45)
    return Kernel(np.round(_whole(best) if linear else best, 6))


def _whole(point: Floats) -> Floats:
    return np.array([point[0], _NO_CURVE, 0.0, point[1]])


@dataclass(frozen=True)
class Process:
    """A process with its data.

    Parameters
    ----------
    features
        Standardised, shape (rows, features).
    soh
        Without its mean, shape (rows,).
    group
        Number of the cell of each row.
    """

    kernel: Kernel
    features: Floats
    soh: Floats
    group: Ints

    @cached_property
    def inverse(self) -> Floats:
        """Inverse of the covariance of the data."""
        return _inverse(self.kernel.between(self.features, self.features), self.kernel.noise)

    @cached_property
    def weights(self) -> Floats:
        """What each row of the data contributes."""
        return np.asarray(self.inverse @ self.soh)

    @cached_property
    def residuals(self) -> Floats:
        """Residual of each row when its whole cell is left out (ratio)."""
        return cell_residuals(self.inverse, self.soh, groups_of(self.group))

    @cached_property
    def error(self) -> float:
        """Root mean square of the residuals of cells left out (ratio)."""
        return float(np.sqrt(np.mean(self.residuals**2)))

    @cached_property
    def scale(self) -> float:
        """Standard deviation of the normal law with as many residuals beyond its 90 % as there are (ratio).

        A few cells that are unlike all others blow up `error`, and would widen the interval of every cell.
        """
        return float(np.quantile(np.abs(self.residuals), 0.9) / NormalDist().inv_cdf(0.95))

    def across(self, features: Floats) -> Floats:
        """Covariance with the data, shape (n, rows)."""
        return self.kernel.between(features, self.features)

    def covariance(self, one: Floats, other: Floats) -> Floats:
        """Posterior covariance between rows (squared ratio)."""
        carried = self.across(one) @ self.inverse @ self.across(other).T
        return np.asarray(self.kernel.between(one, other) - carried)

    def variance(self, features: Floats, across: Floats) -> Floats:
        """Posterior variance of rows (squared ratio), from at most 500 rows of the data: a little too large.

        The cost of a large lot is here; the mean always uses every row.
        """
        linear, curved, _, _ = np.exp(self.kernel.values)
        own = linear**2 * (features**2).mean(axis=1) + _MEAN_SD**2 + (curved**2 if self.kernel.curved else 0.0)
        rows, inverse = self.thinned
        taken = np.empty(len(features))
        for start in range(0, len(features), _PORTION):
            part = across[start : start + _PORTION, rows]
            taken[start : start + _PORTION] = ((part @ inverse) * part).sum(axis=1)
        return np.asarray(np.maximum(own - taken, 0.0))

    @cached_property
    def thinned(self) -> tuple[Ints, Floats]:
        """Evenly spaced rows of the data and the inverse of their covariance."""
        count = min(len(self.features), _VARIANCE_ROWS)
        rows = np.linspace(0, len(self.features) - 1, count).astype(np.int64)
        part = self.features[rows]
        return rows, _inverse(self.kernel.between(part, part), self.kernel.noise)
