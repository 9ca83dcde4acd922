"""A poster of an outlet on one page of A4: what it takes, when it is open, and a code that leads to its entry."""

from functools import cache
from importlib.resources import files
from io import BytesIO
from itertools import groupby
from typing import Final

import numpy as np
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from suyuan.kernel import Language, sentence
from suyuan.labels.errors import LabelError
from suyuan.labels.proof import pictures
from suyuan.labels.symbols import QUIET, modules_of, texts_in
from suyuan.server.web.pages.outlets.shown import Shown

HAN: Final = "SuyuanPosterHan"
LATIN: Final = "Helvetica"
MISSING: Final = "〓"
"""Printed for a sign that the font does not have, as type-setters do."""

MARGIN: Final = 20 * mm
QR_SIDE: Final = 78 * mm
MOST_LINES: Final = 3
_PROOF_DOTS_PER_MM: Final = 4


def poster(told: Shown, address: str, language: Language) -> bytes:
    """The page, with the code on it decoded: equal bytes for equal words.

    Raises
    ------
    LabelError
        ``labels.symbol_unreadable`` if the code does not read; then there is no poster.
    """
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True, pageCompression=1)
    canvas.setTitle(f"{sentence('web_outlets.poster_head', language=language)} - {told.outlet.name}")
    _draw(canvas, told, address, language)
    canvas.showPage()
    canvas.save()
    made = out.getvalue()
    (picture,) = pictures(made, _PROOF_DOTS_PER_MM)
    if ("qr", address) not in texts_in(np.ascontiguousarray(picture)):
        raise LabelError("labels.symbol_unreadable", count=1, codes=[address])
    return made


def _draw(canvas: Canvas, told: Shown, address: str, language: Language) -> None:
    width, height = A4

    def words(code: str, **data: str) -> str:
        return sentence(f"web_outlets.{code}", data, language)

    canvas.setFillColorRGB(0.043, 0.361, 0.678)
    canvas.rect(0, height - 38 * mm, width, 38 * mm, stroke=0, fill=1)
    canvas.setFillColorRGB(1, 1, 1)
    _lines(canvas, words("poster_head"), height - 24 * mm, 30, most=1)
    canvas.setFillColorRGB(0.11, 0.15, 0.2)
    low = _lines(canvas, told.outlet.name, height - 58 * mm, 26)
    low = _lines(canvas, words(f"kind_{told.outlet.kind}"), low - 4 * mm, 14, most=1)
    bottom = low - 6 * mm - QR_SIDE
    _code(canvas, address, (width - QR_SIDE) / 2, bottom)
    low = _lines(canvas, words("poster_scan"), bottom - 8 * mm, 13, most=2)
    low = _lines(canvas, address, low - 1 * mm, 10, most=2) - 5 * mm
    for code, value in (
        ("address", f"{told.place} {told.outlet.address}"),
        ("phone", told.outlet.phone),
        ("hours", told.hours),
        ("takes", told.takes_words),
        ("brands", told.brand_words),
        ("operator", told.operator),
    ):
        if value:
            low = _lines(canvas, f"{words(code)}  {value}", low, 13, most=2)
    canvas.setFillColorRGB(0.3, 0.35, 0.41)
    _lines(canvas, words("poster_foot", day=str(told.outlet.valid_from)), 16 * mm, 9, most=1)


def _code(canvas: Canvas, address: str, left: float, bottom: float) -> None:
    """The QR code with its quiet zone, on white, in a square of `QR_SIDE`."""
    modules = modules_of("qr", address)
    rows, columns = modules.shape
    step = QR_SIDE / (max(rows, columns) + 2 * QUIET["qr"])
    canvas.setFillColorRGB(0, 0, 0)
    path = canvas.beginPath()
    for row, column in np.argwhere(modules).tolist():
        across, down = column + QUIET["qr"], row + QUIET["qr"] + 1
        path.rect(left + across * step, bottom + QR_SIDE - down * step, step, step)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.setFillColorRGB(0.11, 0.15, 0.2)


def _lines(canvas: Canvas, text: str, top: float, size: float, *, most: int = MOST_LINES) -> float:
    """The text in lines that fit, in the middle; how far down the next one may begin. What is too long is cut."""
    room = A4[0] - 2 * MARGIN
    folded = _folded(_printable(text), size, room)
    if len(folded) > most:
        folded = [*folded[: most - 1], folded[most - 1][:-1] + "..."]
    for line in folded:
        _write(canvas, line, (A4[0] - _width(line, size)) / 2, top, size)
        top -= size * 1.35
    return top


def _folded(text: str, size: float, room: float) -> list[str]:
    """Lines that are no wider than `room`, broken between words or Chinese signs."""
    lines, line = [], ""
    for piece in _pieces(text):
        if line and _width(line + piece, size) > room:
            lines.append(line.rstrip())
            line = ""
        rest = piece if line else piece.lstrip()
        while _width(rest, size) > room:  # one word wider than the page
            fits = next(count for count in range(len(rest), 0, -1) if _width(rest[:count], size) <= room)
            lines.append(rest[:fits])
            rest = rest[fits:]
        line += rest
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """Words with the space before them; Chinese signs one by one."""
    pieces: list[str] = []
    for latin, signs in groupby(text, str.isascii):
        run = "".join(signs)
        if not latin:
            pieces += list(run)
            continue
        for place, word in enumerate(run.split(" ")):
            pieces.append(word if place == 0 else f" {word}")
    return [piece for piece in pieces if piece]


def _printable(text: str) -> str:
    return "".join(
        sign if (sign.isascii() and sign.isprintable()) or ord(sign) in _signs() else MISSING for sign in text
    )


def _write(canvas: Canvas, text: str, left: float, height: float, size: float) -> None:
    for latin, signs in groupby(text, str.isascii):
        piece, font = "".join(signs), LATIN if latin else HAN
        canvas.setFont(font, size)
        canvas.drawString(left, height, piece)
        left += float(pdfmetrics.stringWidth(piece, font, size))


def _width(text: str, size: float) -> float:
    _signs()
    return sum(
        float(pdfmetrics.stringWidth("".join(signs), LATIN if latin else HAN, size))
        for latin, signs in groupby(text, str.isascii)
    )


@cache
def _signs() -> frozenset[int]:
    """What the font can print; registers it."""
    with (files("suyuan.labels") / "font.ttf").open("rb") as stream:
        font = TTFont(HAN, BytesIO(stream.read()))
    pdfmetrics.registerFont(font)
    return frozenset(font.face.charToGlyph)
