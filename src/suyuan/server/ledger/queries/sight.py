"""Which of very many objects a reader may see: the rule of `visibility`, followed upwards set by set."""

import polars as pl
import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.ledger.queries.containers import LEVELS
from suyuan.server.ledger.queries.upward import Lots, births_of, spans_of
from suyuan.server.ledger.queries.valid import VALID
from suyuan.server.ledger.queries.visibility import seen_between, seen_keys, seen_makings

_VEHICLES = f"""
SELECT DISTINCT e.lot, e.serial, e.vehicle FROM unnest(%s::text[], %s::integer[], %s::integer[]) AS o (lot, low, high)
  JOIN ledger_event e ON e.lot = o.lot AND e.serial BETWEEN o.low AND o.high AND e.vehicle IS NOT NULL
   AND e.vehicle <> e.lot AND {VALID}
"""  # noqa: S608  a constant


def seen_of(run: psycopg.Cursor[Row], scope: Scope, keys: pl.Series, lots: Lots) -> pl.Series:
    """Whether the reader may see each of these distinct packed keys, in their order."""
    if scope.level is Level.NATION or keys.is_empty():
        return pl.repeat(True, len(keys), dtype=pl.Boolean, eager=True)
    steps = [births_of(run, keys, lots)]
    seen = [_makings_seen(run, scope, steps[0], lots)]
    known = frontier = keys.alias("key")
    edges: list[pl.DataFrame] = []
    for level in range(LEVELS):
        births = steps[0] if level == 0 else births_of(run, frontier, lots)
        above = pl.concat([births.select("key", "parent"), spans_of(run, frontier, lots).select("key", "parent")])
        edges.append(above.drop_nulls().unique())
        seen.append(lots.packed(seen_between(run, scope, *lots.ends(frontier))))
        frontier = edges[-1]["parent"].unique().alias("key")
        frontier = frontier.filter(~frontier.is_in(known.implode()))
        known = pl.concat([known, frontier])
        if frontier.is_empty():
            break
    driven = _vehicles(run, known, lots)
    vehicles = lots.keys(driven["parent"].unique())
    seen.append(lots.packed(sorted(seen_keys(run, scope, vehicles))))
    return _inherited(keys, pl.concat(seen).unique(), [driven, *reversed(edges)])


def _inherited(keys: pl.Series, seen: pl.Series, edges: list[pl.DataFrame]) -> pl.Series:
    """What is seen, with everything inside of it; `edges` go from the outermost level inwards."""
    for step in edges:
        inside = step.filter(pl.col("parent").is_in(seen.implode()))["key"]
        seen = pl.concat([seen, inside]).unique()
    return keys.is_in(seen.implode())


def _vehicles(run: psycopg.Cursor[Row], keys: pl.Series, lots: Lots) -> pl.DataFrame:
    """The vehicles that these objects were ever in, as edges."""
    rows = run.execute(_VEHICLES, lots.ends(keys)).fetchall()
    inside = lots.packed([(lot, serial) for lot, serial, _ in rows])
    edges = pl.DataFrame({"key": inside, "parent": lots.packed([(vin, 0) for _, _, vin in rows])})
    return edges.filter(pl.col("key").is_in(keys.implode()))


def _makings_seen(run: psycopg.Cursor[Row], scope: Scope, links: pl.DataFrame, lots: Lots) -> pl.Series:
    """The cells for which the reader may see the record that made them."""
    made = links.drop_nulls("made").select("key", "made", lot=pl.col("key") // (1 << 32))
    distinct = made.select("lot", "made").unique()
    names = [lots.names[number] for number in distinct["lot"].to_list()]
    if not names:
        return links["key"].clear()
    seen = seen_makings(run, scope, sorted(set(names)), distinct["made"].unique().to_list())
    marks = [(lot, by) in seen for lot, by in zip(names, distinct["made"].to_list(), strict=True)]
    return made.join(distinct.filter(pl.Series(marks, dtype=pl.Boolean)), on=["lot", "made"])["key"]
