"""Rows of records as the reads of single objects use them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import psycopg
from psycopg.sql import SQL

from suyuan.events.containment import Tree, decode_tree
from suyuan.events.vocabulary import Effect, Kind, vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.ascent import BEGINNING, Moment
from suyuan.server.ledger.queries.containers import Key, columns
from suyuan.server.ledger.queries.together import Ask
from suyuan.server.ledger.queries.visibility import opening_events, visible_events

CELL_PRODUCED = 1  # numbers of kinds in the vocabulary
PRODUCT_MADE = 24
WITHDRAWAL = 36

_ENTRIES = SQL("""
SELECT o.place, e.id::text, e.slot, e.kind, e.reporter, e.submission,
       (extract(epoch FROM e.occurred_at) * 1000)::bigint, e.party, e.site, e.vehicle,
       e.corrects::text, coalesce(e.stands_for, e.id)::text, e.parts IS NOT NULL, e.body::text,
       e.main_lot, e.main_serial, {seen}, {opens}
  FROM unnest(%s::text[], %s::integer[]) WITH ORDINALITY AS o (lot, serial, place)
  JOIN ledger_event e ON e.lot = o.lot AND e.serial = o.serial
""")
_MAKINGS = """
SELECT e.serial, e.id::text, e.part_lots, e.part_counts, e.parts FROM ledger_event e
 WHERE e.lot = %s AND e.kind = 1 AND e.submission = %s AND e.serial <= %s AND e.main_lot IS NULL
"""
_MAKINGS_BARE = _MAKINGS.replace("e.part_lots, e.part_counts, e.parts", "NULL, NULL, NULL")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a record, under one of its objects.

    `main` is the object that the record is filed under; `slot` is -1 where the row only says that an
    earlier record (`corrects`) is void. `seen` says that the reader may read the row, `opens` that it lets
    him see all there is of the object. `stands` is the id by which records of one moment are ordered.
    """

    key: Key
    id: str
    slot: int
    kind: Kind
    main: Key
    seen: bool
    opens: bool
    reporter: int
    submission: int
    occurred_ms: int
    party: int | None
    site: int | None
    vehicle: str | None
    corrects: str | None
    stands: str
    has_parts: bool
    body: str | None

    @property
    def moment(self) -> Moment:
        """When it happened, as records are ordered: a correction stands where the record it corrects stood."""
        return self.occurred_ms, self.stands

    @property
    def sets(self) -> Effect:
        """What the record makes true of this object."""
        return self.kind.slots[self.slot].sets if self.touches else Effect()

    @property
    def touches(self) -> bool:
        """Whether the row is about the object itself, not about an earlier record of it."""
        return self.slot >= 0 and bool(self.kind.slots)


def ask_entries(scope: Scope, keys: Sequence[Key]) -> Ask:
    """The statement that `read_entries` reads."""
    seen, opens = visible_events(scope), opening_events(scope)
    return _ENTRIES.format(seen=seen.sql, opens=opens.sql), [*seen.params, *opens.params, *columns(keys)]


def read_entries(keys: Sequence[Key], rows: Iterable[Row]) -> dict[Key, list[Entry]]:
    """Every row filed under `keys`, in the order of time, whoever may see it."""
    found: dict[Key, list[Entry]] = {key: [] for key in keys}
    kinds = _kinds()
    for row in rows:
        key = keys[row[0] - 1]
        found[key].append(_entry(key, kinds, row))
    for some in found.values():
        some.sort(key=lambda entry: (entry.moment, entry.slot))
    return found


def entries(run: psycopg.Cursor[Row], scope: Scope, keys: Sequence[Key]) -> dict[Key, list[Entry]]:
    """The same, asked and read."""
    return read_entries(keys, run.execute(*ask_entries(scope, keys))) if keys else {}


def _entry(key: Key, kinds: Mapping[int, Kind], row: Row) -> Entry:
    _, identity, slot, kind, *plain, main_lot, main_serial, seen, opens = row
    main = key if main_lot is None else (main_lot, main_serial)
    return Entry(key, identity, slot, kinds[kind], main, bool(seen), bool(opens), *plain)


@cache
def _kinds() -> Mapping[int, Kind]:
    return {kind.no: kind for kind in vocabulary().kinds.values()}


def making(run: psycopg.Cursor[Row], cell: Key, submission: int) -> tuple[Key, str] | None:
    """Where the record stands by which `submission` reported that `cell` was made, and its id.

    Cells made on one day stand in one record under the first of them.
    """
    lot, serial = cell
    rows = run.execute(_MAKINGS_BARE, [lot, submission, serial]).fetchall()
    if len(rows) > 1:
        rows = [row for row in run.execute(_MAKINGS, [lot, submission, serial]) if _lists(row, cell)]
    return ((lot, rows[0][0]), rows[0][1]) if rows else None


def _lists(row: Row, cell: Key) -> bool:
    parts, _ = decode_tree(Tree(tuple(row[2]), bytes(row[3]), bytes(row[4])))
    return bool((parts.serial == cell[1]).any())


def replacements(rows: Iterable[Entry]) -> dict[str, Entry]:
    """For each record that was corrected or withdrawn, the record that did it.

    A correction that was withdrawn itself counts for nothing.
    """
    rows = list(rows)
    withdrawn = {entry.corrects for entry in rows if entry.kind.no == WITHDRAWAL}
    return {entry.corrects: entry for entry in rows if entry.corrects is not None and entry.id not in withdrawn}


def valid(rows: Sequence[Entry]) -> list[Entry]:
    """Without what was corrected or withdrawn, and without the rows that only say so."""
    gone = replacements(rows)
    return [entry for entry in rows if entry.id not in gone and entry.touches]


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time: from a moment on, up to another one (None: open) that no longer belongs to it."""

    since: Moment = BEGINNING
    until: Moment | None = None

    def holds(self, moment: Moment) -> bool:
        """Whether `moment` lies inside."""
        return self.since <= moment and (self.until is None or moment < self.until)

    def meet(self, other: "Window") -> "Window | None":
        """What both have in common."""
        since = max(self.since, other.since)
        ends = [end for end in (self.until, other.until) if end is not None]
        until = min(ends) if ends else None
        return Window(since, until) if until is None or since < until else None


def bound(rows: Sequence[Entry]) -> list[tuple[str, Window]]:
    """The vehicles that a battery was bound to, and when; from its own records."""
    steps = [entry for entry in valid(rows) if entry.sets.vehicle is not None]
    ends: list[Moment | None] = [*(entry.moment for entry in steps), None]
    return [
        (entry.vehicle, Window(entry.moment, end))
        for entry, end in zip(steps, ends[1:], strict=True)
        if entry.sets.vehicle == "this" and entry.vehicle
    ]
