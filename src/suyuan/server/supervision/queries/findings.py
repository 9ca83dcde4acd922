"""Findings as officials ask for them: a page, one with its records, and what each detector has found so far."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import psycopg
from psycopg.sql import SQL

from suyuan.codes.keys import compose_code
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.visibility import visible_findings

_FINDINGS: Final = SQL("""
SELECT n.number, n.detector, n.company, n.party, n.site, n.opened_at, n.gone_at, n.judgement, n.note,
       (SELECT count(*) FROM supervision_evidence v WHERE v.finding = n.number)
  FROM supervision_finding n WHERE {visible}
""")
_PAGE: Final = SQL("""{findings} AND (%s::text IS NULL OR n.detector = %s) AND (%s OR n.gone_at IS NULL) AND {after}
 ORDER BY n.number LIMIT %s
""")
_EVIDENCE: Final = "SELECT lot, serial, record FROM supervision_evidence WHERE finding = %s ORDER BY 1, 2, 3 LIMIT %s"
_COUNTS: Final = SQL("""
SELECT n.detector, count(*) FILTER (WHERE n.gone_at IS NULL), count(*) FILTER (WHERE n.judgement = 'confirmed'),
       count(*) FILTER (WHERE n.judgement = 'false_positive')
  FROM supervision_finding n WHERE {visible} GROUP BY 1 ORDER BY 1
""")


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding; `records` speak for it now, `gone_at` says since when none does."""

    number: int
    detector: str
    company: int
    party: int | None
    site: int | None
    opened_at: datetime
    gone_at: datetime | None
    judgement: str | None
    note: str
    records: int


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
    detector: str | None = None,
    *,
    gone: bool = False,
    limit: int = 100,
    cursor: str | None = None,
) -> Page[FindingRow]:
    """Findings by number; with `gone` also those for which no record speaks any more."""
    visible = visible_findings(scope)
    listing = f"findings:{detector or ''}:{gone}"
    behind, last = after(["n.number"], decode_cursor(listing, cursor))
    statement = _PAGE.format(findings=_FINDINGS.format(visible=visible.sql), after=behind)
    rows = run.execute(statement, [*visible.params, detector, detector, gone, *last, limit + 1]).fetchall()
    found = [FindingRow(*row) for row in rows[:limit]]
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
    return FindingRow(*rows[0]), [(compose_code(lot, serial), record) for lot, serial, record in evidence]


def tallies(run: psycopg.Cursor[Row], scope: Scope) -> list[Tally]:
    """What each detector has found in the scope, by name; those without findings are left out."""
    visible = visible_findings(scope)
    return [Tally(*row) for row in run.execute(_COUNTS.format(visible=visible.sql), visible.params)]
