"""Canonical text of days, moments and choices, whole columns at once."""

import polars as pl

from suyuan.kernel import Severity
from suyuan.kernel.findings import Value
from suyuan.sheets import dates
from suyuan.sheets import findings as table
from suyuan.sheets.template import Column, Template, fold_heading

_SHOWN = 5


def normalise(
    columns: pl.DataFrame, template: Template, row_numbers: pl.Series, date_1904: bool = False
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """`columns` in canonical text, the columns that changed as they were, and what is to be said of it."""
    changed: dict[str, pl.Series] = {}
    said: list[pl.DataFrame] = []
    for name in columns.columns:
        column = template.column(name)
        if column.is_date:
            iso = dates.normalise(columns[name], column.type == "datetime", date_1904)
            for code, mark in (("sheets.serial_date", "serial"), ("sheets.time_dropped", "dropped")):
                if iso[mark].any():
                    said.append(count_finding(code, columns[name], iso[mark].arg_true(), row_numbers))
            changed[name] = iso["iso"].alias(name)
        elif column.choices:
            changed[name] = _choices(columns[name], column)
    changed = {name: series for name, series in changed.items() if not series.equals(columns[name])}
    if not changed:
        return columns, pl.DataFrame(), table.concat(said)
    return columns.with_columns(list(changed.values())), columns.select(list(changed)), table.concat(said)


def count_finding(code: str, column: pl.Series, rows: pl.Series, row_numbers: pl.Series) -> pl.DataFrame:
    """One warning about a whole column: how many cells, and the row numbers of the first of them."""
    if not len(rows):
        return table.empty()
    shown = [str(number) for number in row_numbers.gather(rows.head(_SHOWN))]
    data: dict[str, Value] = {"field": column.name, "count": len(rows), "rows": shown}
    return table.make(None, column.name, code, Severity.WARNING, column[int(rows[0])], data)


def _choices(series: pl.Series, column: Column) -> pl.Series:
    """Values of a choice by its value or by its label in either language or both."""
    known: dict[str, str] = {}
    for value, (zh, en) in column.choices.items():
        for name in (value, zh, en, choice_label(zh, en)):
            known.setdefault(fold_heading(name), value)
    distinct = series.unique().drop_nulls().to_list()
    understood = {text: known[fold_heading(text)] for text in distinct if fold_heading(text) in known}
    return series.replace(understood) if any(a != b for a, b in understood.items()) else series


def choice_label(zh: str, en: str) -> str:
    """The text of a choice in a drop-down list, in both languages."""
    return f"{zh} {en}" if zh != en else zh
