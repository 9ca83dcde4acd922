"""Bring the folds forward: states and spans of the objects that a batch touched."""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import psycopg

from suyuan.events.admission import State
from suyuan.events.containment import Ints
from suyuan.events.records import Batch
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.state import names
from suyuan.server.ledger.services.copying import copy_frame, instants
from suyuan.server.ledger.services.vocabulary import changes_state

_STAGING = "CREATE TEMPORARY TABLE IF NOT EXISTS new_state (LIKE ledger_state) ON COMMIT DELETE ROWS"
_UPSERT = """
UPDATE ledger_state s
   SET stage = n.stage, holder = n.holder, consignee = n.consignee, site = n.site, vehicle = n.vehicle,
       changed_at = n.changed_at, changed_by = n.changed_by
  FROM new_state n WHERE s.lot = n.lot AND s.serial = n.serial
"""
_FORGET = """
DELETE FROM ledger_state s USING unnest(%s::text[], %s::integer[]) AS o (lot, serial)
 WHERE s.lot = o.lot AND s.serial = o.serial
"""
_REFOLD = """
INSERT INTO ledger_state (lot, serial, stage, holder, consignee, site, vehicle, changed_at, changed_by)
SELECT lot, serial, stage, holder, consignee, site, vehicle, changed_at, changed_by
  FROM refold_state(%s::text[], %s::integer[], array_fill(NULL::timestamptz, ARRAY[%s])) ORDER BY lot, serial
"""
_FORGET_SPANS = """
WITH of AS (SELECT DISTINCT lot, serial FROM unnest(%s::text[], %s::integer[]) AS o (lot, serial)),
     gone AS (DELETE FROM ledger_span s USING of WHERE s.up AND s.lot = of.lot AND s.serial = of.serial
              RETURNING s.other_lot, s.other_serial, s.lot, s.serial)
DELETE FROM ledger_span s USING gone g
 WHERE NOT s.up AND s.lot = g.other_lot AND s.serial = g.other_serial AND s.other_lot = g.lot AND s.other_serial = g.serial
"""
_SPANS = """
WITH of AS (SELECT DISTINCT lot, serial FROM unnest(%s::text[], %s::integer[]) AS o (lot, serial)),
     span AS (SELECT r.* FROM refold_spans((SELECT array_agg(lot ORDER BY lot, serial) FROM of),
                                           (SELECT array_agg(serial ORDER BY lot, serial) FROM of)) AS r)
INSERT INTO ledger_span (lot, serial, up, other_lot, other_serial, from_at, from_by, to_at)
SELECT lot, serial, true, parent_lot, parent_serial, from_at, from_by, to_at FROM span
 UNION ALL
SELECT parent_lot, parent_serial, false, lot, serial, from_at, from_by, to_at FROM span
"""


def fold_states(
    run: psycopg.Cursor[Row], batch: Batch, state: State, changed_ms: Ints, id_text: Callable[[Ints], pl.Series]
) -> None:
    """Write what admission left in `state`; objects with a record older than their last change are folded again."""
    record, obj = _changing(batch)
    if not len(obj):
        return
    order = np.lexsort((record, batch.occurred_ms[record], obj))
    record, obj = record[order], obj[order]
    last = np.flatnonzero(np.append(obj[1:] != obj[:-1], True))
    late_objects = np.unique(obj[batch.occurred_ms[record] < changed_ms[obj]])
    record, obj = record[last], obj[last]
    present = ~np.isin(obj, late_objects)
    known = changed_ms[obj] >= 0
    new, old = present & ~known, present & known
    copy_frame(run, "ledger_state", _frame(batch, state, record[new], obj[new], id_text))
    if old.any():
        run.execute(_STAGING)
        copy_frame(run, "new_state", _frame(batch, state, record[old], obj[old], id_text))
        run.execute(_UPSERT)
        run.execute("TRUNCATE new_state")
    late = batch.objects.take(late_objects)
    refold(run, names(late), late.serial.tolist())


def _changing(batch: Batch) -> tuple[Ints, Ints]:
    """(record, object) of every touch that sets something."""
    chosen = [batch.touches[slot.name] for slot in batch.kind.slots if changes_state(batch.kind.name, slot)]
    nothing = [np.zeros(0, np.int64)]
    return np.concatenate([t.record for t in chosen] or nothing), np.concatenate([t.object for t in chosen] or nothing)


def _frame(batch: Batch, state: State, record: Ints, obj: Ints, id_text: Callable[[Ints], pl.Series]) -> pl.DataFrame:
    """State rows, sorted as the primary key is: everybody inserts in one order."""
    objects = batch.objects.take(obj)
    vehicles = pl.Series([*state.vehicles, None], dtype=pl.String)
    vehicle = np.where(state.vehicle[obj] < 0, len(state.vehicles), state.vehicle[obj])
    numbers = {name: pl.Series(getattr(state, name)[obj]) for name in ("holder", "consignee", "site")}
    frame = pl.DataFrame(
        {
            "lot": pl.Series(names(objects), dtype=pl.String),
            "serial": objects.serial,
            "stage": state.stage[obj],
            **{name: pl.select(pl.when(value != 0).then(value)).to_series() for name, value in numbers.items()},
            "vehicle": vehicles[vehicle] if len(vehicle) else vehicles.head(0),
            "changed_at": instants(pl.Series(batch.occurred_ms[record], dtype=pl.Int64)),
            "changed_by": id_text(record),
        }
    )
    return frame.sort("lot", "serial")


def refold(run: psycopg.Cursor[Row], lots: Sequence[str], serials: Sequence[int]) -> None:
    """Fold these objects again from their events; those without events of their own lose their row."""
    if not lots:
        return
    run.execute(_FORGET, [list(lots), list(serials)])
    run.execute(_REFOLD, [list(lots), list(serials), len(lots)])


def fold_spans(run: psycopg.Cursor[Row], lots: Sequence[str], serials: Sequence[int]) -> None:
    """Fold again when these parts were inside which parent, from both sides."""
    if not lots:
        return
    run.execute(_FORGET_SPANS, [list(lots), list(serials)])
    run.execute(_SPANS, [list(lots), list(serials)])
