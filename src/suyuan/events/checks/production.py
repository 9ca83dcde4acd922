"""Nothing happens to a battery before the day that is written in its code."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import polars as pl

from suyuan.codes.columns import Spelled, production_days
from suyuan.events.checks.judged import Judged, Pen
from suyuan.events.checks.texts import TextColumn


def check_production_days(
    spelled: Mapping[str, Spelled],
    columns: Mapping[str, TextColumn],
    judged: Mapping[str, Judged],
    day: pl.Series,
    reference: date,
    pen: Pen,
) -> None:
    """Tell where the record's `day` lies before the day written in one of its codes, `spelled` by field."""
    first = day.min()
    if not isinstance(first, date):
        return
    happened = day.to_numpy()  # no time where it is not known, which is before nothing
    for name, codes in spelled.items():
        column, written = columns[name], production_days(codes, reference)
        late = (written > np.datetime64(first)) & judged[name].sound()
        rows = column.marked(late)
        of_row = written[rows if column.index is None else column.index[rows]]
        before = happened[rows] < of_row
        if not before.any():
            continue
        rows = rows[before]
        pair = pl.DataFrame({"produced_on": of_row[before], "occurred_on": day[rows]})
        data = pair.select(pl.struct(pl.all().dt.to_string("%Y-%m-%d")).struct.json_encode()).to_series()
        pen.write("events.before_production", rows, name, column.text[rows], data)
