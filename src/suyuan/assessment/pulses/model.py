"""A model of state of health for one cell type: what it is trained on, and how."""

from dataclasses import dataclass

import numpy as np

from suyuan.assessment.errors import AssessmentError
from suyuan.assessment.pulses.domain import Domain, domain_of
from suyuan.assessment.pulses.features import Steps, log_view, mean_view, plain_view, steps_of
from suyuan.assessment.pulses.process import Kernel, Process, tuned
from suyuan.assessment.pulses.quality import refusals, unrefused
from suyuan.assessment.pulses.rows import Floats, Ints, Pulses

LEAST_CELLS = 10  # below, leaving cells out says nothing about the next cell
_MOST_ROWS = 1_000  # rows kept a width: a model answers for 10,000 cells in seconds
_SEED = 20_260_401
_UNIT_V = 1e-5  # voltages are kept in whole steps of 10 uV

VIEWS = {"plain": plain_view, "log": log_view, "mean": mean_view}


@dataclass(frozen=True, slots=True)
class Way:
    """One way to see the same rows; the answer is a mean of several.

    Parameters
    ----------
    view
        Key of `VIEWS`.
    linear
        No curved part: further from training it keeps its direction.
    centred
        The common part of a lot's features is taken off: blind to what all its cells share.
    """

    view: str
    linear: bool = False
    centred: bool = False


WAYS = (
    Way("log", linear=True),
    Way("log"),
    Way("log", centred=True),
    Way("plain"),
    Way("plain", centred=True),
    Way("mean"),
)


@dataclass(frozen=True)
class Fitted:
    """One way, fitted to one pulse width: `middle` and `spread` standardise the features."""

    way: Way
    middle: Floats
    spread: Floats
    process: Process

    def standard(self, steps: Steps) -> Floats:
        """Standardised features of rows."""
        return np.asarray((VIEWS[self.way.view](steps) - self.middle) / self.spread)


@dataclass(frozen=True)
class Width:
    """All ways for one pulse width, with the rows they were fitted to.

    Parameters
    ----------
    volts
        Shape (rows, 41), in V.
    soh
        Shape (rows,), ratio.
    group
        Number of the cell of each row, from 0; names are not kept.
    """

    width_ms: float
    volts: Floats
    soh: Floats
    group: Ints
    fitted: tuple[Fitted, ...]
    domain: Domain

    @property
    def mean_soh(self) -> float:
        """Mean of the trained rows."""
        return float(self.soh.mean())

    @property
    def votes(self) -> Floats:
        """Weight of each way, by its error on cells left out."""
        votes = np.array([fitted.process.error**-2 for fitted in self.fitted])
        return np.asarray(votes / votes.sum())

    @property
    def error(self) -> float:
        """Root mean square error on cells left out, mean over the ways by their weights (ratio)."""
        return float(self.votes @ np.array([fitted.process.error for fitted in self.fitted]))

    @property
    def scale(self) -> float:
        """The same without the weight of single cells unlike all others; see `Process.scale`."""
        return float(self.votes @ np.array([fitted.process.scale for fitted in self.fitted]))


@dataclass(frozen=True)
class HealthModel:
    """State of health from pulses, for one cell type.

    Parameters
    ----------
    cell_type
        Name of the type as the user gave it.
    nominal_ah
        Nominal capacity (Ah).
    widths
        One part a pulse width, shortest first.
    kernels
        One a way, shared by the widths.
    set_aside
        Rows of training that were refused.
    """

    cell_type: str
    nominal_ah: float
    widths: tuple[Width, ...]
    kernels: tuple[Kernel, ...]
    set_aside: int = 0

    def width(self, width_ms: float) -> Width | None:
        """The part for a pulse width, if it was trained."""
        return next((width for width in self.widths if abs(width.width_ms - width_ms) < 1e-6), None)


