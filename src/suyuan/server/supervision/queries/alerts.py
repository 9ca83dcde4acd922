"""Findings as a desk works through them: newest first, with names, how many records speak, when the last came."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.sql import SQL, Composable

from suyuan.codes.keys import compose_code, split_code
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.complaints import Complaint, complaints_numbered
from suyuan.server.supervision.queries.findings import Sought, finding
from suyuan.server.supervision.queries.visibility import visible_findings

MOST_COUNTED: Final = 10_000
"""Where counting ends: more are told as about that many."""

STATES: Final = ("standing", "unjudged", "confirmed", "false_positive", "gone")

_SHOWN: Final = SQL("""
SELECT n.number, n.detector, n.opened_at, n.gone_at, n.judgement, n.division, n.company, c.code, c.name_zh, c.name_en,
       p.code, p.name_zh, p.name_en, s.code, v.records, v.last
  FROM (SELECT * FROM supervision_finding n
         WHERE {visible} AND {wanted} AND {after} ORDER BY n.number DESC LIMIT %s) AS n
  LEFT JOIN registry_company c ON c.number = n.company
  LEFT JOIN registry_company p ON p.number = n.party
  LEFT JOIN registry_site s ON s.number = n.site
 CROSS JOIN LATERAL (SELECT count(*) AS records, max(e.record::text COLLATE "C") AS last FROM supervision_evidence e
                      WHERE e.finding = n.number) AS v
 ORDER BY n.number DESC
""")
_COUNT: Final = SQL("""
SELECT count(*) FROM (SELECT FROM supervision_finding n WHERE {visible} AND {wanted} LIMIT %s) AS counted
""")
_STATE: Final = {
    "standing": "n.gone_at IS NULL AND n.judgement IS DISTINCT FROM 'false_positive'",
    "unjudged": "n.gone_at IS NULL AND n.judgement IS NULL",
    "confirmed": "n.judgement = 'confirmed'",
    "false_positive": "n.judgement = 'false_positive'",
    "gone": "n.gone_at IS NOT NULL",
}
_FIRM: Final = """EXISTS (SELECT FROM registry_company f WHERE f.number IN (n.company, n.party)
    AND (f.code = %s OR position(lower(%s) IN lower(f.name_zh || ' ' || f.name_en)) > 0))"""
_RECORDS: Final = SQL("""
SELECT v.lot, v.serial, v.record, e.kind, e.occurred_at, r.code, r.name_zh, r.name_en, p.code, p.name_zh, p.name_en
  FROM (SELECT v.lot, v.serial, v.record FROM supervision_evidence v WHERE v.finding = %s AND {after}
         ORDER BY 1, 2, 3 LIMIT %s) AS v
 CROSS JOIN LATERAL (SELECT e.kind, e.occurred_at, e.reporter, e.party FROM ledger_event e
                      WHERE e.lot = v.lot AND e.serial = v.serial AND e.id = v.record ORDER BY e.slot LIMIT 1) AS e
  JOIN registry_company r ON r.number = e.reporter
  LEFT JOIN registry_company p ON p.number = e.party
 ORDER BY 1, 2, 3
""")
_REPORTS: Final = """
SELECT c.number FROM supervision_complaint c JOIN supervision_finding n ON n.detector = 'public.complaint'
   AND n.key = c.subject || ' ' || coalesce(c.site::text, c.lot || '/' || c.serial, c.company::text, c.about)
 WHERE n.number = %s ORDER BY c.number DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Firm:
    """A company by its code and names."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A finding on the desk; `last_at` is when the newest record that speaks for it was received, if records do."""

    number: int
    detector: str
    opened_at: datetime
    gone_at: datetime | None
    judgement: str | None
    division: str | None
    company_number: int | None
    company: Firm | None
    party: Firm | None
    site: str | None
    records: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class Speaking:
    """A record that speaks for a finding: object, kind by name, day, who reported it, who was its other side."""

    object: str
    record: UUID
    kind: str
    occurred_at: datetime
    reporter: Firm
    party: Firm | None


@dataclass(frozen=True, slots=True)
class Desk:
    """Which findings are asked for: `state` is one of `STATES` (None: all), `company` a code or a part of a name."""

    detector: str | None = None
    severity: str | None = None
    company: str | None = None
    state: str | None = "standing"

    @property
    def listing(self) -> str:
        """The name of the listing that a cursor belongs to."""
        return f"alerts:{self.detector or ''}:{self.severity or ''}:{self.company or ''}:{self.state or ''}"


