"""From what the XML of a worksheet shows to findings about the rows that were read."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.kernel import Severity
from suyuan.kernel.findings import Value
from suyuan.sheets import findings as table
from suyuan.sheets import repairs as mending
from suyuan.sheets.assemble import Draft
from suyuan.sheets.cellscan import SheetFacts, column_letters, number_cells
from suyuan.sheets.inspect import LOOKS_NUMERIC

_SHOWN = 5

Indices = npt.NDArray[np.int64]
Columns = Mapping[int, str]  # number of the column in the worksheet → canonical name


def with_errors(frame: pl.DataFrame, facts: SheetFacts, columns: Columns, first_row: int) -> pl.DataFrame:
    """`frame`, whose first row has the number `first_row`, with the error values that the reader leaves out."""
    changed = []
    for at, name in sorted(columns.items()):
        cells = [(row - first_row, text) for row, column, text in facts.errors if column == at]
        cells = [(place, text) for place, text in cells if 0 <= place < frame.height]
        if cells:
            places, texts = zip(*cells, strict=True)
            changed.append(frame[name].clone().scatter(list(places), pl.Series(texts, dtype=pl.String)))
    return frame.with_columns(changed)


def tell(draft: Draft, facts: SheetFacts, columns: Columns, stream: Callable[[], Iterator[bytes]]) -> None:
    """Add to `draft` what the XML of its worksheet says about the rows that were kept."""
    numbers = draft.row_numbers.to_numpy().astype(np.int64)
    draft.said += [
        *_formulas(facts, columns, numbers),
        *_hidden(facts, numbers),
        *_merges(draft, facts, columns, numbers),
    ]
    draft.numeric = _numeric(draft, facts, columns, numbers, stream)


def _kept(numbers: Indices, rows: Sequence[int] | Indices) -> tuple[Indices, npt.NDArray[np.bool_]]:
    """Indices of worksheet rows among the rows kept, and which of `rows` these are."""
    wanted = np.asarray(rows, dtype=np.int64)
    if not len(numbers) or not len(wanted):
        return np.empty(0, np.int64), np.zeros(len(wanted), dtype=np.bool_)
    at = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
    there = numbers[at] == wanted
    return at[there], there


def _formulas(facts: SheetFacts, columns: Columns, numbers: Indices) -> Iterator[pl.DataFrame]:
    for column, seen in sorted(facts.formulas.items()):
        name = columns.get(column)
        if name is None:
            continue
        data: dict[str, Value] = {"field": name, "count": seen.count, "cells": seen.first}
        yield table.make(None, name, "sheets.formula", Severity.WARNING, data=data)
        rows, _ = _kept(numbers, seen.without_value)
        yield table.make(rows, name, "sheets.formula_without_value", Severity.REFUSE, data={"field": name})


def _hidden(facts: SheetFacts, numbers: Indices) -> Iterator[pl.DataFrame]:
    rows, _ = _kept(numbers, facts.hidden_rows)
    if len(rows):
        data: dict[str, Value] = {"count": len(rows), "rows": [str(number) for number in numbers[rows[:_SHOWN]]]}
        yield table.make(None, None, "sheets.hidden_rows", Severity.WARNING, data=data)


def _merges(draft: Draft, facts: SheetFacts, columns: Columns, numbers: Indices) -> Iterator[pl.DataFrame]:
    """Refusals of the cells that a merged range swallowed; filling them downwards is proposed."""
    if not facts.merges or not len(numbers):
        return
    bounds = np.array(facts.merges, dtype=np.int64)
    tops, lefts, bottoms, rights = bounds[:, 0], bounds[:, 1], bounds[:, 2], bounds[:, 3]
    for column, name in sorted(columns.items()):
        covers = (lefts <= column) & (column <= rights) & (bottoms >= numbers[0]) & (tops <= numbers[-1])
        if not covers.any():
            continue
        own = lefts[covers] == column
        first = np.maximum(tops[covers] + own, numbers[0])
        lengths = np.maximum(np.minimum(bottoms[covers], numbers[-1]) - first + 1, 0)
        which = np.repeat(np.arange(len(first)), lengths)
        rows = np.arange(len(which)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + first[which]
        index, there = _kept(numbers, rows)
        which = which[there]
        ranges = pl.Series([table.pack({"field": name, "range": _range(*cell)}) for cell in bounds[covers].tolist()])
        yield table.make(index, name, "sheets.merged_cells", data=ranges.gather(which))
        top_index, top_there = _kept(numbers, tops[covers])
        sources = np.full(len(first), -1)
        sources[top_there] = top_index
        _propose_fills(draft, name, index, np.where(own[which], sources[which], -1))


def _propose_fills(draft: Draft, name: str, index: Indices, source: Indices) -> None:
    """The value at `source` for the cell at `index`, where both exist and the cell is empty."""
    values = draft.frame[name]
    cells = pl.DataFrame({"row": index, "source": source}, schema={"row": pl.UInt32, "source": pl.Int64})
    cells = cells.filter(pl.col("source") >= 0).unique("row", keep="first", maintain_order=True)
    fills = cells.select(
        "row",
        pl.lit(name).alias("field"),
        pl.lit("merged_fill").alias("kind"),
        pl.lit(values.gather(cells["row"])).alias("before"),
        pl.lit(values.gather(cells["source"])).alias("after"),
    ).filter(pl.col("before").is_null() & pl.col("after").is_not_null())
    draft.fills = pl.concat([draft.fills, fills.cast(mending.REPAIRS)])


def _range(top: int, left: int, bottom: int, right: int) -> str:
    return f"{column_letters(left)}{top}:{column_letters(right)}{bottom}"


def _numeric(
    draft: Draft,
    facts: SheetFacts,
    columns: Columns,
    numbers: Indices,
    stream: Callable[[], Iterator[bytes]],
) -> pl.DataFrame:
    """Cells of text columns that are numbers in the XML.

    Columns that the survey did not list are looked at only where some text looks like a number.
    """
    template = draft.match.template
    texts = {at: name for at, name in columns.items() if template.column(name).needs_letters}
    listed = {at: name for at, name in texts.items() if at in facts.number_columns}
    others = {at: name for at, name in texts.items() if at not in listed}
    looks = draft.frame.select(pl.col(name).str.contains(LOOKS_NUMERIC).any() for name in others.values())
    suspected = listed | {at: name for at, name in others.items() if looks.height and looks[name][0]}
    cells = number_cells(stream, facts, suspected) if suspected else []
    found = pl.DataFrame(cells, schema={"number": pl.Int64, "column": pl.Int64, "value": pl.String}, orient="row")
    index, there = _kept(numbers, found["number"].to_numpy())
    found = found.filter(pl.Series(there)).with_columns(row=pl.Series(index, dtype=pl.UInt32))
    parts = []
    for at, name in sorted(suspected.items()):
        cells_here = found.filter(pl.col("column") == at)
        shown = draft.frame[name].gather(cells_here["row"])
        parts.append(cells_here.select("row", pl.lit(name).alias("field"), "value", pl.lit(shown).alias("shown")))
    schema = {"row": pl.UInt32, "field": pl.String, "value": pl.String, "shown": pl.String}
    return pl.concat(parts) if parts else pl.DataFrame(schema=schema)
