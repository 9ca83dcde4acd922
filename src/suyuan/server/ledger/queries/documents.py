"""Records as documents: what the log commits to, read from the events alone.

A document is the canonical JSON of everything that the ledger holds of one record: its row under each
object that it touches. Personal data is not part of it. `specs/record-document.md` says it in full.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import orjson
import psycopg

from suyuan.kernel import canonical_json
from suyuan.server.kit.connection import Row

_ROWS = """
SELECT e.submission, e.id::text, e.lot, e.serial, e.slot, e.kind, e.reporter, e.record,
       CASE WHEN isfinite(e.occurred_at) THEN (extract(epoch FROM e.occurred_at) * 1000000)::bigint END,
       e.party, e.site, e.vehicle,
       e.corrects::text, e.stands_for::text, e.into_lot, e.into_serial, e.main_lot, e.main_serial,
       e.body::text, e.part_lots, e.part_counts, e.parts
  FROM ledger_event e WHERE {which} ORDER BY e.submission, e.id, e.lot, e.serial, e.slot
"""
_OF_THESE = _ROWS.replace("{which}", "e.submission = ANY (%s)")
_ONE = _ROWS.replace("{which}", "e.id = %s::uuid")
_IN_RANGE = _ROWS.replace("{which}", "e.submission > %s AND (%s::bigint IS NULL OR e.submission <= %s)")

PORTION = 2000
"""Rows fetched at once."""

_NAMES = (
    *("lot", "serial", "slot", "kind", "reporter", "record", "occurred_us", "party", "site", "vehicle"),
    *("corrects", "stands_for", "into_lot", "into_serial", "main_lot", "main_serial"),
    *("body", "part_lots", "part_counts", "parts"),
)
_BODY = 2 + _NAMES.index("body")


class Document(NamedTuple):
    """One record: its submission, its id (with dashes) and its canonical bytes."""

    submission: int
    id: str
    bytes: bytes


def documents_of(run: psycopg.ServerCursor[Row], submissions: Iterable[int]) -> Iterator[Document]:
    """The records of these submissions, by submission and id."""
    return _documents(run, _OF_THESE, [sorted(submissions)])


def documents_between(run: psycopg.ServerCursor[Row], after: int, upto: int | None) -> Iterator[Document]:
    """The records of all submissions with a number in (`after`, `upto`], without end if that is None; in order."""
    return _documents(run, _IN_RANGE, [after, upto, upto])


def document(run: psycopg.Cursor[Row], identity: str) -> Document | None:
    """The record with this id."""
    rows = run.execute(_ONE, [identity]).fetchall()
    return next(_grouped(rows), None)


def _documents(run: psycopg.ServerCursor[Row], statement: str, params: list[Any]) -> Iterator[Document]:
    run.itersize = PORTION
    return _grouped(run.execute(statement, params))


def _grouped(rows: Iterable[Row]) -> Iterator[Document]:
    for (submission, identity), group in groupby(rows, itemgetter(0, 1)):
        yield Document(submission, identity, _bytes(identity, list(group)))


def _bytes(identity: str, rows: list[Row]) -> bytes:
    """The document; what somebody has put into the database that no document can say is told as it stands there."""
    try:
        return canonical_json({"id": identity, "rows": [_filed(row) for row in rows]})
    except ValueError:
        return b"no document: " + repr(rows).encode("utf-8", "backslashreplace")


def _filed(row: Row) -> dict[str, Any]:
    """One row by column name, without what is null; bytes as hexadecimal text."""
    told = {name: value for name, value in zip(_NAMES, row[2:], strict=True) if value is not None}
    if row[_BODY] is not None:
        told["body"] = orjson.loads(row[_BODY])
    for name in ("part_counts", "parts"):
        if name in told:
            told[name] = bytes(told[name]).hex()
    return told
