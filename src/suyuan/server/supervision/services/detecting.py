"""Look for findings: over the whole ledger, or for what arrived, with a handful of statements a detector."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

import psycopg
from psycopg.sql import SQL

from suyuan.rules import Law, law
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.catalogue import Detector
from suyuan.server.supervision.queries.evidence import EVIDENCE, About, asked, narrowed
from suyuan.server.supervision.queries.stored import DONE, looked_on, reckoned
from suyuan.server.supervision.queries.tuning import tuned_detectors, tuning_digest

LOCK = "SELECT pg_advisory_xact_lock(7723, 2)"
SURVEYED = "surveyed"
"""The name in `supervision_reckoned` of whether something has arrived that was not surveyed yet."""
STALE = "stale"

_PLAIN = "SET LOCAL jit = off"  # costs more than it saves in statements of a second
_FRESH = "CREATE TEMPORARY TABLE supervision_fresh ON COMMIT DROP AS "
_DROP_FRESH = "DROP TABLE supervision_fresh"
_OPEN = """
INSERT INTO supervision_finding (detector, key, company, party, site, division, figures, opened_at)
SELECT %(name)s, f.key, min(f.company), min(f.party), min(f.site), min(f.division), min(f.figures::text)::jsonb, %(now)s
  FROM supervision_fresh f GROUP BY f.key ORDER BY f.key
    ON CONFLICT (detector, key) DO UPDATE SET gone_at = NULL WHERE supervision_finding.gone_at IS NOT NULL
"""
_FIGURES = """
UPDATE supervision_finding n SET figures = f.figures
  FROM (SELECT key, min(figures::text)::jsonb AS figures FROM supervision_fresh GROUP BY key) AS f
 WHERE n.detector = %(name)s AND n.key = f.key AND n.figures IS DISTINCT FROM f.figures
"""
_EXCHANGE = """
WITH gone AS (
    DELETE FROM supervision_evidence v USING supervision_finding n
     WHERE n.number = v.finding AND n.detector = %(name)s AND {region}
       AND NOT EXISTS (SELECT FROM supervision_fresh f WHERE f.key = n.key AND f.lot = v.lot AND f.serial = v.serial
                          AND f.record = v.record)
    RETURNING v.finding
), added AS (
    INSERT INTO supervision_evidence (finding, lot, serial, record, company, party, site)
    SELECT n.number, f.lot, f.serial, f.record, min(f.company), min(f.party), min(f.site)
      FROM supervision_fresh f JOIN supervision_finding n ON n.detector = %(name)s AND n.key = f.key
     WHERE f.record IS NOT NULL GROUP BY 1, 2, 3, 4
        ON CONFLICT DO NOTHING RETURNING finding
)
SELECT finding, sum(added)::integer
  FROM (SELECT finding, 0 AS added FROM gone UNION ALL SELECT finding, 1 FROM added) AS t
 GROUP BY finding ORDER BY finding
"""
_WHOM = """
UPDATE supervision_finding n SET company = v.company, party = v.party, site = v.site
  FROM (SELECT finding, min(company) AS company, min(party) AS party, min(site) AS site
          FROM supervision_evidence WHERE finding = ANY (%s) GROUP BY finding) AS v
 WHERE n.number = v.finding AND (n.company, n.party, n.site) IS DISTINCT FROM (v.company, v.party, v.site)
"""
_EMPTY = """
UPDATE supervision_finding n SET gone_at = %(now)s
 WHERE n.number = ANY (%(changed)s) AND n.gone_at IS NULL
   AND NOT EXISTS (SELECT FROM supervision_evidence v WHERE v.finding = n.number)
"""
_GONE = """
UPDATE supervision_finding n SET gone_at = %(now)s
 WHERE n.detector = %(name)s AND n.gone_at IS NULL AND {region}
   AND NOT EXISTS (SELECT FROM supervision_fresh f WHERE f.key = n.key)
"""
_REGION = {
    About.OBJECT: "(v.lot, v.serial) IN (SELECT h.lot, h.serial FROM supervision_touched h)",
    About.COMPANY: "n.company IN (SELECT h.number FROM supervision_touched_company h)",
    About.SITE: "n.site IN (SELECT h.number FROM supervision_touched_site h)",
}
_TOUCHED = (
    """
CREATE TEMPORARY TABLE supervision_touched ON COMMIT DROP AS
SELECT DISTINCT e.lot, e.serial FROM ledger_event e
 WHERE e.submission = ANY (%(submissions)s) OR e.reporter = ANY (%(companies)s) OR e.party = ANY (%(companies)s)
""",
    # what happens to a pack may say something about a vehicle that it was in
    """
INSERT INTO supervision_touched
SELECT DISTINCT e.vehicle, 0 FROM supervision_touched t JOIN ledger_event e ON e.lot = t.lot AND e.serial = t.serial
 WHERE e.vehicle IS NOT NULL
EXCEPT SELECT t.lot, t.serial FROM supervision_touched t
""",
    """
CREATE TEMPORARY TABLE supervision_touched_company ON COMMIT DROP AS
SELECT DISTINCT e.reporter AS number FROM ledger_event e WHERE e.submission = ANY (%(submissions)s)
 UNION SELECT unnest(%(companies)s::integer[])
""",
    """
CREATE TEMPORARY TABLE supervision_touched_site ON COMMIT DROP AS
SELECT DISTINCT e.site AS number FROM supervision_touched t JOIN ledger_event e ON e.lot = t.lot AND e.serial = t.serial
 WHERE e.site IS NOT NULL
