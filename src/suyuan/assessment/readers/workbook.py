"""Workbooks (xlsx) of testers: Arbin's exports, NEBULA's sheets of steps, and tables of anybody's."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TypeVar

import fastexcel
import numpy as np
import polars as pl

from suyuan.assessment.canonical import Draft, draft_of, settle
from suyuan.assessment.errors import AssessmentError, Limits
from suyuan.assessment.readers import nebula
from suyuan.assessment.readers.headings import Layout, lay_out
from suyuan.assessment.readers.impedance import spectrum_of
from suyuan.assessment.readers.packed import check_directory
from suyuan.assessment.readers.tables import Table
from suyuan.assessment.record import Record
from suyuan.sheets.archive import Archive, WorksheetPart, open_archive, read_workbook, stream
from suyuan.sheets.cellscan import survey
from suyuan.sheets.limits import Limits as SheetLimits

_SEARCHED = 60
_ARBIN = "Test_Time(s)"
T = TypeVar("T")


def read_xlsx(data: bytes, name: str | None, mapping: Mapping[str, str] | None, limits: Limits) -> Record:
    """The worksheets of a workbook that hold a test; several of one kind are put one after the other."""
    check_directory(data, limits)
    frames = list(_worksheets(data, limits))
    for sheet, frame in frames:
        found = nebula.find_headings(frame)
        if found is not None:
            return nebula.read_steps(frame, found, sheet, name)
    tables = [(sheet, table) for sheet, frame in frames if (table := _table(frame, mapping)) is not None]
    spectra = [table for _, table in tables if "frequency_hertz" in table.layout.known]
    series = [(sheet, table) for sheet, table in tables if _is_series(table.layout)]
    if not series and spectra:
        return spectrum_of(spectra[0], "impedance-xlsx", name)
    if not series:
        raise AssessmentError("assessment.no_test_in_workbook", sheets=[sheet for sheet, _ in frames])
    return _together(series, name)


def _is_series(layout: Layout) -> bool:
    timed = layout.known & {"test_time_second", "moment", "unix_time_second"}
    return bool(timed) and {"voltage_volt", "current_ampere"} <= layout.known


def _together(series: list[tuple[str, Table]], name: str | None) -> Record:
    """The tables with the most columns, in their order: a tester begins a new worksheet when one is full."""
    most = max(len(table.layout.known) for _, table in series)
    chosen = [(sheet, table) for sheet, table in series if len(table.layout.known) == most]
    form = "arbin-xlsx" if any(_ARBIN in table.headings for _, table in chosen) else "xlsx"
    drafts = [draft_of(table, form, name) for _, table in chosen]
    whole = Draft(
        form, pl.concat([draft.frame for draft in drafts], how="diagonal_relaxed"), drafts[0].places, name=name
    )
    whole.places = np.concatenate([draft.places for draft in drafts])
    whole.findings = [finding for draft in drafts for finding in draft.findings]
    whole.about = {**drafts[0].about, "worksheets": [sheet for sheet, _ in chosen]}
    return settle(whole)


def _worksheets(data: bytes, limits: Limits) -> Iterator[tuple[str, pl.DataFrame]]:
    """Every worksheet as text without headings; refused before reading if it claims too many cells."""
    bounds = SheetLimits(max_bytes=limits.max_bytes, max_unpacked=limits.max_unpacked, max_ratio=limits.max_ratio)
    archive = open_archive(data, bounds)
    book = read_workbook(archive)
    reader: fastexcel.ExcelReader | None = None
    for part in book.sheets:
        if part.path not in archive.entries:
            continue
        facts = survey(_opener(archive, part))
        if not facts.last_row:
            continue
        if facts.last_row * facts.columns > bounds.max_cells or facts.columns > limits.max_columns:
            cells = facts.last_row * facts.columns
            raise AssessmentError("assessment.too_many_cells", sheet=part.name, found=cells, limit=bounds.max_cells)
        reader = reader or _guarded(lambda: fastexcel.read_excel(data), "workbook")
        yield part.name, _guarded(partial(_load, reader, part.index), part.name)


def _load(reader: fastexcel.ExcelReader, index: int) -> pl.DataFrame:
    return reader.load_sheet(index, header_row=None, dtypes="string").to_polars()


def _guarded(act: Callable[[], T], part: str) -> T:
    """The answer of `act`; a spreadsheet engine that gives up or panics means that the file is damaged."""
    try:
        return act()
    except (fastexcel.FastExcelError, ValueError, OSError) as error:
        raise AssessmentError("assessment.damaged", part=part) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise AssessmentError("assessment.damaged", part=part) from error


def _opener(archive: Archive, part: WorksheetPart) -> "partial[Iterator[bytes]]":
    return partial(stream, archive, part.path)


def _table(frame: pl.DataFrame, mapping: Mapping[str, str] | None) -> Table | None:
    """The table below the row that names the most quantities."""
    best: tuple[int, int, Layout] | None = None
    for number, row in enumerate(frame.head(_SEARCHED).iter_rows()):
        layout = lay_out([cell or "" for cell in row], mapping)
        if len(layout.known) >= 2 and (best is None or len(layout.known) > best[0]):
            best = (len(layout.known), number, layout)
    if best is None:
        return None
    _, number, layout = best
    headings = tuple(cell or "" for cell in frame.row(number))
    body = frame.slice(number + 1).rename({old: f"c{place}" for place, old in enumerate(frame.columns)})
    places = np.arange(number + 2, number + 2 + body.height, dtype=np.int64)
    filled = ~body.select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()
    return Table(body.filter(pl.Series(filled)), layout, (), places[filled], headings=headings)
