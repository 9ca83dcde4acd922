"""What a rule says about a column of texts, and the pen that writes it down as findings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.events.checks.severities import severity_of
from suyuan.events.checks.texts import TextColumn, nowhere
from suyuan.kernel import Severity
from suyuan.kernel.findings import Value
from suyuan.sheets.findings import concat, make

Data = Mapping[str, Value] | pl.Series | None


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that fires where `where` is true; `data` is one for all, or JSON texts as long as `where`."""

    code: str
    where: pl.Series
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

    def sound(self) -> pl.Series:
        """Where nothing refuses the value."""
        sound = ~nowhere(len(self.typed))
        for fault in self.faults:
            if severity_of(fault.code) is Severity.REFUSE and fault.where.any():
                sound &= ~fault.where.fill_null(False)
        return sound


@dataclass(slots=True)
class Pen:
    """Collects the findings of one sheet and which of its rows they refuse."""

    refused: npt.NDArray[np.bool_]
    tables: list[pl.DataFrame] = field(default_factory=list)

    @classmethod
    def over(cls, rows: int) -> "Pen":
        """A pen for a sheet of `rows` rows."""
        return cls(np.zeros(rows, bool))

    def write(
        self, code: str, rows: pl.Series, field_name: str | None, values: pl.Series | None = None, data: Data = None
    ) -> None:
        """Note `code` for each of `rows`; `values` and a series of `data` are as long as `rows`."""
        if not len(rows):
            return
        severity = severity_of(code)
        if severity is Severity.REFUSE:
            self.refused[rows.to_numpy()] = True
        self.tables.append(make(rows, field_name, code, severity, values, data))

    def write_fault(self, column: TextColumn, fault: Fault) -> None:
        """Note a fault for every row that holds the faulty text."""
        if not fault.where.any():
            return
        rows = column.rows_where(fault.where)
        data = column.at(rows, fault.data) if isinstance(fault.data, pl.Series) else fault.data
        self.write(fault.code, rows, column.name, column.text.gather(rows), data)

    def findings(self) -> pl.DataFrame:
        """Everything noted, by row; what concerns one row stays in the order in which it was looked for."""
        return concat(self.tables).sort("row", maintain_order=True)
