"""From bytes to a judged batch: read, check, compare with the ledger. The heart of a submission."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from suyuan.events import records
from suyuan.events.check import Checked, check
from suyuan.events.records import Batch
from suyuan.events.templates import all_templates
from suyuan.events.vocabulary import Kind, vocabulary
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.problems import Refusal
from suyuan.server.submissions.services.mending import Mending, mend
from suyuan.server.submissions.services.surroundings import reporter_for, surroundings
from suyuan.sheets import findings as table
from suyuan.sheets.limits import DEFAULT_LIMITS
from suyuan.sheets.nested import Json
from suyuan.sheets.reading import read
from suyuan.sheets.records import Document, read_document
from suyuan.sheets.sheet import Sheet
from suyuan.sheets.sniff import Format

Progress = Callable[[str], None]
AS_RECEIVED = Mending()


@dataclass(frozen=True, slots=True)
class Judged:
    """A sheet that was read and checked, with the batch of its good records.

    `batch` is None where no record is good; `positions` gives the sheet row of every row of the batch.
    """

    sheet: Sheet
    kind: Kind
    checked: Checked
    batch: Batch | None
    positions: pl.Series

    @property
    def findings(self) -> pl.DataFrame:
        """What reading and checking found."""
        return table.concat([self.sheet.findings, self.checked.findings])


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A sheet that cannot be taken for records of any kind: what was found says why."""

    findings: pl.DataFrame
    rows: int


def read_sheet(
    body: bytes, name: str, kind: str | None, mapping: Mapping[str, str] | None, mending: Mending = AS_RECEIVED
) -> Sheet:
    """Read a file and mend it as wished; raises `suyuan.sheets.limits.SheetError` where nothing can be read."""
    if kind is not None and kind not in vocabulary().kinds:
        raise Refusal("submissions.unknown_kind", kind=kind, kinds=sorted(vocabulary().kinds))
    sheet = read(body, all_templates(), name=name or None, mapping=mapping, template=kind)
    return mend(sheet, mending)


def sheet_of(kind: str, records: list[Json]) -> Sheet:
    """The sheet of records of one kind that were parsed before."""
    templates = [template for template in all_templates() if template.kind == kind]
    return read_document(Document(Format.JSON, [records], (kind, "")), templates, None, None, DEFAULT_LIMITS)


def judge(sheet: Sheet, company: int, clock: Clock, progress: Progress, site: int | None = None) -> Judged | Unreadable:
    """Check every rule on every row, and build the batch of the good records."""
    if not sheet.readable or sheet.template is None:
        return Unreadable(sheet.findings, sheet.height)
    kind = vocabulary().kinds[sheet.template.kind]
    reporter = reporter_for(company, kind, clock, site)
    progress("checking")
    context = surroundings(sheet.columns, kind, reporter, clock)
    checked = check(sheet.columns, kind, context, sheet.row_numbers)
    checked = _without_unreadable_cells(checked, sheet)
    values, record, positions = checked.accepted()
    if kind.about_record or values.is_empty():
        return Judged(sheet, kind, checked, None, positions)
    batch = records.build(kind, values, record.to_numpy(), company)
    return Judged(sheet, kind, checked, batch, positions)


def _without_unreadable_cells(checked: Checked, sheet: Sheet) -> Checked:
    """Rows that reading itself refuses refuse their records, too."""
    if not sheet.findings.height:
        return checked
    rows = table.refused_rows(sheet.findings)
    if rows.is_empty():
        return checked
    refused = checked.refused_records.to_numpy().copy()
    refused[checked.record.gather(rows).to_numpy()] = True
    by_row = pl.Series(refused[checked.record.to_numpy()])
    return replace(checked, ok_rows=checked.ok_rows & ~by_row, refused_records=pl.Series(refused))


def sheet_rows(judged: Judged, batch: Batch) -> Batch:
    """The batch with the row of each record as the reader of the file counts it."""
    numbers = judged.sheet.row_numbers.gather(judged.positions.gather(pl.Series(batch.row)))
    return replace(batch, row=numbers.to_numpy().astype(np.int64))
