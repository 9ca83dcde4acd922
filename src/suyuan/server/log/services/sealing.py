"""Give committed submissions their places: from the outbox of the ledger to entries of a log.

One transaction: leaves are made from what the ledger holds, indices are dense, and what has a place
leaves the outbox. Which shard takes a submission is decided by the day on which it gets its place, so
that a shard is closed for good once the next has begun.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import psycopg

from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row, stream
from suyuan.server.ledger.queries.documents import documents_of
from suyuan.server.ledger.services.outbox import Announcement, announced, take, waiting
from suyuan.server.log.queries.inner_tiles import ID_BYTES
from suyuan.server.log.queries.place import Place
from suyuan.server.log.queries.shards import ShardRow, next_index, shards
from suyuan.server.log.services.inner import Inner, Regime, inner_trees, leaf_of, submission_in
from suyuan.server.log.services.seating import Seats, Usher
from suyuan.tlog.reading import read_bundle
from suyuan.tlog.tiles import ENTRIES, WIDTH, tiles_on

AT_ONCE = 2000
"""Submissions that get their places in one transaction."""
RECORDS_AT_ONCE = 1_000_000
"""So many of their records, or one submission that has more; some hundred bytes of memory each."""
FIRST_PORTION = 8
"""Submissions whose records are read at first; twice as many after small ones."""

_LOCK = "SELECT pg_advisory_xact_lock(7722, 0)"
_ENTRIES = "COPY log_entry (shard, index, submission, leaf, secret, sealed_at) FROM STDIN (FORMAT binary)"
_ENTRY_TYPES = ("int4", "int8", "int8", "bytea", "bytea", "timestamptz")
_RECORDS = "COPY log_record (submission, ids, leaves, level_1, level_2) FROM STDIN (FORMAT binary)"
_RECORD_TYPES = ("int8", "bytea", "bytea", "bytea", "bytea")

_NOTHING = Inner(b"", b"")


@dataclass(frozen=True, slots=True)
class Sealer:
    """Gives submissions their places, in the caller's transactions.

    Parameters
    ----------
    published
        Entries published, by shard number, of the shards that may give places now; see `Usher`.
    """

    place: Place
    clock: Clock
    regime: Regime
    published: dict[int, int] = field(default_factory=dict)

    def seal(self, run: psycopg.Cursor[Row], limit: int = AT_ONCE) -> int:
        """Seal what waits and can have a place, at most `limit` submissions; how many were sealed."""
        run.execute(_LOCK)
        chosen, seats = self._choose(run, limit)
        lost = self._lost(run) if chosen else {}
        seats |= self._usher.seats(run, {one.company for _, one in lost.values()}.difference(seats))
        again = [one for _, one in lost.values() if one.company in seats]
        inner = _inner(again, 1, 1) if again else _inner(chosen, FIRST_PORTION, AT_ONCE)
        taken = [one for one in again or chosen if one.submission in inner]
        if taken:
            _copy(run, _ENTRIES, _ENTRY_TYPES, list(self._entries(run, taken, inner, seats, lost)))
            _copy(run, _RECORDS, _RECORD_TYPES, ((number, one.ids, *one.levels) for number, one in inner.items()))
            take(run, [one.submission for one in taken])
        return len(taken)

    @property
    def _usher(self) -> Usher:
        return Usher(self.place, self.clock, self.published)

    def _choose(self, run: psycopg.Cursor[Row], limit: int) -> tuple[list[Announcement], Seats]:
        """The submissions that have waited longest, without those whose shard gives no places now."""
        held: set[int] = set()
        while True:
            chosen = waiting(run, limit, held)
            here = {one.company for one in chosen}
            seats = self._usher.seats(run, here)
            if here == set(seats):
                return chosen, seats
            held |= here.difference(seats)

    def _lost(self, run: psycopg.Cursor[Row]) -> dict[tuple[int, bytes], tuple[int, Announcement]]:
        """(index, submission) by shard and entry: what a restored database announces and the trees have already."""
        found = {}
        for shard in shards(run):
            start, size = next_index(run, shard.number), self.published.get(shard.number, 0)
            files = self.place.files(shard.origin)
            for bundle in tiles_on(ENTRIES, size, start // WIDTH) if start < size else ():
                entries = enumerate(read_bundle(files.read, bundle), start=bundle.index * WIDTH)
                named = {submission_in(entry): (index, entry) for index, entry in entries if index >= start}
                for one in sorted(announced(run, sorted(filter(None, named))), key=lambda one: named[one.submission]):
                    index, entry = named[one.submission]
                    found[shard.number, entry] = (index, one)
        return found

    def _entries(
        self,
        run: psycopg.Cursor[Row],
        taken: Sequence[Announcement],
        inner: Mapping[int, Inner],
        seats: Seats,
        lost: Mapping[tuple[int, bytes], tuple[int, Announcement]],
    ) -> Iterator[Row]:
        """A row for each; what the tree has already keeps its index there."""
        following = {shard.number: self._next_index(run, shard) for _, shard in seats.values()}
        now = self.clock.now()
        for one in taken:
            code, shard = seats[one.company]
            leaf = bytes(leaf_of(one, inner[one.submission], code, shard.secret, self.regime, secret=one.secret))
            index, _ = lost.get((shard.number, leaf), (following[shard.number], one))
            following[shard.number] += index == following[shard.number]
            yield (shard.number, index, one.submission, leaf, one.secret, now)

    def _next_index(self, run: psycopg.Cursor[Row], shard: ShardRow) -> int:
        """Behind the last entry of the database and of the tree, which may know more after a restore."""
        return max(next_index(run, shard.number), self.published.get(shard.number, 0))


def _inner(chosen: Sequence[Announcement], portion: int, largest: int) -> dict[int, Inner]:
    """The inner trees of the first of these, until their records are many; an empty one where there is no record.

    Parameters
    ----------
    portion, largest
        How many submissions are read at once, at first and at most.
    """
    found: dict[int, Inner] = {}
    at, room = 0, RECORDS_AT_ONCE
    while at < len(chosen) and room > 0:
        these = chosen[at : at + portion]
        read = _read(these, room)
        found |= read
        records = sum(len(one.ids) for one in read.values()) // ID_BYTES
        at, room = at + portion, room - records
        if records < RECORDS_AT_ONCE // 10:
            portion = min(2 * portion, largest)
    return found


def _read(chosen: Sequence[Announcement], room: int) -> dict[int, Inner]:
    """The inner trees of these, by number; after the one that fills the `room` (records) no other is read."""
    found: dict[int, Inner] = {}
    with stream("log_documents") as reading:
        documents = documents_of(reading, [one.submission for one in chosen])
        for number, inner in inner_trees(documents, {one.submission: one.secret for one in chosen}):
            found[number] = inner
            room -= len(inner.ids) // ID_BYTES
            if room <= 0:
                return found
    return {one.submission: found.get(one.submission, _NOTHING) for one in chosen}


def _copy(run: psycopg.Cursor[Row], statement: str, types: Sequence[str], rows: Iterable[Row]) -> None:
    with run.copy(statement) as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
