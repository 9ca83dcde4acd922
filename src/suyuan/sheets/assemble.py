"""From a block of text with known headings to a `Sheet`: the steps that every format shares."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from suyuan.kernel import Severity
from suyuan.kernel.findings import Value
from suyuan.sheets import findings as table
from suyuan.sheets import repairs as mending
from suyuan.sheets.headings import Match, Recognition, Row
from suyuan.sheets.inspect import (
    blank_to_null,
    inspect_text,
    number_findings,
    plain_columns,
    with_lost_numbers_marked,
)
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
    plain
        See `suyuan.sheets.inspect.plain_columns`; known once the draft is tidied.
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
    plain: Mapping[str, int] = field(default_factory=dict)


def tidy(draft: Draft) -> Draft:
    """Blank cells become null; blank rows and examples go. Row numbers keep counting."""
    draft.plain = plain_columns(draft.frame)
    frame = blank_to_null(draft.frame, [name for name in draft.frame.columns if name not in draft.plain])
    data = frame.drop(RESULT) if RESULT in frame.columns else frame
    gone = _blank_rows(data) | _examples(frame, draft.match.template)
    if gone.any():
        keep = pl.Series(~gone)
        data, draft.row_numbers = data.filter(keep), draft.row_numbers.filter(keep)
    draft.frame = data
    return draft


def _blank_rows(frame: pl.DataFrame) -> npt.NDArray[np.bool_]:
    blank = np.ones(frame.height, bool)
    for column in frame:
        blank &= column.is_null().to_numpy() if column.null_count() else False
    return blank


def _examples(frame: pl.DataFrame, template: Template) -> npt.NDArray[np.bool_]:
    """Rows marked as an example, and rows at the top that repeat the example of the template."""
    found = np.zeros(frame.height, bool)
    if RESULT in frame.columns:
        remark = frame[RESULT].str.strip_chars()
        for mark in EXAMPLE_MARKS:
            found |= remark.str.starts_with(mark).fill_null(False).to_numpy()
    present = [column for column in template.columns if column.name in frame.columns]
    if any(column.required and column.example for column in present):
        example = tuple(column.example or None for column in present)
        top = zip(*(frame[column.name].head(PREVIEW_ROWS).to_list() for column in present), strict=True)
        found[:PREVIEW_ROWS] |= np.array([row == example for row in top], bool)
    return found


def settle(draft: Draft, limits: Limits) -> Sheet:
    """The finished sheet of a tidied draft: findings, proposals, canonical text."""
    template = draft.match.template
    known = {column.name: column for column in template.columns}
    said = [*file_findings(draft.match, draft.recognition), *draft.said]
    frame = draft.frame
    odd = [name for name in frame.columns if draft.plain.get(name, limits.max_text + 1) > limits.max_text]
    shown = inspect_text(pl.DataFrame([frame[name] for name in odd]), known, limits)
    if odd:
        frame = without_nul(frame)
    numeric = pl.DataFrame(schema=NUMERIC_CELLS)
    if draft.numeric is not None and draft.numeric.height:
        by_type = number_findings(draft.numeric, draft.row_numbers)
        shown = shown.join(by_type, on=["row", "field", "code"], how="anti", maintain_order="left")
        said.append(by_type)
        numeric = draft.numeric.select(NUMERIC_CELLS.names())
        frame = with_lost_numbers_marked(frame, draft.numeric)
    proposals = mending.propose(pl.DataFrame([frame[name] for name in odd]), known)
    if draft.fills.height:
        proposals = pl.concat([proposals, draft.fills])
    columns, raw, remarks = normalise(frame, template, draft.row_numbers, draft.date_1904)
    if not columns.height:
        said.append(table.make(None, None, "sheets.no_rows"))
    return Sheet(
        name=draft.name,
        format=draft.format,
        template=template,
        columns=columns,
        row_numbers=draft.row_numbers,
        findings=table.withhold(table.concat([*said, shown, remarks]), template.private),
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
