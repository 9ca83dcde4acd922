"""Outlets that concern a company: its own, and those that act for it, also before they open and after they closed."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import psycopg
from psycopg.sql import SQL, Composed

from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.outlets import Outlet, told_of
from suyuan.server.registry.queries.register import visible_sites

_LATEST: Final = SQL("""
WITH latest AS (
    SELECT DISTINCT ON (o.site) o.site, o.number, o.name, o.kind FROM registry_outlet o
     WHERE o.superseded_at IS NULL AND (o.site IN ({visible}) OR o.site IN (
           SELECT m.site FROM registry_outlet_commission m
            WHERE m.company = %s::integer AND coalesce(m.valid_to, 'infinity') >= %s))
     ORDER BY o.site, (o.valid_from <= %s AND coalesce(o.valid_to, 'infinity') >= %s) DESC, o.valid_from DESC)
""")
"""The version of each outlet that stands on the day, else the one with the latest beginning."""

_FOUND: Final = SQL("""
  FROM latest l JOIN registry_site t ON t.number = l.site
 WHERE (%s::text IS NULL OR l.name ILIKE %s OR t.code ILIKE %s) AND (%s::text IS NULL OR l.kind = %s)
""")
_PAGE: Final = SQL("{latest} SELECT l.number, l.site {found} AND l.site > %s::integer ORDER BY l.site LIMIT %s")
_COUNT: Final = SQL("{latest} SELECT count(*) {found}")
_ONE: Final = SQL("{latest} SELECT l.number FROM latest l WHERE l.site = %s")


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for among them; None asks for nothing. `part` is one of the name or of the number."""

    part: str | None = None
    kind: str | None = None


def own_outlets(
    run: psycopg.Cursor[Row],
    scope: Scope,
    on: date,
    sought: Sought | None = None,
    *,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Outlet]:
    """Outlets in the scope, and for a whole company those that act for it or want to, by number."""
    wanted = sought or Sought()
    listing = f"own_outlets:{wanted.part or ''}:{wanted.kind or ''}"
    last = decode_cursor(listing, cursor) or [0]
    latest, params = _of(scope, on)
    asked = [*params, *_sought(wanted), last[0], limit + 1]
    rows = run.execute(_PAGE.format(latest=latest, found=_FOUND), asked).fetchall()
    told = told_of(run, [number for number, _ in rows[:limit]], on)
    found = [told[site] for _, site in rows[:limit]]
    return Page(found, encode_cursor(listing, [found[-1].site]) if len(rows) > limit else None)


def own_outlets_counted(run: psycopg.Cursor[Row], scope: Scope, on: date, sought: Sought | None = None) -> int:
    """How many there are."""
    latest, params = _of(scope, on)
    statement = _COUNT.format(latest=latest, found=_FOUND)
    ((number,),) = run.execute(statement, [*params, *_sought(sought or Sought())]).fetchall()
    return int(number)


def own_outlet(run: psycopg.Cursor[Row], scope: Scope, site: int, on: date) -> Outlet:
    """One of them.

    Raises
    ------
    Missing
        ``outlets.not_found``: there is none, or none that concerns the scope.
    """
    latest, params = _of(scope, on)
    row = run.execute(_ONE.format(latest=latest), [*params, site]).fetchone()
    if row is None:
        raise Missing("outlets.not_found", outlet=site, day=str(on))
    return told_of(run, [row[0]], on)[site]


def _of(scope: Scope, on: date) -> tuple[Composed, list[object]]:
    visible = visible_sites(scope)
    company = scope.company if scope.site is None else None
    return _LATEST.format(visible=visible.sql), [*visible.params, company, on, on, on]


def _sought(wanted: Sought) -> list[object]:
    plain = (wanted.part or "").strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    part = f"%{plain}%" if plain else None
    return [part, part, part, wanted.kind, wanted.kind]
