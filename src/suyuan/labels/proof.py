"""The proof of a PDF: its pages as a printer paints them, and what a reader finds on them."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pypdfium2  # type: ignore[import-untyped]  # the library has no types
from numpy.typing import NDArray

from suyuan.labels.designs import Design
from suyuan.labels.facts import Facts
from suyuan.labels.symbols import Carrier, texts_in

POINTS_PER_MM: Final = 72 / 25.4


def pictures(pdf: bytes, dots_per_mm: int) -> Iterator[NDArray[np.uint8]]:
    """The pages of a PDF in grey, one after the other, at the resolution of the printer."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        for page in document:
            bitmap = page.render(scale=dots_per_mm / POINTS_PER_MM, grayscale=True)
            yield np.array(bitmap.to_numpy(), np.uint8).reshape(bitmap.height, bitmap.width)
            page.close()
    finally:
        document.close()


def label_pictures(pdf: bytes, count: int, design: Design) -> Iterator[NDArray[np.uint8]]:
    """Each of the `count` labels of a PDF, cut out of its page."""
    dots, left_over = design.dots_per_mm, count
    width, height = round(design.width_mm * dots), round(design.height_mm * dots)
    for page in pictures(pdf, dots):
        for place in range(min(left_over, design.labels_a_page)):
            left, top = (round(edge * dots) for edge in design.corner_mm(place))
            yield page[top : top + height, left : left + width]
        left_over -= design.labels_a_page


def misread(pdf: bytes, labels: Sequence[Facts], design: Design) -> list[tuple[str, Carrier]]:
    """(code, carrier) of every symbol that does not read as what it should say; empty for a good PDF."""
    carriers: list[Carrier] = [item.kind for item in design.items if item.kind != "text"]
    wrong: list[tuple[str, Carrier]] = []
    seen = 0
    for facts, picture in zip(labels, label_pictures(pdf, len(labels), design), strict=False):
        said = texts_in(np.ascontiguousarray(picture))
        wanted = {carrier: facts.address if carrier == "qr" else facts.code for carrier in carriers}
        wrong += [(facts.code, carrier) for carrier, text in wanted.items() if (carrier, text) not in said]
        seen += 1
    return wrong + [(facts.code, carrier) for facts in labels[seen:] for carrier in carriers]
