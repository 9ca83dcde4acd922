"""Give committed submissions and papers their places: from the outboxes to entries of a log.

One transaction: leaves are made from what the ledger holds, indices are dense, and what has a place
leaves the outbox. Which shard takes a submission is decided by the day on which it gets its place, so
that a shard is closed for good once the next has begun.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TypeAlias

import psycopg

from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row, stream
from suyuan.server.ledger.queries.documents import documents_of
from suyuan.server.ledger.services.outbox import Announcement, announced, take, waiting
from suyuan.server.log.queries.inner_tiles import ID_BYTES
from suyuan.server.log.queries.papers import Paper, these_waiting, waiting_papers
from suyuan.server.log.queries.place import Place
from suyuan.server.log.queries.shards import ShardRow, next_index, shards
from suyuan.server.log.services.inner import Inner, Regime, inner_trees, leaf_of, paper_in, paper_leaf, submission_in
from suyuan.server.log.services.papers import take_papers
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
_ENTRIES = "COPY log_entry (shard, index, submission, paper, leaf, secret, sealed_at) FROM STDIN (FORMAT binary)"
_ENTRY_TYPES = ("int4", "int8", "int8", "int8", "bytea", "bytea", "timestamptz")
_RECORDS = "COPY log_record (submission, ids, leaves, level_1, level_2) FROM STDIN (FORMAT binary)"
_RECORD_TYPES = ("int8", "bytea", "bytea", "bytea", "bytea")

_NOTHING = Inner(b"", b"")

Item: TypeAlias = Announcement | Paper


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
        """Seal what waits and can have a place, at most `limit` submissions and papers; how many were sealed."""
        run.execute(_LOCK)
        chosen, seats = self._choose(run, limit)
        papers, giving = self._choose_papers(run, limit)
        lost = self._lost(run) if chosen or papers else {}
        found = [one for _, one in lost.values()]
        seats |= self._usher.seats(run, {one.company for one in _submissions(found)}.difference(seats))
        giving |= self._giving(run, {one.seat for one in _papers(found)}.difference(giving))
        places = _Places(seats, giving)
        again = [one for one in found if places.has(one)]
        inner = _inner(_submissions(again), 1, 1) if again else _inner(chosen, FIRST_PORTION, AT_ONCE)
        taken: list[Item] = [*(one for one in chosen if one.submission in inner), *papers]
        if again:
            taken = _sealable(again, inner)
        if taken:
            _copy(run, _ENTRIES, _ENTRY_TYPES, list(self._entries(run, taken, inner, places, lost)))
            numbers = [one.submission for one in _submissions(taken)]
            rows = ((number, inner[number].ids, *inner[number].levels) for number in numbers)
            _copy(run, _RECORDS, _RECORD_TYPES, rows)
            take(run, numbers)
            take_papers(run, [one.number for one in _papers(taken)])
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

    def _choose_papers(self, run: psycopg.Cursor[Row], limit: int) -> tuple[list[Paper], dict[str, ShardRow]]:
        """The same for papers, with the shard of each seat."""
        held: set[str] = set()
        while True:
            chosen = waiting_papers(run, limit, held)
            here = {one.seat for one in chosen}
            giving = self._giving(run, here)
            if here == set(giving):
                return chosen, giving
            held |= here.difference(giving)

    def _giving(self, run: psycopg.Cursor[Row], seats: Collection[str]) -> dict[str, ShardRow]:
        provinces = {seat: self.place.province(seat) for seat in seats}
        giving = self._usher.giving(run, set(provinces.values()))
        return {seat: giving[province] for seat, province in provinces.items() if province in giving}

    def _lost(self, run: psycopg.Cursor[Row]) -> dict[tuple[int, bytes], tuple[int, Item]]:
        """(index, item) by shard and entry: what a restored database announces and the trees have already."""
        found: dict[tuple[int, bytes], tuple[int, Item]] = {}
        for shard in shards(run):
            start, size = next_index(run, shard.number), self.published.get(shard.number, 0)
            files = self.place.files(shard.origin)
            for bundle in tiles_on(ENTRIES, size, start // WIDTH) if start < size else ():
                every = enumerate(read_bundle(files.read, bundle), start=bundle.index * WIDTH)
                entries = [(index, entry) for index, entry in every if index >= start]
                numbers = {submission_in(entry): (index, entry) for index, entry in entries}
                paper_numbers = {paper_in(entry): (index, entry) for index, entry in entries}
                here: list[tuple[int, bytes, Item]] = [
                    (*numbers[one.submission], one) for one in announced(run, sorted(filter(None, numbers)))
                ]
                here += [
                    (*paper_numbers[one.number], one) for one in these_waiting(run, sorted(filter(None, paper_numbers)))
                ]
                found |= {
                    (shard.number, entry): (index, one) for index, entry, one in sorted(here, key=lambda one: one[0])
                }
        return found

    def _entries(
        self,
        run: psycopg.Cursor[Row],
        taken: Sequence[Item],
        inner: Mapping[int, Inner],
        places: "_Places",
        lost: Mapping[tuple[int, bytes], tuple[int, Item]],
    ) -> Iterator[Row]:
        """A row for each; what the tree has already keeps its index there."""
        following = {shard.number: self._next_index(run, shard) for shard in places.shards}
        now = self.clock.now()
        for one in taken:
            shard = places.shard(one)
            if isinstance(one, Paper):
                leaf, submission, paper = bytes(paper_leaf(one, shard.secret, self.regime)), None, one.number
            else:
                made = leaf_of(
                    one, inner[one.submission], places.code(one), shard.secret, self.regime, secret=one.secret
                )
                leaf, submission, paper = bytes(made), one.submission, None
            index, _ = lost.get((shard.number, leaf), (following[shard.number], one))
            following[shard.number] += index == following[shard.number]
            yield (shard.number, index, submission, paper, leaf, one.secret, now)

    def _next_index(self, run: psycopg.Cursor[Row], shard: ShardRow) -> int:
        """Behind the last entry of the database and of the tree, which may know more after a restore."""
        return max(next_index(run, shard.number), self.published.get(shard.number, 0))


@dataclass(frozen=True, slots=True)
class _Places:
    """Which shard takes what: submissions by company, papers by seat."""

    seats: Seats
    giving: Mapping[str, ShardRow]

    @property
    def shards(self) -> list[ShardRow]:
        """Every shard that gives a place."""
        return [*(shard for _, shard in self.seats.values()), *self.giving.values()]

    def has(self, one: Item) -> bool:
        """Whether its shard gives places now."""
        return one.seat in self.giving if isinstance(one, Paper) else one.company in self.seats

    def shard(self, one: Item) -> ShardRow:
        """Its shard."""
        return self.giving[one.seat] if isinstance(one, Paper) else self.seats[one.company][1]

    def code(self, one: Announcement) -> str:
        """The code of the company that submitted."""
        return self.seats[one.company][0]


def _submissions(items: Iterable[Item]) -> list[Announcement]:
    return [one for one in items if not isinstance(one, Paper)]


def _papers(items: Iterable[Item]) -> list[Paper]:
    return [one for one in items if isinstance(one, Paper)]


def _sealable(again: Sequence[Item], inner: Mapping[int, Inner]) -> list[Item]:
    """What comes before the first submission whose records were not read: a tree is refilled without gaps."""
    return list(takewhile(lambda one: isinstance(one, Paper) or one.submission in inner, again))


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
