"""The submission that each of some records came in."""

from collections.abc import Sequence

import psycopg

from suyuan.server.kit.connection import Row

_SOURCES = "SELECT DISTINCT e.id::text, e.submission FROM ledger_event e WHERE e.id = ANY (%s::uuid[])"


def sources(run: psycopg.Cursor[Row], records: Sequence[str]) -> dict[str, int]:
    """Submission by record, for records that the reader was already shown."""
    return dict(run.execute(_SOURCES, [list(records)]).fetchall()) if records else {}
