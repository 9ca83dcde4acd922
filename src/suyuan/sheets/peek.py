"""The first rows of a worksheet straight from its XML, before anything is read in full.

Good enough to find the headings, so that one pass over the worksheet can look for numbers in the
right columns. What it misses costs a second pass, never an answer.
"""

import re
from collections.abc import Iterator
from html import unescape

from suyuan.sheets.cellscan import column_number

_CELL = re.compile(rb'<c r="([A-Z]{1,3})(\d+)"([^>]*)>(.*?)</c>', re.DOTALL)
_TEXT = re.compile(rb"<t(?:\s[^>]*)?>([^<]*)</t>")
_VALUE = re.compile(rb"<v[^>]*>([^<]*)</v>")
_SHARED = re.compile(rb"<si>(.*?)</si>", re.DOTALL)
_TYPE = re.compile(rb'\st="(\w+)"')


def first_rows(worksheet: Iterator[bytes], shared: Iterator[bytes] | None, count: int) -> list[list[str | None]]:
    """Texts of the first `count` rows from column A on, from the first block of the worksheet."""
    block = next(worksheet, b"")
    cut = block.find(f'<row r="{count + 1}"'.encode())
    cells = [(int(row), column_number(col.decode()), kind, body) for col, row, kind, body in _CELL.findall(block[:cut])]
    cells = [cell for cell in cells if cell[0] <= count]
    texts = _SHARED.findall(next(shared, b"")) if shared and cells else []
    rows: list[list[str | None]] = [[] for _ in range(count)]
    for row, column, attributes, body in cells:
        target = rows[row - 1]
        target.extend([None] * (column + 1 - len(target)))
        target[column] = _text(attributes, body, texts)
    return rows


def _text(attributes: bytes, body: bytes, shared: list[bytes]) -> str | None:
    kind = _TYPE.search(attributes)
    value = _VALUE.search(body)
    if kind and kind[1] == b"s" and value:
        index = int(value[1])
        return _joined(shared[index]) if index < len(shared) else None
    if kind and kind[1] == b"inlineStr":
        return _joined(body)
    return unescape(value[1].decode()) if value else None


def _joined(body: bytes) -> str:
    return unescape(b"".join(_TEXT.findall(body)).decode("utf-8", "replace"))
