"""BioLogic's binary files (mpr), by a reader that the user installs: galvani is GPL and not part of this program."""

import io
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import polars as pl

from suyuan.assessment.canonical import draft_of, settle
from suyuan.assessment.errors import AssessmentError, Limits
from suyuan.assessment.readers.headings import lay_out
from suyuan.assessment.readers.impedance import spectrum_of
from suyuan.assessment.readers.tables import Table
from suyuan.assessment.record import Record
from suyuan.assessment.saying import found

MAGIC = b"BIO-LOGIC MODULAR FILE"
FORM = "biologic-mpr"
_MODULE = b"MODULE"
_MEASUREMENTS = b"MODULEVMP data"


def read_mpr(data: bytes, name: str | None, limits: Limits) -> Record:
    """A BioLogic mpr file, if a reader for it is installed."""
    try:
        reader = import_module("galvani.BioLogic")
    except ImportError as error:
        raise AssessmentError(
            "assessment.plug_in_missing",
            plug_in="galvani",
            form="BioLogic mpr",
            licence="GPL-3.0",
            position=data.find(_MODULE) + 1,
        ) from error
    columns, cut = _columns(reader, data)
    table = _table(columns)
    limits.check_rows(table.frame.height)
    spectrum = "frequency_hertz" in table.layout.known
    record = spectrum_of(table, FORM, name) if spectrum else settle(draft_of(table, FORM, name))
    if not cut:
        return record
    said = found("assessment.module_cut", position=cut, bytes=len(data), kept=record.series.height)
    return replace(record, findings=(said, *record.findings))


def _columns(reader: Any, data: bytes) -> tuple[dict[str, Any], int]:
    """The columns that the plug-in reads, and where the file was cut to read them (0: nowhere).

    A file that ends inside a module behind the measurements is read without that module.
    """
    last, first = data.rfind(_MODULE), data.find(_MEASUREMENTS)
    attempts = [(data, 0), (data[:last], last + 1)] if last > first >= 0 else [(data, 0)]
    why: Exception | None = None
    for content, cut in attempts:
        try:
            read = reader.MPRfile(io.BytesIO(content)).data
            return {str(column): np.asarray(read[column], dtype=np.float64) for column in read.dtype.names}, cut
        except Exception as error:  # the plug-in has no errors of its own: any damage shows as any of them
            why = error
    raise AssessmentError("assessment.unreadable_mpr", said=_said(why) if why else "", bytes=len(data)) from why


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:120]}"


def _table(columns: dict[str, Any]) -> Table:
    """The columns under the headings that the plug-in gives them."""
    headings = tuple(columns)
    frame = pl.DataFrame({f"c{place}": pl.Series(columns[name]).cast(pl.String) for place, name in enumerate(headings)})
    places = np.arange(1, frame.height + 1, dtype=np.int64)
    return Table(frame, lay_out(headings), (), places, headings=headings)
