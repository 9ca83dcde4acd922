"""The designs of `designs.toml` as records. Lengths in mm, from the top left corner."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

from suyuan.kernel import Language

Kind = Literal["qr", "data_matrix", "text"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on a label: a symbol in a square box of `size`, or the text named `text` with its baseline at `y`."""

    kind: Kind
    x: float
    y: float
    size: float
    text: str = ""
    width: float = 0.0
    mono: bool = False
    least: float = 1.0


@dataclass(frozen=True, slots=True)
class Sheet:
    """Paper with many labels on it."""

    width_mm: float
    height_mm: float
    columns: int
    rows: int
    left: float
    top: float
    gap_x: float
    gap_y: float


@dataclass(frozen=True, slots=True)
class Design:
    """How a label looks, and the sheet that it is printed on; `sheet` is None for one label a page."""

    name: str
    zh: str
    en: str
    width_mm: float
    height_mm: float
    dots_per_mm: int
    items: tuple[Item, ...]
    sheet: Sheet | None = None

    @property
    def labels_a_page(self) -> int:
        """How many labels fit on one page."""
        return self.sheet.columns * self.sheet.rows if self.sheet else 1

    @property
    def page_mm(self) -> tuple[float, float]:
        """Width and height of a page."""
        return (self.sheet.width_mm, self.sheet.height_mm) if self.sheet else (self.width_mm, self.height_mm)

    def corner_mm(self, place: int) -> tuple[float, float]:
        """Left and top of the label at `place` of a page, counted from 0, row by row."""
        if self.sheet is None:
            return 0.0, 0.0
        row, column = divmod(place, self.sheet.columns)
        left = self.sheet.left + column * (self.width_mm + self.sheet.gap_x)
        return left, self.sheet.top + row * (self.height_mm + self.sheet.gap_y)

    def in_language(self, language: Language) -> str:
        """Its name for people."""
        return self.zh if language is Language.ZH else self.en


def _design(name: str, row: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> Design:
    label = rows[row["of"]] if "of" in row else row
    return Design(
        name,
        row["zh"],
        row["en"],
        label["width_mm"],
        label["height_mm"],
        label["dots_per_mm"],
        tuple(Item(**item) for item in label["items"]),
        Sheet(**row["sheet"]) if "sheet" in row else None,
    )


@cache
def designs() -> Mapping[str, Design]:
    """Every design by its name, in the order of the file."""
    text = (files("suyuan.labels") / "designs.toml").read_text(encoding="utf-8")
    rows: dict[str, dict[str, Any]] = tomllib.loads(text)["design"]
    return MappingProxyType({name: _design(name, row, rows) for name, row in rows.items()})
