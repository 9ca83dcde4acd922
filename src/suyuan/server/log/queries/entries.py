"""Entries by submission, for who compares the ledger with the log."""

from dataclasses import dataclass, field

import psycopg

from suyuan.server.kit.connection import Row

_PAGE = """
SELECT submission, shard, index, leaf, secret FROM log_entry WHERE submission > %s ORDER BY submission LIMIT %s
"""
_RECORDS = "SELECT ids, leaves FROM log_record WHERE submission = %s"
_PENDING = "SELECT submission FROM ledger_outbox WHERE submission > %s AND (%s::bigint IS NULL OR submission <= %s)"


@dataclass(frozen=True, slots=True)
class Entry:
    """A submission's place and leaf, as the database has them."""

    submission: int
    shard: int
    index: int
    leaf: bytes
    secret: bytes = field(repr=False)


def entries_after(run: psycopg.Cursor[Row], submission: int, limit: int) -> list[Entry]:
    """The entries of the submissions behind this number, by number; at most `limit`."""
    return [
        Entry(number, shard, index, bytes(leaf), bytes(secret or b""))
        for number, shard, index, leaf, secret in run.execute(_PAGE, [submission, limit])
    ]


def records_of(run: psycopg.Cursor[Row], submission: int) -> tuple[bytes, bytes]:
    """Ids (16 bytes each) and leaf hashes (32 bytes each) of a submission's records, as they were sealed."""
    row = run.execute(_RECORDS, [submission]).fetchone()
    return (bytes(row[0]), bytes(row[1])) if row else (b"", b"")


def pending(run: psycopg.Cursor[Row], after: int, upto: int | None) -> set[int]:
    """The submissions in (`after`, `upto`] that wait for their place; without end if `upto` is None."""
    return {number for (number,) in run.execute(_PENDING, [after, upto, upto])}
