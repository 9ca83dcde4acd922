"""The records that made products, asked for very many objects at once.

One product made of its sources contains them. Several products made of the same sources in one record
contain nothing: what of which source went into which of them is not known.
"""

import polars as pl
import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.entries import PRODUCT_MADE
from suyuan.server.ledger.queries.upward import Lots
from suyuan.server.ledger.queries.valid import VALID

_MADE = f"""
SELECT e.lot, e.serial, e.slot, e.id
  FROM unnest(%s::text[], %s::integer[], %s::integer[]) AS o (lot, low, high)
  JOIN ledger_event e ON e.lot = o.lot AND e.serial BETWEEN o.low AND o.high AND e.kind = {PRODUCT_MADE}
   AND (e.slot = 0 OR (e.slot = 1 AND e.into_lot IS NULL
                       AND e.occurred_at <= coalesce(to_timestamp(%s::bigint / 1000.0), 'infinity')))
   AND {VALID}
"""  # noqa: S608  constants
_INTO = "SELECT e.id, e.lot, e.serial FROM ledger_event e WHERE e.id = ANY(%s) AND e.slot = 0"


def makings_of(
    run: psycopg.Cursor[Row], keys: pl.Series, lots: Lots, at_ms: int | None
) -> tuple[pl.Series, pl.DataFrame]:
    """Those of the packed `keys` that were made as products, and those that went into several at once.

    The latter as pairs of columns source, into: up to a moment (None: now). Products are rare, so that all
    records of products between the lowest and the highest serial of a lot are fetched.
    """
    rows = run.execute(_MADE, [*lots.ends(keys), at_ms], binary=True).fetchall()
    made = pl.DataFrame(
        {
            "key": lots.packed([row[:2] for row in rows]),
            "slot": pl.Series([row[2] for row in rows], dtype=pl.Int16),
            "id": pl.Series([row[3].hex for row in rows], dtype=pl.String),
        }
    ).filter(pl.col("key").is_in(keys.implode()))
    sources = made.filter(pl.col("slot") != 0).select("id", source="key")
    products = made.filter(pl.col("slot") == 0)["key"].unique()
    if sources.is_empty():
        return products, pl.DataFrame(schema={"source": pl.Int64, "into": pl.Int64})
    found = run.execute(_INTO, [sources["id"].unique().to_list()]).fetchall()
    into = pl.DataFrame(
        {
            "id": pl.Series([row[0].hex for row in found], dtype=pl.String),
            "into": lots.packed([row[1:] for row in found]),
        }
    )
    return products, sources.join(into, on="id").select("source", "into").unique()
