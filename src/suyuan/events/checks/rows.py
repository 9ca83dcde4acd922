"""Which rows are one record, whether they say the same, and which of them only repeat another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.events.checks.judged import Pen, personal_fields
from suyuan.events.checks.shapes import Shape, shape_of
from suyuan.events.checks.texts import NOWHERE, Mask, Places, Rows, TextColumn, places, repeated, run_of_row, run_starts
from suyuan.events.vocabulary import Kind
from suyuan.sheets.findings import VALUE_LIMIT
from suyuan.sheets.unstorable import NUL


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows put together: `group` by row (`NOWHERE`: in none), `first` the first row of each group."""

    group: Places
    first: Rows

    def __len__(self) -> int:
        return len(self.first)

    def first_of_row(self) -> Rows:
        """By row, the first row of its group; `NOWHERE` where it is in none."""
        return np.append(self.first, NOWHERE)[self.group]


def group_rows(key: npt.NDArray[np.integer]) -> Groups:
    """Number the different values of `key` in the order in which they first appear; `NOWHERE` is in no group."""
    starts = run_starts(key)
    heads = np.flatnonzero(starts)
    runs = pl.Series(key[heads])
    if runs.n_unique() == len(runs) and not (key == NOWHERE).any():
        return Groups(run_of_row(starts), heads)
    once = runs.arg_unique().to_numpy()
    once = once[key[heads[once]] != NOWHERE]
    return Groups(places(runs, runs[once])[run_of_row(starts)], heads[once])


def combined(identities: Sequence[Places]) -> npt.NDArray[np.int64]:
    """One key a row from several: equal exactly where all are; a blank is a value like any other."""
    whole = identities[0].astype(np.int64) + 1
    for one in identities[1:]:
        whole = (group_rows(whole).group.astype(np.int64) << 32) + one + 1
    return whole


def records_of(kind: Kind, identities: Mapping[str, Places], rows: int) -> Groups:
    """The records of a sheet: rows that agree in the fields of `kind.record`.

    A row without a required one of them is a record of its own, for nobody can tell whose row it is.
    """
    own = np.arange(rows, dtype=np.int32)
    keys = [identities[name] for name in kind.record if name in identities]
    if not keys:
        return Groups(own, own)
    lost = np.zeros(rows, bool)
    for name in kind.record:
        if kind.fields[name].required:
            lost |= identities[name] == NOWHERE if name in identities else True
    return group_rows(np.where(lost, NOWHERE - 1 - own, combined(keys)))


def _shown(value: pl.Series) -> pl.Series:
    text = value.dt.strftime("%Y-%m-%d %H:%M:%S") if value.dtype.base_type() == pl.Datetime else value.cast(pl.String)
    return text.str.slice(0, VALUE_LIMIT).str.replace_all(NUL, "", literal=True)


def other_rows(rows: Rows, row_names: pl.Series, more: pl.Series | None = None) -> pl.Series:
    """Data that names another row as the reader of the file counts it, and what stands there."""
    table = pl.DataFrame({"other_row": row_names[rows]})
    if more is not None:
        table = table.with_columns(other_value=more)
    return table.select(pl.struct(pl.all()).struct.json_encode()).to_series()


@dataclass(frozen=True, slots=True)
class Said:
    """What the rows say.

    Parameters
    ----------
    columns
        By field, the text as received.
    values
        The typed values.
    identities
        By field and row, a number that is the same exactly where the field means the same; `NOWHERE` where blank.
    """

    columns: Mapping[str, TextColumn]
    values: pl.DataFrame
    identities: Mapping[str, Places]


