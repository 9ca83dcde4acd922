"""Print: draw, look at what was drawn, and release it only if every symbol reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from suyuan.kernel import Language
from suyuan.labels.designs import Design, designs
from suyuan.labels.drawing import draw
from suyuan.labels.errors import LabelError
from suyuan.labels.facts import Facts
from suyuan.labels.proof import label_pictures, misread
from suyuan.labels.zpl import zpl

Form = Literal["pdf", "zpl"]
MOST_NAMED: Final = 20  # codes named in a refusal


@dataclass(frozen=True, slots=True)
class Printed:
    """What may be printed. `symbols` is how many were decoded, which is all of them."""

    content: bytes
    form: Form
    labels: int
    pages: int
    symbols: int


def design_of(name: str) -> Design:
    """The design of that name; raises `LabelError` ``labels.design_unknown``."""
    known = designs()
    if name not in known:
        raise LabelError("labels.design_unknown", design=name[:40], known=list(known))
    return known[name]


def print_labels(
    labels: Sequence[Facts], design: Design, language: Language, form: Form = "pdf", *, sample: bool = False
) -> Printed:
    """The labels as PDF or ZPL, each symbol on them decoded.

    Raises
    ------
    LabelError
        ``labels.symbol_unreadable`` names the codes whose symbols do not read: then nothing is released.
        ``labels.sheet_has_no_zpl``, ``labels.sign_missing``, ``labels.too_much_for_design``.
    """
    if form == "zpl" and design.sheet is not None:
        raise LabelError("labels.sheet_has_no_zpl", design=design.name)
    pdf = draw(labels, design, language, sample=sample)
    wrong = misread(pdf, labels, design)
    if wrong:
        codes = list(dict.fromkeys(code for code, _ in wrong))
        raise LabelError("labels.symbol_unreadable", count=len(wrong), codes=codes[:MOST_NAMED])
    symbols = len(labels) * sum(item.kind != "text" for item in design.items)
    pages = -(-len(labels) // design.labels_a_page)
    content = "".join(zpl(label_pictures(pdf, len(labels), design))).encode() if form == "zpl" else pdf
    return Printed(content, form, len(labels), pages, symbols)
