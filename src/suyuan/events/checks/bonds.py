"""Who is inside whom, within one file: a part has one place, and nothing is inside itself."""

import polars as pl

from suyuan.events.checks.judged import Pen
from suyuan.events.checks.rows import other_rows
from suyuan.events.checks.shapes import shape_of
from suyuan.events.checks.texts import TextColumn, row_numbers, run_starts
from suyuan.events.vocabulary import Kind


def _places(columns: dict[str, TextColumn], names: tuple[str, ...], rows: pl.Series) -> pl.Series:
    """The text of the place of each of `rows`: the first of the fields that is filled."""
    texts = [columns[name].text.gather(rows).alias(name) for name in names if name in columns]
    if not texts:
        return pl.Series([None] * len(rows), dtype=pl.String)
    return pl.DataFrame(texts).select(pl.coalesce(pl.all())).to_series()


def _suspects(part: TextColumn, columns: dict[str, TextColumn], names: tuple[str, ...]) -> pl.Series:
    """Rows whose part stands elsewhere, too; of rows that follow each other and say the same, only the first."""
    if not part.repeats:
        return row_numbers(0)
    changes = run_starts(part.text)
    for name in names:
        if name in columns:
            changes |= run_starts(columns[name].text)
    rows = (pl.Series(changes) & part.text.is_not_null()).arg_true()
    return rows.filter(part.text.gather(rows).is_duplicated())


def check_one_place(kind: Kind, columns: dict[str, TextColumn], row_names: pl.Series, pen: Pen) -> None:
    """Refuse a part that this file puts in two places, in every place, naming the other one."""
    for part_name, place_names in shape_of(kind).bonds:
        part = columns.get(part_name)
        rows = row_numbers(0) if part is None else _suspects(part, columns, place_names)
        if part is None or not len(rows):
            continue
        table = pl.DataFrame(
            {"row": rows, "part": part.text.gather(rows), "place": _places(columns, place_names, rows)}
        ).unique(["part", "place"], keep="first", maintain_order=True)
        one = pl.col("part")
        table = table.filter(pl.len().over(one) > 1).with_columns(
            first=pl.col("row").first().over(one), second=pl.col("row").get(1).over(one)
        )
        other = table.select(pl.when(pl.col("row") == pl.col("first")).then("second").otherwise("first"))
        pen.write(
            "events.two_parents", table["row"], part_name, table["part"], other_rows(other.to_series(), row_names)
        )


def check_not_itself(kind: Kind, columns: dict[str, TextColumn], pen: Pen) -> None:
    """Refuse a part that is said to be inside itself, and a source that is its own product."""
    pairs = [(part, place) for part, places in shape_of(kind).bonds for place in places]
    if kind.name == "product_made":
        pairs.append(("source_code", "product_code"))
    for part, place in pairs:
        if part not in columns or place not in columns:
            continue
        levels = kind.fields[part].levels, kind.fields[place].levels
        if set(levels[0]) & set(levels[1]):
            same = (columns[part].text == columns[place].text).fill_null(False)
            rows = same.arg_true()
            pen.write("events.child_is_parent", rows, part, columns[part].text.gather(rows))
