"""Make records void, or let them hold again: what every fold then says."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import psycopg

from suyuan.events.containment import decode_block
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.containers import Key, columns
from suyuan.server.ledger.services.copying import copy_frame
from suyuan.server.ledger.services.filed import PAIRS, Filed, all_keys, keys_as_columns, keys_of, pairs, part_keys
from suyuan.server.ledger.services.folding import fold_spans, refold
from suyuan.server.ledger.services.locks import lock_batteries
from suyuan.server.ledger.services.writing import block_frame

_SPACE = 7720  # our part of the two-number lock space; `locks` has the one before
_SUBMISSIONS = "SELECT pg_advisory_xact_lock(%s, k) FROM unnest(%s::integer[]) AS k"
_ROWS = """
SELECT s.lot FROM unnest(%s::text[], %s::integer[]) AS o (lot, serial)
  JOIN ledger_state s ON s.lot = o.lot AND s.serial = o.serial ORDER BY s.lot, s.serial FOR UPDATE OF s
"""
_BLOCKS = """
SELECT b.lot, b.block, b.mask, b.parent_lots, b.parents FROM unnest(%s::text[], %s::integer[]) AS o (lot, block)
  JOIN ledger_block b ON b.lot = o.lot AND b.block = o.block AND b.submission = %s
"""
_DROP_BLOCKS = """
DELETE FROM ledger_block b USING unnest(%s::text[], %s::integer[]) AS o (lot, block)
 WHERE b.lot = o.lot AND b.block = o.block AND b.submission = %s
"""
_MOVED = """
SELECT o.lot, o.serial FROM unnest(%s::text[], %s::integer[]) AS o (lot, serial)
 WHERE EXISTS (SELECT FROM ledger_span s WHERE s.up AND s.lot = o.lot AND s.serial = o.serial)
    OR EXISTS (SELECT FROM ledger_state s WHERE s.lot = o.lot AND s.serial = o.serial)
    OR (SELECT count(*) FROM birth(ARRAY[o.lot], ARRAY[o.serial])) > 1
"""
_COUNT = """
INSERT INTO ledger_daily (day, kind, company, submission, records)
SELECT (to_timestamp(o.ms / 1000.0) AT TIME ZONE 'Asia/Shanghai')::date, o.kind, o.company, o.submission, sum(o.records)
  FROM unnest(%s::bigint[], %s::smallint[], %s::integer[], %s::bigint[], %s::bigint[])
       AS o (ms, kind, company, submission, records)
 GROUP BY 1, 2, 3, 4
    ON CONFLICT (day, kind, company, submission) DO UPDATE SET records = ledger_daily.records + excluded.records
"""
_DROP_COUNTS = """
DELETE FROM ledger_daily d USING unnest(%s::bigint[], %s::smallint[], %s::integer[], %s::bigint[])
       AS o (ms, kind, company, submission)
 WHERE d.day = (to_timestamp(o.ms / 1000.0) AT TIME ZONE 'Asia/Shanghai')::date AND d.kind = o.kind
   AND d.company = o.company AND d.submission = o.submission AND d.records = 0
"""
_FINDINGS = """
UPDATE ledger_finding f SET void = o.void FROM unnest(%s::text[], %s::integer[], %s::uuid[], %s::boolean[])
       AS o (lot, serial, id, void)
 WHERE f.lot = o.lot AND f.serial = o.serial AND f.id = o.id
"""


@dataclass(frozen=True, slots=True)
class Change:
    """Records that no longer hold, and records that hold again."""

    gone: Sequence[Filed]
    back: Sequence[Filed] = ()

    @property
    def every(self) -> list[Filed]:
        """Both."""
        return [*self.gone, *self.back]


def lock(run: psycopg.Cursor[Row], change: Change, further: Sequence[Key] = ()) -> None:
    """Lock what the change will touch, and `further` objects, in the order in which everybody does."""
    submissions = sorted({one.submission % (1 << 31) for one in change.every})
    run.execute(_SUBMISSIONS, [_SPACE, submissions])
    objects = sorted({*all_keys(change.every), *further})
    lock_batteries(run, keys_as_columns(sorted({*objects, *part_keys(change.every)})))
    run.execute(_ROWS, columns(objects))


def refold_all(run: psycopg.Cursor[Row], change: Change) -> None:
    """Bring every fold to what it is after the change; the rows that say so are already there."""
    objects = all_keys(change.every)
    lots, serials = [lot for lot, _ in objects], [serial for _, serial in objects]
    refold(run, lots, serials)
    for submission in sorted({one.submission for one in change.every}):
        _refold_blocks(run, change, submission)
    parts = part_keys(change.every)
    moved = run.execute(_MOVED, columns(parts)).fetchall() if parts else []
    again = sorted({*objects, *moved})
    fold_spans(run, [lot for lot, _ in again], [serial for _, serial in again])
    _recount(run, change)
    run.execute(
        _FINDINGS,
        [
            [one.key[0] for one in change.every],
            [one.key[1] for one in change.every],
            [one.id for one in change.every],
            [True] * len(change.gone) + [False] * len(change.back),
        ],
    )


def _refold_blocks(run: psycopg.Cursor[Row], change: Change, submission: int) -> None:
    """Take the parts of records that are gone out of the blocks of their submission; put back those that are back."""
    gone = pairs(one for one in change.gone if one.submission == submission)
    back = pairs(one for one in change.back if one.submission == submission)
    touched = pl.concat([gone, back]).select("lot", block=pl.col("serial") // 64).unique().sort("lot", "block")
    if touched.is_empty():
        return
    where = [touched["lot"].to_list(), touched["block"].to_list(), submission]
    held = [_decoded(*row) for row in run.execute(_BLOCKS, where)]
    now = pl.concat([pl.DataFrame(schema=PAIRS), *held]).join(gone, on=["lot", "serial"], how="anti")
    now = pl.concat([now, back])
    run.execute(_DROP_BLOCKS, where)
    if not now.is_empty():
        copy_frame(run, "ledger_block", block_frame(*keys_of(now), submission))


def _decoded(lot: str, block: int, mask: int, lots: list[str] | None, parents: bytes | None) -> pl.DataFrame:
    serial, place, parent = decode_block(block, mask, parents or b"")
    named = np.array([*(lots or []), None], object)[place].tolist()
    return pl.DataFrame(
        {
            "lot": pl.repeat(lot, len(serial), dtype=pl.String, eager=True),
            "serial": serial,
            "parent_lot": pl.Series(named, dtype=pl.String),
            "parent_serial": pl.Series([value if lots else None for value in parent.tolist()], dtype=pl.Int64),
        },
        PAIRS,
    )


def _recount(run: psycopg.Cursor[Row], change: Change) -> None:
    every = change.every
    where = [
        [one.occurred_ms for one in every],
        [one.kind.no for one in every],
        [one.reporter for one in every],
        [one.submission for one in every],
    ]
    run.execute(_COUNT, [*where, [-one.records for one in change.gone] + [one.records for one in change.back]])
    run.execute(_DROP_COUNTS, where)
