"""Duties of areas and companies, from their fold."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import psycopg
from psycopg.sql import SQL

from suyuan.server.answers.queries.areas import Area
from suyuan.server.answers.queries.periods import Period
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries import visible_companies
from suyuan.server.supervision.queries.visibility import visible_duties

_COLUMNS = SQL("""
       coalesce(sum(d.duties) FILTER (WHERE d.state = 1 AND d.due_on >= {start} AND d.due_on < {end}), 0)::bigint,
       coalesce(sum(d.duties) FILTER (WHERE d.state = 2 AND d.due_on >= {start} AND d.due_on < {end}), 0)::bigint,
       coalesce(sum(d.duties) FILTER (WHERE d.state = 0 AND d.due_on < {today} AND d.due_on >= {start}
                                        AND d.due_on < {end}), 0)::bigint,
       coalesce(sum(d.duties) FILTER (WHERE d.state = 0 AND d.due_on < {today}), 0)::bigint
""").format(start=SQL("%s::date"), end=SQL("%s::date"), today=SQL("%s::date"))
_READ = SQL("(d.state = 0 AND d.due_on < %s OR d.state IN (1, 2) AND d.due_on >= %s AND d.due_on < %s)")
_AREA = SQL("SELECT {columns} FROM answers_duty d WHERE {read} AND {visible} AND {within}")
_COMPANIES = SQL("""
SELECT d.company, {columns} FROM answers_duty d
 WHERE {read} AND {visible} AND d.company IN ({firms}) GROUP BY 1 ORDER BY 1
""")
# A duty counts where its company is seated and where its site lies, once in each place.
_PLACES = SQL("""
SELECT p.place, {columns} FROM answers_duty d
  JOIN registry_company c ON c.number = d.company LEFT JOIN registry_site t ON t.number = d.site
 CROSS JOIN LATERAL (SELECT left(coalesce(c.division, '000000'), %s) AS place UNION SELECT left(t.division, %s)) AS p
 WHERE {read} AND {visible} AND p.place = ANY (%s) GROUP BY 1 ORDER BY 1
""")
_MONTHS = SQL("""
SELECT date_trunc('month', d.due_on::timestamp)::date, {columns} FROM answers_duty d
 WHERE {read} AND {visible} AND {within} GROUP BY 1 ORDER BY 1
""")

_DAYS = SQL("""
SELECT d.due_on, r.duty, r.version, sum(d.duties)::bigint
  FROM answers_duty d JOIN supervision_rule r ON r.number = d.rule
 WHERE d.state = 0 AND d.due_on >= %s AND d.due_on < %s AND {visible} AND {within}
 GROUP BY 1, 2, 3 HAVING sum(d.duties) > 0 ORDER BY 1, 2, 3 LIMIT %s
""")


class DueDay(NamedTuple):
    """So many open duties of one version of a rule end on one day."""

    day: date
    duty: str
    version: str
    duties: int


class Kept(NamedTuple):
    """Duties whose last day lies in a period (in time, late, or open behind it), and all that are overdue today."""

    in_time: int = 0
    late: int = 0
    missed: int = 0
    overdue: int = 0

    @property
    def decided(self) -> int:
        """Those of which it is known whether they were in time."""
        return self.in_time + self.late + self.missed

    @property
    def on_time_rate(self) -> float | None:
        """The share in time, 0 to 1; None where nothing was due."""
        return self.in_time / self.decided if self.decided else None


def _columns(period: Period) -> list[object]:
    span = [period.start, period.end]
    return [*span, *span, period.today, *span, period.today]


def _read(period: Period) -> list[object]:
    return [period.today, period.start, period.end]


def duties_of(run: psycopg.Cursor[Row], scope: Scope, area: Area, period: Period) -> Kept:
    """The duties of an area."""
    visible, within = visible_duties(scope), visible_duties(area.scope)
    statement = _AREA.format(columns=_COLUMNS, read=_READ, visible=visible.sql, within=within.sql)
    params = [*_columns(period), *_read(period), *visible.params, *within.params]
    (row,) = run.execute(statement, params).fetchall()
    return Kept(*row)


def due_days(
    run: psycopg.Cursor[Row], scope: Scope, area: Area, first: date, before: date, most: int = 5000
) -> list[DueDay]:
    """What is still owed in an area, by last day (from `first` until, not including, `before`) and rule."""
    visible, within = visible_duties(scope), visible_duties(area.scope)
    statement = _DAYS.format(visible=visible.sql, within=within.sql)
    return [DueDay(*row) for row in run.execute(statement, [first, before, *visible.params, *within.params, most])]


def duties_by_company(run: psycopg.Cursor[Row], scope: Scope, area: Area, period: Period) -> dict[int, Kept]:
    """The duties of each company seated in an area."""
    visible, firms = visible_duties(scope), visible_companies(area.scope)
    statement = _COMPANIES.format(columns=_COLUMNS, read=_READ, visible=visible.sql, firms=firms.sql)
    params = [*_columns(period), *_read(period), *visible.params, *firms.params]
    return {company: Kept(*row) for company, *row in run.execute(statement, params)}


def duties_by_place(run: psycopg.Cursor[Row], scope: Scope, keys: Sequence[str], period: Period) -> dict[str, Kept]:
    """The duties of each of these provinces or cities (keys of one length)."""
    if not keys:
        return {}
    visible, size = visible_duties(scope), len(keys[0])
    statement = _PLACES.format(columns=_COLUMNS, read=_READ, visible=visible.sql)
    params = [*_columns(period), size, size, *_read(period), *visible.params, list(keys)]
    return {place: Kept(*row) for place, *row in run.execute(statement, params)}


def duties_by_month(run: psycopg.Cursor[Row], scope: Scope, area: Area, period: Period) -> dict[object, Kept]:
    """The duties of an area by the month of their last day."""
    visible, within = visible_duties(scope), visible_duties(area.scope)
    statement = _MONTHS.format(columns=_COLUMNS, read=_READ, visible=visible.sql, within=within.sql)
    params = [*_columns(period), *_read(period), *visible.params, *within.params]
    return {month: Kept(*row) for month, *row in run.execute(statement, params)}
