"""Reading xlsx: text of the cells from the fast reader, their types from the worksheet's own XML."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import fastexcel
import polars as pl

from suyuan.kernel import Severity
from suyuan.kernel.findings import Value
from suyuan.sheets import findings as table
from suyuan.sheets.archive import Archive, Workbook, WorksheetPart, open_archive, read_workbook, stream, verify
from suyuan.sheets.assemble import RESULT, Draft, settle, tidy, unrecognised
from suyuan.sheets.cellfacts import tell, with_errors
from suyuan.sheets.cellscan import SheetFacts, column_letters, survey
from suyuan.sheets.headings import SEARCHED_ROWS, Match, Recognition, Row, recognise, second_heading_row
from suyuan.sheets.limits import Limits, SheetError
from suyuan.sheets.names import CHOICES_SHEET, IDENTITY_SHEET, NOTES_SHEET
from suyuan.sheets.peek import first_rows
from suyuan.sheets.sheet import Sheet
from suyuan.sheets.sniff import Format
from suyuan.sheets.template import Template
from suyuan.sheets.unstorable import stripped

_SHARED_TEXTS = "xl/sharedStrings.xml"
T = TypeVar("T")


@dataclass(slots=True)
class Candidate:
    """A worksheet with the block of text it uses and what its first rows look like."""

    part: WorksheetPart
    frame: pl.DataFrame
    first_column: int
    facts: SheetFacts
    recognition: Recognition
    rows: Sequence[Row]

    def columns(self, match: Match) -> dict[int, str]:
        """Number of the column in the worksheet → canonical name."""
        return {self.first_column + position: name for position, name in match.columns.items()}

    @property
    def rank(self) -> tuple[bool, int]:
        """Larger is more likely the worksheet meant."""
        match = self.recognition.match or self.recognition.best
        return (self.recognition.match is not None, match.score if match else -(10**6))


def read_workbook_bytes(
    data: bytes,
    templates: Sequence[Template],
    name: str | None,
    mapping: Mapping[str, str] | None,
    limits: Limits,
) -> Sheet:
    """The worksheet of `data` that follows a template; the others are told about."""
    archive = open_archive(data, limits)
    book = read_workbook(archive)
    found = _candidates(archive, book, templates, name, mapping, limits)
    if not found:
        raise SheetError("sheets.no_rows_at_all")
    chosen = max(found, key=lambda candidate: (candidate.rank, -candidate.part.index))
    others = [(c.part.name, c.recognition.match is not None) for c in found if c is not chosen]
    del found
    match = chosen.recognition.match
    if match is None:
        return unrecognised(Format.XLSX, chosen.rows, chosen.recognition, name, chosen.part.name)
    draft = _draft(chosen, match, book.date_1904, name, mapping)
    del chosen.frame
    limits.check_rows(draft.frame.height, limits.max_sheet_rows)
    draft = tidy(draft)
    tell(draft, chosen.facts, chosen.columns(match), _opener(archive, chosen.part))
    draft.said += _other_sheets(others)
    return settle(draft, limits)


def _candidates(
    archive: Archive,
    book: Workbook,
    templates: Sequence[Template],
    name: str | None,
    mapping: Mapping[str, str] | None,
    limits: Limits,
) -> list[Candidate]:
    """Every worksheet that holds text, read one after the other; the surveys guard each reading."""
    found: list[Candidate] = []
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(_open, archive, book)  # shared texts are read while the worksheets are surveyed
        surveyed = [
            (part, survey(_opener(archive, part), _text_columns(archive, part, templates, mapping)))
            for part in book.sheets
            if part.path in archive.entries and part.name not in (NOTES_SHEET, CHOICES_SHEET)
        ]
        reader = opening.result()
    declared: tuple[str, str] | None = None
    for part, facts in sorted(surveyed, key=lambda pair: pair[0].name != IDENTITY_SHEET):
        if not facts.last_row:
            continue
        _check_extent(facts, limits)
        frame, first_column = _load(reader, part)
        if part.name == IDENTITY_SHEET:
            declared = _identity(frame)
            continue
        if not frame.height or not frame.width:
            continue
        limits.check_columns(frame.width)
        rows = [tuple(row) for row in frame.head(SEARCHED_ROWS + 1).rows()]
        recognition = recognise(rows, templates, mapping, [part.name, name or ""], declared)
        candidate = Candidate(part, frame, first_column, facts, recognition, rows)
        _keep_light(found, candidate)
        found.append(candidate)
    return found


def _text_columns(
    archive: Archive, part: WorksheetPart, templates: Sequence[Template], mapping: Mapping[str, str] | None
) -> frozenset[int]:
    """Numbers of the columns that hold text, by a first look at the headings; all templates that fit count."""
    shared = stream(archive, _SHARED_TEXTS) if _SHARED_TEXTS in archive.entries else None
    rows = first_rows(stream(archive, part.path), shared, SEARCHED_ROWS)
    match = recognise(rows, templates, mapping).best
    if match is None:
        return frozenset()
    return frozenset(at for at, name in match.columns.items() if match.template.column(name).needs_letters)


def _keep_light(found: list[Candidate], new: Candidate) -> None:
    """Only the best worksheet so far keeps all its text; memory stays that of one worksheet."""
    for other in found:
        loser = other if new.rank > other.rank else new
        loser.frame = loser.frame.head(SEARCHED_ROWS + 1)


def _opener(archive: Archive, part: WorksheetPart) -> Callable[[], Iterator[bytes]]:
    return partial(stream, archive, part.path)


def _open(archive: Archive, book: Workbook) -> fastexcel.ExcelReader:
    verify(archive, skip=frozenset(part.path for part in book.sheets))
    return _guarded(lambda: fastexcel.read_excel(archive.data), "workbook")


def _guarded(read: Callable[[], T], part: str) -> T:
    """The answer of `read`; a reader that gives up or panics means that the file is damaged."""
    try:
        return read()
    except fastexcel.FastExcelError as error:
        raise SheetError("sheets.damaged", part=part) from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a panic of the reader derives from BaseException
            raise
        raise SheetError("sheets.damaged", part=part) from error


def _load(reader: fastexcel.ExcelReader, part: WorksheetPart) -> tuple[pl.DataFrame, int]:
    """All cells as text with nothing skipped at the top, and the number of the first column."""
    sheet = _guarded(
        lambda: reader.load_sheet(part.index, header_row=None, skip_rows=0, dtypes="string"),
        part.name,
    )
    columns = sheet.available_columns()
    first = columns[0].absolute_index if columns else 0
    return sheet.to_polars(), first


def _check_extent(facts: SheetFacts, limits: Limits) -> None:
    """Refuse a rectangle that would not fit in memory, for example one stray cell in the last corner."""
    limits.check_rows(facts.last_row, limits.max_sheet_rows + SEARCHED_ROWS)
    if facts.last_row * facts.columns > limits.max_cells:
        corner = f"{column_letters(facts.columns - 1)}{facts.last_row}"
        raise SheetError("sheets.too_many_cells", corner=corner, limit=limits.max_cells)


def _identity(frame: pl.DataFrame) -> tuple[str, str] | None:
    cells = {str(row[0]): row[1] for row in frame.rows() if len(row) > 1 and row[0]}
    kind, version = cells.get("kind"), cells.get("version")
    return (str(kind), str(version or "")) if kind else None


def _draft(
    chosen: Candidate, match: Match, date_1904: bool, name: str | None, mapping: Mapping[str, str] | None
) -> Draft:
    skip = match.row + 1 + second_heading_row(chosen.rows, match, mapping)
    wanted = dict(match.columns)
    if match.result is not None:
        wanted[match.result] = RESULT
    names = chosen.frame.columns
    frame = chosen.frame.slice(skip).select(
        pl.col(names[position]).alias(column) for position, column in wanted.items()
    )
    frame = with_errors(frame, chosen.facts, chosen.columns(match), skip + 1)
    return Draft(
        format=Format.XLSX,
        frame=frame,
        row_numbers=pl.int_range(skip + 1, skip + 1 + frame.height, dtype=pl.UInt32, eager=True),
        match=match,
        recognition=chosen.recognition,
        headings={name: stripped(chosen.rows[match.row][at] or "") for at, name in match.columns.items()},
        name=name,
        worksheet=chosen.part.name,
        date_1904=date_1904,
    )


def _other_sheets(others: list[tuple[str, bool]]) -> list[pl.DataFrame]:
    said = []
    for code, follows in (("sheets.other_sheet_not_read", True), ("sheets.worksheets_ignored", False)):
        names = [name for name, matches in others if matches is follows]
        if names:
            data: dict[str, Value] = {"names": names}
            said.append(table.make(None, None, code, Severity.WARNING, data=data))
    return said
