"""Which cases are open and how many, as the room of cases tells it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import psycopg
from psycopg.sql import SQL

from suyuan.server.answers.queries.areas import Area
from suyuan.server.cases.queries.visibility import visible_cases
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.scope import Scope

_OPEN: Final = SQL("SELECT count(*) FROM cases_case c WHERE c.closed_at IS NULL AND {visible} AND {within}")

_ROWS: Final = SQL("""
SELECT c.number, c.title, f.code, f.name_zh, f.name_en, c.state, c.opened_at, c.due_on
  FROM cases_case c JOIN registry_company f ON f.number = c.company
 WHERE c.closed_at IS NULL AND {visible} AND {within} AND {after} ORDER BY c.number LIMIT %s
""")


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case behind the number of open ones."""

    number: int
    title: str
    company: str
    name_zh: str
    name_en: str
    state: str
    opened_at: datetime
    due_on: date | None


def open_case_rows(
    run: psycopg.Cursor[Row], scope: Scope, area: Area, *, limit: int, cursor: str | None = None
) -> Page[OpenCase]:
    """The cases that `open_cases` counts, by number."""
    visible, within = visible_cases(scope), visible_cases(area.scope)
    listing = f"open_cases:{area.key}"
    behind, last = after(("c.number",), decode_cursor(listing, cursor))
    statement = _ROWS.format(visible=visible.sql, within=within.sql, after=behind)
    rows = run.execute(statement, [*visible.params, *within.params, *last, limit + 1]).fetchall()
    found = [OpenCase(*row) for row in rows[:limit]]
    return Page(found, encode_cursor(listing, [found[-1].number]) if len(rows) > limit else None)


def open_cases(run: psycopg.Cursor[Row], scope: Scope, area: Area) -> int:
    """Cases that are not closed: those that the scope may see, of these those that the area would see."""
    visible, within = visible_cases(scope), visible_cases(area.scope)
    statement = _OPEN.format(visible=visible.sql, within=within.sql)
    ((number,),) = run.execute(statement, [*visible.params, *within.params]).fetchall()
    return int(number)
