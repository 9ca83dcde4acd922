"""State of a batch of cells that are only reported as made: from blocks, since cells have no rows."""

import json

import numpy as np
import psycopg

from suyuan.events.admission import State
from suyuan.events.containment import Tree, decode_tree, encode_blocks
from suyuan.events.records import Batch
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.state import Found
from suyuan.server.ledger.queries.valid import VALID

_MADE = """
SELECT o.place, b.mask & o.mask, b.submission
  FROM unnest(%s::text[], %s::integer[], %s::bigint[]) WITH ORDINALITY AS o (lot, block, mask, place)
  JOIN ledger_block b ON b.lot = o.lot AND b.block = o.block AND b.mask & o.mask <> 0
       AND lowest_bit(b.mask) <= highest_bit(o.mask) AND highest_bit(b.mask) >= lowest_bit(o.mask) AND b.parents IS NULL
"""
_EVENTS = """
SELECT (extract(epoch FROM e.occurred_at) * 1000)::bigint, (e.body - 'correction')::text, e.part_lots, e.part_counts,
       e.parts, (SELECT t.lot FROM ledger_event t WHERE t.id = e.id AND t.main_lot IS NOT NULL AND t.slot = 1 LIMIT 1),
       (SELECT t.serial FROM ledger_event t WHERE t.id = e.id AND t.main_lot IS NOT NULL AND t.slot = 1 LIMIT 1)
  FROM ledger_event e
 WHERE e.submission = ANY(%s) AND e.lot = ANY(%s) AND e.kind = %s AND e.reporter = %s AND e.main_lot IS NULL
       AND e.parts IS NOT NULL AND {valid}
""".replace("{valid}", VALID)
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
    _repeats(run, batch, sorted({row[2] for row in rows}), state)
    return found


def _repeats(run: psycopg.Cursor[Row], batch: Batch, submissions: list[int], state: State) -> None:
    """Mark the records that say of their cell what its stored event says: day, text and batch of material."""
    mains = batch.main_objects()
    objects, packed = batch.objects, batch.objects.packed
    lots = sorted({objects.lots[lot] for lot in objects.lot[mains].tolist()})
    number = {lot: place for place, lot in enumerate(objects.lots)}
    material: list[tuple[str, int] | None] = [None] * len(batch)
    touches = batch.touches["material"]
    for record, obj in zip(touches.record.tolist(), touches.object.tolist(), strict=True):
        material[record] = objects.lots[objects.lot[obj]], int(objects.serial[obj])
    told = {text: _plain(text) for text in batch.body.unique()}
    says = list(zip(batch.occurred_ms.tolist(), (told[text] for text in batch.body), material, strict=True))
    event = np.full(len(packed), -1)
    stored: list[tuple[int, str, tuple[str, int] | None]] = []
    for at, body, part_lots, counts, parts, lot, serial in run.execute(
        _EVENTS, [submissions, lots, batch.kind.no, batch.reporter]
    ):
        cells, _ = decode_tree(Tree(tuple(part_lots), bytes(counts), bytes(parts)))
        places = np.array([number.get(name, -1) for name in part_lots])[cells.lot]
        keys = (places << 32 | cells.serial)[places >= 0]
        where = np.searchsorted(packed, keys).clip(max=len(packed) - 1)
        event[where[packed[where] == keys]] = len(stored)
        stored.append((at, _plain(body), None if lot is None else (lot, serial)))
    of_record = event[mains].tolist()
    state.duplicate[:] = [one >= 0 and stored[one] == said for one, said in zip(of_record, says, strict=True)]


def _plain(body: str) -> str:
    """A record's text in one way of writing it."""
    return json.dumps(json.loads(body), sort_keys=True)
