"""Reports of test records and lots, as values and on paper, for whoever may see them."""

from typing import Any, Final

import psycopg
from psycopg.sql import SQL

from suyuan.kernel import Language
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Conflict
from suyuan.server.kit.scope import Scope
from suyuan.server.laboratory.queries.lots import lot
from suyuan.server.laboratory.queries.records import LabRecord, record_of
from suyuan.server.laboratory.queries.report_pdf import lot_pdf, record_pdf
from suyuan.server.laboratory.queries.visibility import visible_lots
from suyuan.server.laboratory.queries.wording import lot_json, record_json

_HEALTH: Final = SQL("""
SELECT k.soh FROM laboratory_cell k JOIN laboratory_lot l ON l.number = k.job
 WHERE k.job = %s AND k.soh IS NOT NULL AND {visible} ORDER BY k.place
""")


def record_report(run: psycopg.Cursor[Row], scope: Scope, number: int, language: Language) -> dict[str, Any]:
    """A test record with everything that was read, ready to be kept or printed.

    Raises
    ------
    Missing
        ``laboratory.test_not_found``.
    Conflict
        ``laboratory.test_not_read`` while nobody has read the file.
    """
    found = record_of(run, scope, number)
    _finished(found)
    return record_json(found, language)


def record_report_pdf(run: psycopg.Cursor[Row], scope: Scope, number: int, language: Language) -> bytes:
    """The same on paper."""
    return record_pdf(record_report(run, scope, number, language), language)


def _finished(found: LabRecord) -> None:
    if found.state not in ("read", "refused", "failed"):
        raise Conflict("laboratory.test_not_read", number=found.number, state=found.state)


def lot_report_pdf(run: psycopg.Cursor[Row], scope: Scope, number: int, language: Language) -> bytes:
    """A lot on paper: what was decided of how many cells, and how their state of health is spread.

    Raises
    ------
    Missing
        ``laboratory.lot_not_found``.
    Conflict
        ``laboratory.lot_not_finished``.
    """
    found = lot(run, scope, number)
    if found.state in ("received", "working"):
        raise Conflict("laboratory.lot_not_finished", number=number, done=found.done, cells=found.cells)
    visible = visible_lots(scope)
    rows = run.execute(_HEALTH.format(visible=visible.sql), [number, *visible.params]).fetchall()
    return lot_pdf(lot_json(found, language), [float(soh) for (soh,) in rows], language)
