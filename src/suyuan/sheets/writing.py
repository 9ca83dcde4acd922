"""Writing the template of a kind, and plain tables."""

import io
from collections.abc import Sequence

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from suyuan.sheets.books import (
    BYTE_ORDER_MARK,
    LAST_ROW,
    OPTIONS,
    add_choices,
    add_data_sheet,
    add_identity,
    add_notes,
    harmless,
    mark,
    sheet_name,
    write_csv,
)
from suyuan.sheets.limits import SheetError
from suyuan.sheets.names import EXAMPLE_REMARK, RESULT_HEADING
from suyuan.sheets.sniff import Format
from suyuan.sheets.template import Template

__all__ = ["harmless", "write_table", "write_template", "write_template_csv"]


def write_template(template: Template) -> bytes:
    """The empty workbook of `template`: headings in both languages, an example, notes and lists."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        sheet = add_data_sheet(book, template)
        grey = book.add_format({"italic": True, "font_color": "#808080", "num_format": "@", "bg_color": "#F2F2F2"})
        sheet.write_string(1, 0, EXAMPLE_REMARK, grey)
        for position, column in enumerate(template.columns, 1):
            sheet.write_string(1, position, column.example, grey)
        add_notes(book, template)
        add_choices(book, sheet, template)
        add_identity(book, template)
    return buffer.getvalue()


def write_template_csv(template: Template) -> bytes:
    """The same as csv (UTF-8 with a mark, so that spreadsheet programs read Chinese)."""
    headings = [" ".join(RESULT_HEADING), *(f"{column.zh} {column.en}" for column in template.columns)]
    rows = [
        [mark(template), *[""] * len(template.columns)],
        headings,
        [EXAMPLE_REMARK, *(column.example for column in template.columns)],
    ]
    names = [f"column_{i}" for i in range(len(headings))]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    buffer = io.BytesIO()
    buffer.write(BYTE_ORDER_MARK)
    write_csv(frame, buffer, headings=False)
    return buffer.getvalue()


def write_table(frame: pl.DataFrame, form: Format, title: str = "Suyuan") -> bytes:
    """`frame` as csv, Parquet or xlsx; texts in csv are kept from running as formulas."""
    buffer = io.BytesIO()
    if form is Format.CSV:
        buffer.write(BYTE_ORDER_MARK)
        write_csv(frame, buffer, headings=True)
        return buffer.getvalue()
    if form is Format.PARQUET:
        frame.write_parquet(buffer)
        return buffer.getvalue()
    if form is not Format.XLSX:
        raise SheetError("sheets.not_written", form=form.value)
    if frame.height > LAST_ROW:
        raise SheetError("sheets.too_many_rows", found=frame.height, limit=LAST_ROW)
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        sheet = book.add_worksheet(sheet_name(title))
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, frame.columns, book.add_format({"bold": True}))
        for index, row in enumerate(frame.iter_rows(), 1):
            _write_values(sheet, index, row)
    return buffer.getvalue()


def _write_values(sheet: Worksheet, index: int, row: Sequence[object]) -> None:
    for position, value in enumerate(row):
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | float):
            sheet.write_string(index, position, str(value))
        elif abs(value) < 10**15:
            sheet.write_number(index, position, value)
        else:
            sheet.write_string(index, position, str(value))
