"""Small files of records, as the battery maker of the cast would send them."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from suyuan.codes import compose

PACK, MODULE, CELL = "9SMPB010000001", "9SMMB020000001", "9SMCB030000001"  # 2 modules of 4 cells, as filed
DAY = date(2026, 3, 16)
HEADINGS = ("pack_code", "produced_on", "module_code", "cell_code", "model")


def pack_code(serial: int) -> str:
    """The code of the pack with this serial."""
    return compose(PACK, DAY, serial)


def cell_code(serial: int) -> str:
    """The code of the cell with this serial."""
    return compose(CELL, DAY, serial)


def rows(serial: int) -> list[tuple[str, ...]]:
    """One pack with its modules and cells, a row a cell."""
    return [
        (
            pack_code(serial),
            DAY.isoformat(),
            compose(MODULE, DAY, serial * 2 + module),
            compose(CELL, DAY, serial * 8 + module * 4 + cell),
            "P-8",
        )
        for module in range(2)
        for cell in range(4)
    ]


def write_csv(path: Path, lines: Sequence[Sequence[str]], headings: Sequence[str] = HEADINGS) -> Path:
    """A csv file of these rows."""
    path.write_text("".join(",".join(line) + "\n" for line in (headings, *lines)), encoding="utf-8")
    return path
