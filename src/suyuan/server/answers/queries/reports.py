"""Reports as they were kept, and which kinds there are."""

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.sql import SQL

from suyuan.server.answers.queries.areas import visible_reports
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope

_COLUMNS = SQL("""
SELECT r.number, r.id, r.template, r.period, r.division, r.as_of, r.batteries_version, r.duties_version, r.made_at,
       r.made_by, r.digest, {content} FROM answers_report r WHERE {visible} AND {wanted}
""")
_LISTING: Final = "reports"


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of report: over how many months, and what the name of its period looks like."""

    months: int
    form: re.Pattern[str]
    example: str


TEMPLATES: Final[Mapping[str, Template]] = {
    "monthly": Template(1, re.compile(r"\d{4}-\d{2}"), "2026-10"),
    "quarterly": Template(3, re.compile(r"\d{4}-Q\d"), "2026-Q3"),
    "yearly": Template(12, re.compile(r"\d{4}"), "2026"),
}


@dataclass(frozen=True)
class Kept:
    """A report as it was made. `digest` is the SHA-256 of its figures; `packed` is empty in a list."""

    number: int
    id: UUID
    template: str
    period: str
    area: str
    as_of: date
    batteries_version: int
    duties_version: int
    made_at: datetime
    made_by: str
    digest: bytes
    packed: bytes

    @cached_property
    def text(self) -> bytes:
        """The figures as canonical JSON, whose SHA-256 is the digest."""
        return zlib.decompress(self.packed)

    @cached_property
    def content(self) -> dict[str, Any]:
        """The figures."""
        found: dict[str, Any] = json.loads(self.text)
        return found


def find(run: psycopg.Cursor[Row], scope: Scope, identity: UUID) -> Kept:
    """A report by its id.

    Raises
    ------
    Missing
        ``answers.report_not_found`` if there is none in the scope.
    """
    visible = visible_reports(scope)
    statement = _COLUMNS.format(content=SQL("r.content"), visible=visible.sql, wanted=SQL("r.id = %s"))
    rows = run.execute(statement, [*visible.params, identity]).fetchall()
    if not rows:
        raise Missing("answers.report_not_found", id=str(identity))
    return Kept(*rows[0])


def reports(run: psycopg.Cursor[Row], scope: Scope, *, limit: int, cursor: str | None = None) -> Page[Kept]:
    """Reports on areas inside the scope, the newest first."""
    visible = visible_reports(scope)
    behind, last = after(["r.number"], decode_cursor(_LISTING, cursor), descending=True)
    columns = _COLUMNS.format(content=SQL("''::bytea"), visible=visible.sql, wanted=behind)
    statement = columns + SQL(" ORDER BY r.number DESC LIMIT %s")
    rows = [Kept(*row) for row in run.execute(statement, [*visible.params, *last, limit + 1])]
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], encode_cursor(_LISTING, [rows[limit - 1].number]))
