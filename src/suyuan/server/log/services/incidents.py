"""What went wrong with a log, as long as it is wrong: one open incident an origin and kind."""

import json
import logging
from collections.abc import Mapping, Sequence

import psycopg

from suyuan.kernel.findings import Value
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row

NO_QUORUM = "no_quorum"
FILES_DIFFER = "files_differ"
AHEAD = "witness_ahead"
SPLIT_VIEW = "split_view"
FAILED = "failed"

_OPEN = """
INSERT INTO log_incident (origin, kind, data, evidence, opened_at) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (origin, kind) WHERE closed_at IS NULL DO UPDATE SET data = excluded.data
RETURNING opened_at
"""
_CLOSE = "UPDATE log_incident SET closed_at = %s WHERE origin = %s AND kind = %s AND closed_at IS NULL RETURNING kind"

log = logging.getLogger(__name__)


def open_incident(
    run: psycopg.Cursor[Row],
    origin: str,
    kind: str,
    data: Mapping[str, Value],
    clock: Clock,
    evidence: Sequence[str] = (),
) -> None:
    """Say that something is wrong; an incident that is open already is told the newest data."""
    now = clock.now()
    row = run.execute(_OPEN, [origin, kind, json.dumps(dict(data)), list(evidence), now]).fetchone()
    if row == (now,):
        log.error("log incident %s of %s: %s", kind, origin, json.dumps(dict(data)))


def close_incident(run: psycopg.Cursor[Row], origin: str, kind: str, clock: Clock) -> None:
    """Say that it is right again."""
    if run.execute(_CLOSE, [clock.now(), origin, kind]).fetchone():
        log.warning("log incident %s of %s is over", kind, origin)
