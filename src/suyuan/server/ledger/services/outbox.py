"""The outbox: what entered the ledger and waits for its place in the log."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import psycopg

from suyuan.server.kit.connection import Row

SECRET_BYTES = 32

_PUT = """
INSERT INTO ledger_outbox (submission, company, kind, digest, received_at, secret)
SELECT * FROM unnest(%s::bigint[], %s::integer[], %s::text[], %s::bytea[], %s::timestamptz[], %s::bytea[])
"""
_NEXT = """
SELECT submission, company, kind, digest, received_at, secret FROM ledger_outbox
 WHERE company <> ALL (%s) ORDER BY submission LIMIT %s
"""
_THESE = """
SELECT submission, company, kind, digest, received_at, secret FROM ledger_outbox
 WHERE submission = ANY (%s) ORDER BY submission
"""
_TAKE = "DELETE FROM ledger_outbox WHERE submission = ANY (%s)"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the log says of a submission besides its records; `digest` is the SHA-256 of the received bytes."""

    submission: int
    company: int
    kind: str
    digest: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Announcement(Facts):
    """A submission whose records are in the ledger; the salts of its records derive from `secret`."""

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(SECRET_BYTES), repr=False)


def announce(run: psycopg.Cursor[Row], announcements: Sequence[Announcement]) -> None:
    """Put submissions into the outbox, in the transaction that added their records."""
    run.execute(
        _PUT,
        [
            [one.submission for one in announcements],
            [one.company for one in announcements],
            [one.kind for one in announcements],
            [one.digest for one in announcements],
            [one.received_at for one in announcements],
            [one.secret for one in announcements],
        ],
    )


def waiting(run: psycopg.Cursor[Row], limit: int, besides: Collection[int] = ()) -> list[Announcement]:
    """The submissions that have waited longest, by number: at most `limit`, none of the companies `besides`."""
    return [Announcement(*row) for row in run.execute(_NEXT, [sorted(besides), limit])]


def announced(run: psycopg.Cursor[Row], submissions: Sequence[int]) -> list[Announcement]:
    """Those of these submissions that wait, by number."""
    return [Announcement(*row) for row in run.execute(_THESE, [list(submissions)])]


def take(run: psycopg.Cursor[Row], submissions: Sequence[int]) -> None:
    """Take these out, in the transaction that gives them their place in the log."""
    run.execute(_TAKE, [list(submissions)])
