"""The parts of the workbooks and csv files that we hand out: headings, notes, lists, identity.

Text is written as text everywhere: nothing a company typed can run as a formula in the program
that opens the file.
"""

import io

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.format import Format as CellFormat  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from suyuan.sheets.names import CHOICES_SHEET, IDENTITY_SHEET, NOTES_SHEET, RESULT_HEADING
from suyuan.sheets.normal import choice_label
from suyuan.sheets.template import Column, Template

LAST_ROW = 1_048_575
"""Rows of a worksheet below its headings."""

OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
"""How workbooks are written: without temporary files, and texts stay texts."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Begins a csv file, so that spreadsheet programs read Chinese."""

_RUNS_AS_FORMULA = r"^'*[=+\-@\t\r]"
_PLAIN_NUMBER = r"^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$"
_TYPES = {
    "battery_code": ("电池编码", "battery code"),
    "vin": ("车辆识别代号", "VIN"),
    "company": ("统一社会信用代码", "unified social credit code"),
    "batch": ("批次号", "batch"),
    "site": ("场所编号", "site id"),
    "record": ("记录编号", "record id"),
    "division": ("行政区划代码", "division code"),
    "date": ("日期 2026-04-01", "date 2026-04-01"),
    "datetime": ("时间 2026-04-01 08:30:00", "time 2026-04-01 08:30:00"),
    "number": ("数字", "number"),
    "integer": ("整数", "whole number"),
    "choice": ("从列表选择", "choose from the list"),
    "text": ("文字", "text"),
}


def neutralised(column: str) -> pl.Expr:
    """The text `column` with an apostrophe before what a spreadsheet program might run; reading takes it off."""
    text = pl.col(column)
    runs = text.str.contains(_RUNS_AS_FORMULA) & ~text.str.contains(_PLAIN_NUMBER)
    return pl.when(runs).then(pl.lit("'") + text).otherwise(text).alias(column)


def harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` for csv: its texts cannot run as formulas in the program that opens it; numbers stay numbers."""
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    return frame.with_columns(neutralised(name) for name in texts)


def write_csv(frame: pl.DataFrame, buffer: io.BytesIO, *, headings: bool) -> None:
    """Append `frame` as UTF-8 csv whose texts cannot run as formulas."""
    harmless(frame).write_csv(buffer, include_header=headings, line_terminator="\r\n")


def mark(template: Template) -> str:
    """The text that names a template in a csv file."""
    return f"#suyuan-template:{template.kind}:{template.version}"


def sheet_name(title: str) -> str:
    """`title` without what a worksheet may not be called."""
    return "".join(c for c in title if c not in "[]:*?/\\'")[:31] or "Suyuan"


def _heading(column: Column) -> str:
    return f"{column.zh}{'*' if column.required else ''}\n{column.en}"


def add_data_sheet(book: xlsxwriter.Workbook, template: Template) -> Worksheet:
    """Add the worksheet for data: headings in both languages, column formats, remarks first."""
    sheet = book.add_worksheet(sheet_name(template.zh))
    base = {"bold": True, "text_wrap": True, "valign": "top", "border": 1, "num_format": "@"}
    required = book.add_format({**base, "bg_color": "#DCE6F1"})
    optional = book.add_format({**base, "bg_color": "#F7F7F7"})
    remark = book.add_format({**base, "bg_color": "#FDE9D9"})
    wrapped = book.add_format({"text_wrap": True, "font_color": "#C00000", "num_format": "@", "valign": "top"})
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 45)
    sheet.set_column(0, 0, 30, wrapped)
    sheet.write_string(0, 0, "\n".join(RESULT_HEADING), remark)
    formats = _column_formats(book)
    for position, column in enumerate(template.columns, 1):
        width = 28 if column.type in ("battery_code", "vin", "company") else 16
        kind = "number" if column.is_number else column.type if column.is_date else "text"
        sheet.set_column(position, position, width, formats[kind])
        sheet.write_string(0, position, _heading(column), required if column.required else optional)
    return sheet


def _column_formats(book: xlsxwriter.Workbook) -> dict[str, CellFormat]:
    codes = {"text": "@", "number": "General", "date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm:ss"}
    return {kind: book.add_format({"num_format": code}) for kind, code in codes.items()}


def add_notes(book: xlsxwriter.Workbook, template: Template) -> None:
    """Add the worksheet that explains every column."""
    sheet = book.add_worksheet(NOTES_SHEET)
    bold = book.add_format({"bold": True, "text_wrap": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 7, 22, wrap)
    titles = [
        ("列名", "heading"),
        ("英文列名", "heading in English"),
        ("字段", "field"),
        ("必填", "required"),
        ("内容", "content"),
        ("单位", "unit"),
        ("可选值", "choices"),
        ("说明", "remark"),
    ]
    for position, (zh, en) in enumerate(titles):
        sheet.write_string(0, position, f"{zh}\n{en}", bold)
    for row, column in enumerate(template.columns, 1):
        zh, en = _TYPES.get(column.type, (column.type, column.type))
        texts = [
            column.zh,
            column.en,
            column.name,
            "是 yes" if column.required else "",
            f"{zh}\n{en}",
            column.unit or "",
            "\n".join(choice_label(*labels) for labels in column.choices.values()),
            "\n".join(part for part in column.note if part),
        ]
        for position, text in enumerate(texts):
            sheet.write_string(row, position, text, wrap)


def add_choices(book: xlsxwriter.Workbook, sheet: Worksheet, template: Template) -> None:
    """Add the drop-down lists and the hidden worksheet that holds their values."""
    chosen = [(i, column) for i, column in enumerate(template.columns, 1) if column.choices]
    if not chosen:
        return
    lists = book.add_worksheet(CHOICES_SHEET)
    lists.hide()
    for place, (position, column) in enumerate(chosen):
        labels = [choice_label(*pair) for pair in column.choices.values()]
        lists.write_column(0, place, labels)
        letters = xlsxwriter.utility.xl_col_to_name(place, col_abs=True)
        source = f"='{CHOICES_SHEET}'!{letters}$1:{letters}${len(labels)}"
        rule = {"validate": "list", "source": source, "error_type": "warning"}
        sheet.data_validation(1, position, LAST_ROW, position, rule)


def add_identity(book: xlsxwriter.Workbook, template: Template) -> None:
    """Add the hidden worksheet by which the template is recognised again."""
    sheet = book.add_worksheet(IDENTITY_SHEET)
    for row, (key, value) in enumerate((("kind", template.kind), ("version", template.version))):
        sheet.write_string(row, 0, key)
        sheet.write_string(row, 1, value)
    sheet.very_hidden()
