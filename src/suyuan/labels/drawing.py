"""Labels drawn on the pages of a PDF: equal bytes for equal labels."""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO
from itertools import groupby, islice
from typing import Final

import numpy as np
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from suyuan.kernel import Language, sentence
from suyuan.labels.designs import Design, Item
from suyuan.labels.errors import LabelError
from suyuan.labels.facts import WORDS, Facts
from suyuan.labels.symbols import QUIET, Carrier, Modules, modules_of

HAN: Final = "SuyuanLabelHan"
LATIN: Final = "Helvetica"
MONO: Final = "Courier-Bold"
CUT: Final = "..."
SMALLEST_MODULE_MM: Final = 0.25  # of a QR code or Data Matrix that a telephone reads from paper


def draw(labels: Sequence[Facts], design: Design, language: Language, *, sample: bool = False) -> bytes:
    """A PDF with these labels, one a page or a sheet a page; a `sample` says that it is one.

    Raises
    ------
    LabelError
        ``labels.sign_missing``, ``labels.too_much_for_design``.
    """
    _check_signs(labels)
    out = BytesIO()
    width, height = design.page_mm
    canvas = Canvas(out, pagesize=(width * mm, height * mm), invariant=True, pageCompression=1)
    canvas.setTitle(sentence("labels.pdf_title", {"count": len(labels)}, language))
    waiting = iter(labels)
    while page := list(islice(waiting, design.labels_a_page)):
        for place, facts in enumerate(page):
            left, top = design.corner_mm(place)
            canvas.saveState()
            canvas.translate(left * mm, (height - top) * mm)
            _label(canvas, facts, design, language, sample)
            canvas.restoreState()
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _label(canvas: Canvas, facts: Facts, design: Design, language: Language, sample: bool) -> None:
    for item in design.items:
        if item.kind == "text":
            word = "sample" if sample and item.text == "hint" else item.text
            _text(canvas, WORDS[word](facts, language), item)
        else:
            text = facts.address if item.kind == "qr" else facts.code
            _symbol(canvas, item.kind, modules_of(item.kind, text), item, design.dots_per_mm)


def module_mm(box_mm: float, modules: int, quiet: int, dots_per_mm: int) -> float:
    """How large a module may be in a box with its quiet zone: the most whole dots of the printer.

    Raises
    ------
    LabelError
        ``labels.too_much_for_design`` if they would be too small to be read.
    """
    module = int(box_mm / (modules + 2 * quiet) * dots_per_mm) / dots_per_mm
    if module < SMALLEST_MODULE_MM:
        raise LabelError("labels.too_much_for_design", box=f"{box_mm:g}", modules=modules)
    return module


def _symbol(canvas: Canvas, carrier: Carrier, modules: Modules, item: Item, dots_per_mm: int) -> None:
    """One path of horizontal runs; in the middle of its box, with its corner on a dot."""
    rows, columns = modules.shape
    step = module_mm(item.size, max(rows, columns), QUIET[carrier], dots_per_mm)
    inset = int((item.size - step * columns) / 2 * dots_per_mm) / dots_per_mm
    left, top = item.x + inset, item.y + inset
    path = canvas.beginPath()
    for row, first, last in runs_of(modules):
        below = -(top + (row + 1) * step) * mm
        path.rect((left + first * step) * mm, below, (last - first) * step * mm, step * mm)
    canvas.drawPath(path, stroke=0, fill=1)


def runs_of(modules: Modules) -> Iterator[tuple[int, int, int]]:
    """Row, first and last (exclusive) of every run of dark modules."""
    edges = np.diff(np.pad(modules, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    for row, edge in enumerate(edges):
        firsts, lasts = np.flatnonzero(edge > 0).tolist(), np.flatnonzero(edge < 0).tolist()
        yield from ((row, first, last) for first, last in zip(firsts, lasts, strict=True))


def _text(canvas: Canvas, text: str, item: Item) -> None:
    """A text that shrinks to its width, and is cut only where it would become too small. Codes are never cut."""
    latin = MONO if item.mono else LATIN
    wide = _width(text, item.size, latin)
    size = item.size if wide <= item.width else item.size * max(item.width / wide, item.least)
    if _width(text, size, latin) > item.width + 0.01:
        if item.mono:
            raise LabelError("labels.too_much_for_design", box=f"{item.width:g}", modules=len(text))
        while text and _width(text + CUT, size, latin) > item.width:
            text = text[:-1]
        text += CUT
    write(canvas, text, item.x, item.y, size, latin)


def write(canvas: Canvas, text: str, left: float, baseline: float, size: float, latin: str) -> None:
    """A line of text; lengths in mm."""
    for font, piece in _pieces(text, latin):
        canvas.setFont(font, size * mm)
        canvas.drawString(left * mm, -baseline * mm, piece)
        left += pdfmetrics.stringWidth(piece, font, size)


def _width(text: str, size: float, latin: str) -> float:
    return sum(float(pdfmetrics.stringWidth(piece, font, size)) for font, piece in _pieces(text, latin))


def _pieces(text: str, latin: str) -> Iterator[tuple[str, str]]:
    """(font, piece): the font of Chinese signs has no others."""
    known = _han()
    for is_han, signs in groupby(text, known.__contains__):
        yield HAN if is_han else latin, "".join(signs)


@cache
def _han() -> frozenset[str]:
    """The signs of our font, which is registered here, once a process."""
    content = (files("suyuan.labels") / "font.ttf").read_bytes()
    font = TTFont(HAN, BytesIO(content))
    pdfmetrics.registerFont(font)
    return frozenset(map(chr, font.face.charToGlyph)) - set(map(chr, range(128)))


def _check_signs(labels: Sequence[Facts]) -> None:
    """No box instead of a sign: names with signs that no font here has are refused."""
    known = _han()
    used = set().union(*(set(facts.maker + facts.model) for facts in labels)) if labels else set()
    missing = sorted(sign for sign in used - known if not _is_latin(sign))
    if missing:
        raise LabelError("labels.sign_missing", signs=[f"{sign} (U+{ord(sign):04X})" for sign in missing])


def _is_latin(sign: str) -> bool:
    return sign.isprintable() and bool(sign.encode("cp1252", "ignore"))
