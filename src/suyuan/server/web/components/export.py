"""Tables as files for people: what a spreadsheet would take for a formula is written as text."""

import csv
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from typing import Final

import xlsxwriter  # type: ignore[import-untyped]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


def harmless(value: object) -> object:
    """A value that no spreadsheet takes for a formula: text that begins like one gets an apostrophe before it.

    >>> harmless("=1+1"), harmless(-5), harmless("-5")
    ("'=1+1", -5, '-5')
    """
    if not isinstance(value, str) or not value.startswith(_FORMULA):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def csv_bytes(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A CSV with the mark that lets spreadsheets see that it is UTF-8."""
    target = StringIO()
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow([harmless(head) for head in heads])
    for row in rows:
        writer.writerow(["" if value is None else harmless(value) for value in row])
    return target.getvalue().encode("utf-8-sig")


def xlsx_bytes(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A workbook with one sheet; texts stay texts, so that long codes keep all their digits."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 1)
        bold = book.add_format({"bold": True})
        for column, head in enumerate(heads):
            sheet.write_string(0, column, head, bold)
        for line, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, int | float) and not isinstance(value, bool):
                    sheet.write_number(line, column, value)
                elif value is not None:
                    sheet.write_string(line, column, str(value))
    return target.getvalue()
