"""From a block of text with known headings to a `Sheet`: the steps that every format shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from suyuan.kernel import Severity
from suyuan.kernel.findings import Value
from suyuan.sheets import findings as table
from suyuan.sheets import repairs as mending
from suyuan.sheets.headings import Match, Recognition, Row
from suyuan.sheets.inspect import blank_to_null, inspect_text, number_findings, with_lost_numbers_marked
from suyuan.sheets.limits import Limits
from suyuan.sheets.names import EXAMPLE_MARKS
from suyuan.sheets.normal import normalise
from suyuan.sheets.sheet import NUMERIC_CELLS, Sheet
from suyuan.sheets.sniff import Format
from suyuan.sheets.template import Template
from suyuan.sheets.unstorable import stripped, without_nul

RESULT = "\u0000result"
PREVIEW_ROWS = 10


@dataclass(slots=True)
class Draft:
    """Text under canonical names as a format reader hands it over.

    Parameters
    ----------
    frame
        String columns; may have the column `RESULT` with remarks.
    row_numbers
        UInt32, as long as the frame.
    numeric
        Cells of text columns stored as numbers: row (index into the frame), field, value, shown.
    """

    format: Format
    frame: pl.DataFrame
    row_numbers: pl.Series
    match: Match
    recognition: Recognition
    headings: Mapping[str, str]
    name: str | None = None
    worksheet: str | None = None
    numeric: pl.DataFrame | None = None
    date_1904: bool = False
    fills: pl.DataFrame = field(default_factory=mending.empty)
    said: list[pl.DataFrame] = field(default_factory=list)


def tidy(draft: Draft) -> Draft:
    """Blank cells become null; blank rows and examples go. Row numbers keep counting."""
    frame = blank_to_null(draft.frame)
    data = frame.drop(RESULT, strict=False)
    if data.width:
        keep = ~(
            data.select(pl.all_horizontal(pl.all().is_null())).to_series() | _examples(frame, draft.match.template)
        )
    else:
        keep = pl.repeat(False, frame.height, eager=True)
    if not keep.all():
        data, draft.row_numbers = data.filter(keep), draft.row_numbers.filter(keep)
    draft.frame = data
    return draft


def _examples(frame: pl.DataFrame, template: Template) -> pl.Series:
    """Rows marked as an example, and rows at the top that repeat the example of the template."""
    found = pl.repeat(False, frame.height, eager=True)
    if RESULT in frame.columns:
        remark = frame[RESULT].str.strip_chars()
        for mark in EXAMPLE_MARKS:
            found |= remark.str.starts_with(mark).fill_null(False)
    texts = {column.name: column.example or None for column in template.columns}
    present = [column.name for column in template.columns if column.name in frame.columns]
    if any(template.column(name).required and texts[name] for name in present):
        top = frame.head(PREVIEW_ROWS)
        same = top.select(
            pl.all_horizontal(pl.col(name).eq_missing(pl.lit(texts[name])) for name in present)
        ).to_series()
        found = found.scatter(same.arg_true(), True)
    return found


def settle(draft: Draft, limits: Limits) -> Sheet:
    """The finished sheet of a tidied draft: findings, proposals, canonical text."""
    template = draft.match.template
    known = {column.name: column for column in template.columns}
    said = [*file_findings(draft.match, draft.recognition), *draft.said]
    shown = inspect_text(draft.frame, known, limits)
    frame = without_nul(draft.frame)
    numeric = pl.DataFrame(schema=NUMERIC_CELLS)
    if draft.numeric is not None and draft.numeric.height:
        by_type = number_findings(draft.numeric, draft.row_numbers)
        shown = shown.join(by_type, on=["row", "field", "code"], how="anti", maintain_order="left")
        said.append(by_type)
        numeric = draft.numeric.select(NUMERIC_CELLS.names())
        frame = with_lost_numbers_marked(frame, draft.numeric)
    proposals = pl.concat([mending.propose(frame, known), draft.fills])
    columns, raw, remarks = normalise(frame, template, draft.row_numbers, draft.date_1904)
    if not columns.height:
        said.append(table.make(None, None, "sheets.no_rows"))
    return Sheet(
        name=draft.name,
        format=draft.format,
        template=template,
        columns=columns,
        row_numbers=draft.row_numbers,
        findings=table.concat([*said, shown, remarks]),
        repairs=proposals,
        worksheet=draft.worksheet,
        headings=draft.headings,
        unknown_headings=draft.match.unknown,
        guessed_mapping=draft.match.guessed,
        numeric_cells=numeric,
        raw=raw,
        date_1904=draft.date_1904,
    )


def file_findings(match: Match, recognition: Recognition) -> list[pl.DataFrame]:
    """What is to be said of the headings and of the template named in the file."""
    template = match.template
    said = [
        table.make(None, name, "sheets.missing_column", data={"field": name, "heading": template.column(name).both})
        for name in match.missing
    ]
    said += [
        table.make(None, name, "sheets.duplicate_heading", data={"field": name, "headings": list(headings)})
        for name, headings in match.duplicates.items()
    ]
    if match.unknown:
        data: dict[str, Value] = {"headings": list(match.unknown[:20]), "count": len(match.unknown)}
        said.append(table.make(None, None, "sheets.unknown_headings", Severity.WARNING, data=data))
    declared = recognition.declared
    if declared and declared[0] == template.kind and declared[1] != template.version:
        versions: dict[str, Value] = {"found": declared[1], "current": template.version}
        said.append(table.make(None, None, "sheets.other_version", Severity.WARNING, data=versions))
    if declared and declared[0] != template.kind:
        kinds: dict[str, Value] = {"found": declared[0], "taken": template.kind}
        said.append(table.make(None, None, "sheets.other_kind", Severity.WARNING, data=kinds))
    return said


def unrecognised(
    form: Format, rows: Sequence[Row], recognition: Recognition, name: str | None, worksheet: str | None = None
) -> Sheet:
    """The sheet of a table that follows no template: a preview of its first rows and the reason."""
    row = recognition.best.row if recognition.best else _first_filled(rows)
    headings = [stripped(cell or "") for cell in rows[row]] if row < len(rows) else []
    names = [text if text and headings.index(text) == i else f"column {i + 1}" for i, text in enumerate(headings)]
    body = [[*cells, *[None] * len(names)][: len(names)] for cells in rows[row + 1 : row + 1 + PREVIEW_ROWS]]
    schema = dict.fromkeys(names, pl.String)
    if recognition.rivals:
        data: dict[str, Value] = {"kinds": list(recognition.rivals)}
        finding = table.make(None, None, "sheets.ambiguous_template", data=data)
    else:
        data = {"headings": [heading for heading in headings if heading][:20]}
        finding = table.make(None, None, "sheets.unrecognised", data=data)
    return Sheet(
        name=name,
        format=form,
        template=None,
        columns=without_nul(pl.DataFrame(body, schema=schema, orient="row")),
        row_numbers=pl.Series(range(row + 2, row + 2 + len(body)), dtype=pl.UInt32),
        findings=finding,
        repairs=mending.empty(),
        worksheet=worksheet,
        unknown_headings=tuple(heading for heading in headings if heading),
        rivals=recognition.rivals,
    )


def _first_filled(rows: Sequence[Row]) -> int:
    return next((i for i, cells in enumerate(rows) if any(cells)), 0)
