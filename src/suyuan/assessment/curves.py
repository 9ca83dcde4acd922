"""Curves of a record for plots: few points, with every peak still there."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt

from suyuan.assessment.record import Kind, Record

Floats = npt.NDArray[np.float64]
MOST_POINTS = 1200


def curves_of(record: Record, most: int = MOST_POINTS) -> dict[str, list[float | None]]:
    """Columns of equal length, at most about `most` long.

    For a series `time_s`, `voltage_v`, `current_a` (discharging positive) and, where recorded, `temperature_c`; for
    a spectrum `real_ohm` and `minus_imaginary_ohm`. What the record does not have at a point is None.
    """
    if record.kind is Kind.IMPEDANCE:
        columns = {
            "real_ohm": record.series["real_impedance_ohm"].to_numpy(),
            "minus_imaginary_ohm": -record.series["imaginary_impedance_ohm"].to_numpy(),
        }
        kept = thinned(columns["minus_imaginary_ohm"], most)
    else:
        columns = {"time_s": record.time_s, "voltage_v": record.voltage_v, "current_a": record.current_a}
        if "temperature_t1_celsius" in record.series.columns:
            columns["temperature_c"] = record.series["temperature_t1_celsius"].to_numpy()
        kept = thinned(record.voltage_v, most)
    return {name: _plain(np.asarray(values, dtype=np.float64)[kept]) for name, values in columns.items()}


def thinned(values: Floats, most: int) -> npt.NDArray[np.int64]:
    """Places of at most about `most` values: first, last, and of every stretch the smallest and the largest."""
    count = len(values)
    if count <= most:
        return np.arange(count)
    edges = np.linspace(0, count, max(most // 2, 1) + 1).astype(np.int64)
    safe = np.nan_to_num(values)
    places = {0, count - 1}
    for low, high in pairwise(edges.tolist()):
        places |= {int(low + np.argmin(safe[low:high])), int(low + np.argmax(safe[low:high]))}
    return np.array(sorted(places))


def _plain(values: Floats) -> list[float | None]:
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values]
