"""Everything that concerns one object, gathered once: its records, those of its containers, of its vehicles.

`show`, `life` and `tree` all begin here, so that they agree on what may be seen.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.ascent import BEGINNING, Ascent, Moment, Stay, ask_climb, read_climb
from suyuan.server.ledger.queries.containers import LEVELS, Key
from suyuan.server.ledger.queries.entries import (
    CELL_PRODUCED,
    Entry,
    Window,
    ask_entries,
    bound,
    entries,
    making,
    read_entries,
    valid,
)
from suyuan.server.ledger.queries.kinds import kind_of_rows, objects_of
from suyuan.server.ledger.queries.together import together
from suyuan.server.ledger.queries.touches import Touch, touches


@dataclass(frozen=True, slots=True)
class History:
    """What was gathered about `key`.

    `starts` says when each stay began. `rows` has the records of the object, its containers
    and its vehicles (for a vehicle: of the packs ever bound to it); `windows` says which of them belong
    to this life. `made` is the record by which a cell was reported as made, with what corrected it.
    """

    key: Key
    ascent: Ascent
    starts: Mapping[Stay, Moment]
    rows: dict[Key, list[Entry]]
    windows: dict[Key, list[Window]]
    made: Sequence[Entry] = ()
    touched: dict[str, list[Touch]] = field(default_factory=dict)

    @property
    def is_vehicle(self) -> bool:
        """Whether the object is a vehicle."""
        return is_vehicle(self.rows[self.key])

    @property
    def kind(self) -> str:
        """What the object is; see `kinds`."""
        return kind_of_rows(self.key, self.own())

    def own(self) -> list[Entry]:
        """The rows about the object itself that the reader may read: all of an open one, else his own."""
        rows = [*self.rows[self.key], *self.made]
        return rows if self.visible else [entry for entry in rows if entry.seen]

    def life(self) -> Iterator[Entry]:
        """Every row of this life that the reader may read.

        A record that stands under several objects comes under the nearest first.
        """
        yield from self.own()
        if not self.visible:
            return
        for key, windows in self.windows.items():
            if key != self.key:
                yield from (row for row in self.rows[key] if any(window.holds(row.moment) for window in windows))

    @property
    def visible(self) -> bool:
        """Whether the object is open to the reader; False for one that nobody ever reported."""
        above = () if self.is_vehicle else [key for key, windows in self.windows.items() if windows]
        return any(entry.opens for key in (self.key, *above) for entry in (*self.rows[key], *self.made))

    def chain(self, at_ms: int | None) -> list[Key]:
        """The containers at a moment (None: now), nearest first; the vehicle is not among them."""
        return self.ascent.chain(self.starts, at_ms)

    def vehicle(self, at_ms: int | None) -> Key | None:
        """The vehicle that the outermost container, or the object itself, is bound to at a moment."""
        top = [self.key, *self.chain(at_ms)][-1]
        for vin, window in reversed(bound(self.rows[top])):
            if window.until is None if at_ms is None else window.since[0] <= at_ms and _open(window, at_ms):
                return vin, 0
        return None


def _open(window: Window, at_ms: int) -> bool:
    return window.until is None or window.until[0] > at_ms


def is_vehicle(rows: Iterable[Entry]) -> bool:
    """Whether these are the records of a vehicle."""
    return "vehicle" in objects_of(rows)


def history(run: psycopg.Cursor[Row], scope: Scope, key: Key) -> History | None:
    """Gather what concerns `key`; None if it is not open to the scope, or nobody knows of it."""
    gathered = gather(run, scope, key)
    return gathered if gathered.visible else None


def gather(run: psycopg.Cursor[Row], scope: Scope, key: Key, *, whole: bool = False) -> History:
    """Gather what concerns `key`, for a reader who minds what of it is open to him.

    The records of its vehicles are gathered for the `whole` life, or where they decide what may be seen.
    """
    ascent, rows = _ascend(run, scope, key)
    moments = {entry.id: entry.moment for some in rows.values() for entry in some}
    starts = {stay: _start(stay, ascent, rows, moments) for stay in ascent.stays}
    windows = _windows(ascent, starts, rows)
    gathered = History(key, ascent, starts, rows, windows, _made(run, scope, ascent))
    if gathered.is_vehicle:
        _add_packs(run, scope, gathered)
    elif whole or not gathered.visible:
        _add_vehicles(run, scope, gathered)
    return gathered


def _ascend(run: psycopg.Cursor[Row], scope: Scope, key: Key) -> tuple[Ascent, dict[Key, list[Entry]]]:
    """Follow `key` up through all containers that it, and they, ever were in; one level a round trip."""
    stays: list[Stay] = []
    rows: dict[Key, list[Entry]] = {}
    made: int | None = None
    frontier = [key]
    for _ in range(LEVELS):
        climbed, filed = together(run, ask_climb(frontier), ask_entries(scope, frontier))
        above, alone = read_climb(frontier, climbed)
        rows.update(read_entries(frontier, filed))
        made = alone.get(key, made)
        stays += [stay for part in frontier for stay in above[part]]
        frontier = sorted({stay.parent for stay in stays} - rows.keys())
        if not frontier:
            break
    return Ascent(key, [stay for stay in stays if stay.parent in rows], made), rows


def _start(stay: Stay, ascent: Ascent, rows: Mapping[Key, Sequence[Entry]], moments: Mapping[str, Moment]) -> Moment:
    """When a stay began. The record of a tree stands under the parent, or under the parent's parent."""
    if stay.since is not None:
        return moments.get(stay.since[1], stay.since)
    above = [stay.parent, *(upper.parent for upper in ascent.of(stay.parent))]
    for owner in above:
        trees = [entry for entry in rows[owner] if entry.has_parts and entry.kind.no != CELL_PRODUCED]
        if told := [entry for entry in trees if entry.submission == stay.submission]:
            return min(told, key=lambda entry: entry.id).moment
    return BEGINNING


