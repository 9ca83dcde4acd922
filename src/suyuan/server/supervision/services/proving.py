"""Findings as they stand beside what the detectors find now: reads only, so that it may run beside writers."""

from dataclasses import dataclass, field

import psycopg
from psycopg.sql import SQL

from suyuan.rules import Law
from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.catalogue import Detector
from suyuan.server.supervision.queries.evidence import About, asked
from suyuan.server.supervision.queries.stored import looked_on, reckoned
from suyuan.server.supervision.queries.tuning import tuned_detectors
from suyuan.server.supervision.services.comparing import EXAMPLES
from suyuan.server.supervision.services.detecting import SURVEYED, parameters

_WAITS = """
WITH waits AS MATERIALIZED (
    SELECT e.lot, e.serial FROM supervision_waiting w JOIN ledger_event e ON e.submission = w.submission
     UNION SELECT e.vehicle, 0 FROM supervision_waiting w JOIN ledger_event e ON e.submission = w.submission
            WHERE e.vehicle IS NOT NULL)"""
_COMPARED = """{waits}, fresh AS MATERIALIZED ({query}), found AS (
    SELECT f.key, f.lot, f.serial, f.record FROM fresh f WHERE f.record IS NOT NULL
), kept AS (
    SELECT n.key, v.lot, v.serial, v.record
      FROM supervision_finding n JOIN supervision_evidence v ON v.finding = n.number
     WHERE n.detector = {name}
), figured AS (
    SELECT DISTINCT f.key, f.figures FROM fresh f WHERE f.figures IS NOT NULL
), open AS (
    SELECT n.key, n.figures FROM supervision_finding n WHERE n.detector = {name} AND n.gone_at IS NULL
)
SELECT t.what, t.key, count(*) FROM (
    SELECT 'missing' AS what, d.* FROM (SELECT * FROM found EXCEPT SELECT * FROM kept) AS d
     UNION ALL
    SELECT 'extra', d.* FROM (SELECT * FROM kept EXCEPT SELECT * FROM found) AS d
     UNION ALL
    SELECT 'different', d.key, '', 0, NULL FROM (SELECT * FROM figured EXCEPT SELECT * FROM open) AS d
     UNION ALL
    SELECT 'different', o.key, '', 0, NULL FROM open o WHERE NOT EXISTS (SELECT FROM fresh f WHERE f.key = o.key)
) AS t WHERE (t.lot, t.serial) NOT IN (SELECT w.lot, w.serial FROM waits w) GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(slots=True)
class Unproved:
    """Records that findings lack, have too many, figures that differ; the first of them as (what, where)."""

    detectors: int = 0
    missing: int = 0
    extra: int = 0
    different: int = 0
    examples: list[tuple[str, str]] = field(default_factory=list)

    @property
    def found(self) -> int:
        """How much differs."""
        return self.missing + self.extra + self.different


def compare_findings(run: psycopg.Cursor[Row], told: Law, waiting: int) -> Unproved:
    """Every detector's evidence now beside what is kept, on the day of the last look at everything.

    While submissions wait, their objects are left out, and so are sums, to which they may add; what needs
    everything at once is left out until it was surveyed again. All of that is late, not wrong.
    """
    on = looked_on(run)
    done = Unproved()
    if on is None:
        return done
    stale = bool(waiting) or reckoned(run).get(SURVEYED) != ""
    for one in tuned_detectors(run).values():
        if one.about is About.OBJECT or not (waiting or (stale and one.about is About.EVERYTHING)):
            query = asked(one.evidence)
            _compare(run, one, query, parameters(one, query, told, on), done)
    return done


def _compare(run: psycopg.Cursor[Row], one: Detector, query: str, given: dict[str, object], done: Unproved) -> None:
    statement = SQL(_COMPARED).format(waits=SQL(_WAITS), query=SQL(query), name=one.name)
    done.detectors += 1
    for what, key, count in psycopg.ClientCursor(run.connection).execute(statement, given):
        setattr(done, what, getattr(done, what) + count)
        if len(done.examples) < EXAMPLES:
            done.examples.append((what, f"{one.name} {key}"))
