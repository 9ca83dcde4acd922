"""Standing duties: what they are checked against, and those that are not met as people ask for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import polars as pl
import psycopg
from psycopg.sql import SQL

from suyuan.codes.divisions import division as division_on
from suyuan.kernel import Language
from suyuan.rules import Duty, Explanation, explain, explanation_json, law
from suyuan.rules.standing import Register
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.calendars import known_calendar
from suyuan.server.supervision.queries.history import roles
from suyuan.server.supervision.queries.visibility import visible_standing

_SALES: Final = "SELECT company, division, first_on FROM supervision_sold ORDER BY company, division"
_OUTLETS: Final = """
SELECT s.company, s.division, s.valid_from, s.valid_to FROM registry_site s
 WHERE s.kind IN ('outlet_collection', 'outlet_central')
 UNION ALL
SELECT c.company, s.division, greatest(c.valid_from, s.valid_from), least(c.valid_to, s.valid_to)
  FROM registry_outlet_commission c JOIN registry_site s ON s.number = c.site WHERE c.agreed_at IS NOT NULL
"""
_FACTS: Final = """
SELECT company, kind, occurred_on FROM supervision_fact
 WHERE kind IN ('information_published', 'take_back_refused') AND withdrawn_at IS NULL ORDER BY number
"""
_COLUMNS: Final = SQL("""
SELECT t.number, r.duty, r.version, r.status, c.code, c.name_zh, c.name_en, t.division, t.since, t.ended_on
  FROM supervision_standing t JOIN supervision_rule r ON r.number = t.rule
  JOIN registry_company c ON c.number = t.company
""")
_PAGE: Final = SQL("{columns} WHERE {visible} AND {wanted} AND {after} ORDER BY t.number LIMIT %s")
_ONE: Final = SQL("{columns} WHERE {visible} AND t.number = %s")


def register_of(run: psycopg.Cursor[Row]) -> Register:
    """Roles, sales, outlets and facts, as the rules check them."""
    number, text, day = pl.Int64(), pl.String(), pl.Date()
    return Register(
        roles=roles(run),
        sales=_frame(run, _SALES, {"company": number, "division": text, "first_on": day}),
        outlets=_frame(run, _OUTLETS, {"company": number, "division": text, "from": day, "to": day}),
        facts=_frame(run, _FACTS, {"company": number, "kind": text, "occurred_on": day}),
    )


def _frame(run: psycopg.Cursor[Row], statement: str, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return pl.DataFrame(run.execute(statement).fetchall(), schema, orient="row")


@dataclass(frozen=True, slots=True)
class WantedGaps:
    """Which standing duties are asked for: of a company (its code), of a rule, also those met again."""

    company: str | None = None
    duty: str | None = None
    ended: bool = False

    @property
    def listing(self) -> str:
        """The name of the listing that a cursor belongs to."""
        return f"standing:{self.company or ''}:{self.duty or ''}:{self.ended}"


@dataclass(frozen=True, slots=True)
class GapRow:
    """A standing duty that is not met, or was not: by whom, where, since when, and the day it was met again."""

    number: int
    duty: str
    version: str
    status: str
    company: str
    name_zh: str
    name_en: str
    division: str
    since: date
    ended_on: date | None


def gaps(
    run: psycopg.Cursor[Row], scope: Scope, wanted: WantedGaps, *, limit: int = 100, cursor: str | None = None
) -> Page[GapRow]:
    """Standing duties that are not met, in the order in which that was found; `wanted.ended`: those met again."""
    visible = visible_standing(scope)
    behind, last = after(("t.number",), decode_cursor(wanted.listing, cursor))
    parts, params = [f"t.ended_at IS {'NOT ' if wanted.ended else ''}NULL"], list[object]()
    for column, value in (("c.code", wanted.company), ("r.duty", wanted.duty)):
        if value is not None:
            parts.append(f"{column} = %s")
            params.append(value)
    statement = _PAGE.format(columns=_COLUMNS, visible=visible.sql, wanted=SQL(" AND ".join(parts)), after=behind)
    rows = run.execute(statement, [*visible.params, *params, *last, limit + 1]).fetchall()
    found = [GapRow(*row) for row in rows[:limit]]
    following = encode_cursor(wanted.listing, [found[-1].number]) if len(rows) > limit else None
    return Page(found, following)


def gap(run: psycopg.Cursor[Row], scope: Scope, number: int) -> GapRow:
    """One of them.

    Raises
    ------
    Missing
        ``supervision.standing_not_found`` if there is none in the scope.
    """
    visible = visible_standing(scope)
    row = run.execute(_ONE.format(columns=_COLUMNS, visible=visible.sql), [*visible.params, number]).fetchone()
    if row is None:
        raise Missing("supervision.standing_not_found", number=number)
    return GapRow(*row)


def why(found: GapRow) -> Explanation:
    """Rule, version, source, what is checked, where and since when it is not met."""
    row = {"version": found.version, "started_on": found.since, "ended_on": found.ended_on}
    place = division_on(found.division, found.since) if found.division else None
    named = {"division": found.division, "place": place.name if place else found.division} if found.division else {}
    return explain(law(), known_calendar(), {**row, **named})


def gap_json(found: GapRow, language: Language) -> dict[str, object]:
    """One standing duty as plain values, the same for every face."""
    rule = law().version(found.version)
    place = division_on(found.division, found.since) if found.division else None
    return {
        "number": found.number,
        "duty": found.duty,
        "version": found.version,
        "title": rule.title.in_language(language) if isinstance(rule, Duty) else found.duty,
        "status": found.status,
        "company": found.company,
        "company_name": found.name_en if language is Language.EN and found.name_en else found.name_zh,
        "division": found.division or None,
        "place": place.name if place else None,
        "since": str(found.since),
        "ended_on": None if found.ended_on is None else str(found.ended_on),
        "state": "open" if found.ended_on is None else "met_again",
    }


def explained_gap_json(found: GapRow, language: Language) -> dict[str, object]:
    """The same with each step of its explanation."""
    return {**gap_json(found, language), "steps": list(explanation_json(why(found), language)["steps"])}
