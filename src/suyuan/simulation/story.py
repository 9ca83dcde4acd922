"""What truly happened, collected kind by kind: one row a record, or several where a record spans rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.events.vocabulary import FieldType, Kind, vocabulary
from suyuan.simulation.plan import Plan
from suyuan.simulation.texts import Ints, days
from suyuan.simulation.world import World

Column: TypeAlias = pl.Series | npt.NDArray[np.generic] | str | float | int | bool | None

DAY_SECONDS = 86_400
_TYPES: Mapping[FieldType, pl.DataType] = {
    FieldType.DATE: pl.Date(),
    FieldType.DATETIME: pl.Datetime("us"),
    FieldType.NUMBER: pl.Float64(),
    FieldType.INTEGER: pl.Int64(),
}

TRACKS = ("_record", "_order", "_at", "_by")
"""Number of the record, order of telling, when it happened [s since 1970], index of the reporter."""


def column_type(kind: Kind, name: str) -> pl.DataType:
    """The type of a field's column: texts are strings, whatever they mean."""
    return _TYPES.get(kind.fields[name].type, pl.String())


@dataclass(slots=True)
class Story:
    """All records of a world, in the columns of the vocabulary, beside their tracks (see `TRACKS`)."""

    plan: Plan
    world: World
    parts: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    records: int = 0
    told: int = 0
    first_day: int = field(init=False)
    last_day: int = field(init=False)

    def __post_init__(self) -> None:
        self.first_day, self.last_day = days(self.plan.start), days(self.plan.end)

    def tell(
        self,
        kind: str,
        day: Ints,
        by: Ints,
        *,
        second: Ints | None = None,
        record: Ints | None = None,
        aside: Mapping[str, Ints] | None = None,
        **columns: Column,
    ) -> None:
        """Add records of `kind`, in an order that respects cause and effect for each object.

        Parameters
        ----------
        day
            Days since 1970, one a row.
        by
            Index of the reporting company, one a row.
        second
            Seconds of the day, for kinds that say the time; noon otherwise.
        record
            Rows with the same number (from 0) are one record; by default each row is one.
        aside
            More columns that are kept but never reported; their names begin with an underscore.
        columns
            Fields of the kind, whole columns or one value for all.
        """
        rows = len(day)
        self.told += 1
        if not rows:
            return
        number = np.arange(rows) if record is None else record
        described = vocabulary().kinds[kind]
        at = day * DAY_SECONDS + (DAY_SECONDS // 2 if second is None else second)
        frame = {
            "_record": pl.Series(number + self.records, dtype=pl.Int64),
            "_order": pl.repeat(self.told, rows, dtype=pl.Int64, eager=True),
            "_at": pl.Series(at, dtype=pl.Int64),
            "_by": pl.Series(by, dtype=pl.Int64),
        } | {name: pl.Series(values) for name, values in (aside or {}).items()}
        for name in described.fields:
            kind_type = column_type(described, name)
            value = _when(described, name, at) if name == described.time else columns.pop(name, None)
            frame[name] = _column(value, rows, kind_type)
        if columns:
            raise KeyError(f"{kind} has no fields {sorted(columns)}")
        self.records += int(number.max()) + 1
        self.parts.setdefault(kind, []).append(pl.DataFrame(frame))

    def finished(self) -> dict[str, pl.DataFrame]:
        """The records up to the last day, by kind, in the order in which they happened."""
        limit = (self.last_day + 1) * DAY_SECONDS
        return {
            kind: frame.sort("_at", "_order", "_record", maintain_order=True)
            for kind in vocabulary().kinds
            if kind in self.parts and (frame := pl.concat(self.parts[kind]).filter(pl.col("_at") < limit)).height
        }


def _when(kind: Kind, name: str, at: Ints) -> pl.Series:
    if kind.fields[name].type is FieldType.DATETIME:
        return pl.Series(at * 1_000_000, dtype=pl.Int64).cast(pl.Datetime("us"))
    return pl.Series(at // DAY_SECONDS, dtype=pl.Int32).cast(pl.Date)


def _column(value: Column, rows: int, kind_type: pl.DataType) -> pl.Series:
    if isinstance(value, pl.Series):
        return value.cast(kind_type)
    if isinstance(value, np.ndarray):
        return pl.Series(value).cast(kind_type)
    return pl.repeat(value, rows, dtype=kind_type, eager=True)
