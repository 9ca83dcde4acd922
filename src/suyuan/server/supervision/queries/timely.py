"""What was in time of that which came together: the duties that the records of submissions started."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import psycopg
from psycopg.sql import SQL

from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.visibility import visible_duties

_KEPT: Final = SQL("""
SELECT e.submission,
       count(*) FILTER (WHERE d.fulfilled_on <= d.due_on), count(*) FILTER (WHERE d.fulfilled_on > d.due_on),
       count(*) FILTER (WHERE d.fulfilled_on IS NULL)
  FROM ledger_event e
  JOIN supervision_duty d ON d.lot = e.lot AND d.serial = e.serial AND d.event = e.id
 WHERE e.submission = ANY (%s) AND e.main_lot IS NULL AND NOT d.void AND d.due_on IS NOT NULL AND {visible}
 GROUP BY 1
""")


class Timely(NamedTuple):
    """Duties that the records of a submission started: fulfilled in time, late, or not yet."""

    in_time: int
    late: int
    unfulfilled: int

    @property
    def share(self) -> float | None:
        """Of those fulfilled the share in time, 0 to 1; None where none is."""
        done = self.in_time + self.late
        return self.in_time / done if done else None


def timely(run: psycopg.Cursor[Row], scope: Scope, submissions: Sequence[int]) -> dict[int, Timely]:
    """By submission; those whose records started no duty with a last day are left out.

    It reads every record of these submissions: who asks for many keeps to the small ones.
    """
    visible = visible_duties(scope)
    rows = run.execute(_KEPT.format(visible=visible.sql), [list(submissions), *visible.params])
    return {number: Timely(*counts) for number, *counts in rows}
