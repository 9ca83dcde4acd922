"""Designs: what stands on a label fits on it, and a symbol is never smaller than a telephone can read."""

import pytest

from suyuan.labels.designs import Design, designs
from suyuan.labels.drawing import SMALLEST_MODULE_MM, module_mm
from suyuan.labels.errors import LabelError
from suyuan.labels.facts import WORDS


@pytest.mark.parametrize("design", designs().values(), ids=str)
def test_everything_stands_on_the_label(design: Design) -> None:
    for item in design.items:
        wide = item.width if item.kind == "text" else item.size
        assert item.x >= 0
        assert item.x + wide <= design.width_mm
        assert (
            item.size <= item.y <= design.height_mm if item.kind == "text" else item.y + item.size <= design.height_mm
        )
        assert item.kind != "text" or item.text in WORDS


@pytest.mark.parametrize("design", designs().values(), ids=str)
def test_symbols_do_not_touch_each_other_or_a_text(design: Design) -> None:
    boxes = [
        (i.x, i.y - i.size, i.x + i.width, i.y) if i.kind == "text" else (i.x, i.y, i.x + i.size, i.y + i.size)
        for i in sorted(design.items, key=lambda item: item.kind == "text")
    ]
    symbols = sum(item.kind != "text" for item in design.items)
    for place, (left, top, right, bottom) in enumerate(boxes[:symbols]):
        others = boxes[place + 1 :]
        assert not [o for o in others if o[0] < right and o[2] > left and o[1] < bottom and o[3] > top]


def test_a_sheet_holds_its_labels() -> None:
    sheet = designs()["a4"]
    left, top = sheet.corner_mm(sheet.labels_a_page - 1)
    width, height = sheet.page_mm
    assert (sheet.labels_a_page, left + sheet.width_mm <= width, top + sheet.height_mm <= height) == (21, True, True)
    assert sheet.corner_mm(3) == (sheet.corner_mm(0)[0], sheet.corner_mm(0)[1] + 40.5)


def test_modules_fall_on_the_dots_of_the_printer() -> None:
    module = module_mm(27.0, 33, 4, 8)
    assert (module, module * 8 % 1) == (0.625, 0)
    assert module * (33 + 8) <= 27.0


def test_too_small_a_module_is_refused() -> None:
    assert module_mm(0.25 * 41, 33, 4, 8) == SMALLEST_MODULE_MM
    with pytest.raises(LabelError) as refusal:
        module_mm(0.25 * 40, 33, 4, 8)
    assert refusal.value.code == "labels.too_much_for_design"
