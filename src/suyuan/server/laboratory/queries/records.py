"""Test records: those of a battery, and one with everything that was read from its file."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.sql import SQL

from suyuan.codes.keys import compose_code, split_code
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.laboratory.queries.visibility import visible_tests
from suyuan.server.ledger.queries.history import history
from suyuan.server.registry.queries import Condition

_COLUMNS: Final = SQL("""
SELECT t.number, t.lot, t.serial, c.code, c.name_zh, c.name_en, t.digest, t.name, t.wishes::text, t.attached_at,
       t.state, t.started_at, t.finished_at, t.tested_at, {result}, t.failure::text, t.submission,
       (SELECT e.id::text FROM ledger_event e
         WHERE e.submission = t.submission AND e.lot = t.lot AND e.serial = t.serial AND e.kind = 23 LIMIT 1)
  FROM laboratory_test t JOIN registry_company c ON c.number = t.company
""")
_OF_BATTERY: Final = SQL("{columns} WHERE t.lot = %s AND t.serial = %s AND {visible} AND {after}"
                         " ORDER BY t.number DESC LIMIT %s")  # fmt: skip
_ONE: Final = SQL("{columns} WHERE t.number = %s AND {visible}")
_ALL: Final = Condition(SQL("TRUE"), [])


@dataclass(frozen=True, slots=True)
class LabRecord:
    """A test record; `record` is the id of the record in the battery's life, where there is one.

    `result` is None in lists, and where nothing could be read; then `failure` holds the code and data of why.
    """

    number: int
    lot: str
    serial: int
    company: str
    name_zh: str
    name_en: str
    digest: str
    name: str
    wishes: dict[str, Any]
    attached_at: datetime
    state: str
    started_at: datetime | None
    finished_at: datetime | None
    tested_at: datetime | None
    result: dict[str, Any] | None
    failure: dict[str, Any] | None
    submission: int | None
    record: str | None

    @property
    def battery(self) -> str:
        """The code of the battery."""
        return compose_code(self.lot, self.serial)


def records_of(
    run: psycopg.Cursor[Row], scope: Scope, code: str, *, limit: int = 100, cursor: str | None = None
) -> Page[LabRecord]:
    """The test records of a battery, newest first: all where the battery is open to the scope, else its own.

    Raises
    ------
    Missing
        ``laboratory.battery_not_found`` where neither the battery is open nor a test of it the scope's own.
    """
    lot, serial = split_code(code)
    is_open = history(run, scope, (lot, serial)) is not None
    visible = _ALL if is_open else visible_tests(scope)
    behind, last = after(["t.number"], decode_cursor(f"tests:{code}", cursor), descending=True)
    statement = _OF_BATTERY.format(columns=_COLUMNS.format(result=SQL("NULL")), visible=visible.sql, after=behind)
    rows = run.execute(statement, [lot, serial, *visible.params, *last, limit + 1]).fetchall()
    if not rows and not is_open and cursor is None:
        raise Missing("laboratory.battery_not_found", battery=code)
    found = [_record(row) for row in rows[:limit]]
    return Page(found, encode_cursor(f"tests:{code}", [found[-1].number]) if len(rows) > limit else None)


def record_of(run: psycopg.Cursor[Row], scope: Scope, number: int) -> LabRecord:
    """One test record with its result, for who attached it, its authorities, and whom the battery is open to.

    Raises
    ------
    Missing
        ``laboratory.test_not_found``, whether there is none or none that the asker may know of.
    """
    columns = _COLUMNS.format(result=SQL("t.result::text"))
    own = visible_tests(scope)
    row = run.execute(_ONE.format(columns=columns, visible=own.sql), [number, *own.params]).fetchone()
    if row is not None:
        return _record(row)
    any_row = run.execute(_ONE.format(columns=columns, visible=_ALL.sql), [number]).fetchone()
    if any_row is None or history(run, scope, (any_row[1], any_row[2])) is None:
        raise Missing("laboratory.test_not_found", number=number)
    return _record(any_row)


def _record(row: Row) -> LabRecord:
    told = [
        json.loads(value) if place in (8, 14, 15) and value is not None else value for place, value in enumerate(row)
    ]
    return LabRecord(*told)
