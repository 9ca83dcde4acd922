"""Bring the folds forward: states and spans of the objects that a batch touched."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl
import psycopg

from suyuan.events.admission import State
from suyuan.events.containment import Ints
from suyuan.events.records import Batch
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.state import names
from suyuan.server.ledger.services.copying import copy_frame
from suyuan.server.ledger.services.vocabulary import changes_state

_STAGING = "CREATE TEMPORARY TABLE IF NOT EXISTS new_state (LIKE ledger_state) ON COMMIT DELETE ROWS"
_UPSERT = """
UPDATE ledger_state s
   SET stage = n.stage, holder = n.holder, consignee = n.consignee, site = n.site, vehicle = n.vehicle,
       changed_at = n.changed_at, changed_by = n.changed_by
  FROM new_state n WHERE s.lot = n.lot AND s.serial = n.serial
"""
_REFOLD = """
WITH of AS (SELECT DISTINCT lot, serial FROM unnest(%s::text[], %s::integer[]) AS o (lot, serial)),
     fresh AS MATERIALIZED (SELECT * FROM refold_state((SELECT array_agg(lot ORDER BY lot, serial) FROM of),
                                                       (SELECT array_agg(serial ORDER BY lot, serial) FROM of))),
     gone AS (DELETE FROM ledger_state s USING of WHERE s.lot = of.lot AND s.serial = of.serial
                 AND NOT EXISTS (SELECT FROM fresh f WHERE f.lot = s.lot AND f.serial = s.serial))
INSERT INTO ledger_state (lot, serial, stage, holder, consignee, site, vehicle, changed_at, changed_by)
SELECT lot, serial, stage, holder, consignee, site, vehicle, changed_at, changed_by FROM fresh ORDER BY lot, serial
    ON CONFLICT (lot, serial) DO UPDATE
   SET (stage, holder, consignee, site, vehicle, changed_at, changed_by) =
       (excluded.stage, excluded.holder, excluded.consignee, excluded.site, excluded.vehicle, excluded.changed_at,
        excluded.changed_by)
"""
_FORGET_SPANS = """
WITH of AS (SELECT DISTINCT lot, serial FROM unnest(%s::text[], %s::integer[]) AS o (lot, serial)),
     gone AS (DELETE FROM ledger_span s USING of WHERE s.up AND s.lot = of.lot AND s.serial = of.serial
              RETURNING s.other_lot, s.other_serial, s.lot, s.serial)
DELETE FROM ledger_span s USING gone g
 WHERE NOT s.up AND s.lot = g.other_lot AND s.serial = g.other_serial
   AND s.other_lot = g.lot AND s.other_serial = g.serial
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


@dataclass(frozen=True, slots=True)
class Before:
    """Each object before the batch: its last change (-1: none) and the record that made it; `refold` marks those
    whose state must be taken from their events again."""

    changed_ms: Ints
    changed_by: Sequence[str]
    refold: npt.NDArray[np.bool_]


def fold_states(
    run: psycopg.Cursor[Row], batch: Batch, state: State, before: Before, id_text: Callable[[Ints], pl.Series]
) -> None:
    """Write what admission left in `state`; objects with a record older than their last change are folded again."""
    record, obj = _changing(batch)
    changed_ms = before.changed_ms
    if not len(obj):
        return
    order = np.lexsort((record, batch.occurred_ms[record], obj))
    record, obj = record[order], obj[order]
    last = np.flatnonzero(np.append(obj[1:] != obj[:-1], True))
    late = (batch.occurred_ms[record] < changed_ms[obj]) | before.refold[obj]
    tied = np.flatnonzero(batch.occurred_ms[record] == changed_ms[obj])
    ids = id_text(record[tied]).to_list()
    late[tied] |= np.array(
        [new < before.changed_by[one] for new, one in zip(ids, obj[tied].tolist(), strict=True)], bool
    )
    late_objects = np.unique(obj[late])
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
    again = batch.objects.take(late_objects)
    refold(run, names(again), again.serial.tolist())


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
            "changed_at": pl.Series(batch.occurred_ms[record], dtype=pl.Int64),
            "changed_by": id_text(record),
        }
    )
    return frame.sort("lot", "serial")


def refold(run: psycopg.Cursor[Row], lots: Sequence[str], serials: Sequence[int]) -> None:
    """Fold these objects again from their events; those without events of their own lose their row."""
    if not lots:
        return
    run.execute(_REFOLD, [list(lots), list(serials)])


def fold_spans(run: psycopg.Cursor[Row], lots: Sequence[str], serials: Sequence[int]) -> None:
    """Fold again when these parts were inside which parent, from both sides."""
    if not lots:
        return
    run.execute(_FORGET_SPANS, [list(lots), list(serials)])
    run.execute(_SPANS, [list(lots), list(serials)])
