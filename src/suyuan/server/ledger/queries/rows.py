"""Records by the rows of the files that they came in."""

from collections.abc import Sequence

import psycopg

from suyuan.server.kit.connection import Row

_IDS = """
SELECT o.place - 1, min(e.id::text)
  FROM unnest(%s::bigint[], %s::integer[]) WITH ORDINALITY AS o (submission, record, place)
  JOIN ledger_event e ON e.submission = o.submission AND e.record = o.record AND e.main_lot IS NULL
 GROUP BY o.place
"""


def ids_of_rows(run: psycopg.Cursor[Row], submissions: Sequence[int], rows: Sequence[int]) -> list[str | None]:
    """The id of the record whose first row is `rows[i]` of submission `submissions[i]`; None where none was accepted.

    Rows count as the reader of the file counts them. It knows no scope: ask for submissions of one's own.
    """
    found: dict[int, str] = dict(run.execute(_IDS, [list(submissions), list(rows)]).fetchall())
    return [found.get(place) for place in range(len(rows))]
