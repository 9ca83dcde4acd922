"""Impedance spectra: frequency, real and imaginary part, from text files of several makers."""

import re

import numpy as np
import polars as pl

from suyuan.assessment.canonical import draft_of, some
from suyuan.assessment.errors import AssessmentError
from suyuan.assessment.readers.headings import lay_out
from suyuan.assessment.readers.tables import Table
from suyuan.assessment.record import SPECTRUM, STEPS, Kind, Record

_FREQUENCIES = 3
_ZPLOT = re.compile(r"freq\s*\(hz\).*z'\s*\(a\)\s*z''\s*\(b\)", re.IGNORECASE)
_ZPLOT_NAMES = ("Freq (Hz)", "Ampl", "Bias", "Time(Sec)", "Z'(a)", "Z''(b)", "GD", "Err", "Range")
_NUMBER = re.compile(r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$")


def spectrum_of(table: Table, form: str, name: str | None) -> Record:
    """The spectrum in a table that has a frequency."""
    draft = draft_of(table, form, name)
    frame = draft.frame
    if "negative_imaginary_impedance_ohm" in frame.columns and "imaginary_impedance_ohm" not in frame.columns:
        frame = frame.with_columns((-pl.col("negative_imaginary_impedance_ohm")).alias("imaginary_impedance_ohm"))
    missing = [column for column in SPECTRUM if column not in frame.columns]
    if missing:
        raise AssessmentError("assessment.missing_columns", columns=missing, found=sorted(frame.columns))
    frame = frame.select(pl.col(column).cast(pl.Float64) for column in SPECTRUM)
    good = frame.select(pl.all_horizontal(pl.all().is_not_null()) & (pl.col("frequency_hertz") > 0)).to_series()
    lost = draft.places[~good.to_numpy()]
    if len(lost):
        draft.say("assessment.rows_lost", count=len(lost), rows=some(lost), kept=int(good.sum()))
    frame = frame.filter(good)
    if not frame.height:
        raise AssessmentError("assessment.no_rows", form=form)
    return Record(form, Kind.IMPEDANCE, frame, pl.DataFrame(schema=STEPS), tuple(draft.findings), draft.about, name)


def zplot_table(data: bytes) -> Table | None:
    """The table of a ZPlot text file (Z60W and kin), whose headings stand in one pair of quotes."""
    lines = data.decode("utf-8", errors="replace").split("\n")
    place = next((number for number, line in enumerate(lines[:200]) if _ZPLOT.search(line)), None)
    if place is None:
        return None
    return _rows(lines, place + 1, _ZPLOT_NAMES)


def bare_table(data: bytes) -> Table | None:
    """The table of a file without headings: three columns of numbers, the first a run of frequencies."""
    lines = data.decode("utf-8", errors="replace").split("\n")
    filled = [line for line in lines if line.strip()]
    if len(filled) < _FREQUENCIES or not all(_is_row(line) for line in filled[: min(20, len(filled))]):
        return None
    first = [float(line.split(",")[0]) for line in filled if _is_row(line)]
    runs = np.diff(first)
    if min(first) <= 0 or not ((runs > 0).all() or (runs < 0).all()):
        return None
    return _rows(lines, 0, ("Frequency (Hz)", "Z real (Ohm)", "Z imag (Ohm)"))


def _is_row(line: str) -> bool:
    cells = line.split(",")
    return len(cells) == _FREQUENCIES and all(_NUMBER.match(cell) for cell in cells)


def _rows(lines: list[str], start: int, headings: tuple[str, ...]) -> Table:
    numbered = [(number + 1, line) for number, line in enumerate(lines) if number >= start and line.strip()]
    cells = [[*line.split(","), *([None] * len(headings))][: len(headings)] for _, line in numbered]
    frame = pl.DataFrame(cells, schema={f"c{place}": pl.String for place in range(len(headings))}, orient="row")
    places = np.array([number for number, _ in numbered], dtype=np.int64)
    return Table(frame, lay_out(headings), tuple(lines[:start]), places, ",", headings=headings)
