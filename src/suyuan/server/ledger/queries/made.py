"""State of a batch of cells that are only reported as made: from blocks, since cells have no rows."""

import numpy as np
import psycopg

from suyuan.events.containment import encode_blocks
from suyuan.events.records import Batch
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.state import Found

_MADE = """
SELECT o.place, b.mask & o.mask, b.submission
  FROM unnest(%s::text[], %s::integer[], %s::bigint[]) WITH ORDINALITY AS o (lot, block, mask, place)
  JOIN ledger_block b ON b.lot = o.lot AND b.block = o.block AND b.mask & o.mask <> 0 AND b.parents IS NULL
"""
_MAKERS = "SELECT DISTINCT submission, reporter FROM ledger_event WHERE submission = ANY(%s) AND kind = %s"


def load_made(run: psycopg.Cursor[Row], batch: Batch) -> Found:
    """Which cells are already reported as made, and whether by this reporter (then the record repeats)."""
    found = Found.nothing(batch)
    state = found.state
    blocks = encode_blocks(batch.objects, batch.objects)
    lots = np.asarray(batch.lots, object)
    rows = run.execute(_MADE, [lots[blocks.lot].tolist(), blocks.block.tolist(), blocks.mask.tolist()]).fetchall()
    if not rows:
        return found
    makers: dict[int, int] = dict(run.execute(_MAKERS, [sorted({row[2] for row in rows}), batch.kind.no]).fetchall())
    packed = batch.objects.packed
    for place, mask, submission in rows:
        bits = np.flatnonzero(np.unpackbits(np.array([mask], np.int64).view(np.uint8), bitorder="little"))
        keys = (int(blocks.lot[place - 1]) << 32 | int(blocks.block[place - 1]) * 64) + bits
        at = np.searchsorted(packed, keys)
        state.stage[at] = vocabulary().stages["produced"]
        state.holder[at] = makers.get(submission, 0)
    mains = batch.main_objects()
    state.duplicate[:] = (state.stage[mains] != 0) & (state.holder[mains] == batch.reporter)
    return found
