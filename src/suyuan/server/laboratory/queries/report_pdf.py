"""Reports on paper: a test record with its curves, a lot with its grades. Equal bytes for equal content."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from itertools import groupby
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing, Group, Line, String
from reportlab.lib.colors import HexColor, black
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from suyuan.kernel import Language, sentence
from suyuan.server.kit.clock import CHINA

HAN: Final = "SuyuanLabHan"
LATIN: Final = "Helvetica"
WIDTH: Final = A4[0] - 36 * mm
MOST_LINES: Final = 60
GRADE_BARS: Final = 20
_PLAIN = ParagraphStyle("plain", fontName=LATIN, fontSize=9, leading=13, wordWrap="CJK")
_HEAD = ParagraphStyle("head", parent=_PLAIN, fontSize=16, leading=22, spaceAfter=4)
_PART = ParagraphStyle("part", parent=_PLAIN, fontSize=11, leading=16, spaceBefore=8, spaceAfter=3)
_SIGNS: Final = {"≥": ">=", "≤": "<=", "Ω": "Ohm", "→": "->", "−": "-", "∞": "inf"}  # in neither font
_BLUE, _GREY = HexColor("#1f5fa8"), HexColor("#888888")

Json = Mapping[str, Any]


def record_pdf(told: Json, language: Language) -> bytes:
    """The report of one test record, from `wording.record_json` with its result."""
    say = _sayer(language)
    result: Json = told["result"] or {}
    story: list[Flowable] = [_text(say("pdf_test_title"), _HEAD), _facts(_test_facts(told), say)]
    if told["failure"]:
        story.append(_text(told["failure"]["message"]))
    residual = result.get("residual")
    if residual:
        story += [_text(say("pdf_part_residual"), _PART), _facts(_residual_facts(residual, say), say)]
        story += _messages(residual["requirements"])
    elif result.get("residual_refused"):
        story += [_text(say("pdf_part_residual"), _PART), _text(result["residual_refused"]["message"])]
    if result.get("findings"):
        story += [_text(say("pdf_part_findings"), _PART), *_messages(result["findings"])]
    story += _plots(result.get("curves", {}), say)
    return _document(story, say("pdf_test_title"), say("pdf_foot", sha256=str(told["sha256"])))


def lot_pdf(told: Json, health: Sequence[float], language: Language) -> bytes:
    """The report of a lot, from `wording.lot_json` and the state of health (ratio) of its answered cells."""
    say = _sayer(language)
    facts = {name: told[name] for name in ("number", "name", "laboratory_name", "laboratory", "cell_type", "model")}
    facts |= {name: told[name] for name in ("cells", "done", "references", "scheme", "rules", "on", "finished_at")}
    story: list[Flowable] = [_text(say("pdf_lot_title"), _HEAD), _facts(facts, say)]
    if told["failure"]:
        story.append(_text(told["failure"]["message"]))
    story.append(_text(say("pdf_part_grades"), _PART))
    heads = [say(f"pdf_{name}") for name in ("verdict", "grade", "route", "cells")]
    rows = [
        [
            say(f"pdf_word_{one['verdict']}"),
            one["grade"].rpartition(":")[2] or "-",
            say(f"pdf_word_{one['route']}"),
            f"{one['cells']:,}",
        ]
        for one in told["counts"]
    ]
    story.append(_table([heads, *rows]))
    if health:
        story += [_text(say("pdf_part_histogram"), _PART), _histogram(health)]
    return _document(story, say("pdf_lot_title"), say("pdf_foot", sha256=str(told["sha256"])))


class _Sayer:
    def __init__(self, language: Language) -> None:
        self.language = language

    def __call__(self, name: str, **data: str) -> str:
        return sentence(f"laboratory.{name}", data, self.language)


def _sayer(language: Language) -> _Sayer:
    return _Sayer(language)


def _test_facts(told: Json) -> dict[str, Any]:
    result: Json = told["result"] or {}
    names = ("number", "battery", "laboratory_name", "laboratory", "operator", "instrument", "protocol", "tested_at")
    facts = {name: told[name] for name in (*names, "attached_at", "file")}
    return {**facts, "form": result.get("form"), "rows": result.get("rows"), "record": told["record"]}


def _residual_facts(residual: Json, say: _Sayer) -> dict[str, Any]:
    def amount(name: str, unit: str) -> str:
        return (
            f"{residual[name + '_' + unit.lower()]:.4f} ± {residual[f'{name}_uncertainty_{unit.lower()}']:.4f} {unit}"
        )

    last: Json = residual["discharges"][-1] if residual["discharges"] else {}
    shown = {"soh": residual["soh"], "repeatability": residual["repeatability"]}
    shown |= {name: last.get(name) for name in ("charge_efficiency", "energy_efficiency", "temperature_rise_k")}
    rounded = {name: None if value is None else f"{value:.4f}" for name, value in shown.items()}
    covers = say("pdf_word_instrument" if residual["instrument"] else "pdf_word_sampling_only")
    return {"capacity": amount("capacity", "Ah"), "energy": amount("energy", "Wh"), "uncertainty": covers, **rounded}


def _facts(facts: Mapping[str, Any], say: _Sayer) -> Table:
    rows = [
        [_text(say(f"pdf_{name}")), _text(_shown(name, value))]
        for name, value in facts.items()
        if value not in (None, "")
    ]
    table = Table(rows, colWidths=[48 * mm, WIDTH - 48 * mm], hAlign="LEFT")
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), ("BOTTOMPADDING", (0, 0), (-1, -1), 1)]))
    return table


def _shown(name: str, value: Any) -> str:
    """A value as text; a moment as day and time in China."""
    if not name.endswith("_at"):
        return str(value)
    return datetime.fromisoformat(str(value)).astimezone(CHINA).strftime("%Y-%m-%d %H:%M")


def _table(rows: Sequence[Sequence[str]]) -> Table:
    table = Table([[_text(cell) for cell in row] for row in rows], hAlign="LEFT", repeatRows=1)
    table.setStyle(TableStyle([("LINEBELOW", (0, 0), (-1, 0), 0.6, black), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return table


def _messages(items: Iterable[Json]) -> list[Flowable]:
    return [_text(f"· {one['message']}") for one in list(items)[:MOST_LINES]]


def _text(text: str, style: ParagraphStyle = _PLAIN) -> Paragraph:
    _register()
    return Paragraph("".join(_runs(text)), style)


def _runs(text: str) -> Iterable[str]:
    """Marked pieces, each in the font that has its signs."""
    plain = "".join(_SIGNS.get(sign, sign) for sign in text)
    for is_han, signs in groupby(plain, _is_han):
        piece = "".join(signs)
        latin = piece.encode("cp1252", "replace").decode("cp1252")
        yield f'<font name="{HAN}">{escape(piece)}</font>' if is_han else escape(latin)


def _is_han(sign: str) -> bool:
    return ord(sign) >= 0x3000


# ---------------------------------------------------------------- plots


def _plots(curves: Mapping[str, Sequence[float | None]], say: _Sayer) -> list[Flowable]:
    if "real_ohm" in curves:
        pairs = [("real_ohm", "minus_imaginary_ohm", 1.0, "Ohm", "Ohm")]
    else:
        units = {"voltage_v": "V", "current_a": "A", "temperature_c": "°C"}
        pairs = [("time_s", name, 1 / 3600, "h", unit) for name, unit in units.items() if name in curves]
    story: list[Flowable] = []
    for across, up, factor, across_unit, up_unit in pairs:
        points = [
            (x * factor, y) for x, y in zip(curves[across], curves[up], strict=True) if x is not None and y is not None
        ]
        if len(points) > 1:
            drawn = [_text(say(f"pdf_plot_{up}"), _PART), _line(points, across_unit, up_unit), Spacer(1, 3 * mm)]
            story.append(KeepTogether(drawn))
    return story


def _line(points: list[tuple[float, float]], across: str, up: str) -> Drawing:
    plot = LinePlot()
    plot.x, plot.y, plot.width, plot.height = 42, 26, int(WIDTH) - 60, 130
    plot.data = [points]
    plot.lines[0].strokeColor, plot.lines[0].strokeWidth = _BLUE, 0.8
    for axis in (plot.xValueAxis, plot.yValueAxis):
        axis.labels.fontName, axis.labels.fontSize, axis.strokeColor = LATIN, 7, _GREY
    low, high = min(y for _, y in points), max(y for _, y in points)
    margin = (high - low) * 0.05 or max(abs(high), 1.0) * 0.05
    plot.yValueAxis.valueMin, plot.yValueAxis.valueMax = low - margin, high + margin
    plot.xValueAxis.valueMin, plot.xValueAxis.valueMax = points[0][0], max(x for x, _ in points)
    if plot.xValueAxis.valueMin >= plot.xValueAxis.valueMax:
        plot.xValueAxis.valueMax = plot.xValueAxis.valueMin + 1.0
    return _drawn(plot, across, up)


def _histogram(health: Sequence[float]) -> Drawing:
    low, high = min(health), max(health)
    width = max((high - low) / GRADE_BARS, 0.001)
    counts = [0] * GRADE_BARS
    for value in health:
        counts[min(int((value - low) / width), GRADE_BARS - 1)] += 1
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 42, 26, int(WIDTH) - 60, 130
    chart.data = [counts]
    chart.bars[0].fillColor, chart.bars[0].strokeColor = _BLUE, None
    chart.categoryAxis.categoryNames = [f"{low + (place + 0.5) * width:.2f}" for place in range(GRADE_BARS)]
    chart.categoryAxis.labels.fontName, chart.categoryAxis.labels.fontSize = LATIN, 6
    chart.valueAxis.labels.fontName, chart.valueAxis.labels.fontSize, chart.valueAxis.valueMin = LATIN, 7, 0
    return _drawn(chart, "SOH", "n")


def _drawn(chart: Any, across: str, up: str) -> Drawing:
    """The chart in its frame, with the units at the ends of its axes."""
    drawing = Drawing(WIDTH, 170)
    frame = Group(
        Line(chart.x, chart.y, chart.x + chart.width, chart.y, strokeColor=_GREY, strokeWidth=0.5),
        String(chart.x + chart.width + 4, chart.y - 10, across, fontName=LATIN, fontSize=7),
        String(chart.x - 14, chart.y + chart.height + 5, up, fontName=LATIN, fontSize=7),
    )
    drawing.add(frame)
    drawing.add(chart)
    return drawing


# ---------------------------------------------------------------- the page


@cache
def _register() -> None:
    with (files("suyuan.labels") / "font.ttf").open("rb") as stream:
        pdfmetrics.registerFont(TTFont(HAN, BytesIO(stream.read())))
    pdfmetrics.registerFontFamily(HAN, HAN, HAN, HAN, HAN)


def _document(story: list[Flowable], title: str, foot: str) -> bytes:
    out = BytesIO()

    def below(canvas: Canvas, page: SimpleDocTemplate) -> None:
        canvas.setFont(LATIN, 7)
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, str(page.page))
        note = _text(foot, ParagraphStyle("foot", parent=_PLAIN, fontSize=7, leading=9))
        note.wrapOn(canvas, WIDTH - 10 * mm, 20 * mm)
        note.drawOn(canvas, 18 * mm, 9 * mm)

    page = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=16 * mm, bottomMargin=18 * mm,
        title=title, author="Suyuan", invariant=1,
    )  # fmt: skip
    page.build(story, onFirstPage=below, onLaterPages=below)
    return out.getvalue()
