"""Writing: the template of a kind, the refused records in the same template, and plain tables.

Text is written as text everywhere: nothing a company typed can run as a formula in the program
that opens the file.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence

import polars as pl
import xlsxwriter  # type: ignore[import-untyped]
from xlsxwriter.format import Format as CellFormat  # type: ignore[import-untyped]
from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

from suyuan.kernel import Language, Severity, sentence
from suyuan.kernel.findings import Value
from suyuan.sheets import findings as table
from suyuan.sheets.limits import SheetError
from suyuan.sheets.names import CHOICES_SHEET, EXAMPLE_REMARK, IDENTITY_SHEET, NOTES_SHEET, RESULT_HEADING
from suyuan.sheets.normal import choice_label
from suyuan.sheets.sheet import Sheet
from suyuan.sheets.sniff import Format
from suyuan.sheets.template import Column, Template

WORKSHEET_ROWS = 100_000
"""Rows up to which a workbook is a sensible answer; beyond, ask for csv: it takes a hundredth of the time."""

_LAST_ROW = 1_048_575
_OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_RUNS_AS_FORMULA = r"^'*[=+\-@\t\r]"
_PLAIN_NUMBER = r"^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$"
_BATCH = 20_000
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

Say = Callable[[str, Mapping[str, Value]], str]


def write_template(template: Template) -> bytes:
    """The empty workbook of `template`: headings in both languages, an example, notes and lists."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
        sheet = _data_sheet(book, template)
        grey = book.add_format({"italic": True, "font_color": "#808080", "num_format": "@", "bg_color": "#F2F2F2"})
        sheet.write_string(1, 0, EXAMPLE_REMARK, grey)
        for position, column in enumerate(template.columns, 1):
            sheet.write_string(1, position, column.example, grey)
        _notes(book, template)
        _choices(book, sheet, template)
        _identity(book, template)
    return buffer.getvalue()


def write_template_csv(template: Template) -> bytes:
    """The same as csv (UTF-8 with a mark, so that spreadsheet programs read Chinese)."""
    headings = [" ".join(RESULT_HEADING), *(f"{column.zh} {column.en}" for column in template.columns)]
    rows = [
        [_mark(template), *[""] * len(template.columns)],
        headings,
        [EXAMPLE_REMARK, *(column.example for column in template.columns)],
    ]
    names = [f"column_{i}" for i in range(len(headings))]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return b"\xef\xbb\xbf" + _csv(frame, include_header=False)


def bad_rows(sheet: Sheet, findings: pl.DataFrame) -> pl.DataFrame:
    """Row indices (column ``row``) of all rows of every record in which something is refused."""
    refused = table.refused_rows(findings).to_frame()
    everything = sheet.columns.with_row_index("row").with_columns(number=sheet.row_numbers)
    keys = [name for name in (sheet.template.record if sheet.template else ()) if name in sheet.columns.columns]
    hit = everything.join(refused, on="row", how="semi")
    same = [hit.select("row"), everything.join(hit.select("number"), on="number", how="semi").select("row")]
    if keys:
        whole = hit.filter(pl.any_horizontal(pl.col(keys).is_not_null())).select(keys)
        same.append(everything.join(whole, on=keys, how="semi", nulls_equal=True).select("row"))
    return pl.concat(same).unique().sort("row")


def write_bad_rows(
    sheet: Sheet,
    findings: pl.DataFrame,
    language: Language = Language.ZH,
    say: Say | None = None,
    form: Format = Format.XLSX,
) -> bytes:
    """The refused records, whole, in the template they came in, with what is wrong in the first column.

    Parameters
    ----------
    findings
        All findings, those of `sheet` and those of later checks.
    say
        Makes the sentence of a code and its data; the catalogue by default.
    form
        `Format.XLSX`, or `Format.CSV` for more rows than a worksheet holds.

    Raises
    ------
    SheetError
        No template is known, or a worksheet cannot hold so many rows.
    """
    if sheet.template is None:
        raise SheetError("sheets.unrecognised", headings=list(sheet.unknown_headings))
    rows = bad_rows(sheet, findings)
    remarks = _remarks(sheet, findings, language, say)
    received = sheet.columns.with_columns(sheet.raw) if sheet.raw.width else sheet.columns
    present = set(received.columns)
    body = rows.join(remarks, on="row", how="left", maintain_order="left").select("row", pl.col("remark"))
    cells = received[rows["row"].to_list()] if rows.height else received.clear()
    body = body.select("remark").hstack(
        [
            cells[column.name] if column.name in present else pl.Series(column.name, [None] * rows.height, pl.String)
            for column in sheet.template.columns
        ]
    )
    if form is Format.CSV:
        return _bad_rows_csv(sheet.template, body)
    if body.height > _LAST_ROW:
        raise SheetError("sheets.too_many_rows", found=body.height, limit=_LAST_ROW)
    return _bad_rows_xlsx(sheet.template, body)


