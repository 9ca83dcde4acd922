"""The refused records in the template they came in, ready to be corrected and sent again."""

import io
from collections.abc import Callable, Iterator, Mapping

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
    csv_bytes,
    mark,
)
from suyuan.sheets.limits import SheetError
from suyuan.sheets.names import RESULT_HEADING
from suyuan.sheets.sheet import Sheet
from suyuan.sheets.sniff import Format
from suyuan.sheets.template import Template

WORKSHEET_ROWS = 100_000
"""Rows up to which a workbook is a sensible answer; beyond, ask for csv: it takes a hundredth of the time."""

_BATCH = 20_000

Say = Callable[[str, Mapping[str, Value]], str]


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
    remarks = _remarks(template, findings, language, say)
    received = sheet.columns.with_columns(sheet.raw) if sheet.raw.width else sheet.columns
    present = set(received.columns)
    body = rows.join(remarks, on="row", how="left", maintain_order="left").select("row", pl.col("remark"))
    cells = received[rows["row"].to_list()] if rows.height else received.clear()
    body = body.select("remark").hstack(
        [
            cells[column.name] if column.name in present else pl.Series(column.name, [None] * rows.height, pl.String)
            for column in template.columns
        ]
    )
    if form is Format.CSV:
        return _bad_rows_csv(template, body)
    if body.height > LAST_ROW:
        raise SheetError("sheets.too_many_rows", found=body.height, limit=LAST_ROW)
    return _bad_rows_xlsx(template, body)


def _remarks(template: Template, findings: pl.DataFrame, language: Language, say: Say | None) -> pl.DataFrame:
    """One text a row: every refusal in it, each sentence once."""
    speak = say or (lambda code, data: sentence(code, data, language))
    refused = findings.filter((pl.col("severity") == Severity.REFUSE.value) & pl.col("row").is_not_null())
    distinct = refused.select("field", "code", "value", "data").unique(maintain_order=True)
    texts = [describe(template, cell, language, speak) for cell in distinct.iter_rows(named=True)]
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
    title = ",".join([mark(template), *[""] * len(template.columns)]) + "\r\n"
    body.columns = [f"{i}\u0000{name}" for i, name in enumerate(names)]
    heads = pl.DataFrame([names], schema=body.schema, orient="row")
    return BYTE_ORDER_MARK + title.encode() + csv_bytes(pl.concat([heads, body]), include_header=False)


def _bad_rows_xlsx(template: Template, body: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, OPTIONS) as book:
        sheet = add_data_sheet(book, template)
        for index, row in enumerate(_rows(body), 1):
            for position, text in enumerate(row):
                if text is not None:
                    sheet.write_string(index, position, text)
        add_notes(book, template)
        add_choices(book, sheet, template)
        add_identity(book, template)
    return buffer.getvalue()


def _rows(body: pl.DataFrame) -> Iterator[tuple[str | None, ...]]:
    for part in body.iter_slices(_BATCH):
        yield from part.iter_rows()
