"""Tables on pages of A4 across, with a font that has the signs of Chinese names; equal bytes for equal tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import BytesIO
from itertools import groupby
from typing import Any, Final

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

HAN: Final = "SuyuanNames"
LATIN: Final = "Helvetica"
PAGE: Final = landscape(A4)
MARGIN: Final = 14 * mm
LINE: Final = 4.6 * mm
SIZE: Final = 7.0
_SAMPLE: Final = 100  # rows by which the columns are measured
_GAP: Final = 2 * mm


@dataclass(frozen=True, slots=True)
class Table:
    """A table: what it is called in the program and for people, headings, and rows of plain values."""

    name: str
    title: str
    heads: tuple[str, ...]
    rows: list[tuple[Any, ...]]


def printed(title: str, facts: Sequence[tuple[str, str]], tables: Sequence[Table], foot: str) -> bytes:
    """The pages."""
    _register()
    out = BytesIO()
    canvas = Canvas(out, pagesize=PAGE, invariant=True, pageCompression=1)
    canvas.setTitle(title)
    sheet = _Sheet(canvas, foot)
    sheet.line(f"Suyuan 溯源 - {title}", 15)
    sheet.down(LINE)
    for name, value in facts:
        sheet.cells([name, value], [45 * mm, PAGE[0] - 2 * MARGIN - 45 * mm])
    for table in tables:
        sheet.table(table)
    sheet.end()
    canvas.save()
    return out.getvalue()


@cache
def _register() -> None:
    with (files("suyuan.labels") / "font.ttf").open("rb") as stream:
        pdfmetrics.registerFont(TTFont(HAN, BytesIO(stream.read())))


@cache
def _widths(font: str) -> dict[str, float]:
    """The widths of signs that were met, for a size of 1."""
    return {}


def _width(text: str, size: float) -> float:
    total = 0.0
    for sign in text:
        font = LATIN if sign.isascii() else HAN
        known = _widths(font)
        if sign not in known:
            known[sign] = float(pdfmetrics.stringWidth(sign, font, 1))
        total += known[sign]
    return total * size


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """(font, piece): the font of Chinese signs has no others."""
    for is_latin, signs in groupby(text, str.isascii):
        yield LATIN if is_latin else HAN, "".join(signs)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


class _Sheet:
    """The page that is being written, from top to bottom."""

    def __init__(self, canvas: Canvas, foot: str) -> None:
        self._canvas, self._foot = canvas, foot
        self._height = PAGE[1] - MARGIN
        self._number = 1

    def down(self, step: float) -> None:
        """Leave room; a new page where there is none."""
        self._height -= step
        if self._height < MARGIN + LINE:
            self.end()
            self._number += 1
            self._height = PAGE[1] - MARGIN

    def end(self) -> None:
        """Finish the page."""
        self._write(f"{self._foot} - {self._number}", MARGIN, MARGIN - LINE, SIZE)
        self._canvas.showPage()

    def line(self, text: str, size: float) -> None:
        """A line by itself."""
        self._write(text, MARGIN, self._height, size)
        self.down(size * 0.6 * mm)

    def cells(self, texts: Sequence[str], widths: Sequence[float]) -> None:
        """A line of cells; a text that does not fit goes on below."""
        parts = [_folded(text, width - _GAP) for text, width in zip(texts, widths, strict=True)]
        for place in range(max(map(len, parts))):
            left = MARGIN
            for lines, width in zip(parts, widths, strict=True):
                if place < len(lines):
                    self._write(lines[place], left, self._height, SIZE)
                left += width
            self.down(LINE)

    def table(self, table: Table) -> None:
        """A table with its title and headings."""
        widths = _fitted(table)
        self.down(2 * LINE)
        self.line(table.title, 11)
        self.cells(table.heads, widths)
        self._canvas.setLineWidth(0.4)
        self._canvas.line(MARGIN, self._height + 0.7 * LINE, PAGE[0] - MARGIN, self._height + 0.7 * LINE)
        for row in table.rows:
            self.cells([_text(value) for value in row], widths)

    def _write(self, text: str, left: float, height: float, size: float) -> None:
        written = self._canvas.beginText(left, height)
        for font, piece in _runs(text):
            written.setFont(font, size)
            written.textOut(piece)
        self._canvas.drawText(written)


def _folded(text: str, room: float) -> list[str]:
    """The text in lines that fit."""
    if _width(text, SIZE) <= room:
        return [text]
    lines, line, used = list[str](), "", 0.0
    for sign in text:
        wide = _width(sign, SIZE)
        if line and used + wide > room:
            lines.append(line)
            line, used = "", 0.0
        line, used = line + sign, used + wide
    return [*lines, line]


def _fitted(table: Table) -> list[float]:
    """Widths of the columns: by their texts, together as wide as the page."""
    room = PAGE[0] - 2 * MARGIN
    wanted = [
        max(_width(head, SIZE), *(_width(_text(row[place]), SIZE) for row in table.rows[:_SAMPLE]), 8 * mm) + _GAP
        for place, head in enumerate(table.heads)
    ]
    share = room / len(wanted)
    if sum(wanted) <= room:
        return wanted
    narrow = [min(width, share) for width in wanted]
    spare = room - sum(narrow)
    over = sum(width - kept for width, kept in zip(wanted, narrow, strict=True))
    return [kept + spare * (width - kept) / over for width, kept in zip(wanted, narrow, strict=True)]
