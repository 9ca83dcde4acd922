"""A table as it was read: columns under canonical names, and everything that is worth saying about it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from suyuan.sheets import findings as table
from suyuan.sheets import repairs as mending
from suyuan.sheets.normal import normalise
from suyuan.sheets.sniff import Format
from suyuan.sheets.template import Template

NUMERIC_CELLS = pl.Schema({"row": pl.UInt32(), "field": pl.String(), "value": pl.String()})
"""Schema of the list of cells of text columns that are stored as numbers; value as the file has it."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read.

    Parameters
    ----------
    format
        How the bytes are written.
    template
        The template it follows; None if none was recognised, then `findings` says so and `columns`
        holds the first rows under the headings as received, for a preview.
    columns
        String columns under canonical names, only those present. Text is as received; days,
        moments and choices are in canonical form where they could be understood.
    row_numbers
        UInt32 as a spreadsheet program counts; for nested records the number of the record, from 1.
    findings
        Table with the schema `suyuan.sheets.findings.FINDINGS`.
    repairs
        Proposals with the schema `suyuan.sheets.repairs.REPAIRS`; nothing of them is done yet.
    headings
        Canonical name → heading in the file.
    guessed_mapping
        Heading → canonical name where only an alias agreed, to be confirmed and remembered.
    rivals
        Kinds that fit equally well, if that is why `template` is None.
    numeric_cells
        Cells of text columns that are stored as numbers (schema `NUMERIC_CELLS`).
    raw
        The text as received of the columns that were brought to canonical form.
    """

    name: str | None
    format: Format
    template: Template | None
    columns: pl.DataFrame
    row_numbers: pl.Series
    findings: pl.DataFrame
    repairs: pl.DataFrame
    worksheet: str | None = None
    headings: Mapping[str, str] = field(default_factory=dict)
    unknown_headings: tuple[str, ...] = ()
    guessed_mapping: Mapping[str, str] = field(default_factory=dict)
    rivals: tuple[str, ...] = ()
    numeric_cells: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=NUMERIC_CELLS))
    raw: pl.DataFrame = field(default_factory=pl.DataFrame)
    date_1904: bool = False

    @property
    def height(self) -> int:
        """Number of data rows."""
        return self.row_numbers.len()

    @property
    def readable(self) -> bool:
        """Whether its rows may be checked: a template is known and nothing refuses the file as a whole."""
        return self.template is not None and not table.refuses_file(self.findings)

    def received(self, name: str) -> pl.Series:
        """The column `name` with its text as received."""
        return self.raw[name] if name in self.raw.columns else self.columns[name]


def apply_repairs(sheet: Sheet, kinds: Collection[str] | None = None) -> Sheet:
    """`sheet` with the proposed repairs done, all or those of some `kinds`; call it when the user agreed.

    Findings about merged cells go where the merged value was filled in.
    """
    if sheet.template is None:
        return sheet
    chosen = sheet.repairs if kinds is None else sheet.repairs.filter(pl.col("kind").is_in(list(kinds)))
    cells = chosen.select("row", "field").unique()
    # a cell with two faults is mended at once, so its other proposals are done, too
    done = sheet.repairs.join(cells, on=["row", "field"], how="semi")
    received = sheet.columns.with_columns(sheet.raw) if sheet.raw.width else sheet.columns
    mended = mending.apply(received, done)
    columns, raw, said = normalise(mended, sheet.template, sheet.row_numbers, sheet.date_1904)
    said = table.withhold(said, sheet.template.private)
    filled = done.filter(pl.col("kind") == "merged_fill").select("row", "field")
    kept = sheet.findings.filter(~pl.col("code").is_in([*_NORMALISING]))
    merged = kept["code"] == "sheets.merged_cells"
    kept = pl.concat(
        [kept.filter(~merged), kept.filter(merged).join(filled, on=["row", "field"], how="anti", maintain_order="left")]
    )
    return replace(
        sheet,
        columns=columns,
        raw=raw,
        findings=table.concat([kept, said]) if kept.height else said,
        repairs=sheet.repairs.join(cells, on=["row", "field"], how="anti", maintain_order="left"),
    )


_NORMALISING = ("sheets.serial_date", "sheets.time_dropped")
