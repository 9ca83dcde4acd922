"""Reading Parquet: limits from the metadata first, then only the columns that are wanted.

Text comes out as String; repeated texts share their storage, so a column of pack codes costs
16 bytes a row however long the codes are. Nested lists are laid flat without a row loop.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from polars.datatypes import DataTypeClass

from suyuan.sheets import findings as table
from suyuan.sheets.assemble import Draft, settle, unrecognised
from suyuan.sheets.headings import Match, Recognition, choose
from suyuan.sheets.limits import MEBIBYTE, Limits, SheetError
from suyuan.sheets.nested import Json, Leaf, Plan, Tree, match_tree, plan
from suyuan.sheets.parsing import Number
from suyuan.sheets.records import Document, read_document, tidy_records
from suyuan.sheets.shapes import unknown_columns
from suyuan.sheets.sheet import Sheet
from suyuan.sheets.sniff import Format
from suyuan.sheets.template import Template

TEMPLATE_KEY = "suyuan.template"
"""Key of the file's metadata that names kind and version, as ``kind:version``."""

_RECORD = "\u0000record"
_BATCH = 5_000
_SHOWN = 5


def read_parquet(
    data: bytes,
    templates: Sequence[Template],
    name: str | None,
    mapping: Mapping[str, str] | None,
    limits: Limits,
) -> Sheet:
    """The sheet in a Parquet file."""
    declared = _check(data, limits)
    try:
        schema = pl.read_parquet_schema(data)
    except pl.exceptions.PolarsError as error:
        raise SheetError("sheets.damaged", part="parquet") from error
    tree = _tree(schema)
    recognition, found = _recognise(tree, templates, name, mapping, declared)
    match = recognition.match
    if match is None:
        rows: list[list[str | None]] = [[*schema], *_text_rows(data, limits)]
        return unrecognised(Format.PARQUET, rows, recognition, name)
    how = plan(match, found)
    objects = {key for key, dtype in schema.items() if isinstance(dtype, pl.Struct)}
    lost = [
        table.make(None, None, code, data={"keys": keys[:_SHOWN], "record": 0})
        for code, keys in unknown_columns(match, found, objects).items()
    ]
    if _branches(how):
        document = Document(Format.PARQUET, _dicts(data, how), declared)
        sheet = read_document(document, [match.template], name, mapping, limits)
        return replace(sheet, findings=table.concat([sheet.findings, *lost]))
    draft = tidy_records(_draft(_flat(data, how, limits), match, found, recognition, name))
    draft.said += lost
    return settle(draft, limits)


def _check(data: bytes, limits: Limits) -> tuple[str, str] | None:
    """Refuse by the metadata what is too large; returns the template the file names."""
    try:
        metadata = pq.ParquetFile(pa.BufferReader(data)).metadata
        groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    except (pa.ArrowException, OSError, ValueError) as error:
        raise SheetError("sheets.damaged", part="parquet") from error
    limits.check_rows(metadata.num_rows)
    limits.check_columns(metadata.num_columns)
    values = [sum(group.column(c).num_values for group in groups) for c in range(metadata.num_columns)]
    limits.check_rows(max(values, default=0))
    unpacked = sum(group.total_byte_size for group in groups)
    if unpacked > limits.max_unpacked:
        raise SheetError(
            "sheets.zip_bomb", found=f"{unpacked // MEBIBYTE} MiB", limit=f"{limits.max_unpacked // MEBIBYTE} MiB"
        )
    mark = (metadata.metadata or {}).get(TEMPLATE_KEY.encode(), b"").decode("utf-8", "replace")
    kind, _, version = mark.partition(":")
    return (kind, version) if kind else None


def _tree(schema: Mapping[str, pl.DataType | DataTypeClass]) -> Tree:
    tree = Tree()
    for name, dtype in schema.items():
        if isinstance(dtype, pl.List | pl.Array):
            inner = cast("pl.DataType", dtype.inner)
            tree.lists[name] = _tree(dict(inner.to_schema())) if isinstance(inner, pl.Struct) else Tree(bare=True)
        else:
            tree.fields[name] = None
    return tree


def _recognise(
    tree: Tree,
    templates: Sequence[Template],
    name: str | None,
    mapping: Mapping[str, str] | None,
    declared: tuple[str, str] | None,
) -> tuple[Recognition, list[Leaf]]:
    if declared and any(template.kind == declared[0] for template in templates):
        templates = [template for template in templates if template.kind == declared[0]]
    matches = [match_tree(tree, template, mapping) for template in templates]
    recognition = choose(
        [match for match, _ in matches if match.columns], [], [name or ""], declared, alone=len(templates) == 1
    )
    leaves = next((found for match, found in matches if match is recognition.match), [])
    return recognition, leaves


