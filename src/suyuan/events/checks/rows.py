"""Which rows are one record, whether they say the same, and which of them only repeat another."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from suyuan.events.checks.judged import Pen
from suyuan.events.checks.shapes import Shape, shape_of
from suyuan.events.checks.texts import nowhere, row_numbers, run_of_row, run_starts
from suyuan.events.vocabulary import Kind
from suyuan.sheets.findings import VALUE_LIMIT


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows put together: `group` by row (null: in none), `first` the first row of each group."""

    group: pl.Series
    first: pl.Series

    def __len__(self) -> int:
        return len(self.first)

    def first_of_row(self) -> pl.Series:
        """By row, the first row of its group."""
        return self.first.gather(self.group)


def group_rows(key: pl.Series) -> Groups:
    """Number the different values of `key` in the order in which they first appear; null stays null."""
    starts = run_starts(key)
    heads = pl.Series(np.flatnonzero(starts), dtype=pl.UInt32)
    runs = key if len(heads) == len(key) else key.filter(pl.Series(starts))
    if runs.n_unique() == len(runs) and not runs.null_count():
        return Groups(run_of_row(starts), heads)
    table = pl.DataFrame({"key": runs, "row": heads})
    different = table.drop_nulls("key").unique("key", keep="first", maintain_order=True).with_row_index("group")
    found = table.select("key").join(different, on="key", how="left", maintain_order="left")["group"]
    return Groups(found.gather(run_of_row(starts)), different["row"])


def combined(identities: Sequence[pl.Series]) -> pl.Series:
    """One key a row from several: equal exactly where all are; a null is a value like any other."""
    whole = identities[0].cast(pl.UInt64)
    for one in identities[1:]:
        dense = group_rows(whole.fill_null(2**63)).group.cast(pl.UInt64)
        other = one.cast(pl.UInt64).fill_null(2**32 - 1)
        whole = dense * 2**32 + other
    return whole


def records_of(kind: Kind, identities: dict[str, pl.Series], rows: int) -> Groups:
    """The records of a sheet: rows that agree in the fields of `kind.record`.

    A row without a required one of them is a record of its own, for nobody can tell whose row it is.
    """
    keys = [identities[name] for name in kind.record if name in identities]
    if not keys:
        return Groups(row_numbers(rows), row_numbers(rows))
    key = combined(keys)
    lost = nowhere(rows)
    for name in kind.record:
        if kind.fields[name].required:
            lost |= identities[name].is_null() if name in identities else ~nowhere(rows)
    if lost.any():
        own = row_numbers(rows).cast(pl.UInt64) + (2**63 + 1)
        key = key.set(lost, None).fill_null(own) if keys else own
    elif key.null_count():
        key = key.fill_null(2**63)
    return group_rows(key)


def _shown(value: pl.Series) -> pl.Series:
    text = value.dt.strftime("%Y-%m-%d %H:%M:%S") if value.dtype.base_type() == pl.Datetime else value.cast(pl.String)
    return text.str.slice(0, VALUE_LIMIT)


def other_rows(rows: pl.Series, row_names: pl.Series, more: pl.Series | None = None) -> pl.Series:
    """Data that names another row as the reader of the file counts it, and what stands there."""
    table = pl.DataFrame({"other_row": row_names.gather(rows)})
    if more is not None:
        table = table.with_columns(other_value=more)
    return table.select(pl.struct(pl.all()).struct.json_encode()).to_series()


def check_agreement(
    values: pl.DataFrame, names: Sequence[str], groups: Groups, row_names: pl.Series, pen: Pen
) -> pl.Series:
    """Rows of one group must say the same in the fields `names`; the rows that do not are named and returned."""
    disagree = nowhere(values.height)
    if len(groups) == values.height:
        return disagree
    first = groups.first_of_row()
    for name in names:
        column = values[name]
        differs = column.ne_missing(column.gather(first)) & first.is_not_null()
        if differs.any():
            disagree |= differs
            rows = differs.arg_true()
            elsewhere = first.gather(rows)
            data = other_rows(elsewhere, row_names, _shown(column.gather(elsewhere)).fill_null(""))
            pen.write("events.record_disagrees", rows, name, _shown(column.gather(rows)), data)
    return disagree


def check_items_agree(
    values: pl.DataFrame,
    shape: Shape,
    identities: dict[str, pl.Series],
    records: Groups,
    row_names: pl.Series,
    pen: Pen,
) -> pl.Series:
    """In lists side by side an item may stand in several rows; it must be described alike in all of them."""
    disagree = nowhere(values.height)
    for nest in shape.parallel:
        item, others = nest.columns[0], [name for name in nest.columns[1:] if name in values.columns]
        if item not in identities or not others:
            continue
        key = records.group.cast(pl.UInt64) * 2**32 + identities[item].cast(pl.UInt64)
        disagree |= check_agreement(values, others, group_rows(key), row_names, pen)
    return disagree


def repeated_rows(
    kind: Kind,
    identities: dict[str, pl.Series],
    records: Groups,
    disagree: pl.Series,
    row_names: pl.Series,
    pen: Pen,
) -> pl.Series:
    """The rows that repeat an earlier row of their record; they are not counted again.

    A record repeated as a whole is a duplicate, which is said; a single item repeated in a list is refused.
    Rows that `disagree` with the first of their record repeat nothing.
    """
    rows = len(records.group)
    nothing = nowhere(rows)
    listed = [name for name in shape_of(kind).listed if name in identities]
    items = [name for name in shape_of(kind).items if name in identities]
    candidates = _candidates([identities[name] for name in items], rows)
    if len(records) == rows or not len(candidates):
        return nothing
    table = pl.DataFrame({"row": candidates, "record": records.group.gather(candidates)})
    table = table.with_columns(identities[name].gather(candidates).alias(name) for name in listed)
    table = table.filter(~disagree.gather(candidates))
    item, line = pl.struct("record", *items), pl.struct("record", *listed)
    table = table.with_columns(first=pl.col("row").first().over(item), times=pl.len().over(line), n=pl.len().over(item))
    table = table.filter(pl.col("n") > 1)
    if not table.height:
        return nothing
    size = records.group.value_counts(name="rows").rename({records.group.name: "record"})
    whole = table.group_by("record").agg(found=pl.len(), kinds=pl.col("times").n_unique(), least=pl.col("times").min())
    whole = whole.join(size, on="record").filter(
        (pl.col("found") == pl.col("rows")) & (pl.col("kinds") == 1) & (pl.col("least") > 1)
    )
    again = table.filter(pl.col("row") != pl.col("first"))
    duplicates = again.join(whole, on="record", how="semi").sort("row").unique("record", keep="first")
    pen.write("events.duplicate_record", duplicates["row"], None, None, other_rows(duplicates["first"], row_names))
    twice = again.join(whole, on="record", how="anti")
    part = items[-1] if items and not shape_of(kind).parallel else None
    pen.write("events.child_twice", twice["row"], part, None, other_rows(twice["first"], row_names))
    return nothing.scatter(again["row"], True)


def _candidates(identities: Sequence[pl.Series], rows: int) -> pl.Series:
    """Rows that might repeat another: those that hold no item that stands in one row only."""
    maybe = ~nowhere(rows)
    for identity in identities:
        present = len(identity) - identity.null_count()
        if identity.n_unique() - (1 if identity.null_count() else 0) == present:
            maybe &= identity.is_null()
    return maybe.arg_true()
