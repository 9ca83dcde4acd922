"""Corrections and withdrawals of the simulated companies: they name records by the ids that the ledger gave them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from suyuan.server.kit.connection import cursor
from suyuan.server.ledger.queries.rows import ids_of_rows
from suyuan.simulation import Simulation

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
        ids = ids_of_rows(run, numbers, rows.to_list())
    known = asked.with_columns(record_id=pl.Series(ids, dtype=pl.String))
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
