"""What a submission came to: counts, causes, and every finding as a small compressed table."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import polars as pl

from suyuan.events.checks.grouping import CauseGroup, group_by_cause
from suyuan.server.submissions.models import State

FINDINGS_SCHEMA = pl.Schema(
    {
        "row_number": pl.UInt32(),
        "field": pl.String(),
        "code": pl.String(),
        "severity": pl.String(),
        "value": pl.String(),
        "data": pl.String(),
        "refused": pl.Boolean(),
    }
)


@dataclass(frozen=True, slots=True)
class Result:
    """Counts by record, except `rows`; `findings` as `FINDINGS_SCHEMA`, in the order of the rows."""

    state: State
    rows: int
    records: int
    admitted: int
    duplicates: int
    refused: int
    groups: list[dict[str, Any]]
    findings: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Counted:
    """What the ledger made of the records: counts, contradictions by sheet row, and which rows were refused."""

    admitted: int
    duplicates: int
    refused: int
    findings: pl.DataFrame
    refused_rows: pl.Series


def numbered(findings: pl.DataFrame, row_numbers: pl.Series, refused_rows: pl.Series | None) -> pl.DataFrame:
    """Findings by the row as the reader of the file counts it, with whether that row was refused."""
    row = findings["row"]
    number = row_numbers.gather(row) if len(row_numbers) else pl.repeat(None, len(row), dtype=pl.UInt32, eager=True)
    refused = refused_rows.gather(row) if refused_rows is not None else pl.repeat(True, len(row), eager=True)
    frame = findings.with_columns(row_number=number.cast(pl.UInt32), refused=refused.fill_null(True))
    order = frame.with_columns(position=row).sort("position", nulls_last=False, maintain_order=True)
    return order.select(FINDINGS_SCHEMA.names()).cast(FINDINGS_SCHEMA)


def grouped(findings: pl.DataFrame, row_numbers: pl.Series) -> list[dict[str, Any]]:
    """The causes as JSON, the heaviest first."""
    return [_group(group) for group in group_by_cause(findings, row_numbers)]


def _group(group: CauseGroup) -> dict[str, Any]:
    return {
        "code": group.code,
        "field": group.field,
        "severity": group.severity.value,
        "rows": group.rows,
        "examples": [
            {"row_number": example.row_number, "value": example.value, "data": example.data}
            for example in group.examples
        ],
    }


def to_parquet(findings: pl.DataFrame) -> bytes:
    """The table as bytes to keep."""
    out = BytesIO()
    findings.write_parquet(out, compression="zstd")
    return out.getvalue()


def from_parquet(data: bytes) -> pl.DataFrame:
    """The inverse of `to_parquet`."""
    return pl.read_parquet(BytesIO(data)) if data else pl.DataFrame(schema=FINDINGS_SCHEMA)


def state_for(*, dry: bool, admitted: int, duplicates: int, refused: int) -> State:
    """The state that follows from the counts."""
    if dry:
        return State.TRIED
    if refused == 0 and admitted + duplicates:
        return State.ACCEPTED
    return State.PARTLY if admitted + duplicates else State.REFUSED


def rows_of_records(record: pl.Series, refused: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> pl.Series:
    """By row, whether its record is refused."""
    return pl.Series(refused[record.to_numpy()]) if len(record) else pl.Series([], dtype=pl.Boolean)
