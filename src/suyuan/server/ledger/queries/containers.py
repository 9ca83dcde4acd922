"""Where parts are: the parent of each of many objects, level by level."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from suyuan.server.kit.connection import Row

Key = tuple[str, int]
LEVELS = 5  # cell, module, pack, product, product of products

_SPANS = """
SELECT s.lot, s.serial, s.other_lot, s.other_serial, s.to_at IS NULL
  FROM unnest(%s::text[], %s::integer[]) AS o (lot, serial)
  JOIN ledger_span s ON s.lot = o.lot AND s.serial = o.serial AND s.up
 ORDER BY s.to_at IS NULL, s.from_at, s.from_by
"""
_BIRTHS = "SELECT lot, serial, parent_lot, parent_serial FROM birth(%s::text[], %s::integer[])"
_MADE = """
SELECT o.lot, o.serial, min(b.submission)
  FROM unnest(%s::text[], %s::integer[]) AS o (lot, serial)
  JOIN ledger_block b ON b.lot = o.lot AND b.block = o.serial / 64
       AND b.mask & (1::bigint << (o.serial %% 64)) <> 0 AND b.parents IS NULL
 GROUP BY o.lot, o.serial
"""
_LOTS = "SELECT DISTINCT lot FROM {table} WHERE lot = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Container:
    """The parent a part is in now; `parent` is None for one that has left its last parent."""

    parent: Key | None


def columns(keys: Sequence[Key]) -> list[list[str] | list[int]]:
    """Keys as the two arrays that the queries take."""
    return [[lot for lot, _ in keys], [serial for _, serial in keys]]


def _with_parts(run: psycopg.Cursor[Row], keys: Sequence[Key]) -> list[Key]:
    """Only the keys whose lot has parts at all: most lots of packs have none."""
    lots = sorted({lot for lot, _ in keys})
    known: set[str] = set()
    for table in ("ledger_block", "ledger_span"):
        known.update(lot for (lot,) in run.execute(_LOTS.format(table=table), [lots]))
    return [key for key in keys if key[0] in known]


def containers(run: psycopg.Cursor[Row], keys: Sequence[Key]) -> dict[Key, Container]:
    """The container of every key that is, or was, a part; others are left out. Three queries at most."""
    candidates = _with_parts(run, keys)
    found: dict[Key, Container] = {}
    if not candidates:
        return found
    for lot, serial, other_lot, other_serial, is_open in run.execute(_SPANS, columns(candidates)):
        found[lot, serial] = Container((other_lot, other_serial) if is_open else None)
    rest = [key for key in candidates if key not in found]
    for lot, serial, parent_lot, parent_serial in run.execute(_BIRTHS, columns(rest)) if rest else ():
        found[lot, serial] = Container((parent_lot, parent_serial))
    return found


def roots(run: psycopg.Cursor[Row], keys: Sequence[Key]) -> dict[Key, list[Key]]:
    """For every key the chain of its parents, nearest first; one level a round trip."""
    chains: dict[Key, list[Key]] = {key: [] for key in keys}
    current = {key: key for key in keys}
    for _ in range(LEVELS):
        above = containers(run, sorted(set(current.values())))
        step = {key: found.parent for key, at in current.items() if (found := above.get(at)) and found.parent}
        current = {key: parent for key, parent in step.items() if parent not in chains[key]}
        for key, parent in current.items():
            chains[key].append(parent)
        if not current:
            break
    return chains


def made_alone(run: psycopg.Cursor[Row], keys: Sequence[Key]) -> dict[Key, int]:
    """The submission that reported the making of each cell without a parent; others are left out."""
    return {(lot, serial): submission for lot, serial, submission in run.execute(_MADE, columns(keys))}
