"""Findings grouped by cause, as a person mends a file: one cause, how often, the first examples."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

import polars as pl

from suyuan.kernel import Severity
from suyuan.kernel.findings import Value
from suyuan.sheets.findings import unpack

EXAMPLES = 5
"""Examples shown of a cause."""

_WEIGHT = MappingProxyType({"refuse": 0, "finding": 1, "warning": 2})


@dataclass(frozen=True, slots=True)
class Example:
    """One place where a cause shows: the row as the reader of the file counts it; None: the whole file."""

    row_number: int | None
    value: str | None
    data: dict[str, Value]


@dataclass(frozen=True, slots=True)
class CauseGroup:
    """One rule that fired on one field, and how many rows it concerns."""

    code: str
    field: str | None
    severity: Severity
    rows: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows carry at least one finding of each severity."""

    refuse: int
    finding: int
    warning: int


def counts(findings: pl.DataFrame) -> Counts:
    """Rows by severity; a row may count under several. A finding about the whole file counts as one row."""
    rows = findings.group_by("severity").agg(pl.col("row").n_unique())
    by_severity: dict[str, int] = dict(zip(rows["severity"], rows["row"], strict=True))
    return Counts(*(by_severity.get(severity.value, 0) for severity in Severity))


def group_by_cause(findings: pl.DataFrame, row_numbers: pl.Series | None = None) -> list[CauseGroup]:
    """The causes, refusals first, the most frequent first.

    Parameters
    ----------
    row_numbers
        The number of each row as the reader of the file counts it (``Sheet.row_numbers``); rows are
        counted from 1 if it is not given.
    """
    if findings.is_empty():
        return []
    cause = ["severity", "code", "field"]
    numbered = findings.with_columns(row_number=_row_numbers(findings["row"], row_numbers))
    grouped = numbered.group_by(cause, maintain_order=True).agg(
        rows=pl.col("row").n_unique(),
        **{
            name: pl.col(name).sort_by("row", maintain_order=True).head(EXAMPLES)
            for name in ("row_number", "value", "data")
        },
    )
    groups = [_group(row) for row in grouped.iter_rows(named=True)]
    return sorted(groups, key=lambda g: (_WEIGHT[g.severity.value], -g.rows, g.code, g.field or ""))


def _row_numbers(rows: pl.Series, row_numbers: pl.Series | None) -> pl.Series:
    if row_numbers is None:
        return rows.cast(pl.Int64) + 1
    return row_numbers.gather(rows).cast(pl.Int64)


def _group(row: dict[str, object]) -> CauseGroup:
    columns = (cast("list[object]", row[name]) for name in ("row_number", "value", "data"))
    examples = tuple(
        Example(cast("int | None", number), cast("str | None", value), unpack(cast("str | None", data)))
        for number, value, data in zip(*columns, strict=True)
    )
    field, code, rows = cast("str | None", row["field"]), cast("str", row["code"]), cast("int", row["rows"])
    return CauseGroup(code, field, Severity(cast("str", row["severity"])), rows, examples)
