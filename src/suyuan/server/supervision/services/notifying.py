"""One digest a company and day: which duties come due, and which have lapsed since the digest before.

All of it happens in one transaction with the mark of the day and the deliveries to webhooks, so that a digest is made
once, whatever crashes; days on which nothing ran are made up for.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid5

import psycopg
from django.conf import settings

from suyuan.rules.leads import told_of
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.calendars import known_calendar
from suyuan.server.supervision.queries.stored import reckoned

_NOTICES = UUID("2b0c2f0b-6f0d-5a63-9b1a-30c8f8f5d9a4")
"""Below this name stand the ids of notices: the same for a company and day, whoever makes it."""

_LOCK = "SELECT pg_advisory_xact_lock(7723, 3)"
_ALL_LEADS = "SELECT DISTINCT unnest(days) FROM supervision_lead ORDER BY 1"
_COMING = """
WITH choice AS (SELECT DISTINCT ON (company) company, days FROM supervision_lead ORDER BY company, number DESC)
SELECT d.company, r.duty, r.version, d.due_on, d.official, d.duties, l.lead
  FROM (SELECT company, rule, due_on, bool_and(official) AS official, count(*) AS duties FROM supervision_duty
         WHERE due_on = ANY (%(dues)s::date[]) AND fulfilled_on IS NULL AND NOT void GROUP BY 1, 2, 3) AS d
  JOIN supervision_rule r ON r.number = d.rule
  LEFT JOIN choice c ON c.company = d.company
 CROSS JOIN LATERAL (SELECT min(o.lead) AS lead FROM unnest(%(dues)s::date[], %(leads)s::integer[]) AS o (due_on, lead)
                      WHERE o.due_on = d.due_on AND o.lead = ANY (coalesce(c.days, %(usual)s::smallint[]))) AS l
 WHERE l.lead IS NOT NULL ORDER BY d.company, d.due_on, r.duty, r.version
"""
_LAPSED = """
SELECT d.company, r.duty, r.version, d.due_on, bool_and(d.official), count(*)
  FROM supervision_duty d JOIN supervision_rule r ON r.number = d.rule
 WHERE d.due_on >= %s AND d.due_on < %s AND d.fulfilled_on IS NULL AND NOT d.void
 GROUP BY 1, 2, 3, 4 ORDER BY d.company, d.due_on, r.duty, r.version
"""
_WRITE = """
WITH made AS (
    INSERT INTO supervision_notice (id, company, day, told, created_at)
    SELECT o.id, o.company, %(day)s, o.told, %(now)s
      FROM unnest(%(ids)s::uuid[], %(companies)s::integer[], %(told)s::jsonb[]) AS o (id, company, told)
     ORDER BY o.company ON CONFLICT DO NOTHING RETURNING number, company),
sent AS (
    INSERT INTO supervision_delivery (webhook, notice, next_at)
    SELECT w.number, m.number, %(now)s FROM made m JOIN supervision_webhook w ON w.company = m.company
     WHERE w.ended_at IS NULL ORDER BY 1, 2 RETURNING 1)
SELECT (SELECT count(*) FROM made), (SELECT count(*) FROM sent)
"""
_MARK = """
INSERT INTO supervision_reckoned (name, digest) VALUES ('notified', %s)
    ON CONFLICT (name) DO UPDATE SET digest = excluded.digest
"""
Told = dict[str, list[dict[str, Any]]]


def notify(run: psycopg.Cursor[Row], clock: Clock = SYSTEM_CLOCK) -> int:
    """Make the digests of today, inside the caller's transaction; how many there are. Once a day it does something."""
    run.execute(_LOCK)
    today = clock.today()
    before = reckoned(run).get("notified")
    after = date.fromisoformat(before) if before else today - timedelta(days=1)
    if after >= today:
        return 0
    digests = _digests(run, after, today)
    made = _write(run, digests, today, clock) if digests else 0
    run.execute(_MARK, [str(today)])
    return made


def _digests(run: psycopg.Cursor[Row], after: date, today: date) -> dict[int, Told]:
    usual: Sequence[int] = settings.NOTICE_LEADS
    leads = {*usual, *(lead for (lead,) in run.execute(_ALL_LEADS))}
    coming = told_of(known_calendar(), after, today, leads)
    asked = {"dues": [due for due, _ in coming], "leads": [lead for _, lead in coming], "usual": list(usual)}
    found: dict[int, Told] = defaultdict(lambda: {"due": [], "lapsed": []})
    for company, *rest, lead in run.execute(_COMING, asked):
        found[company]["due"].append({**_line(*rest), "lead_working_days": lead})
    for company, *rest in run.execute(_LAPSED, [after, today]):
        found[company]["lapsed"].append(_line(*rest))
    return found


def _line(duty: str, version: str, due_on: date, official: bool, count: int) -> dict[str, Any]:
    return {"duty": duty, "version": version, "due_on": str(due_on), "official": official, "count": count}


def _write(run: psycopg.Cursor[Row], digests: dict[int, Told], today: date, clock: Clock) -> int:
    companies = sorted(digests)
    asked = {
        "day": today,
        "now": clock.now(),
        "ids": [uuid5(_NOTICES, f"{company} {today}") for company in companies],
        "companies": companies,
        "told": [json.dumps(digests[company]) for company in companies],
    }
    ((made, _),) = run.execute(_WRITE, asked).fetchall()
    return int(made)
