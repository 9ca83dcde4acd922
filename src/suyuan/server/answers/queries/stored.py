"""The fold of stays as it stands, for comparison."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import polars as pl
import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.copied import copied
from suyuan.server.supervision.queries.history import Portion

KEY = ("lot", "serial", "place")
STAY: Mapping[str, pl.DataType] = MappingProxyType(
    {
        "lot": pl.String(),
        "serial": pl.Int32(),
        "place": pl.Int16(),
        "from_on": pl.Date(),
        "until_on": pl.Date(),
        "stage": pl.Int16(),
        "reason": pl.Int16(),
        "division": pl.String(),
        "company": pl.Int32(),
        "came_stage": pl.Int16(),
        "came_division": pl.String(),
        "came_company": pl.Int32(),
        "event": pl.String(),
        "arrived_on": pl.Date(),
        "energy_wh": pl.Int64(),
        "mass_g": pl.Int64(),
    }
)
"""The columns of `answers_stay`; ids as text with dashes."""

_COPIED = f"""
COPY (SELECT {", ".join(f"s.{name}" for name in STAY)} FROM {{source}} ORDER BY 1, 2, 3) TO STDOUT (FORMAT csv)
"""  # noqa: S608  names of columns
_IN_RANGE = _COPIED.replace(
    "{source}", "answers_stay s WHERE s.lot > %(after)s AND (%(upto)s::text IS NULL OR s.lot <= %(upto)s)"
)
_OF_PACKS = _COPIED.replace(
    "{source}",
    "unnest(%(lots)s::text[], %(serials)s::integer[]) AS o (lot, serial)"
    " JOIN answers_stay s ON s.lot = o.lot AND s.serial = o.serial",
)


def stays_between(run: psycopg.Cursor[Row], portion: Portion) -> pl.DataFrame:
    """The stays of all packs in a range of lots, by key."""
    return copied(run, _IN_RANGE, {"after": portion.after, "upto": portion.upto}, STAY)


def stays_of(run: psycopg.Cursor[Row], lots: Sequence[str], serials: Sequence[int]) -> pl.DataFrame:
    """The stays of some distinct packs, by key."""
    return copied(run, _OF_PACKS, {"lots": list(lots), "serials": list(serials)}, STAY)
