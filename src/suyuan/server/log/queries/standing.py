"""How each log stands: what is sealed, what is published, what is wrong."""

from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.log.queries.place import Place, size_of
from suyuan.server.log.queries.shards import next_index, shards

_OPEN = "SELECT kind FROM log_incident WHERE origin = %s AND closed_at IS NULL ORDER BY kind"


@dataclass(frozen=True, slots=True)
class Standing:
    """One log: entries published, entries that have a place, and the kinds of incidents open."""

    origin: str
    size: int
    sealed: int
    incidents: list[str]

    def plain(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)


def standings(run: psycopg.Cursor[Row], place: Place) -> list[Standing]:
    """Every log of this installation, by province and year."""
    found = []
    for shard in shards(run):
        size = size_of(place.files(shard.origin).checkpoint())
        wrong = [kind for (kind,) in run.execute(_OPEN, [shard.origin])]
        found.append(Standing(shard.origin, size, next_index(run, shard.number), wrong))
    return found
