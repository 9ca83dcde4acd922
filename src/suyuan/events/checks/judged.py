"""What a rule says about a column of texts, and the pen that writes it down as findings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import polars as pl

from suyuan.events.checks.severities import severity_of
from suyuan.events.checks.texts import Mask, Rows, TextColumn, mask
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Severity
from suyuan.kernel.findings import Value
from suyuan.sheets.findings import concat, empty, make
from suyuan.sheets.inspect import ERROR_VALUE

Data = Mapping[str, Value] | pl.Series | None


@cache
def personal_fields() -> frozenset[str]:
    """Names of the fields that hold personal data in some kind."""
    return frozenset(
        field.name for kind in vocabulary().kinds.values() for field in kind.fields.values() if field.personal
    )


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that fires where `where` is true; `data` is one for all, or JSON texts as long as `where`."""

    code: str
    where: Mask
    data: Data = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One column judged: its typed values and its faults, all as long as `TextColumn.values`.

    `number` is the registry number of a company or site, null where it is not known.
    """

    typed: pl.Series
    faults: tuple[Fault, ...] = ()
    number: pl.Series | None = None

    def also(self, faults: Iterable[Fault]) -> "Judged":
        """The same with more faults."""
        return Judged(self.typed, (*self.faults, *faults), self.number)

    def sound(self) -> Mask:
        """Where nothing refuses the value."""
        sound = np.ones(len(self.typed), bool)
        for fault in self.faults:
            if severity_of(fault.code) is Severity.REFUSE:
                sound &= ~fault.where
        return sound


@dataclass(slots=True)
class Pen:
    """Collects the findings of one sheet and which of its rows they refuse.

    Personal data is never quoted. The text of a failed formula is told by the reader of the file; here
    it refuses its row without another word.
    """

    refused: Mask
    tables: list[pl.DataFrame] = field(default_factory=list)
    withheld: dict[str, Rows] = field(default_factory=dict)

    @classmethod
    def over(cls, rows: int) -> "Pen":
        """A pen for a sheet of `rows` rows."""
        return cls(np.zeros(rows, bool))

    def write(
        self, code: str, rows: Rows, field_name: str | None, values: pl.Series | None = None, data: Data = None
    ) -> None:
        """Note `code` for each of `rows`; `values` and a series of `data` are as long as `rows`."""
        if not len(rows):
            return
        severity = severity_of(code)
        if severity is Severity.REFUSE:
            self.refused[rows] = True
        if values is not None and values.dtype == pl.String:
            told = ~mask(values.str.contains(ERROR_VALUE))
            if not told.all():
                rows, values = rows[told], values.filter(pl.Series(told))
                data = data.filter(pl.Series(told)) if isinstance(data, pl.Series) else data
        if field_name in personal_fields():
            values = None
        self.tables.append(make(rows, field_name, code, severity, values, data))

    def write_fault(self, column: TextColumn, fault: Fault) -> None:
        """Note a fault for every row that holds the faulty text."""
        if not fault.where.any():
            return
        rows = column.marked(fault.where)
        data = column.at(rows, fault.data) if isinstance(fault.data, pl.Series) else fault.data
        self.write(fault.code, rows, column.name, column.text[rows], data)

    def withhold(self, field_name: str, where: Mask) -> None:
        """Quote nothing of a field in the rows that `where` marks, before or after."""
        self.withheld[field_name] = np.flatnonzero(where)

    def findings(self) -> pl.DataFrame:
        """Everything noted, by row; what concerns one row stays in the order in which it was looked for."""
        if not self.tables:
            return empty()
        found = concat(self.tables).sort("row", maintain_order=True)
        for name, rows in self.withheld.items():
            hidden = (pl.col("field") == name).fill_null(False) & pl.col("row").is_in(rows)
            found = found.with_columns(
                pl.when(~hidden).then("value").alias("value"),
                pl.when(hidden & (pl.col("code") == "events.record_disagrees"))
                .then(
                    pl.col("data")
                    .str.json_decode(pl.Struct({"other_row": pl.Int64}))
                    .struct.with_fields(other_value=pl.lit(""))
                    .struct.json_encode()
                )
                .otherwise("data")
                .alias("data"),
            )
        return found