def train(pulses: Pulses, cell_type: str) -> HealthModel:
    """The model of one cell type from rows whose SOH was measured.

    Rows that fail the check of their signal are set aside and counted. Raises `AssessmentError` with fewer
    than ten cells, with more than one nominal capacity, or without SOH.
    """
    if pulses.soh is None:
        raise AssessmentError("assessment.pulse_columns", columns=["SOH"])
    good = unrefused(refusals(pulses))
    kept, measured = pulses.take(good), pulses.soh[good]
    _check(kept)
    parts = []
    for width in np.unique(kept.width_ms):
        rows = kept.width_ms == width
        parts.append((float(width), *_rows(kept.take(rows), measured[rows])))
    _, volts, soh, group = parts[-1]  # the longest pulse says most
    kernels = tuple(_kernels(volts, soh, group))
    fitted = tuple(fit_width(width, volts, soh, group, kernels) for width, volts, soh, group in parts)
    return HealthModel(cell_type, float(kept.nominal_ah[0]), fitted, kernels, int((~good).sum()))


def _check(pulses: Pulses) -> None:
    for width in np.unique(pulses.width_ms):
        found = len(set(pulses.cells[pulses.width_ms == width]))
        if found < LEAST_CELLS:
            raise AssessmentError("assessment.pulse_few_cells", found=found, least=LEAST_CELLS, width_ms=float(width))
    if not len(pulses):
        raise AssessmentError("assessment.pulse_few_cells", found=0, least=LEAST_CELLS, width_ms=0.0)
    capacities = np.unique(pulses.nominal_ah)
    if len(capacities) > 1:
        raise AssessmentError("assessment.pulse_two_types", found=[f"{value:g}" for value in capacities])


def _rows(pulses: Pulses, measured: Floats) -> tuple[Floats, Floats, Ints]:
    """Voltages, SOH and number of the cell, rows of a cell together, at most `_MOST_ROWS` spread over all cells."""
    _, group = np.unique(pulses.cells.astype(str), return_inverse=True)
    order = np.lexsort((pulses.volts[:, 0], group))
    if len(order) > _MOST_ROWS:
        shuffled = np.random.default_rng(_SEED).permutation(len(order))[:_MOST_ROWS]
        order = order[np.sort(shuffled)]
    volts = np.round(pulses.volts[order] / _UNIT_V) * _UNIT_V
    return volts, np.round(measured[order], 9), group[order].astype(np.int64)


def _standardise(way: Way, steps: Steps) -> tuple[Floats, Floats, Floats]:
    features = VIEWS[way.view](steps)
    middle, spread = features.mean(axis=0), features.std(axis=0)
    spread = np.maximum(spread, 1e-6)
    return (features - middle) / spread, middle, spread


def _kernels(volts: Floats, soh: Floats, group: Ints) -> list[Kernel]:
    steps, wanted = steps_of(volts), soh - soh.mean()
    found: dict[tuple[str, bool], Kernel] = {}
    for way in WAYS:
        key = (way.view, way.linear)
        if key not in found:
            found[key] = tuned(_standardise(way, steps)[0], wanted, group, linear=way.linear, seed=_SEED)
    return [found[way.view, way.linear] for way in WAYS]


def fit_width(width_ms: float, volts: Floats, soh: Floats, group: Ints, kernels: tuple[Kernel, ...]) -> Width:
    """One pulse width with kernels already tuned; the same rows give the same part."""
    steps = steps_of(volts)
    fitted, processes = [], dict[tuple[str, bool], Process]()
    for way, kernel in zip(WAYS, kernels, strict=True):
        features, middle, spread = _standardise(way, steps)
        key = (way.view, way.linear)
        if key not in processes:
            processes[key] = Process(kernel, features, soh - soh.mean(), group)
        fitted.append(Fitted(way, middle, spread, processes[key]))
    return Width(width_ms, volts, soh, group, tuple(fitted), domain_of(steps, group))
