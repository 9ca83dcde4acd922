"""The state of a batch's objects as admission needs it: one set-based read, rows locked in order."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import psycopg

from suyuan.events.admission import AVAILABLE, NO_VEHICLE, State
from suyuan.events.containment import Blocks, Ints, Keys, encode_blocks
from suyuan.events.records import Batch
from suyuan.events.vocabulary import Kind, Slot, vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.containers import Container, Key, containers, made_alone, roots
from suyuan.server.ledger.queries.together import together
from suyuan.server.ledger.queries.valid import VALID

_STATES = """
SELECT o.place, s.stage, s.holder, s.consignee, s.site, s.vehicle, (extract(epoch FROM s.changed_at) * 1000)::bigint,
       replace(s.changed_by::text, '-', '')
  FROM unnest(%s::text[], %s::integer[]) WITH ORDINALITY AS o (lot, serial, place)
  JOIN ledger_state s ON s.lot = o.lot AND s.serial = o.serial
 ORDER BY s.lot, s.serial
   FOR UPDATE OF s
"""
_PLAIN = _STATES.replace("FOR UPDATE OF s", "")
_PAST = """
SELECT place, stage, holder, consignee, vehicle
  FROM refold_state(%s::text[], %s::integer[], ARRAY(SELECT to_timestamp(ms / 1000.0) FROM unnest(%s::bigint[]) AS ms),
                    %s::uuid[])
"""
_OVERLAPS = """
SELECT o.place, b.mask & o.mask, b.parents IS NULL, b.submission
  FROM unnest(%s::text[], %s::integer[], %s::bigint[]) WITH ORDINALITY AS o (lot, block, mask, place)
  JOIN ledger_block b ON b.lot = o.lot AND b.block = o.block AND b.mask & o.mask <> 0
       AND lowest_bit(b.mask) <= highest_bit(o.mask) AND highest_bit(b.mask) >= lowest_bit(o.mask)
"""
_OPEN_SPANS = "SELECT lot, serial, other_lot, other_serial, to_at IS NULL FROM ledger_span WHERE up AND lot = ANY(%s)"
_PART_STATES = "SELECT lot, serial, stage FROM ledger_state WHERE lot = ANY(%s) AND serial BETWEEN %s AND %s"
_MAKERS = "SELECT DISTINCT submission, reporter FROM ledger_event WHERE submission = ANY(%s)"
_REPEATS = """
SELECT DISTINCT o.place
  FROM unnest(%s::text[], %s::integer[], %s::bigint[], %s::jsonb[], %s::bytea[], %s::integer[], %s::text[], %s::text[],
              %s::integer[], %s::jsonb[]) WITH ORDINALITY
       AS o (lot, serial, ms, body, parts, site, vehicle, other_lot, other_serial, personal, place)
  JOIN ledger_event e ON e.lot = o.lot AND e.serial = o.serial AND e.kind = %s AND e.reporter = %s
       AND e.main_lot IS NULL AND e.occurred_at = to_timestamp(o.ms / 1000.0) AND e.body - 'correction' = o.body
       AND e.parts IS NOT DISTINCT FROM o.parts AND coalesce(e.site, 0) = o.site
       AND e.vehicle IS NOT DISTINCT FROM o.vehicle
       AND o.personal IS NOT DISTINCT FROM (
            SELECT p.data FROM ledger_personal p WHERE p.lot = e.lot AND p.serial = e.serial AND p.id = e.id)
       AND (o.other_lot IS NULL OR EXISTS (
            SELECT FROM ledger_event t WHERE t.lot = o.other_lot AND t.serial = o.other_serial AND t.id = e.id))
       AND NOT (o.other_lot IS NULL AND EXISTS (
            SELECT FROM ledger_event t WHERE t.submission = e.submission AND t.id = e.id AND t.slot = ANY(%s)))
 WHERE {valid}
