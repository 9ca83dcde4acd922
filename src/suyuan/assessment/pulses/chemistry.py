"""Which chemistry or cell type a pulse test comes from: linear discriminants with an answer "none of these".

Features are the logarithms of over-potentials over the C-rate and the rest voltage, standardised; classes share
one shrunken covariance (Friedman, 1989). A row far from every class is not named.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from suyuan.assessment.errors import AssessmentError
from suyuan.assessment.pulses.features import log_view, steps_of
from suyuan.assessment.pulses.quality import refusals, unrefused
from suyuan.assessment.pulses.rows import Floats, Pulses

SHRINKAGE = 0.01  # weight of equal variances in the common covariance
_REACH = 1.6  # times the distance that 99 of 100 trained rows keep from their class
_LEAST_ROWS = 5


@dataclass(frozen=True)
class ChemistryModel:
    """Classes by their mean; `root` whitens standardised features.

    Parameters
    ----------
    names
        Classes in the order of `means`.
    reach
        Largest distance from the nearest class that is named.
    """

    names: tuple[str, ...]
    middle: Floats
    spread: Floats
    root: Floats
    means: Floats
    reach: float


@dataclass(frozen=True, slots=True)
class Named:
    """The class of each row, or None; `chance` is its posterior probability with equal priors."""

    names: npt.NDArray[np.object_]
    chance: Floats
    distance: Floats


def train_chemistry(pulses: Pulses, names: npt.NDArray[np.object_]) -> ChemistryModel:
    """A model that tells the classes `names` (one a row) apart; rows with a bad signal are left out."""
    good = unrefused(refusals(pulses))
    features, wanted = _features(pulses.take(good)), names[good].astype(str)
    classes, counts = np.unique(wanted, return_counts=True)
    if len(classes) < 2 or counts.min() < _LEAST_ROWS:
        raise AssessmentError("assessment.pulse_few_classes", found=[str(name) for name in classes], least=_LEAST_ROWS)
    middle, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    standard = (features - middle) / spread
    means = np.array([standard[wanted == name].mean(axis=0) for name in classes])
    within = standard - means[np.searchsorted(classes, wanted)]
    covariance = within.T @ within / (len(within) - len(classes))
    shrunk = (1 - SHRINKAGE) * covariance + SHRINKAGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    root = np.linalg.cholesky(np.linalg.inv(shrunk))
    far = _distances(standard @ root, means @ root).min(axis=1)
    reach = _REACH * float(np.quantile(far, 0.99))
    return ChemistryModel(tuple(str(name) for name in classes), middle, spread, root, means @ root, reach)


def identify(model: ChemistryModel, pulses: Pulses) -> Named:
    """The class of each row; None for a bad signal and for a row unlike all classes."""
    good = unrefused(refusals(pulses))
    volts = np.where(np.isfinite(pulses.volts), pulses.volts, 3.0)
    safe = Pulses(pulses.cells, pulses.width_ms, pulses.nominal_ah, volts)
    white = (_features(safe) - model.middle) / model.spread @ model.root
    away = _distances(white, model.means)
    scores = -0.5 * away**2
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    nearest = away.argmin(axis=1)
    rows = np.arange(len(away))
    named = good & (away[rows, nearest] <= model.reach)
    names = np.array([model.names[place] for place in nearest], dtype=object)
    names[~named] = None
    return Named(names, odds[rows, nearest] / odds.sum(axis=1), away[rows, nearest] / model.reach)


def _features(pulses: Pulses) -> Floats:
    return log_view(steps_of(pulses.volts))


def _distances(one: Floats, other: Floats) -> Floats:
    return np.asarray(np.sqrt(((one[:, None, :] - other[None]) ** 2).sum(axis=2)))
