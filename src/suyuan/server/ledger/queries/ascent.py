"""The way up from one object: every container it was ever in, with the time it was inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.containers import Key, columns
from suyuan.server.ledger.queries.together import Ask

_UPS = """
WITH o AS (SELECT * FROM unnest(%s::text[], %s::integer[]) WITH ORDINALITY AS o (lot, serial, place))
SELECT o.place, s.other_lot, s.other_serial, (extract(epoch FROM s.from_at) * 1000)::bigint, s.from_by::text,
       (extract(epoch FROM s.to_at) * 1000)::bigint, NULL::bigint
  FROM o JOIN ledger_span s ON s.lot = o.lot AND s.serial = o.serial AND s.up
 UNION ALL
SELECT o.place, b.parent_lots[1 + get_byte(b.parents, 4 * at.place + 3)],
       get_byte(b.parents, 4 * at.place) + (get_byte(b.parents, 4 * at.place + 1) << 8)
           + (get_byte(b.parents, 4 * at.place + 2) << 16), NULL, NULL, NULL, b.submission
  FROM o JOIN ledger_block b ON b.lot = o.lot AND b.block = o.serial / 64
   AND b.mask & (1::bigint << (o.serial %% 64)) <> 0
 CROSS JOIN LATERAL (SELECT bit_count((b.mask & ~((-1)::bigint << (o.serial %% 64)))::bit(64))::integer AS place) AS at
"""

Moment = tuple[int, str]
"""Milliseconds since 1970 UTC, and the id of the record: what happened at one time is ordered by id."""

BEGINNING: Moment = (-(1 << 62), "")


@dataclass(frozen=True, slots=True)
class Stay:
    """A part inside a parent.

    `since` is None for a part that its tree put there; `submission` is then the tree's. `until_ms`
    is None while it is inside.
    """

    part: Key
    parent: Key
    since: Moment | None
    until_ms: int | None
    submission: int | None


@dataclass(frozen=True, slots=True)
class Ascent:
    """What lies above one object: `stays` level by level, and which submission made it, if as a cell alone."""

    key: Key
    stays: Sequence[Stay]
    made: int | None

    @property
    def containers(self) -> list[Key]:
        """Every container, nearest first."""
        return list(dict.fromkeys(stay.parent for stay in self.stays))

    def of(self, part: Key) -> list[Stay]:
        """The stays of one part."""
        return [stay for stay in self.stays if stay.part == part]

    def chain(self, starts: Mapping[Stay, Moment], at_ms: int | None) -> list[Key]:
        """The containers at a moment (None: now), nearest first."""
        chain: list[Key] = []
        current: Key | None = self.key
        while current is not None:
            inside = [stay.parent for stay in self.of(current) if _covers(stay, starts, at_ms)]
            current = inside[-1] if inside and inside[-1] not in chain else None
            if current is not None:
                chain.append(current)
        return chain


def _covers(stay: Stay, starts: Mapping[Stay, Moment], at_ms: int | None) -> bool:
    if at_ms is None:
        return stay.until_ms is None
    return starts[stay][0] <= at_ms and (stay.until_ms is None or stay.until_ms > at_ms)


def ask_climb(keys: Sequence[Key]) -> Ask:
    """The statement that `read_climb` reads."""
    return _UPS, columns(keys)


def read_climb(keys: Sequence[Key], rows: Sequence[Row]) -> tuple[dict[Key, list[Stay]], dict[Key, int]]:
    """The stays of every key, in the order of time, and the submissions that made cells alone."""
    own: dict[int, list[Row]] = {number: [] for number in range(1, len(keys) + 1)}
    for row in rows:
        own[row[0]].append(row[1:])
    stays = {keys[number - 1]: _stays(keys[number - 1], some) for number, some in own.items()}
    alone = {keys[number - 1]: [row[5] for row in some if row[0] is None] for number, some in own.items()}
    made = {key: min(submissions) for key, submissions in alone.items() if submissions}
    return stays, made


def _stays(part: Key, rows: Sequence[Row]) -> list[Stay]:
    """Spans in the order of time; where there are none, the birth."""
    spans = sorted(
        (
            Stay(part, (lot, serial), (since, by), until, None)
            for lot, serial, since, by, until, _ in rows
            if by is not None
        ),
        key=lambda stay: stay.since or BEGINNING,
    )
    births = [Stay(part, (lot, serial), None, None, sub) for lot, serial, _, by, _, sub in rows if lot and by is None]
    return spans or sorted(births, key=lambda stay: stay.submission or 0)[:1]
