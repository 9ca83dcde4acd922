"""Time that runs forward: jumps back and far jumps of the clock are found, mended where that is plain, and said."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.assessment.steps import changes, step_marks
from suyuan.kernel import Severity

if TYPE_CHECKING:
    from suyuan.assessment.canonical import Draft

DAY_S = 86_400.0
_FAR = 1000.0
"""A gap longer than a day and than this many usual intervals is a jump of the clock."""

_GAP_S, _MANY = 1800.0, 100.0
"""A gap longer than both this and so many usual intervals, while current flows, may be a clock that jumped."""

_UNITS = {60.0: "min", 3600.0: "h", 0.001: "ms", 1 / 60: "s/60"}
_CLOSE = 0.02
_LOOKED_AT = 20_000  # rows, for the unit of time


def check_unit(draft: "Draft") -> None:
    """Hold the time of the test against the clock: a bare heading may mean minutes or hours.

    Where the heading names no unit the clock decides, and the result says so; where it names one,
    only the contradiction is said.
    """
    frame = draft.frame
    clock = next((name for name in ("unix_time_second", "clock_second") if name in frame.columns), None)
    if clock is None or "assessment.time_from_clock" in {finding.code for finding in draft.findings}:
        return
    time, moment = (frame[name].head(_LOOKED_AT).fill_null(np.nan).to_numpy() for name in ("test_time_second", clock))
    passed, shown = np.diff(time), np.diff(moment)
    both = (passed > 0) & np.isfinite(shown)
    if int(both.sum()) < 3 or float(shown[both].sum()) < 10:
        return
    ratio = float(shown[both].sum()) / float(passed[both].sum())
    factor = next((value for value in _UNITS if abs(ratio / value - 1) < _CLOSE), None)
    if factor is None:
        return
    if "test_time_second" not in draft.assumed:
        draft.say("assessment.time_contradicts_clock", ratio=round(ratio, 4))
        return
    names = [name for name in ("test_time_second", "step_time_second") if name in draft.assumed]
    draft.frame = frame.with_columns(pl.col(name) * factor for name in names if name in frame.columns)
    draft.say("assessment.time_unit_by_clock", unit=_UNITS[factor], ratio=round(ratio, 4))


def straighten(draft: "Draft") -> None:
    """Make the time of the test run forward.

    Where it jumps back or far ahead, the time of the step says how much really passed; without
    one, nothing is counted for that interval. Each jump is a finding; later times move along.
    """
    time = draft.frame["test_time_second"].to_numpy()
    if len(time) < 2:
        return
    passed = np.diff(time)
    jumps = _jumps(passed)
    repeated = (passed == 0.0) & ~_changes(draft)
    if repeated.any():
        places = draft.places[1:][repeated]
        draft.say("assessment.repeated_times", Severity.WARNING, count=int(repeated.sum()), row=int(places[0]))
    _check_gaps(draft, passed, jumps)
    if not jumps.any():
        return
    first = int(np.flatnonzero(jumps)[0])
    mended = np.where(jumps, _by_step(draft, jumps), passed)
    fresh = time[0] + np.concatenate([[0.0], np.cumsum(mended)])
    draft.say(
        "assessment.clock_jump",
        count=int(jumps.sum()),
        row=int(draft.places[first + 1]),
        before_s=round(float(time[first]), 3),
        after_s=round(float(time[first + 1]), 3),
    )
    draft.frame = draft.frame.with_columns(pl.Series("test_time_second", fresh))


def _jumps(passed: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    if passed.min() >= 0 and passed.max() <= DAY_S:
        return np.zeros(len(passed), dtype=bool)
    forward = passed[passed > 0]
    usual = float(np.median(forward)) if len(forward) else 0.0
    far = passed > max(DAY_S, _FAR * usual)
    return np.asarray((passed < 0) | far)


def _check_gaps(draft: "Draft", passed: npt.NDArray[np.float64], jumps: npt.NDArray[np.bool_]) -> None:
    """Say where records are missing under current: what is integrated there rests on two records alone."""
    if "current_ampere" not in draft.frame.columns or float(np.nanmax(passed)) <= _GAP_S:
        return
    forward = passed[passed > 0]
    current = draft.frame["current_ampere"].fill_null(0.0).to_numpy()
    flowing = (current[:-1] != 0) & (current[1:] != 0)
    gaps = flowing & ~jumps & (passed > max(_GAP_S, _MANY * float(np.median(forward))))
    if not gaps.any():
        return
    first = int(np.flatnonzero(gaps)[0])
    charge_ah = float((np.abs(current[:-1] + current[1:]) / 2 * passed)[gaps].sum()) / 3600
    draft.say(
        "assessment.gap_under_current",
        count=int(gaps.sum()),
        row=int(draft.places[first + 1]),
        gap_s=round(float(passed[first]), 1),
        charge_ah=round(charge_ah, 4),
    )


def _by_step(draft: "Draft", jumps: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """What passed in each interval by the clock of the step; zero where that has none or starts anew."""
    if "step_time_second" not in draft.frame.columns:
        return np.zeros(len(jumps))
    step = draft.frame["step_time_second"].fill_null(0.0).to_numpy()
    passed = np.diff(step)
    return np.where((passed >= 0) & (passed <= DAY_S), passed, np.clip(step[1:], 0.0, DAY_S))


def _changes(draft: "Draft") -> npt.NDArray[np.bool_]:
    """Where a step begins: testers write that moment twice."""
    frame = draft.frame
    return changes(frame)[1:] if step_marks(frame) else np.zeros(frame.height - 1, dtype=bool)
