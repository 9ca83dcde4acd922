"""The paper of a hand-over: its code reads as what it should say, and every battery stands on it."""

from dataclasses import replace
from datetime import date

import numpy as np
import pypdfium2  # type: ignore[import-untyped]  # the library has no types
import pytest

from suyuan.kernel import Language
from suyuan.labels.proof import pictures
from suyuan.labels.symbols import texts_in
from suyuan.labels.transfer_note import Paper, draw_note, squares

ADDRESS = "https://trace.example/w/transfers/7?code=ABCDEFGHIJKLMNOP"
PACKS = tuple((f"9SMPB010000001GA1{serial:07d}", "") for serial in range(1, 101))
GIVEN_ON = date(2026, 11, 22)
PAPER = Paper("T00000007", "甬江回收 91330200", "", GIVEN_ON, None, 6000.0, None, ADDRESS, "待对方确认", PACKS)


def words_of(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


@pytest.mark.parametrize("language", [Language.ZH, Language.EN])
def test_the_code_reads_and_every_battery_is_there(language: Language) -> None:
    pdf = draw_note(PAPER, language)
    pages = words_of(pdf)
    assert len(pages) == 3
    assert all(code in "".join(pages) for code, _ in PACKS)
    first = next(iter(pictures(pdf, 8)))
    assert ("qr", ADDRESS) in texts_in(np.ascontiguousarray(first))
    assert draw_note(PAPER, language) == pdf


def test_what_is_done_shows_no_code() -> None:
    pdf = draw_note(replace(PAPER, address="", packs=PACKS[:1]), Language.EN)
    assert len(words_of(pdf)) == 1
    assert texts_in(np.ascontiguousarray(next(iter(pictures(pdf, 8))))) == set()


def test_the_code_on_screen_has_its_quiet_zone() -> None:
    side, path = squares(ADDRESS)
    assert side >= 29 + 8
    assert path.startswith("M4 4h7")  # the corner of a finder, four modules in
