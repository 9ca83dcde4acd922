"""Look for findings: each detector with a handful of statements over the whole ledger, whatever it finds."""

from dataclasses import dataclass

import psycopg
from psycopg.sql import SQL

from suyuan.rules import Law, law
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Missing
from suyuan.server.supervision.queries.catalogue import Detector, detectors
from suyuan.server.supervision.queries.evidence import EVIDENCE

_LOCK = "SELECT pg_advisory_xact_lock(7723, 2)"
_FRESH = "CREATE TEMPORARY TABLE supervision_fresh ON COMMIT DROP AS "
_DROP_FRESH = "DROP TABLE supervision_fresh"
_OPEN = """
INSERT INTO supervision_finding (detector, key, company, party, site, opened_at)
SELECT %(name)s, f.key, min(f.company), min(f.party), min(f.site), %(now)s FROM supervision_fresh f
 GROUP BY f.key ORDER BY f.key
    ON CONFLICT (detector, key) DO UPDATE SET gone_at = NULL WHERE supervision_finding.gone_at IS NOT NULL
"""
_FORGET = """
DELETE FROM supervision_evidence v USING supervision_finding n
 WHERE n.number = v.finding AND n.detector = %(name)s
   AND NOT EXISTS (SELECT FROM supervision_fresh f WHERE f.key = n.key AND f.lot = v.lot AND f.serial = v.serial
                      AND f.record = v.record)
"""
_REMEMBER = """
INSERT INTO supervision_evidence (finding, lot, serial, record)
SELECT DISTINCT n.number, f.lot, f.serial, f.record
  FROM supervision_fresh f JOIN supervision_finding n ON n.detector = %(name)s AND n.key = f.key
    ON CONFLICT DO NOTHING
"""
_GONE = """
UPDATE supervision_finding n SET gone_at = %(now)s
 WHERE n.detector = %(name)s AND n.gone_at IS NULL
   AND NOT EXISTS (SELECT FROM supervision_fresh f WHERE f.key = n.key)
"""
_JUDGE = "UPDATE supervision_finding SET judgement = %s, judged_at = %s, note = %s WHERE number = %s"


@dataclass(frozen=True, slots=True)
class Detected:
    """What one detector changed: findings opened (or opened again) and gone, records that speak for them anew."""

    detector: str
    opened: int
    gone: int
    records: int


def detect(run: psycopg.Cursor[Row], told: Law | None = None, clock: Clock = SYSTEM_CLOCK) -> list[Detected]:
    """Let every detector of the catalogue look at the whole ledger, inside the caller's transaction."""
    run.execute(_LOCK)
    return [_detect(run, one, told or law(), clock) for one in detectors().values()]


def _detect(run: psycopg.Cursor[Row], detector: Detector, told: Law, clock: Clock) -> Detected:
    asked = {**detector.asked_with(told), "on": clock.today()}
    query = EVIDENCE[detector.evidence]
    named = {name: value for name, value in asked.items() if f"%({name})s" in query}
    psycopg.ClientCursor(run.connection).execute(SQL(_FRESH) + SQL(query), named)
    run.execute("ANALYZE supervision_fresh")
    mine = {"name": detector.name, "now": clock.now()}
    opened = run.execute(_OPEN, mine).rowcount
    run.execute(_FORGET, {"name": detector.name})
    records = run.execute(_REMEMBER, {"name": detector.name}).rowcount
    gone = run.execute(_GONE, mine).rowcount
    run.execute(_DROP_FRESH)
    return Detected(detector.name, opened, gone, records)


def judge(run: psycopg.Cursor[Row], number: int, judgement: str, note: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """Say of a finding that it is ``confirmed``, or a ``false_positive``; the last word counts.

    Raises
    ------
    Missing
        ``supervision.finding_not_found``.
    """
    if not run.execute(_JUDGE, [judgement, clock.now(), note, number]).rowcount:
        raise Missing("supervision.finding_not_found", number=number)
