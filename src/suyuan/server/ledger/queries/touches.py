"""Which objects a record touches, and in which part."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from suyuan.codes.keys import batch_code, split_batch, split_code
from suyuan.events.vocabulary import Kind, Slot
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.containers import Key, columns
from suyuan.server.ledger.queries.entries import Entry

_THIN = """
SELECT e.id::text, e.slot, e.lot, e.serial FROM ledger_event e
 WHERE e.submission = ANY(%s) AND e.id = ANY(%s::uuid[]) AND e.main_lot IS NOT NULL
   AND e.slot >= 0
"""
_BODIES = """
SELECT e.id::text, e.body::text
  FROM unnest(%s::text[], %s::integer[], %s::uuid[]) AS o (lot, serial, id)
  JOIN ledger_event e ON e.lot = o.lot AND e.serial = o.serial AND e.id = o.id AND e.slot = 0 AND e.main_lot IS NULL
"""

Value = str | int | float | bool | None
Body = dict[str, Value | list[dict[str, Value]]]


@dataclass(frozen=True, slots=True)
class Touch:
    """One object of a record: the slot it stands in, what it is, and its key."""

    slot: str
    object: str
    key: Key


def _hidden(kind: Kind) -> bool:
    """Whether some object of such a record is told only by its own row."""
    return not _has_lines(kind) and any(slot.object != "vehicle" for slot in kind.slots[1:])


def _has_lines(kind: Kind) -> bool:
    return any(slot.many for slot in kind.slots)


def bodies(run: psycopg.Cursor[Row], rows: Sequence[Entry]) -> dict[str, Body]:
    """What each record says; of thin rows it is fetched from where the record stands."""
    found = {row.id: row.body for row in rows if row.body is not None}
    away = {row.id: row.main for row in rows if row.id not in found}
    if away:
        found.update(run.execute(_BODIES, [*columns(list(away.values())), list(away)]).fetchall())
    return {identity: json.loads(text) for identity, text in found.items()}


def touches(
    run: psycopg.Cursor[Row], rows: Sequence[Entry], said: dict[str, Body] | None = None
) -> dict[str, list[Touch]]:
    """The objects of each record, in the order of their slots."""
    records = {row.id: row for row in rows}
    said = bodies(run, [row for row in records.values() if _has_lines(row.kind)]) if said is None else said
    found: dict[str, dict[Touch, None]] = {}
    for row in records.values():
        found[row.id] = dict.fromkeys([*_own(row), *_lines(row, said.get(row.id, {}))])
    hidden = [row for row in records.values() if row.touches and _hidden(row.kind)]
    if hidden:
        submissions = sorted({row.submission for row in hidden})
        rows_elsewhere = run.execute(_THIN, [submissions, [row.id for row in hidden]])
        for identity, number, lot, serial in rows_elsewhere:
            slot = records[identity].kind.slots[number]
            found[identity][Touch(slot.name, slot.object, (lot, serial))] = None
    order = {row.id: [slot.name for slot in row.kind.slots] for row in records.values()}
    return {identity: sorted(some, key=lambda t: order[identity].index(t.slot)) for identity, some in found.items()}


def _own(row: Entry) -> list[Touch]:
    """What the row itself tells: its object, the one it is filed under, the vehicle."""
    if not row.touches:
        return []
    main, own = row.kind.slots[0], row.kind.slots[row.slot]
    told = [Touch(main.name, main.object, row.main), Touch(own.name, own.object, row.key)]
    if row.vehicle:
        told += [Touch(slot.name, slot.object, (row.vehicle, 0)) for slot in row.kind.slots if slot.object == "vehicle"]
    return told


def _lines(row: Entry, body: Body) -> list[Touch]:
    lines = body.get("lines")
    if not isinstance(lines, list):
        return []
    return [
        Touch(slot.name, slot.object, _key(slot, str(code), row.main))
        for slot in row.kind.slots
        for line in lines
        if (code := line.get(slot.field)) is not None
    ]


def _key(slot: Slot, code: str, main: Key) -> Key:
    """The key of an object that a line names; batches of material are of the company of the first one."""
    company = split_batch(main[0]) if slot.object == "material" else None
    return (batch_code(company[0], code), 0) if company else split_code(code)
