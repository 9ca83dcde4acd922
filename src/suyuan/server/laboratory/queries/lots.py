"""Lots and their cells, and the models that they were assessed with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.sql import SQL

from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.laboratory.queries.visibility import visible_lots, visible_models

_LOTS: Final = SQL("""
SELECT l.number, c.code, c.name_zh, c.name_en, l.digest, l.name, l.model, m.cell_type, l.wishes::text, l.received_at,
       l.state, l.step, l.cells, l.done, l.started_at, l.finished_at, l.cancelled_at, l.summary::text, l.failure::text
  FROM laboratory_lot l JOIN registry_company c ON c.number = l.company JOIN laboratory_model m ON m.number = l.model
 WHERE {visible}
""")
_PAGE: Final = SQL("{lots} AND {after} ORDER BY l.number DESC LIMIT %s")
_ONE: Final = SQL("{lots} AND l.number = %s")
_CELLS: Final = SQL("""
SELECT k.place, k.object, k.verdict, k.grade, k.route, k.soh, k.low, k.high, k.refusal, k.body::text
  FROM laboratory_cell k JOIN laboratory_lot l ON l.number = k.job
 WHERE k.job = %s AND {visible} AND {after} ORDER BY k.place LIMIT %s
""")
_MODELS: Final = SQL("""
SELECT m.number, c.code, m.name, m.cell_type, m.nominal_ah, m.digest, m.added_at
  FROM laboratory_model m JOIN registry_company c ON c.number = m.company WHERE {visible} AND {after}
 ORDER BY m.number DESC LIMIT %s
""")


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot and how far it is: `done` of `cells`; `step` names what is being done while it is worked on."""

    number: int
    company: str
    name_zh: str
    name_en: str
    digest: str
    name: str
    model: int
    cell_type: str
    wishes: dict[str, Any]
    received_at: datetime
    state: str
    step: str
    cells: int
    done: int
    started_at: datetime | None
    finished_at: datetime | None
    cancelled_at: datetime | None
    summary: dict[str, Any] | None
    failure: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class CellRow:
    """A cell of a lot; `body` has reasons, measurements, rule versions and conditions of the law."""

    place: int
    object: str
    verdict: str
    grade: str
    route: str
    soh: float | None
    low: float | None
    high: float | None
    refusal: str | None
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model of a cell type."""

    number: int
    company: str
    name: str
    cell_type: str
    nominal_ah: float
    digest: str
    added_at: datetime


def lots(run: psycopg.Cursor[Row], scope: Scope, *, limit: int = 100, cursor: str | None = None) -> Page[LotRow]:
    """Lots of the scope, newest first."""
    visible = visible_lots(scope)
    behind, last = after(["l.number"], decode_cursor("lots", cursor), descending=True)
    statement = _PAGE.format(lots=_LOTS.format(visible=visible.sql), after=behind)
    rows = run.execute(statement, [*visible.params, *last, limit + 1]).fetchall()
    found = [_lot(row) for row in rows[:limit]]
    return Page(found, encode_cursor("lots", [found[-1].number]) if len(rows) > limit else None)


def lot(run: psycopg.Cursor[Row], scope: Scope, number: int) -> LotRow:
    """One lot.

    Raises
    ------
    Missing
        ``laboratory.lot_not_found``, whether there is none or none that the asker may know of.
    """
    visible = visible_lots(scope)
    statement = _ONE.format(lots=_LOTS.format(visible=visible.sql))
    row = run.execute(statement, [*visible.params, number]).fetchone()
    if row is None:
        raise Missing("laboratory.lot_not_found", number=number)
    return _lot(row)


def _lot(row: Row) -> LotRow:
    told = [
        json.loads(value) if place in (8, 17, 18) and value is not None else value for place, value in enumerate(row)
    ]
    return LotRow(*told)


def cells(
    run: psycopg.Cursor[Row], scope: Scope, number: int, *, limit: int = 100, cursor: str | None = None
) -> Page[CellRow]:
    """The cells of a lot that are assessed so far, in the order of its file; `Missing` like `lot`."""
    lot(run, scope, number)
    visible = visible_lots(scope)
    behind, last = after(["k.place"], decode_cursor(f"cells:{number}", cursor))
    statement = _CELLS.format(visible=visible.sql, after=behind)
    rows = run.execute(statement, [number, *visible.params, *last, limit + 1]).fetchall()
    found = [CellRow(*(*row[:9], json.loads(row[9]))) for row in rows[:limit]]
    return Page(found, encode_cursor(f"cells:{number}", [found[-1].place]) if len(rows) > limit else None)


def models(run: psycopg.Cursor[Row], scope: Scope, *, limit: int = 100, cursor: str | None = None) -> Page[ModelRow]:
    """Models of the scope, newest first."""
    visible = visible_models(scope)
    behind, last = after(["m.number"], decode_cursor("models", cursor), descending=True)
    rows = run.execute(
        _MODELS.format(visible=visible.sql, after=behind), [*visible.params, *last, limit + 1]
    ).fetchall()
    found = [ModelRow(*row) for row in rows[:limit]]
    return Page(found, encode_cursor("models", [found[-1].number]) if len(rows) > limit else None)


def model(run: psycopg.Cursor[Row], scope: Scope, number: int) -> ModelRow:
    """One model.

    Raises
    ------
    Missing
        ``laboratory.model_not_found``.
    """
    visible = visible_models(scope)
    row = run.execute(
        _MODELS.format(visible=visible.sql, after=SQL("m.number = %s")), [*visible.params, number, 1]
    ).fetchone()
    if row is None:
        raise Missing("laboratory.model_not_found", number=number)
    return ModelRow(*row)
