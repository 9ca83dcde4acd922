"""Qualifications: which lists, permits, pilots and penalties a company has, on a day or ever."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Final

import polars as pl
import psycopg
from psycopg.sql import SQL, Identifier

from suyuan.events.vocabulary import Label
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.register import Condition, visible_companies

CATEGORIES: Final[Mapping[str, Label]] = {
    "echelon": Label("梯次利用", "echelon use"),
    "recycling": Label("再生利用", "recycling"),
}
_COLUMNS: Final = """
q.number, c.code, c.name_zh, c.name_en, q.class, q.kind, q.category, q.reference, q.batch, q.division, q.amount_yuan,
q.valid_from, q.valid_to, q.status, q.source, q.note, q.entered_at, q.entered_by, q.ended_at, q.ended_by, q.end_source,
q.withdrawn_at, q.withdrawn_by, q.reason
"""
_FROM: Final = "FROM registry_qualification q JOIN registry_company c ON c.number = q.company"
_PAGE: Final = SQL("SELECT {columns} {source} WHERE {visible} AND {wanted} AND {after} ORDER BY q.number LIMIT %s")
_ONE: Final = SQL("SELECT {columns} {source} WHERE {visible} AND q.number = %s")
_INTERVALS: Final = """
SELECT q.company, q.category, q.valid_from, q.valid_to FROM registry_qualification q
 WHERE q.withdrawn_at IS NULL AND q.kind = ANY (%s) AND (%s::text = '' OR q.category = %s)
 ORDER BY q.company, q.valid_from, q.number
"""
_INTERVAL: Final = pl.Schema({"company": pl.Int64(), "category": pl.String(), "from": pl.Date(), "to": pl.Date()})


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of qualification; `categorised` ones are for echelon use or for recycling."""

    name: str
    sort: str
    label: Label
    categorised: bool


@cache
def qualification_kinds() -> Mapping[str, Kind]:
    """Every kind by name, in the order of the file."""
    text = (files("suyuan.server.registry.queries") / "qualification_kinds.toml").read_text(encoding="utf-8")
    return {
        one["name"]: Kind(one["name"], one["class"], Label(one["zh"], one["en"]), bool(one.get("category")))
        for one in tomllib.loads(text)["kind"]
    }


@dataclass(frozen=True, slots=True)
class Qualification:
    """A row of the register of qualifications; see the comments of its table."""

    number: int
    company: str
    name_zh: str
    name_en: str
    sort: str
    kind: str
    category: str
    reference: str
    batch: str
    division: str | None
    amount_yuan: Decimal | None
    valid_from: date
    valid_to: date | None
    status: str
    source: str
    note: str
    entered_at: datetime
    entered_by: str
    ended_at: datetime | None
    ended_by: str | None
    end_source: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    reason: str

    def holds(self, on: date) -> bool:
        """Whether it is in force on a day."""
        return self.withdrawn_at is None and self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which qualifications are asked for: of a company (its code), of a kind, in force on a day."""

    company: str | None = None
    kind: str | None = None
    on: date | None = None
    withdrawn: bool = False

    @property
    def listing(self) -> str:
        """The name of the listing that a cursor belongs to."""
        return f"qualifications:{self.company or ''}:{self.kind or ''}:{self.on or ''}:{self.withdrawn}"


def visible_qualifications(scope: Scope, alias: str = "q") -> Condition:
    """The condition that rows of `registry_qualification` fulfil that a scope may see: those of its companies."""
    firms = visible_companies(scope)
    return Condition(SQL("{}.company IN ({})").format(Identifier(alias), firms.sql), firms.params)


def qualifications(
    run: psycopg.Cursor[Row], scope: Scope, wanted: Wanted, *, limit: int = 100, cursor: str | None = None
) -> Page[Qualification]:
    """Qualifications in the order in which they were entered."""
    visible = visible_qualifications(scope)
    behind, last = after(("q.number",), decode_cursor(wanted.listing, cursor))
    parts, params = ["q.withdrawn_at IS NOT NULL" if wanted.withdrawn else "q.withdrawn_at IS NULL"], list[object]()
    for column, value in (("c.code", wanted.company), ("q.kind", wanted.kind)):
        if value is not None:
            parts.append(f"{column} = %s")
            params.append(value)
    if wanted.on is not None:
        parts.append("%s BETWEEN q.valid_from AND coalesce(q.valid_to, 'infinity')")
        params.append(wanted.on)
    statement = _PAGE.format(
        columns=SQL(_COLUMNS), source=SQL(_FROM), visible=visible.sql, wanted=SQL(" AND ".join(parts)), after=behind
    )
    rows = run.execute(statement, [*visible.params, *params, *last, limit + 1]).fetchall()
    found = [Qualification(*row) for row in rows[:limit]]
    following = encode_cursor(wanted.listing, [found[-1].number]) if len(rows) > limit else None
    return Page(found, following)


def qualification(run: psycopg.Cursor[Row], scope: Scope, number: int) -> Qualification:
    """One qualification, also one that was withdrawn.

    Raises
    ------
    Missing
        ``qualifications.not_found`` if there is none in the scope.
    """
    visible = visible_qualifications(scope)
    statement = _ONE.format(columns=SQL(_COLUMNS), source=SQL(_FROM), visible=visible.sql)
    row = run.execute(statement, [*visible.params, number]).fetchone()
    if row is None:
        raise Missing("qualifications.not_found", number=number)
    return Qualification(*row)


def intervals(run: psycopg.Cursor[Row], kinds: Sequence[str], category: str = "") -> pl.DataFrame:
    """The days on which companies have a qualification of some kinds: ``company, category, from, to``."""
    return pl.DataFrame(run.execute(_INTERVALS, [list(kinds), category, category]).fetchall(), _INTERVAL, orient="row")
