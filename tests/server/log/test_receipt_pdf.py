"""The receipt on paper: what it says of the file, and signs that its font has."""

import json
import re
import zlib
from base64 import a85decode
from importlib.resources import files
from io import BytesIO

import pytest
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfbase.ttfonts import TTFont

from suyuan.kernel import Language, sentence
from suyuan.server.log.queries import receipt_pdf
from suyuan.tlog import parse_policy, parse_receipt
from tests.tlog.cast import SPECS, read_json

VECTORS = read_json(SPECS / "receipt.json")
HELD = parse_receipt(json.dumps(VECTORS["receipts"][0]["receipt"]))
LABELS = ("submission", "kind", "records", "received", "regime", "digest", "log", "index", "root", "witnesses")
TEXTS = (*LABELS, "title", "note", "unwitnessed", "final", "provisional")


def contents(page: bytes) -> bytes:
    """What is drawn on the page."""
    streams = re.findall(rb"stream\r?\n([!-u\s]*~>)\s*endstream", page)  # the font's are no text
    return b"".join(zlib.decompress(a85decode(b"<~" + one, adobe=True)) for one in streams)


@pytest.mark.parametrize("language", list(Language))
def test_the_page_shows_the_commitment_and_no_secret(language: Language) -> None:
    drawn = contents(receipt_pdf.receipt_pdf(HELD, parse_policy(VECTORS["policy"]), language))
    assert HELD.leaf.received.encode() in drawn
    assert HELD.secret is not None
    assert HELD.secret.hex().encode() not in drawn


def test_the_font_has_every_sign_of_the_texts() -> None:
    font = TTFont("All", BytesIO((files(receipt_pdf.__package__) / receipt_pdf.FONT_FILE).read_bytes()))
    needed = {sign for name in TEXTS for sign in sentence(f"log.pdf_{name}", language=Language.ZH)} | set("溯源")
    assert [sign for sign in sorted(needed) if not sign.isascii() and ord(sign) not in font.face.charToGlyph] == []


def test_a_label_ends_before_its_value() -> None:
    room = receipt_pdf.VALUES - receipt_pdf.LEFT
    labels = [sentence(f"log.pdf_{name}", language=Language.EN) for name in LABELS]
    assert [label for label in labels if stringWidth(label, receipt_pdf.LATIN, 10) > room - 1 * mm] == []