def check_agreement(said: Said, names: Sequence[str], groups: Groups, row_names: pl.Series, pen: Pen) -> Mask:
    """Rows of one group must say the same in the fields `names`; the rows that do not are named and returned.

    Texts that differ may still mean the same, so the values are compared where the texts differ.
    """
    disagree = np.zeros(len(groups.group), bool)
    if len(groups) == len(disagree):
        return disagree
    first = groups.first_of_row()
    for name in names:
        identity = said.identities[name]
        rows = np.flatnonzero((identity != identity[first]) & (first != NOWHERE))
        if not len(rows):
            continue
        column = said.values[name]
        rows = rows[column[rows].ne_missing(column[first[rows]]).to_numpy()]
        disagree[rows] = True
        elsewhere = first[rows]
        there = _shown(column[elsewhere]).fill_null("")
        if name in personal_fields():
            there = repeated("", len(there), pl.String())
        data = other_rows(elsewhere, row_names, there)
        pen.write("events.record_disagrees", rows, name, _shown(column[rows]), data)
    return disagree


def check_items_agree(said: Said, shape: Shape, records: Groups, row_names: pl.Series, pen: Pen) -> Mask:
    """In lists side by side an item may stand in several rows; it must be described alike in all of them."""
    disagree = np.zeros(len(records.group), bool)
    for nest in shape.parallel:
        item = said.identities.get(nest.columns[0])
        others = [name for name in nest.columns[1:] if name in said.identities]
        if item is not None and others:
            disagree |= check_agreement(said, others, group_rows(inside(records.group, item)), row_names, pen)
    return disagree


def inside(record: npt.NDArray[np.integer], item: Places) -> npt.NDArray[np.int64]:
    """By row, a key of its item inside its record; `NOWHERE` where there is none."""
    return np.where(item == NOWHERE, NOWHERE, (record.astype(np.int64) << 32) + item)


def repeated_rows(kind: Kind, said: Said, records: Groups, disagree: Mask, row_names: pl.Series, pen: Pen) -> Mask:
    """The rows that repeat an earlier row of their record; they are not counted again.

    A record repeated as a whole is a duplicate, which is said; a single item repeated in a list is refused.
    Rows that `disagree` with the first of their record repeat nothing.
    """
    repeated = np.zeros(len(disagree), bool)
    listed = [name for name in shape_of(kind).listed if name in said.columns]
    items = [name for name in shape_of(kind).items if name in said.columns]
    candidates = _candidates([said.columns[name] for name in items], disagree)
    if len(records) == len(disagree) or not len(candidates):
        return repeated
    table = pl.DataFrame({"row": candidates, "record": records.group[candidates]})
    table = table.with_columns(pl.Series(name, said.identities[name][candidates]) for name in listed)
    item, line = pl.struct("record", *items), pl.struct("record", *listed)
    table = table.with_columns(first=pl.col("row").first().over(item), times=pl.len().over(line), n=pl.len().over(item))
    table = table.filter(pl.col("n") > 1)
    if not table.height:
        return repeated
    size = pl.DataFrame({"rows": np.bincount(records.group)}).with_row_index("record")
    whole = table.group_by("record").agg(found=pl.len(), kinds=pl.col("times").n_unique(), least=pl.col("times").min())
    whole = whole.join(size.cast({"record": pl.Int32}), on="record").filter(
        (pl.col("found") == pl.col("rows")) & (pl.col("kinds") == 1) & (pl.col("least") > 1)
    )
    again = table.filter(pl.col("row") != pl.col("first"))
    duplicates = again.join(whole, on="record", how="semi").sort("row").unique("record", keep="first")
    _write_again("events.duplicate_record", duplicates, None, row_names, pen)
    part = items[-1] if items and not shape_of(kind).parallel else None
    _write_again("events.child_twice", again.join(whole, on="record", how="anti"), part, row_names, pen)
    repeated[again["row"].to_numpy()] = True
    return repeated


def _write_again(code: str, again: pl.DataFrame, part: str | None, row_names: pl.Series, pen: Pen) -> None:
    pen.write(code, again["row"].to_numpy(), part, None, other_rows(again["first"].to_numpy(), row_names))


def _candidates(items: Sequence[TextColumn], disagree: Mask) -> Rows:
    """Rows that might repeat another: those that hold no item that stands in one row only."""
    maybe = ~disagree
    for item in items:
        if not item.repeats:
            maybe &= item.blank()
    return np.flatnonzero(maybe)