def write_table(frame: pl.DataFrame, form: Format, title: str = "Suyuan") -> bytes:
    """`frame` as csv, Parquet or xlsx; texts in csv are kept from running as formulas."""
    buffer = io.BytesIO()
    if form is Format.CSV:
        return b"\xef\xbb\xbf" + _csv(frame, include_header=True)
    if form is Format.PARQUET:
        frame.write_parquet(buffer)
        return buffer.getvalue()
    if form is not Format.XLSX:
        raise SheetError("sheets.not_written", form=form.value)
    if frame.height > _LAST_ROW:
        raise SheetError("sheets.too_many_rows", found=frame.height, limit=_LAST_ROW)
    with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
        sheet = book.add_worksheet(_sheet_name(title))
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, frame.columns, book.add_format({"bold": True}))
        for index, row in enumerate(frame.iter_rows(), 1):
            _write_values(sheet, index, row)
    return buffer.getvalue()


def neutralised(column: str) -> pl.Expr:
    """The text `column` with an apostrophe before what a spreadsheet program might run; reading takes it off."""
    text = pl.col(column)
    runs = text.str.contains(_RUNS_AS_FORMULA) & ~text.str.contains(_PLAIN_NUMBER)
    return pl.when(runs).then(pl.lit("'") + text).otherwise(text).alias(column)


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


def _csv(frame: pl.DataFrame, include_header: bool) -> bytes:
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    safe = frame.with_columns(neutralised(name) for name in texts)
    return safe.write_csv(include_header=include_header, line_terminator="\r\n").encode()


def _mark(template: Template) -> str:
    return f"#suyuan-template:{template.kind}:{template.version}"


def _sheet_name(title: str) -> str:
    return "".join(c for c in title if c not in "[]:*?/\\'")[:31] or "Suyuan"


def _heading(column: Column) -> str:
    return f"{column.zh}{'*' if column.required else ''}\n{column.en}"


def _data_sheet(book: xlsxwriter.Workbook, template: Template) -> Worksheet:
    sheet = book.add_worksheet(_sheet_name(template.zh))
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


def _notes(book: xlsxwriter.Workbook, template: Template) -> None:
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


def _choices(book: xlsxwriter.Workbook, sheet: Worksheet, template: Template) -> None:
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
        sheet.data_validation(1, position, _LAST_ROW, position, rule)


def _identity(book: xlsxwriter.Workbook, template: Template) -> None:
    sheet = book.add_worksheet(IDENTITY_SHEET)
    for row, (key, value) in enumerate((("kind", template.kind), ("version", template.version))):
        sheet.write_string(row, 0, key)
        sheet.write_string(row, 1, value)
    sheet.very_hidden()


def _remarks(sheet: Sheet, findings: pl.DataFrame, language: Language, say: Say | None) -> pl.DataFrame:
    """One text a row: every refusal in it, each sentence once."""
    speak = say or (lambda code, data: sentence(code, data, language))
    refused = findings.filter((pl.col("severity") == Severity.REFUSE.value) & pl.col("row").is_not_null())
    distinct = refused.select("field", "code", "value", "data").unique(maintain_order=True)
    texts = [describe(sheet.template, cell, language, speak) for cell in distinct.iter_rows(named=True)]
    spoken = distinct.with_columns(text=pl.Series(texts, dtype=pl.String))
    keys = ["field", "code", "value", "data"]
    joined = refused.join(spoken, on=keys, how="left", nulls_equal=True, maintain_order="left")
    grouped = joined.group_by("row", maintain_order=True).agg(pl.col("text").unique(maintain_order=True))
    return grouped.select("row", pl.col("text").list.join("\n").str.slice(0, 30_000).alias("remark"))


def describe(template: Template | None, cell: Mapping[str, str | None], language: Language, say: Say) -> str:
    """The sentence for one row of a table of findings, with the heading in place of the field's name."""
    data: dict[str, Value] = {"field": cell["field"], "value": cell["value"], **table.unpack(cell["data"])}
    field = cell["field"]
    if template is None or field not in template.names:
        return say(cell["code"] or "", data)
    heading = template.column(field).heading(language)
    return f"{heading}: {say(cell['code'] or '', data | {'field': heading})}"


def _bad_rows_csv(template: Template, body: pl.DataFrame) -> bytes:
    names = [" ".join(RESULT_HEADING), *(f"{column.zh} {column.en}" for column in template.columns)]
    mark = ",".join([_mark(template), *[""] * len(template.columns)]) + "\r\n"
    body.columns = [f"{i}\u0000{name}" for i, name in enumerate(names)]
    heads = pl.DataFrame([names], schema=body.schema, orient="row")
    return b"\xef\xbb\xbf" + mark.encode() + _csv(pl.concat([heads, body]), include_header=False)


def _bad_rows_xlsx(template: Template, body: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as book:
        sheet = _data_sheet(book, template)
        for index, row in enumerate(_rows(body), 1):
            for position, text in enumerate(row):
                if text is not None:
                    sheet.write_string(index, position, text)
        _notes(book, template)
        _choices(book, sheet, template)
        _identity(book, template)
    return buffer.getvalue()


def _rows(body: pl.DataFrame) -> Iterator[tuple[str | None, ...]]:
    for part in body.iter_slices(_BATCH):
        yield from part.iter_rows()
