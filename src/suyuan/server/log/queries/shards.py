"""Shards and their entries, as the database has them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import psycopg

from suyuan.server.kit.connection import Row

_SHARDS = "SELECT number, origin, province, year, secret FROM log_shard ORDER BY province, year"
_NEXT = "SELECT coalesce(max(index) + 1, 0) FROM log_entry WHERE shard = %s"
_LEAVES = "SELECT index, leaf FROM log_entry WHERE shard = %s AND index >= %s ORDER BY index LIMIT %s"
_PLACES = """
SELECT e.index, e.leaf, e.secret, s.number, s.origin, s.province, s.year, s.secret
  FROM log_entry e JOIN log_shard s ON s.number = e.shard WHERE e.{column} = %s
"""
_PLACE = _PLACES.replace("{column}", "submission")
_PAPER = _PLACES.replace("{column}", "paper")


@dataclass(frozen=True, slots=True)
class ShardRow:
    """One shard of this installation; from its secret the pseudonyms of submitters derive."""

    number: int
    origin: str
    province: str
    year: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Placed:
    """A submission's place in a log, its leaf, and the secret of its salts."""

    index: int
    leaf: bytes
    secret: bytes = field(repr=False)
    shard: ShardRow


def shards(run: psycopg.Cursor[Row]) -> list[ShardRow]:
    """Every shard, by province and year."""
    return [_shard(row) for row in run.execute(_SHARDS)]


def next_index(run: psycopg.Cursor[Row], shard: int) -> int:
    """The index behind the last entry of a shard."""
    ((index,),) = run.execute(_NEXT, [shard]).fetchall()
    return int(index)


def leaves(run: psycopg.Cursor[Row], shard: int, start: int, limit: int) -> Sequence[tuple[int, bytes]]:
    """(index, leaf) of the entries from `start`, at most `limit`."""
    return [(index, bytes(leaf)) for index, leaf in run.execute(_LEAVES, [shard, start, limit])]


def placed(run: psycopg.Cursor[Row], submission: int) -> Placed | None:
    """Where a submission stands; None if it has no place yet."""
    row = run.execute(_PLACE, [submission]).fetchone()
    return Placed(row[0], bytes(row[1]), bytes(row[2]), _shard(row[3:])) if row else None


def placed_paper(run: psycopg.Cursor[Row], paper: int) -> Placed | None:
    """The same of a paper."""
    row = run.execute(_PAPER, [paper]).fetchone()
    return Placed(row[0], bytes(row[1]), bytes(row[2]), _shard(row[3:])) if row else None


def last_logged(run: psycopg.Cursor[Row]) -> int:
    """The submission that got its place last, by number; 0 where none has one."""
    ((number,),) = run.execute("SELECT coalesce(max(submission), 0) FROM log_entry").fetchall()
    return int(number)


def _shard(row: Row) -> ShardRow:
    number, origin, province, year, secret = row
    return ShardRow(number, origin, province, year, bytes(secret))