""".replace("{valid}", VALID)


@dataclass(slots=True)
class Found:
    """The state of a batch, and what else the ledger found on the way.

    `parents` holds the present container of objects that are parts; `touched` marks parts with events of their own;
    `changed_ms` is each object's last change, -1 for none, and `changed_by` the record that made it
    (hexadecimal). `inherited` marks objects whose state is not, or not only, from events of their own.
    `blocks` are the batch's parts in their parents, encoded.
    """

    state: State
    parents: dict[int, Container]
    touched: np.ndarray[tuple[int], np.dtype[np.bool_]]
    changed_ms: Ints
    changed_by: list[str]
    inherited: np.ndarray[tuple[int], np.dtype[np.bool_]]
    blocks: Blocks | None = None

    @classmethod
    def nothing(cls, batch: Batch) -> "Found":
        """Before anything was looked up."""
        objects, parts = len(batch.objects), len(batch.parts.tops) + len(batch.parts.subs)
        return cls(
            State.blank(batch),
            {},
            np.zeros(parts, bool),
            np.full(objects, -1, np.int64),
            [""] * objects,
            np.zeros(objects, bool),
        )


def names(keys: Keys) -> list[str]:
    """The lot of every key, as text."""
    return np.asarray(keys.lots, object)[keys.lot].tolist() if len(keys) else []


def load_state(run: psycopg.Cursor[Row], batch: Batch, before: Sequence[str] | None = None) -> Found:
    """Everything `suyuan.events.admission.admit` wants to know about `batch`.

    Corrections stand `before` whatever came after the records that they correct (one id a record).
    """
    found = Found.nothing(batch)
    state = found.state
    vehicles = {lot: number for number, lot in enumerate(batch.lots)}
    rows = run.execute(_STATES, [names(batch.objects), batch.objects.serial.tolist()]).fetchall()
    _fill(found, vehicles, rows)
    _inherit(run, batch, found, vehicles)
    _late(run, batch, found, vehicles, before)
    state.vehicles = list(vehicles)
    if len(state.taken):
        _parts(run, batch, found)
    return found


def _fill(found: Found, vehicles: dict[str, int], rows: Sequence[Row]) -> None:
    if not rows:
        return
    state = found.state
    place, stage, holder, consignee, site, vehicle, at, by = zip(*rows, strict=True)
    at_place = np.array(place, np.int64) - 1
    state.stage[at_place] = stage
    state.holder[at_place] = [number or 0 for number in holder]
    state.consignee[at_place] = [number or 0 for number in consignee]
    state.site[at_place] = [number or 0 for number in site]
    state.vehicle[at_place] = [_vehicle(vin, vehicles) for vin in vehicle]
    found.changed_ms[at_place] = at
    for one, record in zip(at_place.tolist(), by, strict=True):
        found.changed_by[one] = record


def _vehicle(vin: str | None, vehicles: dict[str, int]) -> int:
    """A vehicle as an index into the lots; those that the batch does not name are added behind them."""
    return NO_VEHICLE if vin is None else vehicles.setdefault(vin, len(vehicles))


def _inherit(run: psycopg.Cursor[Row], batch: Batch, found: Found, vehicles: dict[str, int]) -> None:
    """Objects without events of their own, and parts, are where their container is."""
    slots = [slot for slot in batch.kind.slots if slot.object == "battery" and slot.before != {"unknown"}]
    asked = np.unique(np.concatenate([batch.touches[slot.name].object for slot in slots] or [np.zeros(0, np.int64)]))
    if not len(asked):
        return
    lots, serials = names(batch.objects.take(asked)), batch.objects.serial[asked].tolist()
    keys: list[Key] = list(zip(lots, serials, strict=True))
    place = dict(zip(keys, asked.tolist(), strict=True))
    parts = containers(run, keys)
    found.parents.update({place[key]: container for key, container in parts.items()})
    inside = sorted(key for key, container in parts.items() if container.parent)
    chains = roots(run, inside) if inside else {}
    tops = sorted({chain[-1] for chain in chains.values()})
    states = _states_of(run, tops, vehicles) if tops else {}
    for key, chain in chains.items():
        if chain[-1] in states:
            at = place[key]
            state = found.state
            found.inherited[at] = True
            state.stage[at], state.holder[at], state.consignee[at], state.site[at], state.vehicle[at] = states[
                chain[-1]
            ]
    _cells_alone(run, found, [key for key in keys if found.state.stage[place[key]] == 0], place)


def _states_of(
    run: psycopg.Cursor[Row], keys: Sequence[Key], vehicles: dict[str, int]
) -> dict[Key, tuple[int, int, int, int, int]]:
    rows = run.execute(_PLAIN, [[lot for lot, _ in keys], [serial for _, serial in keys]])
    return {
        keys[place - 1]: (stage, holder or 0, consignee or 0, site or 0, _vehicle(vin, vehicles))
        for place, stage, holder, consignee, site, vin, *_ in rows
    }


def _cells_alone(run: psycopg.Cursor[Row], found: Found, keys: Sequence[Key], place: dict[Key, int]) -> None:
    """Cells that were only ever reported as made."""
    made = made_alone(run, keys) if keys else {}
    if not made:
        return
    makers: dict[int, int] = dict(run.execute(_MAKERS, [sorted(set(made.values()))]).fetchall())
    for key, submission in made.items():
        at = place[key]
        found.inherited[at] = True
        found.state.stage[at] = vocabulary().stages["produced"]
        if found.state.holder[at] == 0:
            found.state.holder[at] = makers.get(submission, 0)


def _late(
    run: psycopg.Cursor[Row], batch: Batch, found: Found, vehicles: dict[str, int], before: Sequence[str] | None
) -> None:
    """Records older than the last change of their object are judged by what was true then.

    Where an object then had no events of its own, but is inside a container, it is where that is now.
    """
    state = found.state
    for name, touches in batch.touches.items():
        late = batch.occurred_ms[touches.record] < found.changed_ms[touches.object]
        late |= before is not None
        if not late.any():
            continue
        which = np.flatnonzero(late)
        objects = batch.objects.take(touches.object[which])
        records = touches.record[which].tolist()
        moments = batch.occurred_ms[records].tolist()
        above = found.inherited[touches.object]
        past = tuple(
            np.where(above, column[touches.object], empty)
            for column, empty in zip(
                (state.stage, state.holder, state.consignee, state.vehicle), (0, 0, 0, NO_VEHICLE), strict=True
            )
        )
        until = [None if before is None else before[record] for record in records]
        for place, stage, holder, consignee, vin in run.execute(
            _PAST, [names(objects), objects.serial.tolist(), moments, until]
        ):
            at = which[place - 1]
            if stage == 0 and above[at]:
                continue
            values = (stage, holder or 0, consignee or 0, _vehicle(vin, vehicles))
            for column, value in zip(past, values, strict=True):
                column[at] = value
        state.late[name], state.past[name] = late, (past[0], past[1], past[2], past[3])


def _parts(run: psycopg.Cursor[Row], batch: Batch, found: Found) -> None:
    """Which parts are already inside a parent, and which are past being parts."""
    child, parent = batch.parts.up(batch.objects.take(batch.main_objects()))
    found.blocks = blocks = encode_blocks(child, parent)
    lots = np.asarray(child.lots, object)
    present = np.unique(child.lot)
    named = [child.lots[lot] for lot in present]
    number = dict(zip(named, present.tolist(), strict=True))
    overlaps, spans, states = together(
        run,
        (_OVERLAPS, [lots[blocks.lot].tolist(), blocks.block.tolist(), blocks.mask.tolist()]),
        (_OPEN_SPANS, [named]),
        (_PART_STATES, [named, int(child.serial.min()), int(child.serial.max())]),
    )
    bound: set[int] = set()
    for place, mask, alone, _ in overlaps:
        if not alone:
            bits = np.flatnonzero(np.unpackbits(np.array([mask], np.int64).view(np.uint8), bitorder="little"))
            row = int(blocks.lot[place - 1]) << 32 | int(blocks.block[place - 1]) * 64
            bound.update((row + bits).tolist())
    spanned = [number[lot] << 32 | serial for lot, serial, *_ in spans]
    packed = child.packed
    suspects = np.flatnonzero(np.isin(packed, np.array(sorted(bound | set(spanned)), np.int64)))
    if len(suspects):
        _suspects(run, child.take(suspects), parent.take(suspects), suspects, found)
    stages = {number[lot] << 32 | serial: stage for lot, serial, stage in states}
    if stages:
        _touched(np.array(list(stages), np.int64), np.array(list(stages.values()), np.int64), packed, found)


def _suspects(run: psycopg.Cursor[Row], child: Keys, parent: Keys, place: Ints, found: Found) -> None:
    keys: list[Key] = list(zip(names(child), child.serial.tolist(), strict=True))
    parents: list[Key] = list(zip(names(parent), parent.serial.tolist(), strict=True))
    now = containers(run, keys)
    for at, key, wanted in zip(place.tolist(), keys, parents, strict=True):
        held = now[key].parent if key in now else None
        found.state.taken[at] = held is not None and held != wanted


def _touched(keys: Ints, stages: Ints, packed: Ints, found: Found) -> None:
    order = np.argsort(keys)
    keys, stages = keys[order], stages[order]
    at = np.searchsorted(keys, packed).clip(max=len(keys) - 1)
    found.touched[:] = keys[at] == packed
    allowed = np.array([vocabulary().stages[name] for name in sorted(AVAILABLE)], np.int64)
    found.state.gone[:] = found.touched & ~np.isin(stages[at], allowed)


def find_repeats(run: psycopg.Cursor[Row], batch: Batch, parts: Sequence[bytes | None]) -> Ints:
    """Records that the same reporter has already reported word for word."""
    mains = batch.objects.take(batch.main_objects())
    vehicles = [None if lot < 0 else batch.lots[lot] for lot in batch.vehicle_of_record().tolist()]
    others = _others(batch)
    rows = run.execute(
        _REPEATS,
        [
            names(mains),
            mains.serial.tolist(),
            batch.occurred_ms.tolist(),
            batch.body.to_list(),
            list(parts),
            batch.site.tolist(),
            vehicles,
            [other and other[0] for other in others],
            [other and other[1] for other in others],
            [None] * len(batch) if batch.personal is None else batch.personal.to_list(),
            batch.kind.no,
            batch.reporter,
            [number for number, _ in _further(batch.kind)],
        ],
    )
    return np.array(sorted(place - 1 for (place,) in rows), np.int64)


def _others(batch: Batch) -> list[Key | None]:
    """The further battery of each record; lists of batteries stand in the record's text anyway."""
    others: list[Key | None] = [None] * len(batch)
    for _, slot in _further(batch.kind):
        touches = batch.touches[slot.name]
        objects = batch.objects.take(touches.object)
        keys = zip(names(objects), objects.serial.tolist(), strict=True)
        for record, key in zip(touches.record.tolist(), keys, strict=True):
            others[record] = key
    return others


def _further(kind: Kind) -> list[tuple[int, Slot]]:
    """The slots, with their numbers, of a single further battery."""
    return [(n, slot) for n, slot in enumerate(kind.slots) if n and slot.object == "battery" and not slot.many]
