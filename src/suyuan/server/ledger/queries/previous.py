"""The records of one submission, each with the report that it followed: the one it corrects, else the last of its kind
that the same reporter had made about the same object.

Only the reporter's own records are compared, so that whoever may see the submission may see both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import orjson
import psycopg
from psycopg.sql import SQL

from suyuan.codes.keys import compose_code
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, after, decode_cursor, encode_cursor

_PREVIOUS: Final = SQL("""
    SELECT q.id, q.submission FROM ledger_event q
     WHERE q.lot = e.lot AND q.serial = e.serial AND q.main_lot IS NULL AND q.slot >= 0
       AND CASE WHEN e.corrects IS NULL THEN q.kind = e.kind AND q.reporter = e.reporter AND q.submission < e.submission
                ELSE q.id = e.corrects END
     ORDER BY q.submission DESC, q.id DESC LIMIT 1
""")
_RECORDS: Final = SQL("""
SELECT e.id::text, e.lot, e.serial, e.kind, p.id::text, p.submission
  FROM (SELECT e.* FROM ledger_event e
         WHERE e.submission = %s AND e.main_lot IS NULL AND e.slot >= 0 AND {after} ORDER BY e.id LIMIT %s) AS e
  LEFT JOIN LATERAL ({previous}) AS p ON true
 ORDER BY e.id
""")
_ONE: Final = SQL("""
SELECT e.id::text, e.lot, e.serial, e.kind, p.id::text, p.submission FROM ledger_event e
  LEFT JOIN LATERAL ({previous}) AS p ON true
 WHERE e.submission = %s AND e.id = %s::uuid AND e.main_lot IS NULL AND e.slot >= 0
""").format(previous=_PREVIOUS)
_TOLD: Final = """
SELECT e.submission, e.lot, e.serial, e.kind,
       CASE WHEN isfinite(e.occurred_at) THEN (extract(epoch FROM e.occurred_at) * 1000)::bigint END, e.vehicle,
       c.code, s.code, e.corrects::text, e.body::text,
       md5(e.part_lots::text || encode(e.parts, 'hex')), length(e.parts) / 4
  FROM ledger_event e LEFT JOIN registry_company c ON c.number = e.party LEFT JOIN registry_site s ON s.number = e.site
 WHERE e.id = %s::uuid AND e.main_lot IS NULL AND e.slot >= 0
"""
_AMENDED: Final = """
SELECT count(DISTINCT e.id) FROM ledger_event e
  JOIN ledger_event v ON v.corrects = e.id AND v.lot = e.lot AND v.serial = e.serial
 WHERE e.submission = %s AND e.main_lot IS NULL
"""


@dataclass(frozen=True, slots=True)
class Reported:
    """A record of a submission; `before` is the report that it followed, None for a first one."""

    id: str
    code: str
    kind: str
    before: str | None
    before_submission: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """What one record says: its fields in the words of the vocabulary, as text."""

    id: str
    submission: int
    code: str
    kind: str
    occurred_ms: int | None
    corrects: str | None
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that two reports tell differently; None where one of them says nothing."""

    field: str
    before: str | None
    now: str | None


def records(run: psycopg.Cursor[Row], submission: int, limit: int, cursor: str | None = None) -> Page[Reported]:
    """The records of a submission that the reader may see, in the order in which they were taken in."""
    listing = f"records:{submission}"
    behind, last = after(["e.id"], decode_cursor(listing, cursor))
    rows = run.execute(_RECORDS.format(previous=_PREVIOUS, after=behind), [submission, *last, limit + 1]).fetchall()
    found = [_reported(row) for row in rows[:limit]]
    return Page(found, encode_cursor(listing, [found[-1].id]) if len(rows) > limit else None)


def record_of(run: psycopg.Cursor[Row], submission: int, record: str) -> Reported | None:
    """One record of a submission; None if it is not in this one."""
    row = run.execute(_ONE, [submission, record]).fetchone()
    return None if row is None else _reported(row)


def told(run: psycopg.Cursor[Row], record: str) -> Told | None:
    """What a record says; None if there is none with this id. That the reader may see it, the caller has made sure."""
    row = run.execute(_TOLD, [record]).fetchone()
    if row is None:
        return None
    submission, lot, serial, kind, at, vehicle, party, site, corrects, body, digest, parts = row
    fields = {name: _text(value) for name, value in orjson.loads(body or "{}").items() if value is not None}
    beside = {"vehicle": vehicle, "party": party, "site": site, "parts": f"{parts} · {digest[:8]}" if digest else None}
    fields |= {name: value for name, value in beside.items() if value is not None and name not in fields}
    return Told(record, submission, compose_code(lot, serial), _kinds()[kind], at, corrects, fields)


def differences(old: Told, new: Told) -> list[Difference]:
    """The fields that two reports tell differently, by name."""
    names = sorted({*old.fields, *new.fields})
    pairs = [Difference(name, old.fields.get(name), new.fields.get(name)) for name in names]
    return [pair for pair in pairs if pair.before != pair.now]


def amended(run: psycopg.Cursor[Row], submission: int) -> int:
    """How many records of a submission were corrected or withdrawn later."""
    row = run.execute(_AMENDED, [submission]).fetchone()
    return int(row[0]) if row else 0


def _reported(row: Row) -> Reported:
    identity, lot, serial, kind, before, of = row
    return Reported(identity, compose_code(lot, serial), _kinds()[kind], before, of)


@cache
def _kinds() -> Mapping[int, str]:
    return {kind.no: kind.name for kind in vocabulary().kinds.values()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