def _windows(
    ascent: Ascent, starts: Mapping[Stay, Moment], rows: Mapping[Key, Sequence[Entry]]
) -> dict[Key, list[Window]]:
    """For every container, when the object was inside it."""
    spells = {stay: Window(start, _end(stay, start, rows[stay.part])) for stay, start in starts.items()}
    windows: dict[Key, list[Window]] = {ascent.key: [Window()]}
    for _ in range(LEVELS):
        upper: dict[Key, list[Window]] = {ascent.key: [Window()]}
        for stay, spell in spells.items():
            met = [both for window in windows.get(stay.part, ()) if (both := window.meet(spell))]
            upper.setdefault(stay.parent, []).extend(met)
        if upper == windows:
            break
        windows = upper
    return windows


def _end(stay: Stay, start: Moment, rows: Sequence[Entry]) -> Moment | None:
    """When a stay ended: a span tells the time, the part's own record at that time tells its place in the order."""
    if stay.until_ms is None:
        return None
    then = [entry for entry in rows if entry.occurred_ms == stay.until_ms and entry.sets.stage is not None]
    return min((entry.moment for entry in then if entry.moment > start), default=(stay.until_ms, ""))


def _made(run: psycopg.Cursor[Row], scope: Scope, ascent: Ascent) -> list[Entry]:
    """The record that the cell was made, and what became of it; it is filed under the first cell of its group."""
    place = making(run, ascent.key, ascent.made) if ascent.made is not None else None
    if place is None:
        return []
    head, identity = place
    return [entry for entry in entries(run, scope, [head])[head] if identity in (entry.id, entry.corrects)]


def _add_vehicles(run: psycopg.Cursor[Row], scope: Scope, gathered: History) -> None:
    """Records of the vehicles, while the object was in them."""
    found: dict[Key, list[Window]] = {}
    for key, windows in gathered.windows.items():
        stays = {stay: gathered.starts[stay] for stay in gathered.ascent.of(key)}
        for vin, spell in _bound_alone(gathered.rows[key], stays):
            found.setdefault((vin, 0), []).extend(both for window in windows if (both := window.meet(spell)))
    gathered.rows.update(entries(run, scope, sorted(found)))
    gathered.windows.update(found)


def _add_packs(run: psycopg.Cursor[Row], scope: Scope, gathered: History) -> None:
    """Records of the packs, while they were bound to the vehicle."""
    gathered.touched.update(touches(run, gathered.rows[gathered.key]))
    candidates = {touch.key for objects in gathered.touched.values() for touch in objects if touch.object == "battery"}
    if not candidates:
        return
    packs = sorted(candidates)
    climbed, filed = together(run, ask_climb(packs), ask_entries(scope, packs))
    above, _ = read_climb(packs, climbed)
    for key, rows in read_entries(packs, filed).items():
        moments = {entry.id: entry.moment for entry in rows}
        stays = {stay: moments.get(since[1], since) if (since := stay.since) else BEGINNING for stay in above[key]}
        gathered.rows[key] = rows
        gathered.windows[key] = [window for vin, window in _bound_alone(rows, stays) if (vin, 0) == gathered.key]


def _bound_alone(rows: Sequence[Entry], stays: Mapping[Stay, Moment]) -> list[tuple[str, Window]]:
    """The vehicles that a battery was bound to, but not as a part: a part is where its container is."""
    return [
        (vin, window)
        for vin, window in bound(rows)
        if not any(
            start <= window.since and (stay.until_ms is None or stay.until_ms > window.since[0])
            for stay, start in stays.items()
        )
    ]


def batteries_of(gathered: History, at_ms: int | None) -> list[Key]:
    """The packs bound to a vehicle at a moment (None: now)."""
    return sorted(
        key
        for key, windows in gathered.windows.items()
        if key != gathered.key
        and any(
            window.until is None if at_ms is None else window.since[0] <= at_ms and _open(window, at_ms)
            for window in windows
        )
    )


def exists_at(gathered: History, at_ms: int | None) -> bool:
    """Whether anything was known of the object at a moment."""
    return at_ms is None or any(entry.occurred_ms <= at_ms for entry in valid(list(gathered.life())))
