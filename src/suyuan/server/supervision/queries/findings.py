"""Findings as officials ask for them: a page, one with its records, and what each detector has found so far."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.sql import SQL

from suyuan.codes.keys import compose_code
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.catalogue import detectors
from suyuan.server.supervision.queries.visibility import visible_findings

_FINDINGS: Final = SQL("""
SELECT n.number, n.detector, n.company, n.party, n.site, n.opened_at, n.gone_at, n.judgement, n.note,
       (SELECT count(*) FROM supervision_evidence v WHERE v.finding = n.number),
       n.division, n.figures::text, c.code, p.code, s.code, n.judged_at
  FROM supervision_finding n
  LEFT JOIN registry_company c ON c.number = n.company
  LEFT JOIN registry_company p ON p.number = n.party
  LEFT JOIN registry_site s ON s.number = n.site
 WHERE {visible}
""")
_PAGE: Final = SQL("""{findings} AND (%s::text[] IS NULL OR n.detector = ANY (%s))
   AND (%s::text IS NULL OR c.code = %s OR p.code = %s)
   AND (%s OR n.gone_at IS NULL) AND {after}
 ORDER BY n.number LIMIT %s
""")
_EVIDENCE: Final = "SELECT lot, serial, record FROM supervision_evidence WHERE finding = %s ORDER BY 1, 2, 3 LIMIT %s"
_JUDGEMENTS: Final = """
SELECT judgement, note, judged_by, judged_at FROM supervision_judgement WHERE finding = %s ORDER BY number
"""
_COUNTS: Final = SQL("""
SELECT n.detector, count(*) FILTER (WHERE n.gone_at IS NULL), count(*) FILTER (WHERE n.judgement = 'confirmed'),
       count(*) FILTER (WHERE n.judgement = 'false_positive')
  FROM supervision_finding n WHERE {visible} GROUP BY 1 ORDER BY 1
""")


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding; `records` speak for it now, `gone_at` says since when none does.

    `division` is the place that it is about where it concerns no company; `figures` is what was counted or weighed,
    with units in the names. `company_code`, `party_code` and `site_code` are what people know them by.
    """

    number: int
    detector: str
    company: int | None
    party: int | None
    site: int | None
    opened_at: datetime
    gone_at: datetime | None
    judgement: str | None
    note: str
    records: int
    division: str | None = None
    figures: Mapping[str, object] | None = None
    company_code: str | None = None
    party_code: str | None = None
    site_code: str | None = None
    judged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What somebody said of a finding, and when."""

    judgement: str
    note: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sought:
    """Which findings are asked for: of one detector, of one severity, of one company on either side; also gone ones."""

    detector: str | None = None
    severity: str | None = None
    company: str | None = None
    gone: bool = False

    @property
    def detectors(self) -> list[str] | None:
        """The detectors asked for; None for all."""
        if self.detector is None and self.severity is None:
            return None
        some = [one.name for one in detectors().values() if self.severity in (None, one.severity)]
        if self.detector is None:
            return some
        return [self.detector] if self.severity is None or self.detector in some else []


@dataclass(frozen=True, slots=True)
class Tally:
    """What one detector has found: open findings, and how many people confirmed or called false."""

    detector: str
    open: int
    confirmed: int
    false_positives: int


def findings(
    run: psycopg.Cursor[Row],
    scope: Scope,
    sought: Sought = Sought(),
    *,
    limit: int = 100,
    cursor: str | None = None,
) -> Page[FindingRow]:
    """Findings by number; with `gone` also those for which no record speaks any more."""
    visible = visible_findings(scope)
    listing = f"findings:{sought.detector or ''}:{sought.severity or ''}:{sought.company or ''}:{sought.gone}"
    names, firm = sought.detectors, sought.company
    behind, last = after(["n.number"], decode_cursor(listing, cursor))
    statement = _PAGE.format(findings=_FINDINGS.format(visible=visible.sql), after=behind)
    wanted = [names, names, firm, firm, firm, sought.gone, *last, limit + 1]
    rows = run.execute(statement, [*visible.params, *wanted]).fetchall()
    found = [_row(row) for row in rows[:limit]]
    return Page(found, encode_cursor(listing, [found[-1].number]) if len(rows) > limit else None)


def finding(
    run: psycopg.Cursor[Row], scope: Scope, number: int, limit: int = 1000
) -> tuple[FindingRow, list[tuple[str, UUID]]]:
    """One finding with the records that speak for it: the code of an object and the id of the record.

    Raises
    ------
    Missing
        ``supervision.finding_not_found`` if there is none in the scope.
    """
    visible = visible_findings(scope)
    statement = SQL("{} AND n.number = %s").format(_FINDINGS.format(visible=visible.sql))
    rows = run.execute(statement, [*visible.params, number]).fetchall()
    if not rows:
        raise Missing("supervision.finding_not_found", number=number)
    evidence = run.execute(_EVIDENCE, [number, limit]).fetchall()
    return _row(rows[0]), [(compose_code(lot, serial), record) for lot, serial, record in evidence]


def judgements(run: psycopg.Cursor[Row], scope: Scope, number: int) -> list[Judgement]:
    """Everything that people said of a finding, in order; `Missing` as `finding` says."""
    finding(run, scope, number, limit=0)
    return [Judgement(*row) for row in run.execute(_JUDGEMENTS, [number])]


def tallies(run: psycopg.Cursor[Row], scope: Scope) -> list[Tally]:
    """What each detector has found in the scope, by name; those without findings are left out."""
    visible = visible_findings(scope)
    return [Tally(*row) for row in run.execute(_COUNTS.format(visible=visible.sql), visible.params)]


def _row(row: Row) -> FindingRow:
    division, figures, *rest = row[10:]
    told: tuple[Any, ...] = (division, None if figures is None else json.loads(figures), *rest)
    return FindingRow(*row[:10], *told)
