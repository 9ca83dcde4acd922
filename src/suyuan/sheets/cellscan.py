"""What the text of a worksheet does not tell: types of cells, formulas, errors, merged and hidden ones.

A reader that hands out text turns a 24-digit number into 24 wrong digits. The worksheet's own
XML says which cells are numbers; it is searched here block by block with compiled patterns, which
costs a fraction of reading it. A worksheet written in an unusual way (other attribute order, a
namespace prefix, cells without a reference) goes through a full parser first, which rewrites it
in the usual way: slower, same answer.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias
from xml.parsers import expat

from suyuan.sheets.limits import SheetError

Stream: TypeAlias = Callable[[], Iterator[bytes]]

_ROW_LIMIT = 64 << 20
_FIRST = 5
_LETTERS = 26
_ROW = re.compile(rb'<row(?: r="([1-9]\d*)")?(?=[\s>/])')
_HIDDEN = re.compile(rb'<row r="(\d+)"[^>]*?\shidden="(?:1|true)"')
_F = rb"<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)"
_FORMULA = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*>' + _F + rb"(<v[^>]*>[^<])?")
_ERROR = re.compile(rb'<c r="([A-Z]+)(\d+)"[^>]*?\st="e"[^>]*>(?:' + _F + rb")?<v[^>]*>([^<]*)")
_NUMBER_ATTRIBUTES = rb"""(?:\s+(?!t=["'][^n])[\w:]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*>"""
_MERGE = re.compile(rb'<mergeCell [^>]*?ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"')


class _UnusualSheetError(Exception):
    """The XML is not in the form that the patterns know."""


@dataclass(slots=True)
class Formulas:
    """Formulas of one column."""

    count: int = 0
    first: list[str] = field(default_factory=list)
    without_value: list[int] = field(default_factory=list)  # rows


@dataclass(slots=True)
class SheetFacts:
    """What one pass over a worksheet found; rows count from 1, columns from 0."""

    last_row: int = 0
    columns: int = _LETTERS
    formulas: dict[int, Formulas] = field(default_factory=dict)
    errors: list[tuple[int, int, str]] = field(default_factory=list)  # row, column, text
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)  # first row, column, last row, column
    hidden_rows: list[int] = field(default_factory=list)
    unusual: bool = False
    number_columns: frozenset[int] = frozenset()
    numbers: list[tuple[int, int, str]] = field(default_factory=list)  # row, column, text; of `number_columns`


def column_number(letters: str) -> int:
    """The number, from 0, of a column named by letters.

    >>> column_number("A"), column_number("AA"), column_number("XFD")
    (0, 26, 16383)
    """
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def column_letters(number: int) -> str:
    """The inverse of `column_number`."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def survey(stream: Stream, number_columns: Collection[int] = ()) -> SheetFacts:
    """One pass over the worksheet that `stream` opens, before it is read.

    Cells of `number_columns` that hold numbers are listed (dates are numbers, too).
    """
    wanted = frozenset(number_columns)
    try:
        return _survey(stream(), SheetFacts(number_columns=wanted))
    except _UnusualSheetError:
        return _survey(_rewritten(stream()), SheetFacts(number_columns=wanted, unusual=True))


def number_cells(stream: Stream, facts: SheetFacts, columns: Collection[int]) -> list[tuple[int, int, str]]:
    """The number cells of `columns`: from the survey, with another pass for columns that it did not list."""
    wanted = frozenset(columns)
    if wanted <= facts.number_columns:
        return [cell for cell in facts.numbers if cell[1] in wanted]
    return survey(stream, wanted).numbers


def _number(columns: Collection[int]) -> bytes:
    """Pattern of a number in `columns`, behind ``<c r="``: groups column, row and text."""
    letters = ("" if max(columns) < _LETTERS else "|").join(column_letters(column) for column in sorted(columns))
    column = f"[{letters}]" if max(columns) < _LETTERS else letters
    return rf'({column})(\d+)"(?! t="s")'.encode() + _NUMBER_ATTRIBUTES + rb"(?:" + _F + rb")?<v[^>]*>([^<]+)"


@dataclass(slots=True)
class _Patterns:
    """What the rows are searched for: see `cells` and `far`."""

    columns: frozenset[int]
    by_digits: dict[int, re.Pattern[bytes]] = field(default_factory=dict)

    def cells(self, last_row: int) -> re.Pattern[bytes]:
        """Stops at cells whose row has more digits than `last_row` (group 1), at numbers in the wanted
        columns up to Z (groups 2 to 4), and at cells right of column Z (group 5).
        """
        digits = len(str(last_row))
        if digits not in self.by_digits:
            near = [column for column in self.columns if column < _LETTERS]
            number = _number(near) if near else rb"(?!)()()()"
            below = rf"([A-Z]+\d{{{digits + 1},}})|".encode()
            self.by_digits[digits] = re.compile(rb'<c r="(?:' + below + number + rb'|([A-Z]{2,3})\d+"[^>/]*><)')
        return self.by_digits[digits]

    def far(self) -> re.Pattern[bytes] | None:
        """Finds numbers in the wanted columns right of column Z; None if none are wanted."""
        far = [column for column in self.columns if column >= _LETTERS]
        return re.compile(rb'<c r="' + _number(far)) if far else None


def _aligned(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The XML cut behind whole rows; the flag says whether a block belongs to the rows."""
    carry, in_rows = b"", True
    for block in blocks:
        text = carry + block
        if in_rows and (end := text.find(b"</sheetData>")) >= 0:
            yield text[:end], True
            in_rows, text = False, text[end:]
        cut = text.rfind(b"</row>" if in_rows else b"/>")
        carry = text[cut:] if cut >= 0 else text
        if len(carry) > _ROW_LIMIT:
            raise SheetError("sheets.damaged", part="row")
        if cut > 0:
            yield text[:cut], in_rows
    yield carry, in_rows


def _survey(blocks: Iterable[bytes], facts: SheetFacts) -> SheetFacts:
    first, patterns = True, _Patterns(facts.number_columns)
    for block, in_rows in _aligned(blocks):
        if first and (b"<sheetData" not in block[:65536] or b"<!DOCTYPE" in block[:4096]):
            _refuse_doctype(block)
            raise _UnusualSheetError
        first = False
        if in_rows:
            _survey_rows(block, facts, patterns)
        else:
            facts.merges += [
                (int(top), column_number(left.decode()), int(bottom), column_number(right.decode()))
                for left, top, right, bottom in _MERGE.findall(block)
            ]
    return facts


def _refuse_doctype(block: bytes) -> None:
    if b"<!DOCTYPE" in block or b"<!ENTITY" in block:
        raise SheetError("sheets.damaged", part="DOCTYPE")


def _survey_rows(block: bytes, facts: SheetFacts, patterns: _Patterns) -> None:
    if _is_unusual(block):
        raise _UnusualSheetError
    _survey_order(block, facts)
    for below, column, row, text, far in patterns.cells(facts.last_row).findall(block):
        if below or (row and int(row) > facts.last_row):
            raise SheetError("sheets.damaged", part="rows")
        if far:
            facts.columns = max(facts.columns, column_number(far.decode()) + 1)
        else:
            facts.numbers.append(_cell(column, row, text))
    if far_numbers := patterns.far():
        facts.numbers += [_cell(*number) for number in far_numbers.findall(block)]
    if b"hidden=" in block:
        facts.hidden_rows += map(int, _HIDDEN.findall(block))
    if b"f" in block and b"<f" in block:
        _survey_formulas(block, facts)
    if b"e" in block and b't="e"' in block:
        facts.errors += [_cell(*error) for error in _ERROR.findall(block)]


def _is_unusual(block: bytes) -> bool:
    """Whether a cell does not begin with its reference, or anything but elements stands among the rows."""
    start = block.find(b"<sheetData") + 1  # before the rows stand other elements that begin with "<c"
    if b"!" in block and b"<!" in block:  # looking for one byte first is much quicker than for two
        return True
    return block.count(b"<c", start) != block.count(b'<c r="', start)


def _cell(column: bytes, row: bytes, text: bytes) -> tuple[int, int, str]:
    return int(row), column_number(column.decode()), text.decode()


def _survey_order(block: bytes, facts: SheetFacts) -> None:
    """Rows must rise, and a cell must not claim a row far below its own: the reader makes room for it."""
    numbers = _ROW.findall(block)
    if not numbers:
        return
    if not all(numbers):
        raise _UnusualSheetError
    rows = list(map(int, numbers))
    if rows[0] <= facts.last_row or rows != sorted(set(rows)):
        raise SheetError("sheets.damaged", part="rows")
    facts.last_row = rows[-1]


def _survey_formulas(block: bytes, facts: SheetFacts) -> None:
    for column, row, value in _FORMULA.findall(block):
        seen = facts.formulas.setdefault(column_number(column.decode()), Formulas())
        seen.count += 1
        if len(seen.first) < _FIRST:
            seen.first.append((column + row).decode())
        if not value:
            seen.without_value.append(int(row))


class _Rewriter:
    """Turns any valid worksheet XML into the plain form: default namespace, `r` first, no comments."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.row = 0
        self.column = -1
        self.keep: str | None = None
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def _doctype(self, *_: object) -> None:
        raise SheetError("sheets.damaged", part="DOCTYPE")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "row":
            self.row = int(attributes.get("r", self.row + 1))
            self.column = -1
            hidden = ' hidden="1"' if attributes.get("hidden") in ("1", "true") else ""
            self.out.append(f'<row r="{self.row}"{hidden}>')
        elif name == "c":
            self._cell(attributes)
        elif name == "mergeCell":
            self.out.append(f'<mergeCell ref="{attributes.get("ref", "")}"/>')
        elif name in ("sheetData", "f", "v", "is"):
            self.out.append(f"<{name}>")
            self.keep = name if name in ("f", "v") else None

    def _cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r", "")
        letters = reference.rstrip("0123456789")
        self.column = column_number(letters) if letters else self.column + 1
        if reference[len(letters) :]:
            self.row = int(reference[len(letters) :])
        kind = attributes.get("t", "n")
        self.out.append(f'<c r="{column_letters(self.column)}{self.row}" t="{kind}">')

    def _end(self, tag: str) -> None:
        name = tag.rpartition(" ")[2]
        if name in ("sheetData", "row", "c", "f", "v", "is"):
            self.out.append(f"</{name}>")
            self.keep = None

    def _text(self, text: str) -> None:
        if self.keep:
            self.out.append(text.replace("&", "&amp;").replace("<", "&lt;"))

    def take(self) -> bytes:
        """What was rewritten since the last call."""
        done = "".join(self.out).encode()
        self.out.clear()
        return done


def _rewritten(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rewriter = _Rewriter()
    yield b"<worksheet>"
    try:
        for block in blocks:
            rewriter.parser.Parse(block, False)
            yield rewriter.take()
        rewriter.parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        raise SheetError("sheets.damaged", part="xml") from error
    yield rewriter.take()
