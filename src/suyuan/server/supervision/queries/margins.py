"""How the records of one object stand to the last days of the duties that they fulfil, or that began with them."""

from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg.sql import SQL

from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.containers import Key
from suyuan.server.supervision.queries.visibility import visible_duties

_MARGINS = SQL("""
SELECT d.event::text, d.fulfilled_by::text, d.due_on, d.fulfilled_on, d.official
  FROM supervision_duty d
 WHERE d.lot = %s AND d.serial = %s AND NOT d.void AND d.due_on IS NOT NULL AND {visible}
 ORDER BY d.due_on, d.event, d.rule
""")


@dataclass(frozen=True, slots=True)
class Margin:
    """A last day and the day it was met; `began` and `met_by` are the records. `official` is false where a calendar
    is still provisional."""

    began: str
    met_by: str | None
    due_on: date
    met_on: date | None
    official: bool

    def days(self, today: date) -> int:
        """Days left when it was met, or today; below zero: late."""
        return (self.due_on - (self.met_on or today)).days


def margins_of(run: psycopg.Cursor[Row], scope: Scope, key: Key) -> list[Margin]:
    """The duties about one object that the scope may see, the earliest last day first."""
    visible = visible_duties(scope)
    rows = run.execute(_MARGINS.format(visible=visible.sql), [*key, *visible.params])
    return [Margin(*row) for row in rows]
