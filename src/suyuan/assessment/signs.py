"""The sign of the current: what the labels and counters of the tester say against what the column says."""

import re
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.kernel import Severity

if TYPE_CHECKING:
    from suyuan.assessment.canonical import Draft

EVIDENCE = "evidence"
"""A column of words that tell the sense of the current and nothing else; it does not cut steps."""
REST, CHARGE, DISCHARGE = "rest", "charge", "discharge"
_MOST = 0.9
"""Share of the charge passed that has to speak against the sign before it is called reversed."""

_LEAST_AH = 1e-4
"""Counters that grew by less than this say nothing about the sign: it may be the noise of an idle channel."""

_WORDS = (
    (re.compile(r"dis|dchg|dch\b|^d$|^dc$|放电", re.IGNORECASE), DISCHARGE),
    (re.compile(r"chg|charge|^c$|^cc$|^cccv$|充电", re.IGNORECASE), CHARGE),
    (re.compile(r"rest|pause|idle|stand|ocv|^r$|^s$|静置|搁置|休眠|停止", re.IGNORECASE), REST),
)
_SENSES: dict[str | None, int] = {CHARGE: 1, DISCHARGE: -1}


def labelled_phase(labels: pl.Series) -> pl.Series:
    """The phase that a tester's own word names: rest, charge or discharge; null where it names none.

    >>> labelled_phase(pl.Series(["CC_DChg", "Rest", "充电 CC-CV", "Pulse"])).to_list()
    ['discharge', 'rest', 'charge', None]
    """
    words = labels.unique().drop_nulls().to_list()
    phases = [_phase(word) for word in words]
    return labels.replace_strict(words, phases, default=None, return_dtype=pl.String)


def _phase(word: str) -> str | None:
    return next((phase for pattern, phase in _WORDS if pattern.search(word)), None)


def settle_signs(draft: "Draft") -> None:
    """Give the current the sign of charging where the file writes magnitudes or the opposite; each is said."""
    frame = draft.frame
    if frame["current_ampere"].null_count() == frame.height:
        return
    current = frame["current_ampere"].fill_null(0.0).to_numpy()
    expected = _labelled(frame)
    source = "labels"
    if not expected.any():
        expected, source = _counted(frame), "counters"
    weight = np.abs(current) * (expected != 0)
    total = float(weight.sum())
    if total > 0:
        _by_evidence(draft, current, expected, source, weight, total)
    elif (current >= 0).all() and (current > 0).any() and _falls(frame, current):
        draft.say("assessment.sign_unknown")
    elif _against_voltage(frame, current):
        draft.say("assessment.sign_doubtful")


def _by_evidence(
    draft: "Draft",
    current: npt.NDArray[np.float64],
    expected: npt.NDArray[np.int8],
    source: str,
    weight: npt.NDArray[np.float64],
    total: float,
) -> None:
    against = (np.sign(current) * expected) < 0
    share = float(weight[against].sum()) / total
    if share == 0.0:
        return
    if (current >= 0).all():
        fresh = np.where(expected != 0, np.abs(current) * expected, current)
        draft.say("assessment.current_unsigned", Severity.WARNING, source=source)
    elif share >= _MOST:
        fresh = -current
        draft.say("assessment.current_reversed", source=source, share=round(share, 3))
    elif share > 0.01:
        row = int(draft.places[np.flatnonzero(against & (weight > 0))[0]])
        draft.say("assessment.sign_contradicts", source=source, share=round(share, 3), row=row)
        return
    else:
        return
    draft.frame = draft.frame.with_columns(pl.Series("current_ampere", fresh))


def _labelled(frame: pl.DataFrame) -> npt.NDArray[np.int8]:
    named = next((name for name in (EVIDENCE, "step_type") if name in frame.columns), None)
    if named is None:
        return np.zeros(frame.height, dtype=np.int8)
    labels = frame[named]
    if named == "step_type" and "step_count" in frame.columns and frame["step_count"].null_count() == 0:
        count = frame["step_count"].to_numpy()  # one label a step is enough
        starts = np.flatnonzero(np.concatenate([[True], count[1:] != count[:-1]]))
        return np.repeat(_senses(labels.gather(starts)), np.diff(np.append(starts, frame.height)))
    return _senses(labels)


def _senses(labels: pl.Series) -> npt.NDArray[np.int8]:
    words = labels.unique().drop_nulls().to_list()
    senses = [_SENSES.get(_phase(word), 0) for word in words]
    return labels.replace_strict(words, senses, default=0, return_dtype=pl.Int8).fill_null(0).to_numpy()


def _counted(frame: pl.DataFrame) -> npt.NDArray[np.int8]:
    """Which of the tester's two counters grew."""
    names = ("charging_capacity_ah", "discharging_capacity_ah")
    if not set(names) <= set(frame.columns):
        return np.zeros(frame.height, dtype=np.int8)
    up, down = (np.clip(np.diff(frame[name].fill_null(0.0).to_numpy(), prepend=0.0), 0.0, None) for name in names)
    if len(up):
        up[0] = down[0] = 0.0
    if max(up.sum(), down.sum()) < _LEAST_AH:
        return np.zeros(frame.height, dtype=np.int8)
    return np.where(up > 9 * down, 1, np.where(down > 9 * up, -1, 0)).astype(np.int8)


def _falls(frame: pl.DataFrame, current: npt.NDArray[np.float64]) -> bool:
    """Whether voltage falls under a positive current somewhere: then not all of it can be charging."""
    change = np.diff(frame["voltage_volt"].to_numpy())
    flowing = current[1:] > 0.1 * current.max()
    total = float(np.abs(change[flowing]).sum())
    return total > 0 and float(-np.clip(change[flowing], None, 0.0).sum()) > 0.3 * total


def _against_voltage(frame: pl.DataFrame, current: npt.NDArray[np.float64]) -> bool:
    """Whether voltage falls while the column says charge, and rises while it says discharge, nearly always."""
    change = np.diff(frame["voltage_volt"].to_numpy())
    flow = np.sign(current[1:]) * (np.sign(current[1:]) == np.sign(current[:-1]))
    with_it = float(np.abs(change[flow * change > 0]).sum())
    against = float(np.abs(change[flow * change < 0]).sum())
    both = (flow > 0).any() and (flow < 0).any()
    return bool(both and against > 9.0 * with_it)
