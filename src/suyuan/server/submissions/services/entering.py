"""Enter submissions that are taken together: one statement for all of them, whatever their number."""

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row
from suyuan.server.submissions.models import GIVEN_UP, State, Submission
from suyuan.server.submissions.services.store import Body

_KNOWN = """
SELECT digest, wishes, NULL FROM submissions_submission
 WHERE company = %s AND digest = ANY(%s) AND NOT dry AND state <> ALL (%s)
 UNION ALL
SELECT NULL, NULL, idempotency_key FROM submissions_submission WHERE company = %s AND idempotency_key = ANY(%s)
"""
_KEEP = """
INSERT INTO submissions_received (digest, size, body)
SELECT digest, size, body FROM unnest(%s::text[], %s::bigint[], %b::bytea[]) AS o (digest, size, body) ORDER BY digest
    ON CONFLICT (digest) DO NOTHING
"""
_ENTER = """
INSERT INTO submissions_submission
       (company, site, kind, vocabulary, state, step, started_at, finished_at, dry, repair, duplicates, refused, groups,
        digest, wishes, received_at, name, channel, mode, idempotency_key, key, rows, records, admitted)
SELECT %s, %s, %s, %s, %s, '', %s, %s, false, false, 0, 0, '[]',
       o.digest, o.wishes, o.received_at, o.name, o.channel, o.mode, o.idempotency_key, o.key, o.rows, o.records,
       o.records
  FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::integer[],
              %s::integer[], %s::integer[]) WITH ORDINALITY
       AS o (digest, wishes, received_at, name, channel, mode, idempotency_key, key, rows, records, place)
 ORDER BY o.place
RETURNING digest, wishes, number
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """By submission: its rows, laid flat, and its records; all of them are admitted."""

    rows: Sequence[int]
    records: Sequence[int]


def are_new(run: psycopg.Cursor[Row], drafts: Sequence[Submission]) -> list[bool]:
    """Which of these, all of one company, repeat neither what is known nor one before them."""
    company = drafts[0].company
    digests = [draft.received_id for draft in drafts]
    keys = [draft.idempotency_key for draft in drafts if draft.idempotency_key is not None]
    rows = run.execute(_KNOWN, [company, digests, GIVEN_UP, company, keys])
    known: set[tuple[str | None, ...]] = set(rows)
    new = []
    for draft in drafts:
        same = {(draft.received_id, draft.wishes, None), (None, None, draft.idempotency_key)} - {(None, None, None)}
        new.append(known.isdisjoint(same))
        known |= same
    return new


def enter(
    run: psycopg.Cursor[Row], drafts: Sequence[Submission], bodies: Sequence[Body], counts: Counts, clock: Clock
) -> None:
    """Keep the bodies and enter the drafts as accepted, all of one company, outlet and kind; they get their numbers."""
    now, first = clock.now(), drafts[0]
    run.execute(_KEEP, [[b.digest for b in bodies], [b.size for b in bodies], [b.data for b in bodies]])
    same = [first.company, first.site, first.kind, first.vocabulary, State.ACCEPTED.value, now, now]
    names = ("received_id", "wishes", "received_at", "name", "channel", "mode", "idempotency_key", "key")
    columns = [[getattr(draft, name) for draft in drafts] for name in names]
    entered = run.execute(_ENTER, [*same, *columns, list(counts.rows), list(counts.records)])
    numbers = {(digest, wishes): number for digest, wishes, number in entered}
    for draft, rows, records in zip(drafts, counts.rows, counts.records, strict=True):
        draft.number = numbers[draft.received_id, draft.wishes]
        draft.state, draft.started_at, draft.finished_at = State.ACCEPTED.value, now, now
        draft.rows, draft.records, draft.admitted = rows, records, records
