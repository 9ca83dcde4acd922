"""The refused records in the template they came in, ready to be corrected and sent again."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]

from suyuan.kernel import Language, Severity, sentence
from suyuan.kernel.findings import Value
from suyuan.sheets import findings as table
from suyuan.sheets.books import (
    BYTE_ORDER_MARK,
    LAST_ROW,
    OPTIONS,
    add_choices,
    add_data_sheet,
    add_identity,
    add_notes,
    mark,
    write_csv,
)
from suyuan.sheets.limits import SheetError
from suyuan.sheets.names import RESULT_HEADING
from suyuan.sheets.sheet import Sheet
from suyuan.sheets.sniff import Format
from suyuan.sheets.template import Template

WORKSHEET_ROWS = 100_000
"""Rows up to which a workbook is a sensible answer; beyond, ask for csv: it takes a hundredth of the time."""

_BATCH = 20_000
_REMARK_LIMIT = 30_000  # a cell of a worksheet holds 32,767 characters
_ROW, _REMARK = "\u0000row", "\u0000remark"  # no column of a template is called so

Say = Callable[[str, Mapping[str, Value]], str]


def bad_rows(sheet: Sheet, findings: pl.DataFrame) -> pl.Series:
    """Indices of all rows of every record in which something is refused, sorted."""
    refused = pl.repeat(False, sheet.height, eager=True).scatter(table.refused_rows(findings), True)
    numbers = sheet.row_numbers
    hit = numbers.is_in(numbers.filter(refused).unique().implode())
    keys = [name for name in (sheet.template.record if sheet.template else ()) if name in sheet.columns.columns]
    if keys:
        records = sheet.columns.select(keys)
        named = records.filter(hit).filter(pl.any_horizontal(pl.all().is_not_null())).unique()
        places = records.with_columns(pl.int_range(pl.len(), dtype=pl.UInt32).alias(_ROW))
        same = places.join(named, on=keys, how="semi", nulls_equal=True)[_ROW]
        hit = hit.scatter(same, True)
    return hit.arg_true()


def write_bad_rows(
    sheet: Sheet,
    findings: pl.DataFrame,
    template: Template | None = None,
    language: Language = Language.ZH,
    say: Say | None = None,
    form: Format = Format.XLSX,
) -> bytes:
    """The refused records, whole, in the template they came in, with what is wrong in the first column.

    Parameters
    ----------
    findings
        All findings, those of `sheet` and those of later checks; refusals that name a row count.
    template
        The template to write; that of `sheet` by default.
    say
        Makes the sentence of a code and its data; the catalogue by default.
    form
        `Format.XLSX`, or `Format.CSV` for more rows than a worksheet holds.

    Raises
    ------
    SheetError
        No template is known, or a worksheet cannot hold so many rows.
    """
    template = template or sheet.template
    if template is None:
        raise SheetError("sheets.unrecognised", headings=list(sheet.unknown_headings))
    rows = bad_rows(sheet, findings)
    if form is not Format.CSV and len(rows) > LAST_ROW:
        raise SheetError("sheets.too_many_rows", found=len(rows), limit=LAST_ROW)
    speak = say or (lambda code, data: sentence(code, data, language))
    refused = findings.filter((pl.col("severity") == Severity.REFUSE.value) & pl.col("row").is_not_null()).sort("row")
    bodies = (
        _body(sheet, template, part, _remarks(template, _about(refused, part), language, speak))
        for part in _parts(rows.cast(pl.UInt32))
    )
    return _csv(template, bodies) if form is Format.CSV else _xlsx(template, bodies)


def _parts(rows: pl.Series) -> Iterator[pl.Series]:
    """`rows` in pieces, so that a million refusals need no more memory than their file."""
    return (rows.slice(start, _BATCH) for start in range(0, len(rows), _BATCH))


def _about(refused: pl.DataFrame, rows: pl.Series) -> pl.DataFrame:
    """The findings, sorted by row, from the first to the last of `rows`."""
    start = int(refused["row"].search_sorted(rows[0], "left"))
    return refused[start : int(refused["row"].search_sorted(rows[-1], "right"))]


def _body(sheet: Sheet, template: Template, rows: pl.Series, spoken: pl.DataFrame) -> pl.DataFrame:
    """Remarks and the text as received of `rows`, in the order of the template."""
    remarks = rows.alias(_ROW).to_frame().join(spoken, on=_ROW, how="left", maintain_order="left")
    cells = [
        sheet.received(column.name).gather(rows)
        if column.name in sheet.columns.columns
        else pl.Series(column.name, [None] * len(rows), pl.String)
        for column in template.columns
    ]
    return remarks.select(_REMARK).hstack(cells)


def _remarks(template: Template, refused: pl.DataFrame, language: Language, speak: Say) -> pl.DataFrame:
    """One text a row: every refusal in it, each sentence once."""
    keys = ["field", "code", "value", "data"]
    distinct = refused.select(keys).unique(maintain_order=True)
    texts = [describe(template, cell, language, speak) for cell in distinct.iter_rows(named=True)]
    spoken = distinct.with_columns(text=pl.Series(texts, dtype=pl.String))
    joined = refused.join(spoken, on=keys, how="left", nulls_equal=True, maintain_order="left")
    grouped = joined.group_by("row", maintain_order=True).agg(pl.col("text").unique(maintain_order=True))
    joint = pl.col("text").list.join("\n").str.slice(0, _REMARK_LIMIT)
    return grouped.select(pl.col("row").alias(_ROW), joint.alias(_REMARK))


def describe(template: Template | None, cell: Mapping[str, str | None], language: Language, say: Say) -> str:
    """The sentence for one row of a table of findings, with the heading in place of the field's name."""
    data: dict[str, Value] = {"field": cell["field"], "value": cell["value"], **table.unpack(cell["data"])}
    field = cell["field"]
    if template is None or field not in template.names:
        return say(cell["code"] or "", data)
    heading = template.column(field).heading(language)
    return f"{heading}: {say(cell['code'] or '', data | {'field': heading})}"


def _csv(template: Template, bodies: Iterable[pl.DataFrame]) -> bytes:
    names = [" ".join(RESULT_HEADING), *(f"{column.zh} {column.en}" for column in template.columns)]
    rows = [[mark(template), *[None] * len(template.columns)], names]
    schema = {f"column_{position}": pl.String for position in range(len(names))}
    buffer = io.BytesIO()
    buffer.write(BYTE_ORDER_MARK)
    write_csv(pl.DataFrame(rows, schema=schema, orient="row"), buffer, headings=False)
    for body in bodies:
        write_csv(body, buffer, headings=False)
    return buffer.getvalue()


def _xlsx(template: Template, bodies: Iterable[pl.DataFrame]) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        sheet = add_data_sheet(book, template)
        rows = (row for body in bodies for row in body.iter_rows())
        for index, row in enumerate(rows, 1):
            for position, text in enumerate(row):
                if text is not None:
                    sheet.write_string(index, position, text)
        add_notes(book, template)
        add_choices(book, sheet, template)
        add_identity(book, template)
    return buffer.getvalue()
