"""How many cases are open, as the room of cases tells it."""

from typing import Final

import psycopg
from psycopg.sql import SQL

from suyuan.server.answers.queries.areas import Area
from suyuan.server.cases.queries.visibility import visible_cases
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope

_OPEN: Final = SQL("SELECT count(*) FROM cases_case c WHERE c.closed_at IS NULL AND {visible} AND {within}")


def open_cases(run: psycopg.Cursor[Row], scope: Scope, area: Area) -> int:
    """Cases that are not closed: those that the scope may see, of these those that the area would see."""
    visible, within = visible_cases(scope), visible_cases(area.scope)
    statement = _OPEN.format(visible=visible.sql, within=within.sql)
    ((number,),) = run.execute(statement, [*visible.params, *within.params]).fetchall()
    return int(number)
