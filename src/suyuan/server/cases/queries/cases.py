"""Cases as people ask for them: page by page, one, how many there are in each state."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import psycopg
from psycopg.sql import SQL

from suyuan.server.cases.queries.actors import Authority
from suyuan.server.cases.queries.folding import Fold
from suyuan.server.cases.queries.visibility import visible_cases, visible_steps
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Level, Scope

_CASES: Final = SQL("""
SELECT c.number, c.title, c.company, f.code, f.name_zh, f.name_en, c.site, c.place, c.opened_at, c.version, c.state,
       c.level, c.division, ARRAY(SELECT h.division FROM cases_share h WHERE h.case_number = c.number ORDER BY 1),
       c.told, c.planned, c.due_on, c.due_official, c.outcome, c.changed_at, c.closed_at
  FROM cases_case c JOIN registry_company f ON f.number = c.company
""")
_PAGE: Final = SQL("{cases} WHERE {visible} AND {wanted} AND {after} ORDER BY c.number DESC LIMIT %s")
_ONE: Final = SQL("{cases} WHERE {visible} AND c.number = %s {lock}")
_LOCK: Final = SQL("FOR UPDATE OF c")
_COUNTS: Final = SQL("""
SELECT c.state, count(*), count(*) FILTER (WHERE c.due_on < %s) FROM cases_case c WHERE {visible} GROUP BY 1 ORDER BY 1
""")
_LAST_SEEN: Final = SQL("SELECT max(s.version) FROM cases_step s WHERE s.case_number = %s AND {visible}")


_ABOUT: Final = SQL("""
SELECT s.finding, s.record, s.duty, max(c.number) FROM cases_subject s JOIN cases_case c ON c.number = s.case_number
 WHERE (s.finding = ANY (%s) OR (s.record, s.duty) IN (SELECT * FROM unnest(%s::uuid[], %s::text[])))
   AND c.closed_at IS NULL AND {visible} GROUP BY 1, 2, 3
""")


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case with its company, and where it stands."""

    number: int
    title: str
    company: int
    company_code: str
    name_zh: str
    name_en: str
    site: int | None
    place: str | None
    opened_at: datetime
    fold: Fold


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases are asked for: in a state (or all that are not closed), past their day, of a company.

    `company` is its code, or a part of a name.
    """

    state: str | None = None
    unfinished: bool = False
    company: str | None = None
    overdue_on: date | None = None

    @property
    def listing(self) -> str:
        """The name of the listing that a cursor belongs to."""
        return f"cases:{self.state or ''}:{self.unfinished}:{self.company or ''}:{self.overdue_on or ''}"


def page(
    run: psycopg.Cursor[Row], scope: Scope, wanted: Wanted, *, limit: int = 100, cursor: str | None = None
) -> Page[CaseRow]:
    """Cases in the scope, the newest first."""
    visible = visible_cases(scope)
    behind, last = after(["c.number"], decode_cursor(wanted.listing, cursor), descending=True)
    condition, params = _wanted(wanted)
    statement = _PAGE.format(cases=_CASES, visible=visible.sql, wanted=condition, after=behind)
    rows = run.execute(statement, [*visible.params, *params, *last, limit + 1]).fetchall()
    found = [_case(row) for row in rows[:limit]]
    return Page(found, encode_cursor(wanted.listing, [found[-1].number]) if len(rows) > limit else None)


def _wanted(wanted: Wanted) -> tuple[SQL, list[object]]:
    parts, params = ["TRUE"], list[object]()
    if wanted.state is not None:
        parts.append("c.state = %s")
        params.append(wanted.state)
    if wanted.unfinished:
        parts.append("c.closed_at IS NULL")
    if wanted.company is not None:
        parts.append("(f.code = %s OR position(lower(%s) IN lower(f.name_zh || ' ' || f.name_en)) > 0)")
        params += [wanted.company, wanted.company]
    if wanted.overdue_on is not None:
        parts.append("c.closed_at IS NULL AND c.due_on < %s")
        params.append(wanted.overdue_on)
    return SQL(" AND ".join(parts)), params


def case(run: psycopg.Cursor[Row], scope: Scope, number: int, *, locked: bool = False) -> CaseRow:
    """One case; `locked` keeps others from taking a step until the transaction ends.

    Raises
    ------
    Missing
        ``cases.not_found`` if there is none in the scope.
    """
    visible = visible_cases(scope)
    statement = _ONE.format(cases=_CASES, visible=visible.sql, lock=_LOCK if locked else SQL(""))
    rows = run.execute(statement, [*visible.params, number]).fetchall()
    if not rows:
        raise Missing("cases.not_found", number=number)
    return _case(rows[0])


def version_seen(run: psycopg.Cursor[Row], scope: Scope, number: int) -> int:
    """The last step of a case that the scope may read: what it names when it takes the next."""
    visible = visible_steps(scope)
    rows = run.execute(_LAST_SEEN.format(visible=visible.sql), [number, *visible.params]).fetchall()
    return rows[0][0] or 0


def counts(run: psycopg.Cursor[Row], scope: Scope, on: date) -> dict[str, tuple[int, int]]:
    """How many cases there are in each state, and how many of those are past their last day."""
    visible = visible_cases(scope)
    rows = run.execute(_COUNTS.format(visible=visible.sql), [on, *visible.params])
    return {state: (there_are, late) for state, there_are, late in rows}


def cases_about(
    run: psycopg.Cursor[Row], scope: Scope, findings: Sequence[int], duties: Sequence[tuple[UUID, str]] = ()
) -> dict[int | tuple[UUID, str], int]:
    """Which of some findings and duties are in a case that is not closed and may be seen, and in which."""
    visible = visible_cases(scope)
    records, names = [record for record, _ in duties], [name for _, name in duties]
    rows = run.execute(_ABOUT.format(visible=visible.sql), [list(findings), records, names, *visible.params])
    return {(record, duty) if finding is None else finding: number for finding, record, duty, number in rows}


def _case(row: Row) -> CaseRow:
    number, title, company, code, name_zh, name_en, site, place, opened_at, *fold = row
    version, state, level, division, shares, *rest = fold
    stands = Fold(version, state, Authority(Level(level), division), frozenset(shares), *rest)
    return CaseRow(number, title, company, code, name_zh, name_en, site, place, opened_at, stands)
