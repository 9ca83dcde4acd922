"""Nothing happens to a battery before the day that is written in its code."""

from datetime import date

import numpy as np
import polars as pl

from suyuan.codes.columns import production_days
from suyuan.events.checks.judged import Judged, Pen
from suyuan.events.checks.texts import TextColumn
from suyuan.events.vocabulary import FieldType, Kind


def check_production_days(
    kind: Kind, columns: dict[str, TextColumn], judged: dict[str, Judged], day: pl.Series, reference: date, pen: Pen
) -> None:
    """Tell where the record's `day` lies before the day written in one of its codes."""
    first = day.min()
    if not isinstance(first, date):
        return
    for name, column in columns.items():
        if kind.fields[name].type is not FieldType.BATTERY_CODE:
            continue
        written = production_days(column.values, reference)
        late = (written > np.datetime64(first)) & judged[name].sound()
        if not late.any():
            continue
        rows = column.marked(late)
        pair = pl.DataFrame({"produced_on": column.at(rows, pl.Series(written)), "occurred_on": day[rows]})
        before = (pair["occurred_on"] < pair["produced_on"]).fill_null(False)
        pair, rows = pair.filter(before), rows[before.to_numpy()]
        data = pair.select(pl.struct(pl.all().dt.to_string("%Y-%m-%d")).struct.json_encode()).to_series()
        pen.write("events.before_production", rows, name, column.text[rows], data)
