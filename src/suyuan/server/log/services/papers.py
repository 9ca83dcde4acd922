"""Announce papers: bytes that another room keeps, and whose digest shall stand in the log."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from suyuan.server.kit.connection import Row
from suyuan.tlog.leaves import SECRET_BYTES

_PUT = """
WITH kept AS (
    INSERT INTO log_paper (seat, subject, kind, digest, received_at, secret)
    SELECT seat, subject, kind, digest, received_at, secret
      FROM unnest(%s::text[], %s::text[], %s::text[], %s::bytea[], %s::timestamptz[], %s::bytea[])
           WITH ORDINALITY AS n (seat, subject, kind, digest, received_at, secret, place) ORDER BY place
    RETURNING number
), waiting AS (INSERT INTO log_paper_waiting (paper) SELECT number FROM kept)
SELECT number FROM kept ORDER BY number
"""
_TAKE = "DELETE FROM log_paper_waiting WHERE paper = ANY (%s)"


@dataclass(frozen=True, slots=True)
class NewPaper:
    """See `suyuan.server.log.queries.papers.Paper`."""

    seat: str
    subject: str
    kind: str
    digest: bytes
    received_at: datetime


def announce_papers(run: psycopg.Cursor[Row], papers: Sequence[NewPaper]) -> list[int]:
    """Announce papers in the transaction that keeps them; their numbers, in the same order."""
    columns = [
        [one.seat for one in papers],
        [one.subject for one in papers],
        [one.kind for one in papers],
        [one.digest for one in papers],
        [one.received_at for one in papers],
        [secrets.token_bytes(SECRET_BYTES) for _ in papers],
    ]
    return [number for (number,) in run.execute(_PUT, columns)]


def take_papers(run: psycopg.Cursor[Row], numbers: Sequence[int]) -> None:
    """These wait no longer: in the transaction that gives them their places."""
    run.execute(_TAKE, [list(numbers)])
