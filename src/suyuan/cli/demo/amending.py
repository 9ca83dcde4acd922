"""Corrections and withdrawals of the simulated companies: they name records by the ids that the ledger gave them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from suyuan.server.kit.connection import cursor
from suyuan.simulation import Simulation

_IDS = """
SELECT o.place - 1, min(e.id::text)
  FROM unnest(%s::bigint[], %s::integer[]) WITH ORDINALITY AS o (submission, record, place)
  JOIN ledger_event e ON e.submission = o.submission AND e.record = o.record AND e.main_lot IS NULL
 GROUP BY o.place
"""
_FIRST_ROW = {"xlsx": 2, "parquet": 1}  # the number of the first row of data in each form
_DAYS = {"correction": "corrected_on", "withdrawal": "withdrawn_on"}


@dataclass(frozen=True, slots=True)
class Amendment:
    """One file of corrections or withdrawals."""

    name: str
    company: str
    kind: str
    reported_on: date
    data: bytes


def amendments(simulation: Simulation, submissions: Mapping[str, int]) -> Iterator[Amendment]:
    """The files, by day; `submissions` tells under which number each file of the simulation was received.

    What was refused has no record that could be amended.
    """
    forms = simulation.files.select("path", "format")
    asked = simulation.follow_ups.drop_nulls("path").join(forms, on="path", maintain_order="left")
    rows = asked["row"] + asked["format"].replace_strict(_FIRST_ROW, return_dtype=pl.Int64)
    numbers = [submissions[path] for path in asked["path"]]
    with cursor() as run:
        ids: dict[int, str] = dict(run.execute(_IDS, [numbers, rows.to_list()]).fetchall())
    known = asked.with_columns(record_id=pl.Series([ids.get(place) for place in range(asked.height)], dtype=pl.String))
    files = known.drop_nulls("record_id").group_by("reported_on", "kind", "company", maintain_order=True)
    for (day, kind, company), records in files:
        yield _file(records, str(kind), str(company), date.fromisoformat(str(day)))


def _file(records: pl.DataFrame, kind: str, company: str, day: date) -> Amendment:
    fields = ["record_id", "field", "value", "reason"] if kind == "correction" else ["record_id", "reason"]
    table = records.select(*fields, pl.lit(day.isoformat()).alias(_DAYS[kind]))
    return Amendment(
        name=f"{day}_{company}_{kind}_simulated.ndjson",
        company=company,
        kind=kind,
        reported_on=day,
        data=table.write_ndjson().encode(),
    )
