"""Who is inside whom, within one file: a part has one place, and nothing is inside itself."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from suyuan.events.checks.judged import Pen
from suyuan.events.checks.rows import Groups, Said, other_rows
from suyuan.events.checks.shapes import shape_of
from suyuan.events.checks.texts import NOWHERE, Places, Rows, TextColumn, mask, run_starts
from suyuan.events.vocabulary import FieldType, Kind


def _suspects(part: Places, elsewhere: list[Places]) -> Rows:
    """Rows whose part stands elsewhere, too; of rows that follow each other and say the same, only the first."""
    changes = run_starts(part)
    for place in elsewhere:
        changes |= run_starts(place)
    rows = np.flatnonzero(changes & (part != NOWHERE))
    times = np.bincount(part[rows])
    return rows[times[part[rows]] > 1]


def check_one_place(kind: Kind, said: Said, records: Groups, row_names: pl.Series, pen: Pen) -> None:
    """Refuse an object that this file puts in two places, naming the row of the other one.

    A part inside two batteries is refused in both: nobody can tell which of them is wrong. What is bound to
    two vehicles, or made twice, stands where it is said first in a record that is not refused already, as
    the ledger takes the first of two files.
    """
    for part_name, place_names in shape_of(kind).bonds:
        part = said.columns.get(part_name)
        if part is None or not part.repeats:
            continue
        names = [name for name in place_names if name in said.columns]
        first_stands = all(kind.fields[name].type is not FieldType.BATTERY_CODE for name in place_names)
        rows = _suspects(said.identities[part_name], [said.identities[name] for name in names])
        if first_stands:
            rows = rows[~np.isin(records.group[rows], records.group[pen.refused])]
        if not len(rows):
            continue
        places = {name: said.columns[name].text[rows] for name in names}
        table = pl.DataFrame({"row": rows, "part": part.text[rows]} | places)
        place = pl.coalesce(*names, pl.lit(None, pl.String)).alias("place")
        table = table.select("row", "part", place).unique(["part", "place"], keep="first", maintain_order=True)
        one = pl.col("part")
        table = table.filter(pl.len().over(one) > 1).with_columns(
            first=pl.col("row").first().over(one), second=pl.col("row").get(1).over(one)
        )
        if first_stands:
            table = table.filter(pl.col("row") != pl.col("first"))
            data = other_rows(table["first"].to_numpy(), row_names)
            pen.write("events.bound_twice", table["row"].to_numpy(), part_name, table["part"], data)
            continue
        other = table.select(pl.when(pl.col("row") == pl.col("first")).then("second").otherwise("first")).to_series()
        data = other_rows(other.to_numpy(), row_names)
        pen.write("events.two_parents", table["row"].to_numpy(), part_name, table["part"], data)


def check_not_itself(kind: Kind, columns: Mapping[str, TextColumn], pen: Pen) -> None:
    """Refuse a part that is said to be inside itself, and a source that is its own product."""
    pairs = [(part, place) for part, places in shape_of(kind).bonds for place in places]
    if kind.name == "product_made":
        pairs.append(("source_code", "product_code"))
    for part, place in pairs:
        if part not in columns or place not in columns:
            continue
        levels = kind.fields[part].levels, kind.fields[place].levels
        if set(levels[0]) & set(levels[1]):
            rows = np.flatnonzero(mask(columns[part].text == columns[place].text))
            pen.write("events.child_is_parent", rows, part, columns[part].text[rows])
