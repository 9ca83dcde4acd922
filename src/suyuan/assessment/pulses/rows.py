"""Rows of a pulse test: voltages before, at the start and at the end of every pulse and rest."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.assessment.errors import AssessmentError

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

RATES = (0.5, 1.0, 1.5, 2.0, 2.5)
"""Current of the five pulse pairs over nominal capacity (1/h)."""

POINTS = 41
"""Voltages of a row: one at rest, then eight a rate (start and end of + pulse, rest, - pulse, rest)."""

VOLTAGES = tuple(f"U{number}" for number in range(1, POINTS + 1))
LEAST_SOH, MOST_SOH = 0.05, 1.5  # a ratio outside is a percentage or damage


@dataclass(frozen=True, slots=True)
class Pulses:
    """One row a pulse test, in the order of the file.

    Parameters
    ----------
    cells
        Name of the cell, text, shape (n,).
    width_ms
        Length of a pulse (ms), shape (n,).
    nominal_ah
        Nominal capacity (Ah), shape (n,).
    volts
        U1 to U41 (V), shape (n, 41); not a number where the file has none.
    soh
        Measured over nominal capacity, shape (n,), or nothing where it was not measured.
    """

    cells: npt.NDArray[np.object_]
    width_ms: Floats
    nominal_ah: Floats
    volts: Floats
    soh: Floats | None = None

    def __len__(self) -> int:
        return len(self.cells)

    def take(self, index: Ints | Flags) -> "Pulses":
        """The rows at `index`."""
        soh = None if self.soh is None else self.soh[index]
        return Pulses(self.cells[index], self.width_ms[index], self.nominal_ah[index], self.volts[index], soh)


def pulses_of(frame: pl.DataFrame, *, labelled: bool = False) -> Pulses:
    """The pulse tests of a table with columns `cell`, `width_ms`, `Qn`, `U1`..`U41` and, if `labelled`, `SOH`.

    A cell that is no number becomes not-a-number, for the check of the row to refuse; a whole missing
    column raises `AssessmentError`.
    """
    wanted = ["cell", "width_ms", "Qn", *VOLTAGES, *(["SOH"] if labelled else [])]
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        raise AssessmentError("assessment.pulse_columns", columns=missing)
    if not frame.height:
        raise AssessmentError("assessment.pulse_no_rows")
    volts = np.column_stack([_numbers(frame[name]) for name in VOLTAGES])
    soh = _ratios(frame, "SOH") if labelled else None
    return Pulses(_names(frame["cell"]), _numbers(frame["width_ms"]), _numbers(frame["Qn"]), volts, soh)


def reference_of(frame: pl.DataFrame) -> dict[str, float]:
    """Measured SOH (ratio) by cell, of a table with columns `cell` and `SOH`."""
    missing = [name for name in ("cell", "SOH") if name not in frame.columns]
    if missing:
        raise AssessmentError("assessment.pulse_columns", columns=missing)
    names, values = _names(frame["cell"]), _ratios(frame, "SOH")
    twice = sorted({str(name) for name in names if (names == name).sum() > 1})
    if twice:
        raise AssessmentError("assessment.pulse_reference_twice", cells=twice[:5])
    return {str(name): float(value) for name, value in zip(names, values, strict=True)}


def _names(column: pl.Series) -> npt.NDArray[np.object_]:
    text = column.cast(pl.String).str.strip_chars()
    empty = (text.is_null() | (text == "")).to_numpy()
    if empty.any():
        raise AssessmentError("assessment.pulse_cell_unnamed", row=int(np.flatnonzero(empty)[0]) + 2)
    return np.array(text.to_list(), dtype=object)


def _numbers(column: pl.Series) -> Floats:
    read = column.str.strip_chars() if column.dtype == pl.String else column
    return read.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy().astype(np.float64)


def _ratios(frame: pl.DataFrame, name: str) -> Floats:
    values = _numbers(frame[name])
    bad = ~((values > LEAST_SOH) & (values < MOST_SOH))
    if bad.any():
        first = int(np.flatnonzero(bad)[0])
        found = str(frame[name][first])
        raise AssessmentError("assessment.pulse_not_a_ratio", column=name, row=first + 2, found=found)
    return values
