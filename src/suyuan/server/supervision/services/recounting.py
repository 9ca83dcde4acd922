"""Count last days again under another calendar, and keep both values."""

import polars as pl
import psycopg

from suyuan.rules import Law
from suyuan.rules.duties import recounted
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.calendars import digest_of, known_calendar
from suyuan.server.supervision.queries.stored import reckoned

_STARTS = """
SELECT r.number, r.version, d.started_on, d.due_on, d.official, d.duties
  FROM (SELECT rule, started_on, due_on, official, count(*) AS duties FROM supervision_duty
         WHERE due_on IS NOT NULL GROUP BY rule, started_on, due_on, official) AS d
  JOIN supervision_rule r ON r.number = d.rule ORDER BY r.version, d.started_on, d.due_on
"""
_MOVE = """
UPDATE supervision_duty d SET due_on = o.new_due_on, official = o.new_official
  FROM unnest(%s::smallint[], %s::date[], %s::date[], %s::boolean[], %s::date[], %s::boolean[])
       AS o (rule, started_on, due_on, official, new_due_on, new_official)
 WHERE d.rule = o.rule AND d.started_on = o.started_on AND d.due_on = o.due_on AND d.official = o.official
"""
_TRACE = """
INSERT INTO supervision_recount
       (rule, started_on, due_on, official, new_due_on, new_official, duties, counted_at)
SELECT o.rule, o.started_on, o.due_on, o.official, o.new_due_on, o.new_official, o.duties, %s
  FROM unnest(%s::smallint[], %s::date[], %s::date[], %s::boolean[], %s::date[], %s::boolean[], %s::bigint[])
       AS o (rule, started_on, due_on, official, new_due_on, new_official, duties)
 ORDER BY o.rule, o.started_on, o.due_on
"""
_RECKONED = """
INSERT INTO supervision_reckoned (name, digest) VALUES ('calendar', %s)
    ON CONFLICT (name) DO UPDATE SET digest = excluded.digest
"""
_SCHEMA = {
    "rule": pl.Int16(),
    "version": pl.String(),
    "started_on": pl.Date(),
    "due_on": pl.Date(),
    "official": pl.Boolean(),
    "duties": pl.Int64(),
}


def recount(run: psycopg.Cursor[Row], law: Law, clock: Clock) -> int:
    """Where the calendar is not the one that the table was computed with: move last days; how many duties moved.

    All duties of one version that began on one day move together, so that one line of trace stands for them.
    Call it inside a transaction that holds the room's lock.
    """
    calendar = known_calendar()
    digest = digest_of(calendar)
    if reckoned(run).get("calendar") == digest:
        return 0
    starts = pl.DataFrame(run.execute(_STARTS).fetchall(), _SCHEMA, orient="row")
    moved = recounted(law, calendar, starts)
    if moved.height:
        names = ("rule", "started_on", "due_on", "official", "new_due_on", "new_official")
        columns = [moved[name].to_list() for name in names]
        run.execute(_MOVE, columns)
        run.execute(_TRACE, [clock.now(), *columns, moved["duties"].to_list()])
    run.execute(_RECKONED, [digest])
    return int(moved["duties"].sum()) if moved.height else 0
