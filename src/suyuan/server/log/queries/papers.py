"""Papers by number: those that wait for a place, and those that have one, for who compares."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import psycopg

from suyuan.server.kit.connection import Row

_COLUMNS = "p.number, p.seat, p.subject, p.kind, p.digest, p.received_at, p.secret"
_NEXT = f"""
SELECT {_COLUMNS} FROM log_paper_waiting w JOIN log_paper p ON p.number = w.paper
 WHERE p.seat <> ALL (%s) ORDER BY p.number LIMIT %s
"""  # noqa: S608 - names of columns
_THESE = f"""
SELECT {_COLUMNS} FROM log_paper_waiting w JOIN log_paper p ON p.number = w.paper
 WHERE w.paper = ANY (%s) ORDER BY p.number
"""  # noqa: S608
_ENTERED = f"""
SELECT {_COLUMNS}, e.shard, e.leaf FROM log_entry e JOIN log_paper p ON p.number = e.paper
 WHERE e.paper > %s ORDER BY e.paper LIMIT %s
"""  # noqa: S608
_UNLOGGED = """
SELECT p.number FROM log_paper p
 WHERE NOT EXISTS (SELECT FROM log_entry e WHERE e.paper = p.number)
   AND NOT EXISTS (SELECT FROM log_paper_waiting w WHERE w.paper = p.number) ORDER BY p.number
"""
_DIGESTS = "SELECT number, digest FROM log_paper WHERE number = ANY (%s)"


@dataclass(frozen=True, slots=True)
class Paper:
    """Bytes that another room keeps, as the log knows them.

    Parameters
    ----------
    seat
        Province whose log takes it (six digits), or empty.
    subject
        What it belongs to.
    digest
        SHA-256 of the bytes, which the log hides behind `secret`.
    """

    number: int
    seat: str
    subject: str
    kind: str
    digest: bytes
    received_at: datetime
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class EnteredPaper:
    """A paper with its place: the number of the shard, and the leaf as the database has it."""

    paper: Paper
    shard: int
    leaf: bytes


def waiting_papers(run: psycopg.Cursor[Row], limit: int, besides: Collection[str] = ()) -> list[Paper]:
    """The papers that have waited longest, by number; none of the seats `besides`."""
    return [Paper(*row) for row in run.execute(_NEXT, [sorted(besides), limit])]


def these_waiting(run: psycopg.Cursor[Row], numbers: Sequence[int]) -> list[Paper]:
    """Those of these papers that wait, by number."""
    return [Paper(*row) for row in run.execute(_THESE, [list(numbers)])]


def entered_papers(run: psycopg.Cursor[Row], after: int, limit: int) -> list[EnteredPaper]:
    """The papers behind this number that have a place, by number; at most `limit`."""
    return [EnteredPaper(Paper(*row[:7]), row[7], bytes(row[8])) for row in run.execute(_ENTERED, [after, limit])]


def unlogged_papers(run: psycopg.Cursor[Row]) -> list[int]:
    """Papers that neither have a place nor wait for one: somebody took them out."""
    return [number for (number,) in run.execute(_UNLOGGED)]


def digests_of(run: psycopg.Cursor[Row], numbers: Sequence[int]) -> dict[int, bytes]:
    """The SHA-256 under which each of these papers was announced."""
    return {number: bytes(digest) for number, digest in run.execute(_DIGESTS, [list(numbers)])}
