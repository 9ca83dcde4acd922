"""The columnar form of findings: one table for a million of them, built without a row loop.

A table of findings is a polars DataFrame with the schema `FINDINGS`:

========  ======  ==============================================================================
row       UInt32  index, from 0, into the data rows of the sheet as read; null: the whole file
field     String  canonical name of the field; null: the whole row or file
code      String  what was found, for example ``sheets.error_cell``; a message id, too
severity  String  ``refuse``, ``finding`` or ``warning``, as `suyuan.kernel.Severity`
value     String  the offending text as received, cut to `VALUE_LIMIT` characters; null: none
data      String  compact JSON object with what the sentence needs; null: nothing
========  ======  ==============================================================================

The row number as a spreadsheet program counts it is ``Sheet.row_numbers[row]``.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.kernel import Finding, Severity
from suyuan.kernel.findings import Value
from suyuan.sheets.unstorable import NUL, stripped, stripped_data

VALUE_LIMIT = 200
"""Longest offending text kept in a finding, in characters."""

FINDINGS = pl.Schema(
    {
        "row": pl.UInt32(),
        "field": pl.String(),
        "code": pl.String(),
        "severity": pl.String(),
        "value": pl.String(),
        "data": pl.String(),
    }
)
"""Schema of every table of findings."""

Rows: TypeAlias = pl.Series | npt.NDArray[np.integer] | Sequence[int] | None


def pack(data: Mapping[str, Value] | None) -> str | None:
    """`data` as the compact JSON text kept in the table; None if there is nothing to keep."""
    return json.dumps(stripped_data(data), ensure_ascii=False, separators=(",", ":"), sort_keys=True) if data else None


def unpack(data: str | None) -> dict[str, Value]:
    """The inverse of `pack`."""
    return dict(json.loads(data)) if data else {}


def empty() -> pl.DataFrame:
    """A table without findings."""
    return pl.DataFrame(schema=FINDINGS)


def concat(tables: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """All findings of `tables` in one table, in the order given."""
    filled = [table for table in tables if table.height]
    return pl.concat(filled) if filled else empty()


def _text_column(name: str, value: str | pl.Series | None) -> pl.Expr:
    if isinstance(value, pl.Series):
        return pl.lit(value.cast(pl.String)).alias(name)
    return pl.lit(None if value is None else stripped(value), dtype=pl.String).alias(name)


def make(
    rows: Rows,
    field: str | None,
    code: str | pl.Series,
    severity: Severity | str = Severity.REFUSE,
    values: pl.Series | str | None = None,
    data: Mapping[str, Value] | pl.Series | None = None,
) -> pl.DataFrame:
    """Findings of one field, one for each of `rows`; one about the whole file if `rows` is None.

    Parameters
    ----------
    rows
        Row indices from 0.
    code, values
        One for all rows, or a series as long as `rows`. Values are kept without NUL and the like.
    data
        One mapping for all rows, or a series of JSON texts (see `pack`) as long as `rows`.

    Examples
    --------
    >>> make([3, 5], "vin", "codes.vin_length", Severity.REFUSE, pl.Series(["A", "B"])).height
    2
    """
    index = pl.Series("row", [None] if rows is None else rows, dtype=pl.UInt32)
    if not len(index):
        return empty()
    packed = data if isinstance(data, pl.Series) else pack(data)
    return index.to_frame().select(
        pl.col("row"),
        _text_column("field", field),
        _text_column("code", code),
        _text_column("severity", str(severity)),
        _text_column("value", values).str.slice(0, VALUE_LIMIT).str.replace_all(NUL, "", literal=True),
        _text_column("data", packed),
    )


def withhold(table: pl.DataFrame, fields: Sequence[str]) -> pl.DataFrame:
    """`table` where nothing of `fields` is quoted."""
    if not fields or not table.height:
        return table
    told = pl.col("field").is_in(list(fields)).not_().fill_null(True)
    return table.with_columns(pl.when(told).then("value").alias("value"))


def one(finding: Finding, row: int | None = None, field: str | None = None, value: str | None = None) -> pl.DataFrame:
    """The table with the single `finding`."""
    rows = None if row is None else [row]
    return make(rows, field, finding.code, finding.severity, value, finding.data)


def refused_rows(table: pl.DataFrame) -> pl.Series:
    """The row indices that `table` refuses, sorted, each once."""
    if table.is_empty():
        return table["row"]
    refused = table.filter((pl.col("severity") == Severity.REFUSE.value) & pl.col("row").is_not_null())
    return refused["row"].unique().sort()


def refuses_file(table: pl.DataFrame) -> bool:
    """Whether `table` refuses the whole file: a refusal that names no row."""
    if table.is_empty():
        return False
    return not table.filter((pl.col("severity") == Severity.REFUSE.value) & pl.col("row").is_null()).is_empty()
