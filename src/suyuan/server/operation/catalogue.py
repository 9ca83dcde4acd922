"""Which tables and sequences are ours, as PostgreSQL's own catalogue tells it.

Ours is what the owner's role made in the schema ``public``: a table that a later room brings along is in the
backup without being named here.
"""

from collections.abc import Iterable, Sequence

import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.kit.roles import OWNER
from suyuan.server.operation import manifest

_TABLES = """
SELECT c.relname, array_agg(a.attname::text ORDER BY a.attnum),
       array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY a.attnum)
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
 WHERE c.relnamespace = 'public'::regnamespace AND c.relowner = %s::regrole
   AND c.relkind IN ('r', 'p') AND NOT c.relispartition
 GROUP BY c.relname ORDER BY c.relname COLLATE "C"
"""
_SEQUENCES = """
SELECT sequencename::text, coalesce(last_value, start_value), last_value IS NOT NULL
  FROM pg_sequences WHERE schemaname = 'public' AND sequenceowner = %s ORDER BY sequencename COLLATE "C"
"""
_REFERENCES = """
SELECT f.relname::text, t.relname::text
  FROM pg_constraint k JOIN pg_class f ON f.oid = k.conrelid JOIN pg_class t ON t.oid = k.confrelid
 WHERE k.contype = 'f' AND f.relnamespace = 'public'::regnamespace AND f.relowner = %s::regrole AND f.oid <> t.oid
"""
_ANY_TABLE = """
SELECT relname::text FROM pg_class
 WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1 LIMIT 1
"""

Columns = tuple[tuple[str, str], ...]


def tables(run: psycopg.Cursor[Row]) -> dict[str, Columns]:
    """Every table of ours with its columns and their types, those left out that the database computes itself."""
    rows = run.execute(_TABLES, [OWNER]).fetchall()
    return {str(name): tuple(zip(columns, kinds, strict=True)) for name, columns, kinds in rows}


def sequences(run: psycopg.Cursor[Row]) -> tuple[manifest.Sequence, ...]:
    """Every sequence of ours and where it stands."""
    return tuple(manifest.Sequence(*row) for row in run.execute(_SEQUENCES, [OWNER]).fetchall())


def filling_order(run: psycopg.Cursor[Row], names: Iterable[str]) -> Sequence[str]:
    """The tables, those that others refer to first; a circle comes last, for constraints that wait for the commit."""
    waiting = dict.fromkeys(sorted(names))
    needs: dict[str, set[str]] = {name: set() for name in waiting}
    for referring, referred in run.execute(_REFERENCES, [OWNER]).fetchall():
        if referring in needs and referred in needs:
            needs[referring].add(referred)
    ordered: list[str] = []
    while waiting:
        free = [name for name in waiting if not needs[name] & waiting.keys()] or list(waiting)
        ordered += free
        for name in free:
            del waiting[name]
    return ordered


def any_table(run: psycopg.Cursor[Row]) -> str | None:
    """The first table or view in the schema, whoever made it; None where it is empty."""
    row = run.execute(_ANY_TABLE).fetchone()
    return None if row is None else str(row[0])
