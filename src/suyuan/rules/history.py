"""The columns that duties are computed from: what happened, and which company has which role."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from suyuan.events.vocabulary import vocabulary
from suyuan.rules.errors import RulesError

EVENTS: Mapping[str, pl.DataType] = {
    "kind": pl.String(),
    "reporter": pl.Int64(),
    "party": pl.Int64(),
    "principal": pl.Int64(),
    "occurred_on": pl.Date(),
    "received_on": pl.Date(),
    "valid": pl.Boolean(),
}
"""One row for each object that a record touches, beside `event` and `object`, whose type is the caller's: any
text, number or bytes (an object known by lot and serial needs one number for both).

`event` names the record, `object` what it touched, `slot` (optional) in which slot. `kind` is a kind of
event or a dated fact of the register. `reporter`, `party` and `principal` are registry numbers; null means
none. `occurred_on` is the day in China on which it happened, `received_on` the day on which the record
arrived; for a correction, the day on which the record that it stands for arrived first. `valid` is false
for what was withdrawn or corrected. Further columns may be named by conditions: `level`, fields.
"""

COMPANIES: Mapping[str, pl.DataType] = {
    "company": pl.Int64(),
    "role": pl.String(),
    "from": pl.Date(),
    "to": pl.Date(),
}
"""One row for each role of a company, with the days it has it; null is an open side."""


def read_events(events: pl.DataFrame, on: date) -> dict[str, pl.DataFrame]:
    """What was known on the day `on`, by kind; a kind is filed under its main slot only once a row.

    Raises `RulesError` where a column is missing or of another type.
    """
    for needed in ("event", "object"):
        if needed not in events.columns:
            raise RulesError("rules.column_missing", column=needed)
        if events.schema[needed].is_nested():
            given = str(events.schema[needed])
            raise RulesError("rules.column_type", column=needed, wanted="String, Int64 or Binary", given=given)
    _check(events, EVENTS)
    known = events.filter(pl.col("received_on") <= on)
    parts = known.partition_by("kind", as_dict=True, maintain_order=True)
    return {str(key[0]): frame for key, frame in parts.items()}


def read_companies(companies: pl.DataFrame) -> pl.DataFrame:
    """The table of roles, checked."""
    _check(companies, COMPANIES)
    return companies


def main_rows(kind: str, frame: pl.DataFrame) -> pl.DataFrame:
    """One row a record: that of its main object."""
    known = vocabulary().kinds.get(kind)
    if known is None or known.about_record or "slot" not in frame.columns:
        return frame
    rows = frame.filter(pl.col("slot") == known.main.name)
    return rows.unique("event", keep="first", maintain_order=True) if known.main.many else rows


def _check(frame: pl.DataFrame, wanted: Mapping[str, pl.DataType]) -> None:
    for column, kind in wanted.items():
        if column not in frame.columns:
            raise RulesError("rules.column_missing", column=column)
        given = frame.schema[column]
        texts = isinstance(kind, pl.String) and isinstance(given, pl.Enum | pl.Categorical)
        if given != kind and not texts:
            raise RulesError("rules.column_type", column=column, wanted=str(kind), given=str(given))
