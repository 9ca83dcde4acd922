"""Companies by a part of their name."""

from typing import NamedTuple

from psycopg.sql import SQL

from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.register import visible_companies


class Named(NamedTuple):
    """A company and what it is called."""

    number: int
    code: str
    name_zh: str
    name_en: str


def companies_named(scope: Scope, part: str, most: int = 20) -> list[Named]:
    """Companies of the scope whose Chinese or English name contains `part`, those that begin with it first."""
    visible = visible_companies(scope)
    wanted = part.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    statement = SQL(
        "SELECT number, code, name_zh, name_en FROM registry_company WHERE number IN ({visible})"
        " AND (name_zh ILIKE %s OR name_en ILIKE %s) ORDER BY NOT (name_zh ILIKE %s), name_zh, number LIMIT %s"
    ).format(visible=visible.sql)
    like = f"%{wanted}%"
    with cursor() as run:
        rows = run.execute(statement, [*visible.params, like, like, f"{wanted}%", most]).fetchall()
    return [Named(*row) for row in rows]


def names(numbers: list[int]) -> dict[int, Named]:
    """What companies are called: for people who belong to them, or whose records they are beside."""
    with cursor() as run:
        rows = run.execute(
            "SELECT number, code, name_zh, name_en FROM registry_company WHERE number = ANY(%s) ORDER BY number",
            [numbers],
        ).fetchall()
    return {row[0]: Named(*row) for row in rows}


def site_names(numbers: list[int]) -> dict[int, str]:
    """What sites are called, by their own code where they have no name."""
    with cursor() as run:
        rows = run.execute(
            "SELECT number, coalesce(nullif(name, ''), code) FROM registry_site WHERE number = ANY(%s) ORDER BY number",
            [numbers],
        ).fetchall()
    return dict(rows)
