"""A receipt on one page of A4, for the files; its QR code has the log's address and the leaf's digest."""

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from io import BytesIO
from itertools import groupby

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from suyuan.kernel import Language, sentence
from suyuan.tlog import Checkpoint, Policy, Receipt, TlogError, open_note, parse_checkpoint, parse_note
from suyuan.tlog.encoding import base64_text
from suyuan.tlog.shards import is_simulated

HAN, LATIN = "SuyuanHan", "Helvetica"
FONT_FILE = "receipt_font.ttf"  # made by scripts/receipt_font.py
MONO = "Courier"
LEFT, TOP = 22 * mm, A4[1] - 28 * mm
VALUES = LEFT + 50 * mm
SQUARE = 38 * mm
LINE = 7.5 * mm
WIDEST = 64  # characters of a value on one line


def qr_text(receipt: Receipt) -> str:
    """What the QR code says: the address of the log (its origin where it is not served), and the leaf's hash."""
    origin = _checkpoint(receipt).origin
    return f"{receipt.log or origin}#{receipt.proof.index}.{receipt.leaf.hash.hex()}"


def _checkpoint(receipt: Receipt) -> Checkpoint:
    return parse_checkpoint(parse_note(receipt.proof.checkpoint).text)


def receipt_pdf(receipt: Receipt, policy: Policy | None, language: Language) -> bytes:
    """The page; equal bytes for an equal receipt."""
    out = BytesIO()
    with (files(__package__) / FONT_FILE).open("rb") as stream:
        pdfmetrics.registerFont(TTFont(HAN, BytesIO(stream.read())))
    canvas = Canvas(out, pagesize=A4, invariant=True)
    title = sentence("log.pdf_title", language=language)
    canvas.setTitle(f"{title} {receipt.leaf.submission}")
    _write(canvas, f"Suyuan 溯源 - {title}", LEFT, TOP, 18)
    if is_simulated(_checkpoint(receipt).origin):
        _write(canvas, sentence("log.pdf_simulated", language=language), LEFT, TOP + 9 * mm, 12)
    canvas.setLineWidth(0.6)
    canvas.line(LEFT, TOP - 5 * mm, A4[0] - LEFT, TOP - 5 * mm)
    below = _rows(canvas, _facts(receipt, policy, language), TOP - 16 * mm)
    _square(canvas, qr_text(receipt), LEFT, below - SQUARE)
    _paragraph(canvas, sentence("log.pdf_note", language=language), LEFT + SQUARE + 8 * mm, below - 8 * mm)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _runs(text: str, latin: str) -> Iterator[tuple[str, str]]:
    """(font, piece): the font of Chinese signs has no others."""
    for is_latin, signs in groupby(text, str.isascii):
        yield latin if is_latin else HAN, "".join(signs)


def _width(text: str, size: float, latin: str = LATIN) -> float:
    return sum(float(pdfmetrics.stringWidth(piece, font, size)) for font, piece in _runs(text, latin))


def _write(canvas: Canvas, text: str, left: float, height: float, size: float, latin: str = LATIN) -> None:
    for font, piece in _runs(text, latin):
        canvas.setFont(font, size)
        canvas.drawString(left, height, piece)
        left += pdfmetrics.stringWidth(piece, font, size)


def standing(receipt: Receipt, policy: Policy | None) -> str:
    """The code of the sentence on witnesses."""
    if policy is None or not policy.witnesses:
        return "log.pdf_unwitnessed"
    try:
        cosigned = open_note(receipt.proof.checkpoint, policy.witness_keys).keys
    except TlogError:
        cosigned = ()
    return "log.pdf_final" if policy.is_met(cosigned) else "log.pdf_provisional"


def _facts(receipt: Receipt, policy: Policy | None, language: Language) -> Sequence[tuple[str, str]]:
    leaf, note = receipt.leaf, parse_note(receipt.proof.checkpoint)
    checkpoint = parse_checkpoint(note.text)
    others = [signature.name for signature in note.signatures if signature.name != checkpoint.origin]
    facts = {
        "submission": leaf.submission,
        "kind": leaf.kind,
        "records": f"{leaf.records:,}",
        "received": leaf.received_at.replace("T", " ").removesuffix("Z"),
        "regime": leaf.regime,
        "digest": leaf.received,
        "log": receipt.log or checkpoint.origin,
        "index": f"{receipt.proof.index:,} / {checkpoint.size:,}",
        "root": base64_text(checkpoint.root),
        "witnesses": "; ".join([sentence(standing(receipt, policy), language=language), *others]),
    }
    return [(sentence(f"log.pdf_{name}", language=language), value) for name, value in facts.items()]


def _rows(canvas: Canvas, facts: Sequence[tuple[str, str]], height: float) -> float:
    """Label and value line by line; the height below the last."""
    for label, value in facts:
        canvas.setFillGray(0.35)
        _write(canvas, label, LEFT, height, 10)
        canvas.setFillGray(0)
        for at in range(0, max(len(value), 1), WIDEST):
            _write(canvas, value[at : at + WIDEST], VALUES, height, 8.5, MONO)
            height -= LINE
    return height


def _square(canvas: Canvas, text: str, left: float, bottom: float) -> None:
    """The QR code, dot by dot."""
    matrix = segno.make(text, error="m", micro=False).matrix
    dot = SQUARE / len(matrix)
    for row, line in enumerate(matrix):
        for column, is_dark in enumerate(line):
            if is_dark:
                canvas.rect(left + column * dot, bottom + SQUARE - (row + 1) * dot, dot, dot, stroke=0, fill=1)


def _paragraph(canvas: Canvas, text: str, left: float, top: float) -> None:
    """A text in lines of its width; Chinese may break between any two signs."""
    room, line = A4[0] - LEFT - left, ""
    for word in re.findall(r"[\x21-\x7e]+ ?|.[，。：；）]?", text):
        if _width(line + word.rstrip(), 9) > room:
            _write(canvas, line, left, top, 9)
            line, top = "", top - 5 * mm
        line += word
    _write(canvas, line, left, top, 9)