def _branches(how: Plan) -> bool:
    return len(how.lists) > 1 or any(_branches(inner) for inner in how.lists.values())


def _read(data: bytes, columns: list[str], rows: int | None = None) -> pl.DataFrame:
    try:
        return pl.read_parquet(data, columns=columns, n_rows=rows)
    except pl.exceptions.PolarsError as error:
        raise SheetError("sheets.damaged", part="parquet") from error


def _flat(data: bytes, how: Plan, limits: Limits) -> pl.DataFrame:
    """The wanted columns of a chain of lists, exploded, under canonical names and with the record's number."""
    frame = _read(data, [key for key, _ in how.fields] + list(how.lists))
    columns = [pl.col(key).alias(name) for key, name in how.fields]
    frame = frame.select(*columns, *how.lists).with_row_index(_RECORD, 1)
    while how.lists:
        ((key, how),) = how.lists.items()
        lengths = frame[key].list.len().fill_null(1).clip(1)
        limits.check_rows(int(lengths.sum() or 0))
        frame = frame.explode(key, empty_as_null=True, keep_nulls=True)
        item = pl.col(key)
        taken = [item.struct.field(inner).alias(name) for inner, name in how.fields]
        taken += [item.struct.field(inner) for inner in how.lists]
        if how.bare and not how.fields:
            taken.append(item.alias(how.bare))
        frame = frame.select(pl.exclude(key), *taken)
    return frame


def _draft(
    frame: pl.DataFrame, match: Match, found: Sequence[Leaf], recognition: Recognition, name: str | None
) -> Draft:
    numbers = frame[_RECORD].cast(pl.UInt32)
    frame = frame.drop(_RECORD)
    numeric = [_numbers(frame[column], match.template) for column in frame.columns]
    return Draft(
        format=Format.PARQUET,
        frame=frame.select(_text(frame[column]) for column in frame.columns),
        row_numbers=numbers,
        match=match,
        recognition=recognition,
        headings={column: found[position].where for position, column in match.columns.items()},
        name=name,
        numeric=pl.concat([part for part in numeric if part is not None])
        if any(n is not None for n in numeric)
        else None,
    )


def _text(series: pl.Series) -> pl.Series:
    dtype = series.dtype
    if dtype == pl.String:
        return series
    if dtype == pl.Date:
        return _by_run(series, "%Y-%m-%d")
    if isinstance(dtype, pl.Datetime):
        return _by_run(series, "%Y-%m-%dT%H:%M:%S%:z" if dtype.time_zone else "%Y-%m-%dT%H:%M:%S")
    if dtype.is_float():
        whole = (series == series.round()) & (series.abs() < 10**15)
        text = series.cast(pl.String)
        return text.zip_with(~whole.fill_null(False), series.cast(pl.Int64, strict=False).cast(pl.String))
    try:
        return series.cast(pl.String)
    except pl.exceptions.PolarsError as error:
        raise SheetError("sheets.column_type", column=series.name, type=str(dtype)) from error


def _by_run(series: pl.Series, form: str) -> pl.Series:
    """The text of days or moments; those that follow each other and are the same are written once."""
    if not len(series):
        return series.dt.strftime(form)
    number, blank = series.to_physical().fill_null(0).to_numpy(), series.is_null().to_numpy()
    starts = np.append(True, (number[1:] != number[:-1]) | (blank[1:] != blank[:-1]))
    heads = series.filter(pl.Series(starts)).dt.strftime(form)
    return heads[np.cumsum(starts, dtype=np.int32) - np.int32(1)]


def _numbers(series: pl.Series, template: Template) -> pl.DataFrame | None:
    """Cells of a text column that the file stores as numbers."""
    column = template.column(series.name)
    if not (series.dtype.is_numeric() and column.needs_letters):
        return None
    rows = series.is_not_null().arg_true()
    text = _text(series).gather(rows)
    return pl.DataFrame({"row": rows.cast(pl.UInt32), "value": text, "shown": text}).select(
        "row", pl.lit(series.name).alias("field"), "value", "shown"
    )


def _dicts(data: bytes, how: Plan) -> Iterator[list[Json]]:
    frame = _read(data, [key for key, _ in how.fields] + list(how.lists))
    for part in frame.iter_slices(_BATCH):
        yield [_json(record) for record in part.to_dicts()]


def _json(value: object) -> Json:
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int | float):
        return Number(value)
    if isinstance(value, dict):
        return {str(key): _json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_json(inner) for inner in value]
    return str(value)


def _text_rows(data: bytes, limits: Limits) -> list[list[str | None]]:
    frame = _read(data, list(pl.read_parquet_schema(data))[: limits.max_columns], rows=10)
    return [[None if cell is None else str(cell) for cell in row] for row in frame.rows()]
