"""Packs with their modules and cells: the records of battery makers, also in bulk.

Cells are matched by capacity before they are assembled. A day's lot of cells is graded, the weakest
and the strongest are put aside, and neighbours *in capacity* go into one module: so the serials inside
a module are spread over the whole lot. Capacity is drawn by a counter-based hash of the seed, the lot
and the serial, so that any part of a lot comes out the same whoever asks for it, and in what order.
"""

from collections.abc import Iterator
from datetime import date
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.simulation.plan import Plan, PlanError
from suyuan.simulation.texts import Ints, battery_codes, days, lot_codes
from suyuan.simulation.world import Design, World, build_world

LARGEST_SERIAL = 9_999_999
"""Serials of one prefix and day have seven digits."""
MODULE_LEAD_DAYS = 1
PUT_ASIDE = 0.02
"""Share of the cells of a lot that match no module."""

Words: TypeAlias = npt.NDArray[np.uint64]


def cell_lead_days(design: Design) -> int:
    """Days between a cell and its pack; the same for all packs of a design, so a day's lot is one."""
    return 5 + design.index % 5


def hashed(values: Words, salt: int) -> Words:
    """A well-mixed 64-bit number for each value (SplitMix64)."""
    with np.errstate(over="ignore"):
        mixed = values * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt % 2**64)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def lot_salt(seed: int, design: int, day: int) -> int:
    """The number that makes one lot of cells different from every other."""
    first = hashed(np.array([seed], dtype=np.uint64), 0x5355)
    return int(hashed(first, design * 1_000_003 + day)[0])


def matched_serials(count: int, salt: int) -> npt.NDArray[np.uint32]:
    """Serials of `count` cells of one lot in the order of their capacity, the outer ones put aside."""
    made = count + round(count * PUT_ASIDE) + 1
    if made > LARGEST_SERIAL:
        raise PlanError("simulation.lot_too_large", cells=made, most=LARGEST_SERIAL)
    serial = np.arange(1, made + 1, dtype=np.uint64)
    capacity = hashed(serial, salt)
    order = np.argsort(capacity)
    aside = (made - count) // 2
    return (order[aside : aside + count] + 1).astype(np.uint32)


def lot_cells(design: Design, day: int, packs: int, seed: int, shuffled: bool = True) -> npt.NDArray[np.uint32]:
    """Cell serials of all packs made on one day, in the order of packs, modules and places."""
    count = packs * design.cells_in_pack
    if not shuffled:
        return np.arange(1, count + 1, dtype=np.uint32)
    # The graded order alone would give neighbouring modules to one pack; modules are dealt out, too.
    serial = matched_serials(count, lot_salt(seed, design.index, day))
    modules = serial.reshape(packs * design.modules, design.cells)
    keys = hashed(np.arange(len(modules), dtype=np.uint64), lot_salt(seed + 1, design.index, day))
    within = hashed(np.arange(count, dtype=np.uint64), lot_salt(seed + 2, design.index, day))
    places = np.argsort(within.reshape(modules.shape), axis=1)
    return np.take_along_axis(modules[np.argsort(keys)], places, axis=1).reshape(-1)


def lot_rows(design: Design, day: int, serials: Ints, cells: npt.NDArray[np.uint32]) -> pl.DataFrame:
    """Rows of `pack_produced`: one a cell, for the packs `serials` (ascending, from 1) of one day.

    `cells` are the cell serials of these packs in order.
    """
    zero = np.zeros(len(serials), dtype=np.int64)
    packs = battery_codes([design.prefix("P")], zero, zero + day, serials)
    number = ((serials[:, None] - 1) * design.modules + np.arange(1, design.modules + 1)).reshape(-1)
    modules = lot_codes(design.prefix("M"), day - MODULE_LEAD_DAYS, number.astype(np.uint32))
    rows = np.arange(len(cells), dtype=np.uint32)
    return pl.DataFrame(
        {
            "pack_code": packs.gather(rows // design.cells_in_pack),
            "produced_on": pl.repeat(day, len(cells), dtype=pl.Int32, eager=True).cast(pl.Date),
            "module_code": modules.gather(rows // design.cells),
            "cell_code": lot_codes(design.prefix("C"), day - cell_lead_days(design), cells),
            "model": pl.repeat(design.model("P"), len(cells), eager=True),
        }
    )


def pack_rows(world: World, packs: pl.DataFrame, wanted: pl.DataFrame, seed: int) -> Iterator[pl.DataFrame]:
    """Rows of `pack_produced` for some packs, lot by lot.

    Parameters
    ----------
    packs
        All packs ever made: `design`, `day` (days since 1970), `serial`.
    wanted
        The packs to report, with the same columns.
    """
    sizes = packs.group_by("design", "day").agg(pl.len().alias("size"))
    groups = wanted.sort("design", "day", "serial").group_by("design", "day", maintain_order=True).agg("serial")
    for index, day, serials, size in groups.join(sizes, on=["design", "day"], maintain_order="left").iter_rows():
        design = world.all_designs[index]
        cells = lot_cells(design, day, size, seed).reshape(size, design.cells_in_pack)
        chosen = np.array(serials, dtype=np.int64)
        yield lot_rows(design, day, chosen, cells[chosen - 1].reshape(-1))


def bulk_design(seed: int = 1) -> tuple[World, Design]:
    """The world and the design (10 modules of 16 cells) that `pack_files` takes its packs from."""
    world = build_world(Plan(seed=seed))
    return world, world.designs[0]


def pack_files(
    packs: int,
    rows_per_file: int,
    shuffled: bool = True,
    seed: int = 1,
    start: date = date(2025, 1, 1),
    packs_per_day: int = 2_000,
) -> Iterator[pl.DataFrame]:
    """Files of `pack_produced` with all modules and cells: production only, as many packs as you like.

    One frame after the other is made, so the memory needed does not grow with `packs`. All packs are
    of one maker (see `bulk_design`), `packs_per_day` of them a day; the days follow one another from
    `start`. A file never cuts a pack: it has at most `rows_per_file` rows, but at least one pack.

    Parameters
    ----------
    shuffled
        Whether cells are matched by capacity (the usual case) or taken in the order of their serials.

    Raises
    ------
    PlanError
        ``simulation.out_of_range``: no packs, or more a day than its serials can number.
    """
    _, design = bulk_design(seed)
    largest_day = round(LARGEST_SERIAL / (1 + PUT_ASIDE)) // design.cells_in_pack - 1
    for name, value, low, high in (
        ("packs", packs, 1, LARGEST_SERIAL * 100),
        ("rows_per_file", rows_per_file, 1, 100_000_000),
        ("packs_per_day", packs_per_day, 1, largest_day),
    ):
        if not low <= value <= high:
            raise PlanError("simulation.out_of_range", name=name, value=value, low=low, high=high)
    per_file = max(1, rows_per_file // design.cells_in_pack)
    parts: list[pl.DataFrame] = []
    room = per_file
    for lot, first in enumerate(range(0, packs, packs_per_day)):
        size = min(packs_per_day, packs - first)
        day = days(start) + lot
        cells = lot_cells(design, day, size, seed, shuffled).reshape(size, design.cells_in_pack)
        done = 0
        while done < size:
            taken = min(room, size - done)
            serials = np.arange(done + 1, done + taken + 1, dtype=np.int64)
            parts.append(lot_rows(design, day, serials, cells[done : done + taken].reshape(-1)))
            done, room = done + taken, room - taken
            if not room:
                yield pl.concat(parts)
                parts, room = [], per_file
    if parts:
        yield pl.concat(parts)
