"""Stored stays beside computed ones: what differs, and writing just that, with what it changes in the folds above."""

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl
import psycopg

from suyuan.server.answers.queries.stored import KEY, STAY
from suyuan.server.answers.services.counting import FLOW, FLOW_KEY, ROUTE, ROUTE_KEY, Counts
from suyuan.server.kit.connection import Row

_DROP = """
DELETE FROM answers_stay s USING unnest(%s::text[], %s::integer[], %s::smallint[]) AS o (lot, serial, place)
 WHERE s.lot = o.lot AND s.serial = o.serial AND s.place = o.place
"""
_REST = tuple(name for name in STAY if name not in KEY)
_STAGING = "CREATE TEMPORARY TABLE IF NOT EXISTS {staging} (LIKE {table}) ON COMMIT DELETE ROWS"
_ADD = """
INSERT INTO {table} AS t ({columns}) SELECT {columns} FROM {staging}
    ON CONFLICT ({key}) DO UPDATE SET {sums}
"""
_EMPTY = "DELETE FROM {table} t USING {staging} s WHERE {same} AND t.packs = 0"


@dataclass(frozen=True, slots=True)
class Changes:
    """What has to be done to the fold of stays: rows to take out and rows to put in; `computed` is all."""

    computed: int
    gone: pl.DataFrame
    fresh: pl.DataFrame

    @property
    def number(self) -> int:
        """How many rows are not as computed."""
        return pl.concat([self.gone.select(KEY), self.fresh.select(KEY)]).n_unique()


def compare(stored: pl.DataFrame, computed: pl.DataFrame) -> Changes:
    """Both in the columns of the table; neither has a key twice."""
    return Changes(computed.height, _without(stored, computed), _without(computed, stored))


def _without(rows: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    return rows.join(others, on=[*KEY, *_REST], how="anti", nulls_equal=True, maintain_order="left")


def write(run: psycopg.Cursor[Row], changes: Changes) -> None:
    """Make the folds say what was computed."""
    if changes.gone.height:
        run.execute(_DROP, [changes.gone[name].to_list() for name in KEY])
    if changes.fresh.height:
        _copy(run, "answers_stay", changes.fresh)
    count(run, Counts.of(changes.fresh).minus(Counts.of(changes.gone)))


def count(run: psycopg.Cursor[Row], counts: Counts) -> None:
    """Add to the folds of steps; what comes to nothing leaves no row."""
    _add(run, "answers_flow", counts.flow, FLOW, FLOW_KEY)
    _add(run, "answers_route", counts.route, ROUTE, ROUTE_KEY)


def _add(
    run: psycopg.Cursor[Row], table: str, rows: pl.DataFrame, schema: Mapping[str, pl.DataType], key: tuple[str, ...]
) -> None:
    if not rows.height:
        return
    numbers = [name for name in schema if name not in key]
    pieces = {
        "table": table,
        "staging": f"new_{table}",
        "columns": _list(schema),
        "key": _list(key),
        "sums": _list(f"{name} = t.{name} + excluded.{name}" for name in numbers),
        "same": " AND ".join(f"t.{name} = s.{name}" for name in key),
    }
    run.execute(_STAGING.format(**pieces))
    run.execute("TRUNCATE {staging}".format(**pieces))
    _copy(run, pieces["staging"], rows)
    run.execute(_ADD.format(**pieces))
    run.execute(_EMPTY.format(**pieces))


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _copy(run: psycopg.Cursor[Row], table: str, rows: pl.DataFrame) -> None:
    buffer = io.BytesIO()
    rows.write_csv(buffer, include_header=False, quote_style="necessary")
    # an empty text is quoted, a null is not: the form that COPY takes for what it is
    with run.copy(f"COPY {table} ({_list(rows.columns)}) FROM STDIN (FORMAT csv)") as copy:
        copy.write(buffer.getbuffer())
