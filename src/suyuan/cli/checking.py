"""Check files on this machine: reading and every rule of `suyuan.events`, with nothing known of the register."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from suyuan.cli.usage import CHINA, Misuse
from suyuan.events.check import Checked, Context, check
from suyuan.events.checks.grouping import CauseGroup, group_by_cause
from suyuan.events.checks.wording import finding_data, finding_sentence
from suyuan.events.templates import all_templates
from suyuan.events.vocabulary import Kind, vocabulary
from suyuan.kernel import Language, sentence
from suyuan.kernel.findings import Value
from suyuan.sheets import findings as table
from suyuan.sheets.bad_rows import write_bad_rows
from suyuan.sheets.limits import SheetError
from suyuan.sheets.reading import read
from suyuan.sheets.repairs import apply as mended
from suyuan.sheets.sheet import Sheet
from suyuan.sheets.sniff import Format
from suyuan.sheets.writing import write_table

_SUBJECT = ("field", "value")


@dataclass(frozen=True, slots=True)
class Report:
    """A file that was checked: `sheet` is None where nothing could be read, `kind` where no kind is known."""

    name: str
    sheet: Sheet | None
    kind: Kind | None
    findings: pl.DataFrame
    records: int
    refused: int
    now: datetime

    @property
    def rows(self) -> int:
        """How many rows of data there are."""
        return self.sheet.height if self.sheet else 0

    @property
    def accepted(self) -> int:
        """How many records can be reported as they are."""
        return self.records - self.refused

    @property
    def causes(self) -> list[CauseGroup]:
        """What was found, by cause, refusals first."""
        return group_by_cause(self.findings, self.sheet.row_numbers if self.sheet else None)

    def message(self, language: Language, found: Mapping[str, object]) -> str:
        """The sentence of one finding: the keys `code`, `field`, `value`, `data` (a mapping)."""
        code, field, value = str(found["code"]), _text(found["field"]), _text(found["value"])
        given = found["data"]
        data: dict[str, Value] = dict(given) if isinstance(given, dict) else {}
        if self.kind is None:
            return sentence(code, {"field": field or "", "value": value or "", **data}, language)
        whole = finding_data(self.kind, field, code, value, data, self.now.date())
        return finding_sentence(self.kind, field, code, value, whole, language)

    def heading(self, field: str | None, language: Language) -> str:
        """How the column of a field is called in the file, else in its template."""
        if field is None:
            return ""
        named = self.sheet.headings.get(field) if self.sheet else None
        known = self.kind.fields.get(field) if self.kind else None
        shown = known.label.in_language(language) if known else field
        return (named or shown).partition("\n")[0]

    @property
    def repairs(self) -> dict[str, int]:
        """Proposed repairs: kind → cells."""
        if self.sheet is None:
            return {}
        counted = self.sheet.repairs.group_by("kind").len().sort("len", "kind", descending=[True, False])
        return dict(counted.iter_rows())

    def every_finding(self, language: Language) -> pl.DataFrame:
        """All findings by row, with their sentences; each different one is put into words once."""
        keys = ["field", "code", "value", "data"]
        distinct = self.findings.select(keys).unique(maintain_order=True)
        said = [
            self.message(language, {**found, "data": table.unpack(found["data"])})
            for found in distinct.iter_rows(named=True)
        ]
        worded = distinct.with_columns(message=pl.Series(said, dtype=pl.String))
        joined = self.findings.join(worded, on=keys, how="left", nulls_equal=True, maintain_order="left")
        numbers = self.sheet.row_numbers if self.sheet else pl.Series([], dtype=pl.UInt32)
        return joined.select(
            pl.lit(self.name).alias("file"),
            numbers.gather(joined["row"]).alias("row"),
            *("field", "code", "severity", "value", "message"),
        )

    def bad_rows(self, language: Language, form: Format) -> bytes | None:
        """The refused records in their template with what is wrong in the first column; None if there are none."""
        template = self.sheet.template if self.sheet else None
        if self.sheet is None or template is None or table.refused_rows(self.findings).is_empty():
            return None
        names = {column.heading(language): column.name for column in template.columns}

        def say(code: str, data: Mapping[str, Value]) -> str:
            heading, rest = data["field"], {name: value for name, value in data.items() if name not in _SUBJECT}
            field = names.get(str(heading), heading)
            return self.message(language, {"code": code, "field": field, "value": data["value"], "data": rest})

        return write_bad_rows(self.sheet, self.findings, template, language, say, form)

    def mended(self, form: Format) -> bytes | None:
        """All rows with the proposed repairs done; None where the file could not be read as a table."""
        if self.sheet is None or self.sheet.template is None:
            return None
        received = self.sheet.columns.with_columns(self.sheet.raw) if self.sheet.raw.width else self.sheet.columns
        frame = mended(received, self.sheet.repairs) if self.sheet.repairs.height else received
        if form is not Format.PARQUET:
            frame = frame.rename({name: self.sheet.template.column(name).zh for name in frame.columns})
        return write_table(frame, form, self.sheet.template.zh)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def form_of(path: Path) -> Format:
    """The form that the end of a file's name asks for."""
    forms = {".xlsx": Format.XLSX, ".csv": Format.CSV, ".parquet": Format.PARQUET}
    if path.suffix.lower() not in forms:
        raise Misuse("cli.unknown_ending", file=str(path), endings=list(forms))
    return forms[path.suffix.lower()]


def check_kind(kind: str | None) -> None:
    """Refuse a kind that the vocabulary does not have."""
    if kind is not None and kind not in vocabulary().kinds:
        raise Misuse("cli.no_such_kind", kind=kind)


def check_file(path: Path, kind: str | None = None, now: datetime | None = None) -> Report:
    """Read a file and check every rule that needs nobody else's knowledge."""
    moment = (now or datetime.now(UTC)).astimezone(CHINA)
    try:
        sheet = read(path.read_bytes(), all_templates(), name=path.name, template=kind)
    except SheetError as error:
        return Report(path.name, None, None, table.one(error.finding), 0, 0, moment)
    return check_sheet(sheet, path.name, moment)


def check_sheet(sheet: Sheet, name: str, now: datetime) -> Report:
    """Check every rule on a sheet that was read."""
    known = vocabulary().kinds[sheet.template.kind] if sheet.template else None
    if known is None or not sheet.readable:
        return Report(name, sheet, known, sheet.findings, 0, 0, now)
    checked = check(sheet.columns, known, Context(reference=now.date(), now=now), sheet.row_numbers)
    found = table.concat([sheet.findings, checked.findings])
    return Report(name, sheet, known, found, checked.records, _refused(checked, sheet), now)


def _refused(checked: Checked, sheet: Sheet) -> int:
    """Records refused by a rule, or because one of their cells could not be read."""
    unreadable = checked.record.gather(table.refused_rows(sheet.findings)).unique()
    by_rule = checked.refused_records.arg_true().cast(unreadable.dtype)
    return pl.concat([by_rule, unreadable]).n_unique()
