"""Which serials of a lot were ever reported: for whoever gives out new ones.

A serial counts as reported also where the record was withdrawn later: the code may stand on a casing.
"""

import psycopg

from suyuan.codes.keys import LARGEST_SERIAL
from suyuan.server.kit.connection import Row

_FREE = """
WITH taken AS (
    SELECT e.serial AS low, e.serial AS high FROM ledger_event e WHERE e.lot = %(lot)s AND e.serial >= %(first)s
     UNION
    SELECT b.block * 64 + lowest_bit(b.mask), b.block * 64 + highest_bit(b.mask) FROM ledger_block b
     WHERE b.lot = %(lot)s AND b.block >= %(first)s / 64 AND b.block * 64 + highest_bit(b.mask) >= %(first)s
), gap AS (
    SELECT %(first)s AS first, coalesce(min(low), %(behind)s) AS behind FROM taken
     UNION ALL
    SELECT max(high) OVER sorted + 1, coalesce(lead(low) OVER sorted, %(behind)s) FROM taken
    WINDOW sorted AS (ORDER BY low, high)
)
SELECT min(first) FROM gap WHERE behind - first >= %(count)s
"""
_REPORTED = """
SELECT DISTINCT e.serial FROM ledger_event e WHERE e.lot = %(lot)s AND e.serial BETWEEN %(first)s AND %(last)s
 UNION
SELECT s.serial FROM generate_series(%(first)s::integer, %(last)s::integer) AS s (serial)
  JOIN ledger_block b ON b.lot = %(lot)s AND b.block = s.serial / 64 AND b.mask & (1::bigint << (s.serial %% 64)) <> 0
"""


def free_from(run: psycopg.Cursor[Row], lot: str, first: int, count: int) -> int | None:
    """The lowest serial not below `first` that begins `count` serials nobody reported; None if there is none.

    Serials between the first and the last that a submission put into one block of 64 count as reported.
    """
    given = {"lot": lot, "first": first, "count": count, "behind": LARGEST_SERIAL + 1}
    row = run.execute(_FREE, given).fetchone()
    return None if row is None else row[0]


def reported(run: psycopg.Cursor[Row], lot: str, first: int, last: int) -> set[int]:
    """Which serials of a lot, from `first` to `last`, were ever reported."""
    return {serial for (serial,) in run.execute(_REPORTED, {"lot": lot, "first": first, "last": last})}
