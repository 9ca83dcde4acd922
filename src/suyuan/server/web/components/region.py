"""Figures by province: a map of tiles of our own making, and the same as a table.

The tiles stand roughly where the provinces lie; no border is drawn, every province is equally large and can be
clicked, and the South China Sea Islands have a tile of their own. The table of tiles is ``tiles.csv``.
"""

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from suyuan.kernel import Language

if TYPE_CHECKING:
    from suyuan.server.web.components.table import Table

SHADES: Final = 5


@dataclass(frozen=True, slots=True)
class Tile:
    """A province's place: six digits of GB/T 2260, short names, column and row from 1.

    The tile of the South China Sea Islands belongs to Hainan and has no code of its own.
    """

    division: str
    name_zh: str
    name_en: str
    column: int
    row: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A tile with its figure: `shade` from 1 (low) to 5, 0 where there is none."""

    tile: Tile
    name: str
    value: float | None
    shade: int
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Pack:
    """A map that somebody installed: the address of its shapes, who made it, its number of review (empty without)."""

    address: str
    name: str
    source: str
    licence: str
    review: str


@dataclass(frozen=True, slots=True)
class Region:
    """What the part shows: tiles, and the bounds of the shades for the legend.

    `pack` adds a tab with a map; `table` takes the place of the plain table.
    """

    text: str
    tiles: list[Shown]
    legend: list[tuple[int, float, float]]
    places: int | None = None
    pack: Pack | None = None
    table: "Table | None" = None

    @property
    def chart(self) -> Mapping[str, Any]:
        """What the script draws on the map of the pack."""
        return {
            "kind": "map",
            "geo": self.pack.address if self.pack else "",
            "places": [
                {"name": one.tile.division, "label": one.name, "value": one.value, "address": one.address}
                for one in self.tiles
                if one.tile.division
            ],
        }


@cache
def tiles() -> tuple[Tile, ...]:
    """The 34 provinces and the tile of the South China Sea Islands."""
    text = (files("suyuan.server.web.components") / "tiles.csv").read_text(encoding="utf-8")
    return tuple(
        Tile(row["division"], row["name_zh"], row["name_en"], int(row["column"]), int(row["row"]))
        for row in csv.DictReader(StringIO(text))
    )


def region(  # noqa: PLR0913  what a map can be told
    text: str,
    values: Mapping[str, float],
    address: Callable[[str], str],
    language: Language,
    *,
    current: str = "",
    places: int | None = None,
    pack: Pack | None = None,
    table: "Table | None" = None,
) -> Region:
    """The map of `values` by province (six digits).

    Parameters
    ----------
    text
        Code of what is shown, with its unit.
    address
        Where a province leads.
    current
        The province that the page is about.
    places
        Decimal places of the figures; None for whole numbers.
    pack, table
        See `Region`.
    """
    bounds = _bounds([value for value in values.values() if value])
    shown = []
    for tile in tiles():
        value = values.get(tile.division)
        shade = _shade(value, bounds)
        name = tile.name_zh if language is Language.ZH else tile.name_en
        leads = address(tile.division) if tile.division else ""
        shown.append(Shown(tile, name, value, shade, leads, bool(tile.division) and tile.division == current))
    legend = [(place, *pair) for place, pair in enumerate(bounds, start=1)]
    return Region(text, shown, legend, places, pack, table)


def _bounds(values: list[float]) -> list[tuple[float, float]]:
    """The least and greatest value of each shade: about equally many provinces in each."""
    ordered = sorted(values)
    if not ordered:
        return []
    parts = min(SHADES, len(set(ordered)))
    cuts = [round(place * len(ordered) / parts) for place in range(parts + 1)]
    groups = [ordered[low:high] for low, high in pairwise(cuts) if low < high]
    return [(group[0], group[-1]) for group in groups]


def _shade(value: float | None, bounds: list[tuple[float, float]]) -> int:
    if not value:
        return 0
    return next((place for place, (_, high) in enumerate(bounds, start=1) if value <= high), len(bounds))
