"""What was reported later and builds on a record: it stands in the way of withdrawing that."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from suyuan.events.vocabulary import Kind, vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.containers import Key
from suyuan.server.ledger.queries.valid import VALID
from suyuan.server.ledger.services.filed import Filed, part_keys

_LATER = """
WITH o AS MATERIALIZED (SELECT * FROM unnest(%s::text[], %s::integer[], %s::uuid[], %s::bigint[])
                   AS o (lot, serial, id, submission))
SELECT replace(o.id::text, '-', ''), replace(e.id::text, '-', ''), e.kind, e.submission,
       (e.occurred_at AT TIME ZONE 'Asia/Shanghai')::date::text, e.lot, e.serial
  FROM o JOIN ledger_event e ON e.lot = o.lot AND e.serial = o.serial AND e.submission > o.submission
       AND e.slot >= 0 AND e.kind <> 36 AND {valid}
 UNION ALL
SELECT replace(o.id::text, '-', ''), replace(n.id::text, '-', ''), e.kind, e.submission,
       (e.occurred_at AT TIME ZONE 'Asia/Shanghai')::date::text, o.lot, o.serial
  FROM o JOIN ledger_block b ON b.lot = o.lot AND b.block = o.serial / 64
       AND b.mask & (1::bigint << (o.serial %% 64)) <> 0 AND b.parents IS NOT NULL AND b.submission > o.submission
 CROSS JOIN LATERAL born(ARRAY[o.lot], ARRAY[o.serial]) AS n
  JOIN ledger_event e ON e.id = n.id AND e.main_lot IS NULL AND e.submission = b.submission
 ORDER BY 1, 2
""".replace("{valid}", VALID)
_CORRECTIONS = """
SELECT replace(e.corrects::text, '-', ''), replace(e.id::text, '-', ''), e.kind, e.submission,
       (e.occurred_at AT TIME ZONE 'Asia/Shanghai')::date::text, e.lot, e.serial
  FROM ledger_event e
 WHERE e.corrects = ANY(%s::uuid[]) AND e.main_lot IS NULL AND e.kind <> 36 AND {valid}
""".replace("{valid}", VALID)


@dataclass(frozen=True, slots=True)
class Later:
    """A record that builds on an earlier one, and the object by which it does."""

    id: str
    kind: Kind
    submission: int
    occurred_on: str
    key: Key


def later_records(
    run: psycopg.Cursor[Row], filed: Sequence[Filed], restored: Mapping[str, Filed]
) -> dict[str, list[Later]]:
    """For each record the valid records of other submissions that came after it, about its objects or its parts.

    Parameters
    ----------
    restored
        By record, the earlier one that would hold again without it; its parts count, too.
    """
    asked = [
        (key, one)
        for one in filed
        for key in sorted(
            {key for _, key in one.objects}.union(part_keys([one, restored[one.id]] if one.id in restored else [one]))
        )
    ]
    found: dict[str, list[Later]] = {one.id: [] for one in filed}
    kinds = {kind.no: kind for kind in vocabulary().kinds.values()}
    columns = [
        [key[0] for key, _ in asked],
        [key[1] for key, _ in asked],
        [one.id for _, one in asked],
        [one.submission for _, one in asked],
    ]
    for identity, later, kind, submission, day, lot, serial in run.execute(_LATER, columns):
        found[identity].append(Later(later, kinds[kind], submission, day, (lot, serial)))
    return found


def corrections_of(run: psycopg.Cursor[Row], filed: Iterable[Filed]) -> list[tuple[Filed, Later]]:
    """Those of the records that a valid correction has replaced, and that correction."""
    void = {one.id: one for one in filed if not one.valid}
    kinds = {kind.no: kind for kind in vocabulary().kinds.values()}
    return [
        (void[old], Later(new, kinds[kind], submission, day, (lot, serial)))
        for old, new, kind, submission, day, lot, serial in run.execute(_CORRECTIONS, [sorted(void)])
    ]