""",
    "ANALYZE supervision_touched",
    "ANALYZE supervision_touched_company",
    "ANALYZE supervision_touched_site",
)
_UNTOUCH = "DROP TABLE supervision_touched, supervision_touched_company, supervision_touched_site"
_MARK = """
INSERT INTO supervision_reckoned (name, digest) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET digest = excluded.digest
"""


@dataclass(frozen=True, slots=True)
class Detected:
    """What one detector changed: findings opened (or opened again) and gone, records that speak for them anew."""

    detector: str
    opened: int
    gone: int
    records: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What one round found: findings opened, opened again or gone, and whether anything looked at everything."""

    findings: int = 0
    everything: bool = False


def detect(run: psycopg.Cursor[Row], told: Law | None = None, clock: Clock = SYSTEM_CLOCK) -> list[Detected]:
    """Let every detector of the catalogue look at the whole ledger, inside the caller's transaction."""
    known = told or law()
    run.execute(LOCK)
    run.execute(_PLAIN)
    done = [_detect(run, one, known, clock, clock.today()) for one in tuned_detectors(run).values()]
    run.execute(_MARK, [DONE, mark_of(known, clock.today(), tuning_digest(run))])
    run.execute(_MARK, [SURVEYED, ""])
    return done


def survey(run: psycopg.Cursor[Row], told: Law | None = None, clock: Clock = SYSTEM_CLOCK) -> list[Detected]:
    """Let the detectors look that need everything at once, as on the day of the last look at everything."""
    run.execute(LOCK)
    run.execute(_PLAIN)
    on = looked_on(run) or clock.today()
    some = [one for one in tuned_detectors(run).values() if one.about is About.EVERYTHING]
    done = [_detect(run, one, told or law(), clock, on) for one in some]
    run.execute(_MARK, [SURVEYED, ""])
    return done


def detect_arrived(
    run: psycopg.Cursor[Row], submissions: Sequence[int], companies: Sequence[int], told: Law, clock: Clock
) -> list[Detected]:
    """Let the others look at the objects, companies and sites that submissions touched, and at changed companies.

    They look as on the day of the last look at everything, so that both together say what one look then would.
    """
    run.execute(LOCK)
    run.execute(_PLAIN)
    on = looked_on(run) or clock.today()
    for statement in _TOUCHED:
        wanted = {"submissions": list(submissions), "companies": list(companies)}
        run.execute(statement, {name: value for name, value in wanted.items() if f"%({name})s" in statement})
    some = [one for one in tuned_detectors(run).values() if one.about is not About.EVERYTHING]
    done = [_detect(run, one, told, clock, on, arrived=True) for one in some]
    run.execute(_UNTOUCH)
    run.execute(_MARK, [SURVEYED, STALE])
    return done


def look(
    run: psycopg.Cursor[Row], submissions: Sequence[int], companies: Sequence[int], told: Law, clock: Clock
) -> Looked:
    """One round: what arrived, or where nothing did, what needs everything at once and, once a day, everything."""
    before = reckoned(run)
    if DONE in before and (submissions or companies):
        done, everything = detect_arrived(run, submissions, companies, told, clock), False
    elif before.get(DONE) != mark_of(told, clock.today(), tuning_digest(run)):
        done, everything = detect(run, told, clock), True
    elif before.get(SURVEYED) == STALE:
        done, everything = survey(run, told, clock), True
    else:
        return Looked()
    return Looked(sum(one.opened + one.gone for one in done), everything)


def mark_of(told: Law, on: date, tuned: str) -> str:
    """What a look at everything depends on beside ledger and register: the day, law, catalogue, and what is tuned."""
    return f"{on} {told.digest[:16]} {_digest()} {tuned}"


@cache
def _digest() -> str:
    catalogue = (files("suyuan.server.supervision.queries") / "findings.toml").read_bytes()
    return hashlib.sha256(catalogue + repr(sorted(EVIDENCE.items())).encode()).hexdigest()[:16]


def parameters(detector: Detector, query: str, told: Law, on: date) -> dict[str, object]:
    """What a query is asked with."""
    wanted = {**detector.asked_with(told), "on": on}
    return {name: value for name, value in wanted.items() if f"%({name})s" in query}


def _detect(
    run: psycopg.Cursor[Row], detector: Detector, told: Law, clock: Clock, on: date, *, arrived: bool = False
) -> Detected:
    query = narrowed(detector.evidence) if arrived else asked(detector.evidence)
    region = _REGION[detector.about] if arrived else "TRUE"
    given = parameters(detector, query, told, on)
    psycopg.ClientCursor(run.connection).execute(SQL(_FRESH) + SQL(query), given)
    run.execute("ANALYZE supervision_fresh")
    mine = {"name": detector.name, "now": clock.now()}
    opened = run.execute(_OPEN, mine).rowcount
    changed = run.execute(_EXCHANGE.replace("{region}", region), {"name": detector.name}).fetchall()
    numbers = [number for number, _ in changed]
    run.execute(_WHOM, [numbers])
    if detector.about is About.OBJECT:
        gone = run.execute(_EMPTY, {"changed": numbers, "now": clock.now()}).rowcount
    else:
        run.execute(_FIGURES, {"name": detector.name})
        gone = run.execute(_GONE.replace("{region}", region), mine).rowcount
    run.execute(_DROP_FRESH)
    return Detected(detector.name, opened, gone, _added(changed))


def _added(changed: Iterable[Row]) -> int:
    return sum(added for _, added in changed)
