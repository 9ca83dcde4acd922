"""Which shard gives a company's submissions their places, and how the shard of a new year begins."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeAlias

import psycopg

from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.log.queries.place import Place
from suyuan.server.log.queries.shards import ShardRow, next_index, shards
from suyuan.server.registry.queries import companies
from suyuan.tlog import first_entry, parse_note
from suyuan.tlog.leaves import SECRET_BYTES

_BEGIN = """
INSERT INTO log_shard (origin, province, year, follows, secret, begun_at)
VALUES (%s, %s, %s, %s, %s, %s) RETURNING number
"""
_FIRST = "INSERT INTO log_entry (shard, index, submission, leaf, secret, sealed_at) VALUES (%s, 0, NULL, %s, NULL, %s)"

Seats: TypeAlias = dict[int, tuple[str, ShardRow]]
"""By company: its code, and the shard of its province."""


@dataclass(frozen=True, slots=True)
class Usher:
    """Finds the shard of a company, begun if it is the first of its year.

    Parameters
    ----------
    published
        Entries published, by shard number, of the shards whose trees have just been found whole and are
        contradicted by nobody. No other shard gives places.
    """

    place: Place
    clock: Clock
    published: dict[int, int] = field(default_factory=dict)

    def seats(self, run: psycopg.Cursor[Row], numbers: Collection[int]) -> Seats:
        """The seats of these companies; the others have to wait."""
        firms = companies(Scope.of_nation(), sorted(numbers)).select("number", "code", "division")
        homes = {number: (code, self.place.province(division)) for number, code, division in firms.iter_rows()}
        giving = self.giving(run, {province for _, province in homes.values()})
        return {number: (code, giving[province]) for number, (code, province) in homes.items() if province in giving}

    def giving(self, run: psycopg.Cursor[Row], provinces: Collection[str]) -> dict[str, ShardRow]:
        """The shard of each of these provinces that gives places now; the others have to wait."""
        latest = {shard.province: shard for shard in shards(run)}  # they come by province and year
        found = {province: self._current(run, province, latest.get(province)) for province in sorted(provinces)}
        return {province: shard for province, shard in found.items() if shard is not None}

    def _current(self, run: psycopg.Cursor[Row], province: str, latest: ShardRow | None) -> ShardRow | None:
        """The shard of this year; the latest one where the clock has gone back, for an earlier one is closed."""
        if latest is not None and latest.number not in self.published:
            return None
        if latest is not None and latest.year >= self.clock.today().year:
            return latest
        return self._begin(run, province, latest)

    def _begin(self, run: psycopg.Cursor[Row], province: str, latest: ShardRow | None) -> ShardRow | None:
        """A new shard; None if the one before is not wholly published, or the new one's folder holds a tree already."""
        first = self._last_checkpoint(run, latest) if latest else b""
        if first is None:
            return None
        made, secret, now = self.place.shard(province, self.clock.today().year), _secret(), self.clock.now()
        follows = latest.number if latest else None
        begun = run.execute(_BEGIN, [made.origin, province, made.year, follows, secret, now]).fetchall()
        shard = ShardRow(int(begun[0][0]), made.origin, province, made.year, secret)
        if first:
            run.execute(_FIRST, [shard.number, first, now])
        if self.place.files(shard.origin).checkpoint() is not None:
            return None  # a restored database: the tree has to be looked at first
        self.published[shard.number] = 0
        return shard

    def _last_checkpoint(self, run: psycopg.Cursor[Row], shard: ShardRow) -> bytes | None:
        """The checkpoint over everything in a shard; None as long as there is no such one."""
        note = self.place.files(shard.origin).checkpoint()
        if note is None or self.published[shard.number] < next_index(run, shard.number):
            return None
        return first_entry(parse_note(note))


def _secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)
