"""Fold the blocks again from the trees of the events.

First every lot's rows are reduced to a count and a sum that does not depend on their order, from the
events and from the table; only lots that differ are compared row by row.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO

import numpy as np
import polars as pl
import psycopg
from psycopg import sql

from suyuan.events.containment import Tree
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.valid import VALID
from suyuan.server.ledger.services.copying import copy_frame, hexadecimal
from suyuan.server.ledger.services.differences import Differences
from suyuan.server.ledger.services.filed import unfold
from suyuan.server.ledger.services.vocabulary import COMPACT
from suyuan.server.ledger.services.writing import block_frame

TREES = 5_000  # records unfolded at once: with packs of some hundred parts, about a million of them
ROWS = 200_000  # block rows read at once

_BLOCK = pl.Schema(
    {
        "lot": pl.String(),
        "block": pl.Int64(),
        "submission": pl.Int64(),
        "mask": pl.Int64(),
        "parent_lots": pl.String(),
        "parents": pl.String(),
    }
)
_NEXT_SUBMISSION = "SELECT submission FROM ledger_event WHERE submission > %s ORDER BY submission OFFSET %s LIMIT 1"
_TREES = """
SELECT e.submission, e.lot, e.serial, e.kind = ANY(%s), e.part_lots, e.part_counts, e.parts FROM ledger_event e
 WHERE e.submission > %s AND (%s::bigint IS NULL OR e.submission <= %s) AND e.main_lot IS NULL AND e.parts IS NOT NULL
   AND {valid} ORDER BY e.submission, e.id
""".replace("{valid}", VALID)
_NEXT_LOT = "SELECT lot FROM ledger_block WHERE lot > %s ORDER BY lot OFFSET %s LIMIT 1"
_COPY_OUT = """
COPY (SELECT lot, block, submission, mask, parent_lots, parents FROM ledger_block
       WHERE lot > {after} AND ({upto}::text IS NULL OR lot <= {upto})) TO STDOUT (FORMAT csv)
"""
_STAGING = "CREATE TEMPORARY TABLE fresh_block (LIKE ledger_block) ON COMMIT DROP"
_COMPARE = """
SELECT lot, block, submission,
       CASE WHEN h.mask IS NULL THEN 'missing' WHEN f.mask IS NULL THEN 'extra' ELSE 'different' END
  FROM fresh_block f FULL JOIN (SELECT * FROM ledger_block WHERE lot = ANY(%s)) AS h USING (lot, block, submission)
 WHERE (f.mask, f.parent_lots, f.parents) IS DISTINCT FROM (h.mask, h.parent_lots, h.parents) ORDER BY 1, 2, 3
"""


def rebuild_blocks(run: psycopg.Cursor[Row], *, check: bool) -> Differences:
    """Compare the blocks with the events' trees; replace those of the lots that differ unless only to `check`."""
    found = Differences("block")
    lots = _differing(run)
    if not lots:
        return found
    run.execute(_STAGING)
    for frame in _fresh(run):
        copy_frame(run, "fresh_block", frame.filter(pl.col("lot").is_in(lots)))
    rows = run.execute(_COMPARE, [lots]).fetchall()
    found.add((what, f"{lot} block {block} submission {number}") for lot, block, number, what in rows)
    if not check:
        run.execute("DELETE FROM ledger_block WHERE lot = ANY(%s)", [lots])
        run.execute("INSERT INTO ledger_block SELECT * FROM fresh_block ORDER BY lot, block, submission")
    run.execute("DROP TABLE fresh_block")
    return found


def _differing(run: psycopg.Cursor[Row]) -> list[str]:
    sums = [_sums(_fresh(run)), _sums(_held(run))]
    both = sums[0].join(sums[1], on="lot", how="full", coalesce=True, suffix="_held")
    unequal = both.filter(pl.col("rows").ne_missing(pl.col("rows_held")) | pl.col("sum").ne_missing(pl.col("sum_held")))
    return unequal["lot"].sort().to_list()


def _sums(frames: Iterator[pl.DataFrame]) -> pl.DataFrame:
    """By lot, the count of rows and the sum of their hashes (40 bits each, so that it cannot overflow)."""
    said = pl.struct(pl.exclude("lot")).hash() // (1 << 24)
    total = pl.DataFrame(schema={"lot": pl.String(), "rows": pl.UInt64(), "sum": pl.UInt64()})
    for frame in frames:
        part = frame.select("lot", rows=pl.lit(1, pl.UInt64), sum=said).group_by("lot").sum()
        total = pl.concat([total, part]).group_by("lot").sum()
    return total


def _fresh(run: psycopg.Cursor[Row]) -> Iterator[pl.DataFrame]:
    """Every block row, from the trees of the events that hold."""
    compact = _compact_kinds()
    after: int | None = -1
    while after is not None:
        row = run.execute(_NEXT_SUBMISSION, [after, TREES]).fetchone()
        upto = None if row is None else int(row[0])
        rows = run.execute(_TREES, [compact, after, upto, upto]).fetchall()
        for alone in (False, True):
            frame = _encode([row for row in rows if row[3] is alone], alone=alone)
            if frame.height:
                yield frame
        after = upto


def _compact_kinds() -> list[int]:
    return [vocabulary().kinds[name].no for name in sorted(COMPACT)]


def _encode(rows: Sequence[Row], *, alone: bool) -> pl.DataFrame:
    trees = [((row[1], row[2]), Tree(tuple(row[4]), bytes(row[5]), bytes(row[6]))) for row in rows]
    parts, owners = unfold(trees)
    child, parent = parts.up(owners)
    if not len(child):
        return pl.DataFrame(schema=_BLOCK)
    of_part = np.concatenate((parts.record, parts.record[parts.top]))
    submission = np.array([row[0] for row in rows], np.int64)[of_part]
    frame = block_frame(child, None if alone else parent, submission)
    if "parents" in frame.columns:
        frame = frame.with_columns(hexadecimal(frame["parents"]).alias("parents"))
    for name in ("parent_lots", "parents"):
        if name not in frame.columns:
            frame = frame.with_columns(pl.lit(None, pl.String).alias(name))
    return frame.select([pl.col(name).cast(dtype) for name, dtype in _BLOCK.items()])


def _held(run: psycopg.Cursor[Row]) -> Iterator[pl.DataFrame]:
    """Every block row, from the table."""
    after: str | None = ""
    while after is not None:
        row = run.execute(_NEXT_LOT, [after, ROWS]).fetchone()
        upto = None if row is None else str(row[0])
        statement = sql.SQL(_COPY_OUT).format(after=sql.Literal(after), upto=sql.Literal(upto))
        text = BytesIO()
        with run.copy(statement) as copy:
            for data in copy:
                text.write(data)
        if text.tell():
            text.seek(0)
            yield pl.read_csv(text, has_header=False, schema=_BLOCK)
        after = upto
