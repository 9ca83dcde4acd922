"""Labels as printed: every symbol reads, equal labels give equal bytes, and what cannot be read is withheld."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from suyuan.codes import compose
from suyuan.kernel import Language
from suyuan.labels import Facts, LabelError, address_of, designs, drawing, print_labels, sheets
from suyuan.labels.proof import label_pictures, misread, pictures
from suyuan.labels.symbols import Carrier, Modules, modules_of, texts_in

DAY = date(2026, 11, 22)
BASE = "https://trace.example"


def facts(serial: int, **changes: object) -> Facts:
    code = compose("9SMPB010000001", DAY, serial)
    usual: dict[str, object] = {
        "code": code,
        "address": address_of(BASE, code),
        "maker": "鹏程电池(模拟)",
        "model": "P-8",
        "chemistry": "B",
        "produced_on": DAY,
        "capacity_ah": 100.0,
        "voltage_v": 96.0,
        "mass_kg": 480.0,
    }
    return Facts(**{**usual, **changes})  # type: ignore[arg-type]  # checked by the tests that use it


@pytest.mark.parametrize("name", ["60x40", "100x70", "a4"])
@pytest.mark.parametrize("language", list(Language))
def test_every_symbol_of_every_label_reads(name: str, language: Language) -> None:
    labels = [facts(serial) for serial in range(1, 24)]
    printed = print_labels(labels, designs()[name], language)
    assert (printed.labels, printed.symbols, printed.pages) == (23, 46, 2 if name == "a4" else 23)
    said = [texts_in(np.ascontiguousarray(one)) for one in label_pictures(printed.content, 23, designs()[name])]
    assert said == [{("qr", one.address), ("data_matrix", one.code)} for one in labels]


def test_equal_labels_give_equal_bytes() -> None:
    first, second = (print_labels([facts(7)], designs()["60x40"], Language.ZH).content for _ in range(2))
    assert first == second
    assert first != print_labels([facts(8)], designs()["60x40"], Language.ZH).content


def test_a_symbol_that_says_something_else_withholds_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(carrier: Carrier, text: str) -> Modules:
        return modules_of(carrier, text.replace("0000002", "0000003") if carrier == "data_matrix" else text)

    monkeypatch.setattr(drawing, "modules_of", wrong)
    labels = [facts(serial) for serial in (1, 2, 3)]
    with pytest.raises(LabelError) as refusal:
        print_labels(labels, designs()["60x40"], Language.ZH)
    assert refusal.value.code == "labels.symbol_unreadable"
    assert refusal.value.data == {"count": 1, "codes": [labels[1].code]}


def test_a_damaged_symbol_withholds_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(carrier: Carrier, text: str) -> Modules:
        made = modules_of(carrier, text).copy()
        if carrier == "qr":
            made[:9, :9] = False  # one of the three finders
        return made

    monkeypatch.setattr(drawing, "modules_of", damaged)
    with pytest.raises(LabelError, match="symbol_unreadable"):
        print_labels([facts(1)], designs()["100x70"], Language.ZH)


def test_a_missing_page_is_a_misread_one() -> None:
    labels = [facts(1), facts(2)]
    pdf = print_labels(labels[:1], designs()["60x40"], Language.ZH).content
    assert misread(pdf, labels, designs()["60x40"]) == [(labels[1].code, "qr"), (labels[1].code, "data_matrix")]


def test_chinese_signs_are_drawn_and_unknown_ones_are_refused() -> None:
    design = designs()["60x40"]
    plain, named = (
        next(pictures(print_labels([facts(1, maker=maker)], design, Language.EN).content, 8))
        for maker in ("", "昇鑫喆电池")
    )
    assert (named[10:50, 236:420] < 128).sum() > (plain[10:50, 236:420] < 128).sum() + 200
    with pytest.raises(LabelError) as refusal:
        print_labels([facts(1, maker="电池\U00020000")], design, Language.ZH)
    assert refusal.value.data == {"signs": ["\U00020000 (U+20000)"]}


def test_a_long_name_is_cut_and_the_code_is_not() -> None:
    long = facts(1, maker="很长的名称" * 30, model="M" * 200)
    assert print_labels([long], designs()["60x40"], Language.ZH).symbols == 2
    with pytest.raises(LabelError, match="too_much_for_design"):
        print_labels([facts(1, code="9" * 60)], designs()["60x40"], Language.ZH)


def test_a_very_long_address_does_not_fit() -> None:
    with pytest.raises(LabelError, match="too_much_for_design"):
        print_labels([facts(1, address=BASE + "/" + "x" * 1500)], designs()["60x40"], Language.ZH)


def test_a_sheet_is_not_for_label_printers() -> None:
    with pytest.raises(LabelError, match="sheet_has_no_zpl"):
        print_labels([facts(1)], designs()["a4"], Language.ZH, "zpl")


def test_an_unknown_design() -> None:
    with pytest.raises(LabelError, match="design_unknown"):
        sheets.design_of("70x70")


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9_999_999), st.sampled_from(["60x40", "100x70"]))
def test_any_serial_reads(serial: int, name: str) -> None:
    assert print_labels([facts(serial)], designs()[name], Language.ZH).symbols == 2
