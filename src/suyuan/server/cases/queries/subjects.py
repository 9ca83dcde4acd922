"""What a case is about, on line: findings with their records and duties with their days, as they stand now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Composed

from suyuan.codes.keys import compose_code
from suyuan.kernel.canonical import Json
from suyuan.rules import law
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.catalogue import detectors
from suyuan.server.supervision.queries.duties import STATE
from suyuan.server.supervision.queries.history import FIRST
from suyuan.server.supervision.queries.visibility import visible_duties, visible_findings

RECORDS_TOLD: Final = 200
"""Records of one finding that are told; all are counted."""

_FINDINGS: Final = SQL("""
SELECT n.number, n.detector, n.company, n.party, n.site, n.opened_at, n.gone_at, n.judgement, n.note,
       (SELECT count(*) FROM supervision_evidence v WHERE v.finding = n.number)
  FROM supervision_finding n WHERE n.number = ANY (%s) AND {visible} ORDER BY n.number
""")
_EVIDENCE: Final = """
SELECT o.finding, v.lot, v.serial, v.record FROM unnest(%s::bigint[]) AS o (finding)
 CROSS JOIN LATERAL (SELECT e.lot, e.serial, e.record FROM supervision_evidence e WHERE e.finding = o.finding
                      ORDER BY 1, 2, 3 LIMIT %s) AS v ORDER BY 1, 2, 3, 4
"""
_DUTIES: Final = SQL("""
SELECT d.event, r.duty, r.version, d.company, d.site, d.lot, d.serial, d.started_on, d.due_on, d.official,
       d.fulfilled_on, {state}
  FROM unnest(%s::uuid[], %s::text[]) AS o (event, duty)
  JOIN supervision_rule r ON r.duty = o.duty
  JOIN supervision_duty d ON d.rule = r.number AND d.event = o.event
 WHERE ((d.lot, d.serial) IN (SELECT e.lot, e.serial FROM ledger_event e WHERE e.id = o.event AND e.main_lot IS NULL)
        OR d.lot <= %s)
   AND {visible} ORDER BY d.event, r.duty, d.lot, d.serial
""")
_OF_CASE: Final = "SELECT finding, record, duty FROM cases_subject WHERE case_number = %s ORDER BY number"
_TAKEN: Final = """
SELECT s.case_number, s.finding, s.record, s.duty FROM cases_subject s JOIN cases_case c ON c.number = s.case_number
 WHERE c.closed_at IS NULL
   AND (s.finding = ANY (%s) OR (s.record, s.duty) IN (SELECT * FROM unnest(%s::uuid[], %s::text[])))
 ORDER BY 1 LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Subjects:
    """Findings by number, duties by the record that started them and their name."""

    findings: tuple[int, ...] = ()
    duties: tuple[tuple[UUID, str], ...] = ()

    def __len__(self) -> int:
        return len(self.findings) + len(self.duties)


@dataclass(frozen=True, slots=True)
class Subject:
    """A finding or duty: whom it concerns, where, on which provisions it rests, and all of it as plain values."""

    companies: frozenset[int]
    site: int | None
    weight: str
    basis: tuple[str, ...]
    told: dict[str, Json]


def subjects(run: psycopg.Cursor[Row], scope: Scope, asked: Subjects, on: date) -> list[Subject]:
    """Those of the findings and duties asked for that the scope may see: findings first."""
    return [*_findings(run, scope, asked.findings), *_duties(run, scope, asked.duties, on)]


def of_case(run: psycopg.Cursor[Row], number: int) -> Subjects:
    """What a case is about; the caller has shown that it may be seen."""
    rows = run.execute(_OF_CASE, [number]).fetchall()
    findings = tuple(finding for finding, _, _ in rows if finding is not None)
    return Subjects(findings, tuple((record, duty) for _, record, duty in rows if record is not None))


def taken_up(run: psycopg.Cursor[Row], asked: Subjects) -> tuple[int, str] | None:
    """A case, not closed, that is about one of these already, and which one that is."""
    records, duties = [record for record, _ in asked.duties], [duty for _, duty in asked.duties]
    rows = run.execute(_TAKEN, [list(asked.findings), records, duties]).fetchall()
    return (rows[0][0], str(rows[0][1] or f"{rows[0][2]} {rows[0][3]}")) if rows else None


def _findings(run: psycopg.Cursor[Row], scope: Scope, numbers: Sequence[int]) -> list[Subject]:
    if not numbers:
        return []
    visible = visible_findings(scope)
    rows = run.execute(_FINDINGS.format(visible=visible.sql), [list(numbers), *visible.params]).fetchall()
    records: dict[int, list[Json]] = {}
    for number, lot, serial, record in run.execute(_EVIDENCE, [[row[0] for row in rows], RECORDS_TOLD]):
        records.setdefault(number, []).append({"object": compose_code(lot, serial), "record": str(record)})
    return [_finding(row, records.get(row[0], [])) for row in rows]


def _finding(row: Row, records: list[Json]) -> Subject:
    number, name, company, party, site, opened_at, gone_at, judgement, note, count = row
    detector = detectors().get(name)
    told: dict[str, Json] = {
        "kind": "finding",
        "finding": number,
        "detector": name,
        "title_zh": detector.title.zh if detector else name,
        "title_en": detector.title.en if detector else name,
        "severity": detector.severity.value if detector else None,
        "company": company,
        "party": party,
        "site": site,
        "opened_at": opened_at.isoformat(),
        "gone_at": gone_at.isoformat() if gone_at else None,
        "judgement": judgement,
        "note": note,
        "count": count,
        "records": records,
    }
    firms = frozenset(one for one in (company, party) if one is not None)
    weight = detector.severity.value if detector else "medium"
    return Subject(firms, site, weight, detector.basis if detector else (), told)


def _duties(run: psycopg.Cursor[Row], scope: Scope, named: Sequence[tuple[UUID, str]], on: date) -> list[Subject]:
    if not named:
        return []
    visible = visible_duties(scope)
    statement: Composed = _DUTIES.format(state=STATE, visible=visible.sql)
    keys: list[Any] = [[record for record, _ in named], [duty for _, duty in named]]
    return [_duty(row) for row in run.execute(statement, [on, *keys, FIRST, *visible.params])]


def _duty(row: Row) -> Subject:
    event, duty, version, company, site, lot, serial, started_on, due_on, official, fulfilled_on, state = row
    rule = law().version(version)
    of_company = lot <= FIRST
    told: dict[str, Json] = {
        "kind": "duty",
        "record": str(event),
        "duty": duty,
        "version": version,
        "title_zh": rule.title.zh,
        "title_en": rule.title.en,
        "company": company,
        "site": site,
        "object": (lot.partition(":")[2] or None) if of_company else compose_code(lot, serial),
        "started_on": str(started_on),
        "due_on": str(due_on) if due_on else None,
        "official": official,
        "fulfilled_on": str(fulfilled_on) if fulfilled_on else None,
        "state": state,
    }
    return Subject(frozenset([company]), site, "duty", (duty,), told)
