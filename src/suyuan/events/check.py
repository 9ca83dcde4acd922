"""Check a sheet of records: every rule on every row, on columns.

A rule looks at each different text once; nothing loops over rows. A row that cannot be accepted
refuses its whole record, since half a pack would be a lie.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from suyuan.codes.columns import Spelled, spell
from suyuan.events.checks.batches import with_batch_keys
from suyuan.events.checks.bonds import check_not_itself, check_one_place
from suyuan.events.checks.context import FILINGS, Context
from suyuan.events.checks.cross import check_destination, check_rules
from suyuan.events.checks.fields import JUDGES, judge_codes, judge_field_name
from suyuan.events.checks.filings import check_counts, with_filings
from suyuan.events.checks.judged import Judged, Pen
from suyuan.events.checks.moments import MOMENT, midnights
from suyuan.events.checks.production import check_production_days
from suyuan.events.checks.rows import (
    Groups,
    Said,
    check_agreement,
    check_items_agree,
    group_rows,
    records_of,
    repeated_rows,
)
from suyuan.events.checks.severities import SEVERITIES, severity_of
from suyuan.events.checks.shapes import shape_of
from suyuan.events.checks.texts import NOWHERE, Mask, Places, TextColumn, repeated, text_column
from suyuan.events.vocabulary import Field, FieldType, Kind

__all__ = ["FILINGS", "SEVERITIES", "Checked", "Context", "check", "severity_of"]

_MOMENTS = (FieldType.DATE, FieldType.DATETIME)
_AFTER_ALL_TIMES = 1 << 62  # days or milliseconds; makes every time positive and leaves null negative


@dataclass(frozen=True, slots=True)
class Checked:
    """A sheet after its check.

    Parameters
    ----------
    values
        Typed columns of the fields that the file has: codes and texts String (as received), days Date,
        moments Datetime("ms", "Asia/Shanghai"), numbers Float64, choices their key. A company or site
        that was looked up has its registry number in ``<field>_no`` (Int32, null: not known), a batch of
        material its code in ``<field>_key`` if the reporter is known. The field
        that says when it happened is always there, and so is ``occurred_at`` as a moment (a day is its
        midnight). What could not be read is null.
    findings
        Everything found, by row (schema `suyuan.sheets.FINDINGS`).
    ok_rows
        Rows to go on with: of accepted records, without repetitions.
    repeated
        Rows that repeat an earlier row of their record and are not counted again.
    record
        The record of each row, numbered from 0 in the order of their first rows.
    records
        How many records there are.
    refused_records
        By record, whether it is refused.
    """

    values: pl.DataFrame
    findings: pl.DataFrame
    ok_rows: pl.Series
    repeated: pl.Series
    record: pl.Series
    records: int
    refused_records: pl.Series

    @property
    def refused_rows(self) -> pl.Series:
        """By row, whether its record is refused: the rows to send back for correction."""
        return self.refused_records.gather(self.record)

    def accepted(self) -> tuple[pl.DataFrame, pl.Series, pl.Series]:
        """The rows to go on with: their values, their records without gaps, and where they stood."""
        record = group_rows(self.record.filter(self.ok_rows).to_numpy()).group
        return self.values.filter(self.ok_rows), pl.Series("record", record.astype(np.uint32)), self.ok_rows.arg_true()


def check(columns: pl.DataFrame, kind: Kind, context: Context, row_names: pl.Series | None = None) -> Checked:
    """Every rule of `kind` on every row of `columns`.

    Parameters
    ----------
    columns
        String or Categorical columns under canonical names, as received. Others are left alone.
    row_names
        The number of each row as the reader of the file counts it, for findings that name another
        row; rows are counted from 1 if it is not given.
    """
    names = row_names if row_names is not None else pl.Series(np.arange(1, columns.height + 1, dtype=np.uint32))
    pen = Pen.over(columns.height)
    texts = {name: text_column(name, columns[name]) for name in kind.fields if name in columns.columns}
    coded = (name for name in texts if kind.fields[name].type is FieldType.BATTERY_CODE)
    spelled = {name: spell(texts[name].values) for name in coded}
    judged = {name: _judge(kind, kind.fields[name], text, spelled.get(name), context) for name, text in texts.items()}
    judged = with_filings(kind, texts, spelled, judged, context)
    values, day = _values(kind, texts, judged, columns.height)
    identities = {name: _identity(kind.fields[name], text, judged[name].typed) for name, text in texts.items()}
    said = Said(texts, values, identities)
    records = records_of(kind, identities, columns.height)
    _check_required(kind, texts, records, columns.height, pen)
    for name, judgement in judged.items():
        for fault in judgement.faults:
            pen.write_fault(texts[name], fault)
    check_rules(kind, values, records, pen)
    check_destination(kind, values, context.reporter, pen)
    check_production_days(spelled, texts, judged, day, context.reference, pen)
    check_counts(kind, said, records, context, pen)
    check_not_itself(kind, texts, pen)
    check_one_place(kind, said, records, names, pen)
    shape = shape_of(kind)
    alike = [name for name in texts if name not in shape.listed and name not in kind.record]
    disagree = check_agreement(said, alike, records, names, pen)
    disagree |= check_items_agree(said, shape, records, names, pen)
    again = repeated_rows(kind, said, records, disagree, names, pen)
    return _result(with_batch_keys(kind, values, context.reporter), records, again, pen)


def _result(values: pl.DataFrame, records: Groups, again: Mask, pen: Pen) -> Checked:
    refused = np.zeros(len(records), bool)
    refused[records.group[pen.refused]] = True
    return Checked(
        values=values,
        findings=pen.findings(),
        ok_rows=pl.Series(~refused[records.group] & ~again),
        repeated=pl.Series(again),
        record=pl.Series("record", records.group.astype(np.uint32)),
        records=len(records),
        refused_records=pl.Series(refused),
    )


def _judge(kind: Kind, field: Field, column: TextColumn, codes: Spelled | None, context: Context) -> Judged:
    if codes is not None:
        return judge_codes(field, codes, context)
    if kind.about_record and field.name == "field":
        return judge_field_name(column.values)
    return JUDGES[field.type](field, column.values, context)


def _values(
    kind: Kind, texts: dict[str, TextColumn], judged: dict[str, Judged], rows: int
) -> tuple[pl.DataFrame, pl.Series]:
    """The typed columns, and the day on which it happened."""
    typed = {}
    for name, judgement in judged.items():
        column = texts[name]
        typed[name] = column.text if judgement.typed is column.values else column.spread(judgement.typed)
        if judgement.number is not None:
            typed[f"{name}_no"] = column.spread(judgement.number)
    if kind.time not in judged:
        dtype = pl.Date() if kind.fields[kind.time].type is FieldType.DATE else MOMENT
        typed[kind.time] = repeated(None, rows, dtype)
    time = typed[kind.time]
    if time.dtype != pl.Date:
        return pl.DataFrame(typed | {"occurred_at": time}), time.dt.date()
    moment = texts[kind.time].spread(midnights(judged[kind.time].typed)) if kind.time in judged else time.cast(MOMENT)
    return pl.DataFrame(typed | {"occurred_at": moment}), time


def _identity(field: Field, column: TextColumn, typed: pl.Series) -> Places:
    """By row, a number that is the same exactly where the field means the same; `NOWHERE` where blank."""
    text = column.identities()
    if field.type not in _MOMENTS or typed.n_unique() == len(typed):
        return text
    moment = column.spread(typed).to_numpy().astype(np.int64)  # the smallest integer where it is null
    time = group_rows(np.maximum(moment + _AFTER_ALL_TIMES, NOWHERE)).group
    unread = (time == NOWHERE) & (text != NOWHERE)
    return np.where(unread, text + np.int32(len(time)), time)


def _check_required(kind: Kind, texts: dict[str, TextColumn], records: Groups, rows: int, pen: Pen) -> None:
    shape = shape_of(kind)
    in_lists = {name: nest.columns for nest in shape.parallel for name in nest.columns}
    for name, field in kind.fields.items():
        if not field.required:
            continue
        blank = texts[name].blank() if name in texts else np.ones(rows, bool)
        if name in in_lists and blank.any():
            blank = _missing_in_list(in_lists[name], texts, blank, records)
        pen.write("events.required", np.flatnonzero(blank), name)


def _missing_in_list(nest: tuple[str, ...], texts: dict[str, TextColumn], blank: Mask, records: Groups) -> Mask:
    """Where `blank` is a gap in an item; a row without any item of the list lacks nothing if another has one."""
    item = np.zeros(len(blank), bool)
    for column in nest:
        if column in texts:
            item |= ~texts[column].blank()
    empty = np.ones(len(records), bool)
    empty[records.group[item]] = False
    lacking = item.copy()
    lacking[records.first[empty]] = True
    return blank & lacking
