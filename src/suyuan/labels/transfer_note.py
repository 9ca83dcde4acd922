"""The paper of a hand-over: who gives whom what, with the code by which the receiver confirms it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Final

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from suyuan.kernel import Language, sentence
from suyuan.labels.drawing import LATIN, MONO, runs_of, write
from suyuan.labels.symbols import QUIET, modules_of

_LEFT_MM: Final = 18.0
_TOP_MM: Final = 20.0
_LINE_MM: Final = 6.2
_FIRST_PAGE: Final = 28
_OTHER_PAGES: Final = 40
_QR_MM: Final = 45.0


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on it. `address` is blank where there is nothing left to confirm; masses in kg, of all together.

    `packs` are pairs of a code and what the receiver said of it, blank before he did.
    """

    number: str
    giver: str
    receiver: str
    handed_over_on: date
    received_on: date | None
    mass_kg: float | None
    received_mass_kg: float | None
    address: str
    state: str
    packs: Sequence[tuple[str, str]]


def squares(text: str) -> tuple[int, str]:
    """A QR code for a page: its side in modules with the quiet zone, and the path of its dark modules in SVG."""
    modules = modules_of("qr", text)
    quiet = QUIET["qr"]
    path = "".join(
        f"M{first + quiet} {row + quiet}h{last - first}v1h-{last - first}z" for row, first, last in runs_of(modules)
    )
    return modules.shape[0] + 2 * quiet, path


def draw_note(paper: Paper, language: Language) -> bytes:
    """The paper as PDF, A4, as many pages as it needs; equal bytes for equal papers."""
    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True, pageCompression=1)
    canvas.setTitle(sentence("handovers.paper_title", {"number": paper.number}, language))
    rows = list(enumerate(paper.packs, start=1))
    _table(canvas, rows[:_FIRST_PAGE], _head(canvas, paper, language))
    for begin in range(_FIRST_PAGE, len(rows), _OTHER_PAGES):
        canvas.showPage()
        _write(canvas, paper.number, _TOP_MM, 4.0)
        _table(canvas, rows[begin : begin + _OTHER_PAGES], _TOP_MM + 10)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _head(canvas: Canvas, paper: Paper, language: Language) -> float:
    """Title, sides and code; how far down the table may begin, in mm."""
    _write(canvas, sentence("handovers.paper_title", {"number": paper.number}, language), _TOP_MM, 6.0)
    below = _TOP_MM + 12
    for line in _facts(paper, language):
        _write(canvas, line, below, 3.6)
        below += _LINE_MM
    if paper.address:
        _symbol(canvas, paper.address, 210 - _LEFT_MM - _QR_MM, _TOP_MM + 6)
        _write(canvas, sentence("handovers.paper_scan", language=language), max(below, _TOP_MM + 8 + _QR_MM), 3.4)
        below = max(below, _TOP_MM + 8 + _QR_MM) + _LINE_MM
    return below + 6


def _facts(paper: Paper, language: Language) -> Iterator[str]:
    def say(code: str, value: str) -> str:
        return f"{sentence(code, language=language)}: {value}"

    yield say("handovers.state", paper.state)
    yield say("handovers.giver", paper.giver)
    yield say("handovers.receiver", paper.receiver or "________________")
    yield say("handovers.given_on", paper.handed_over_on.isoformat())
    yield say("handovers.received_on", paper.received_on.isoformat() if paper.received_on else "________")
    yield say("handovers.mass_kg", _mass(paper.mass_kg))
    yield say("handovers.received_mass_kg", _mass(paper.received_mass_kg))
    yield say("handovers.packs", str(len(paper.packs)))


def _mass(mass_kg: float | None) -> str:
    return "________" if mass_kg is None else f"{mass_kg:,.1f} kg"


def _table(canvas: Canvas, rows: Sequence[tuple[int, tuple[str, str]]], below: float) -> None:
    for number, (code, fate) in rows:
        _write(canvas, f"{number:>3}", below, 3.4, mono=True)
        _write(canvas, code, below, 3.6, left=_LEFT_MM + 12, mono=True)
        _write(canvas, fate, below, 3.4, left=_LEFT_MM + 90)
        canvas.setLineWidth(0.2)
        canvas.line(_LEFT_MM * mm, A4[1] - (below + 1.6) * mm, (210 - _LEFT_MM) * mm, A4[1] - (below + 1.6) * mm)
        below += _LINE_MM


def _write(canvas: Canvas, text: str, below: float, size: float, left: float = _LEFT_MM, *, mono: bool = False) -> None:
    """A line of text, `below` mm from the top."""
    canvas.saveState()
    canvas.translate(0, A4[1])
    write(canvas, text, left, below, size, MONO if mono else LATIN)
    canvas.restoreState()


def _symbol(canvas: Canvas, text: str, left: float, top: float) -> None:
    modules = modules_of("qr", text)
    step = _QR_MM / (modules.shape[0] + 2 * QUIET["qr"])
    inset = QUIET["qr"] * step
    path = canvas.beginPath()
    for row, first, last in runs_of(modules):
        y = A4[1] - (top + inset + (row + 1) * step) * mm
        path.rect((left + inset + first * step) * mm, y, (last - first) * step * mm, step * mm)
    canvas.drawPath(path, stroke=0, fill=1)