def alert(run: psycopg.Cursor[Row], scope: Scope, number: int) -> Alert:
    """One finding as it lies on the desk; raises `Missing` (``supervision.finding_not_found``)."""
    visible = visible_findings(scope)
    statement = _SHOWN.format(visible=visible.sql, wanted=SQL("n.number = %s"), after=SQL("TRUE"))
    rows = run.execute(statement, [*visible.params, number, 1]).fetchall()
    if not rows:
        raise Missing("supervision.finding_not_found", number=number)
    return _alert(rows[0])


def alerts(
    run: psycopg.Cursor[Row], scope: Scope, desk: Desk, *, limit: int = 50, cursor: str | None = None
) -> Page[Alert]:
    """Findings in the scope, the newest first."""
    visible = visible_findings(scope)
    behind, last = after(["n.number"], decode_cursor(desk.listing, cursor), descending=True)
    wanted, params = _wanted(desk)
    statement = _SHOWN.format(visible=visible.sql, wanted=wanted, after=behind)
    rows = run.execute(statement, [*visible.params, *params, *last, limit + 1]).fetchall()
    found = [_alert(row) for row in rows[:limit]]
    return Page(found, encode_cursor(desk.listing, [found[-1].number]) if len(rows) > limit else None)


def count_alerts(run: psycopg.Cursor[Row], scope: Scope, desk: Desk) -> tuple[int, bool]:
    """How many there are, and whether that is exact: counting ends at `MOST_COUNTED`."""
    visible = visible_findings(scope)
    wanted, params = _wanted(desk)
    statement = _COUNT.format(visible=visible.sql, wanted=wanted)
    ((there_are,),) = run.execute(statement, [*visible.params, *params, MOST_COUNTED + 1]).fetchall()
    return min(there_are, MOST_COUNTED), there_are <= MOST_COUNTED


def _wanted(desk: Desk) -> tuple[Composable, list[object]]:
    parts, params = [SQL("TRUE")], list[object]()
    names = Sought(desk.detector, desk.severity).detectors
    if names is not None:
        parts.append(SQL("n.detector = ANY (%s)"))
        params.append(names)
    if desk.company:
        parts.append(SQL(_FIRM))
        params += [desk.company, desk.company]
    if desk.state is not None:
        parts.append(SQL(_STATE[desk.state]))
    return SQL(" AND ").join(parts), params


def records_of(
    run: psycopg.Cursor[Row], scope: Scope, number: int, *, limit: int = 100, cursor: str | None = None
) -> Page[Speaking]:
    """The records that speak for a finding; raises `Missing` (``supervision.finding_not_found``)."""
    finding(run, scope, number, limit=0)
    listing = f"evidence:{number}"
    behind, last = after(["v.lot", "v.serial", "v.record"], decode_cursor(listing, cursor))
    rows = run.execute(_RECORDS.format(after=behind), [number, *last, limit + 1]).fetchall()
    found = [_speaking(row) for row in rows[:limit]]
    if len(rows) <= limit:
        return Page(found, None)
    lot, serial = split_code(found[-1].object)
    return Page(found, encode_cursor(listing, [lot, serial, str(found[-1].record)]))


def reports_of(run: psycopg.Cursor[Row], scope: Scope, number: int, limit: int = 50) -> Sequence[Complaint]:
    """What the public reported, for a finding that rests on it: the newest first, each as the scope may see it."""
    finding(run, scope, number, limit=0)
    return complaints_numbered(run, scope, [row[0] for row in run.execute(_REPORTS, [number, limit])])


def received_at(record: str) -> datetime:
    """When a record was received, by its own id (RFC 9562, version 7: its first 48 bits are milliseconds)."""
    return datetime.fromtimestamp((UUID(record).int >> 80) / 1000, UTC)


def _alert(row: Row) -> Alert:
    number, detector, opened_at, gone_at, judgement, division, company, *rest = row
    firm, party, (site, records, last) = rest[:3], rest[3:6], rest[6:]
    told = (number, detector, opened_at, gone_at, judgement, division, company)
    return Alert(*told, _firm(firm), _firm(party), site, records, received_at(last) if last else None)


def _speaking(row: Row) -> Speaking:
    lot, serial, record, kind, occurred_at, *firms = row
    reporter = Firm(*firms[:3])
    name = next((one.name for one in vocabulary().kinds.values() if one.no == kind), str(kind))
    return Speaking(compose_code(lot, serial), record, name, occurred_at, reporter, _firm(firms[3:]))


def _firm(columns: Sequence[Any]) -> Firm | None:
    return None if columns[0] is None else Firm(*columns)
