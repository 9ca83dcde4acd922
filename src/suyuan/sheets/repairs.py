"""Boring faults of typing that can be mended without knowing the trade: proposed, never done silently.

A proposal is one row of a table with the schema `REPAIRS`: row, field, kind, text before and after.
"""

import polars as pl

from suyuan.sheets.template import Column

REPAIRS = pl.Schema(
    {"row": pl.UInt32(), "field": pl.String(), "kind": pl.String(), "before": pl.String(), "after": pl.String()}
)
"""Schema of a table of proposals. Several rows about one cell carry the same `after`: all mended at once."""

_NOTHING = pl.DataFrame(schema=REPAIRS)
_WIDE = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"
_SPACES = "\u00a0\u2007\u202f\u3000"
_KINDS = {
    "full_width": "[\uff01-\uff5e]",
    "zero_width": f"[{_INVISIBLE}]",
    "nbsp": f"[{_SPACES}]",
    "trailing_space": rf"^[\s{_INVISIBLE}]*\s|\s[\s{_INVISIBLE}]*$",
}
_FAULTY = f"[\uff01-\uff5e{_INVISIBLE}{_SPACES}]|^\\s|\\s$"


def empty() -> pl.DataFrame:
    """A table without proposals."""
    return _NOTHING.clear()


def propose(columns: pl.DataFrame, templates: dict[str, Column]) -> pl.DataFrame:
    """Proposals for every cell of `columns` with full-width letters, invisible marks or stray spaces.

    Full-width marks are right in free Chinese text, so they are left alone in columns of type ``text``.
    """
    if not columns.width:
        return empty()
    faulty = columns.select(pl.all().str.contains(_FAULTY).fill_null(False))  # all columns at once, in parallel
    found = [_column(columns[mask.name], templates[mask.name], mask.arg_true()) for mask in faulty if mask.any()]
    return pl.concat(found) if found else empty()


def _column(series: pl.Series, column: Column, rows: pl.Series) -> pl.DataFrame:
    cells = pl.DataFrame({"row": rows.cast(pl.UInt32), "before": series.gather(rows)})
    kinds = {kind: pattern for kind, pattern in _KINDS.items() if kind != "full_width" or column.type != "text"}
    cells = cells.with_columns(_mended(pl.col("before"), "full_width" in kinds).alias("after"))
    cells = cells.filter(pl.col("after") != pl.col("before"))
    tables = [
        cells.filter(pl.col("before").str.contains(pattern)).select(
            "row", pl.lit(column.name).alias("field"), pl.lit(kind).alias("kind"), "before", "after"
        )
        for kind, pattern in kinds.items()
    ]
    return pl.concat(tables)


def _mended(text: pl.Expr, narrow: bool) -> pl.Expr:
    text = text.str.replace_all(f"[{_INVISIBLE}]", "").str.replace_all(f"[{_SPACES}]", " ")
    if narrow:
        text = text.str.replace_many(list(_WIDE), list(_WIDE.values()))
    return text.str.strip_chars()


def apply(columns: pl.DataFrame, repairs: pl.DataFrame) -> pl.DataFrame:
    """`columns` with the cells that `repairs` names mended."""
    mended = []
    for name in repairs["field"].unique().sort():
        of_field = repairs.filter(pl.col("field") == name).unique("row", keep="last", maintain_order=True)
        mended.append(columns[name].clone().scatter(of_field["row"], of_field["after"]))
    return columns.with_columns(mended)
