"""The form of an inspection as pages of A4."""

from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from io import BytesIO
from itertools import groupby
from typing import Final

from reportlab.lib.colors import grey
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from suyuan.server.cases.queries.form import Form

HAN, LATIN = "SuyuanForm", "Helvetica"
MARGIN: Final = 16 * mm
WIDTH: Final = A4[0] - 2 * MARGIN
_GRID: Final = TableStyle([("GRID", (0, 0), (-1, -1), 0.4, grey), ("VALIGN", (0, 0), (-1, -1), "TOP")])


def form_pdf(form: Form) -> bytes:
    """The pages; equal bytes for an equal form."""
    _register()
    out = BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=MARGIN, invariant=1
    )
    document.title = form.title
    parts: list[Flowable] = [
        _text(form.title, 16),
        Spacer(0, 4 * mm),
        _table([[_text(label), _text(value)] for label, value in form.facts], (36, None)),
        _table(_items(form), (8, None, 42, 46), heading=True),
        _table(_signed(form), (34, 60, None), heading=True),
        *(_text(note, 9) for note in form.notes),
    ]
    document.build(parts)
    return out.getvalue()


@cache
def _register() -> None:
    with (files("suyuan.labels") / "font.ttf").open("rb") as stream:
        pdfmetrics.registerFont(TTFont(HAN, BytesIO(stream.read())))


def _items(form: Form) -> list[list[Flowable]]:
    head = [_text(""), *(_text(form.say(name)) for name in ("item", "result", "remark"))]
    rows = [
        [_text(str(place)), [_text(one.title), _text(one.basis, 7.5)], _text(one.result), _text(one.remark)]
        for place, one in enumerate(form.lines, start=1)
    ]
    return [head, *rows]  # type: ignore[list-item]  # a cell may hold several


def _signed(form: Form) -> list[list[Flowable]]:
    head = [_text(form.say(name)) for name in ("side", "signatory", "signature")]
    rows = [[_text(side), _text(who), [_text(how), Spacer(0, 7 * mm)]] for side, who, how in form.signatures]
    return [head, *rows]  # type: ignore[list-item]


def _table(rows: list[list[Flowable]], widths_mm: Sequence[int | None], *, heading: bool = False) -> Flowable:
    """A table with lines; the column without a width takes the rest."""
    known = sum(width for width in widths_mm if width) * mm
    widths = [width * mm if width else WIDTH - known for width in widths_mm]
    table = Table(rows, colWidths=widths, repeatRows=int(heading), style=_GRID, spaceAfter=5 * mm)
    found: Flowable = table
    return found


def _text(text: str, size: float = 9.5) -> Flowable:
    """A paragraph; each run of signs in the font that has them."""
    style = ParagraphStyle("form", fontName=LATIN, fontSize=size, leading=size * 1.4, wordWrap="CJK")
    runs = groupby(text, _is_latin)
    marked = "".join(
        f'<font name="{LATIN if latin else HAN}">{escape("".join(signs), quote=False)}</font>' for latin, signs in runs
    )
    return Paragraph(marked.replace("\n", "<br/>"), style)


def _is_latin(sign: str) -> bool:
    """Whether the font that every reader of PDF has knows the sign."""
    try:
        sign.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True
