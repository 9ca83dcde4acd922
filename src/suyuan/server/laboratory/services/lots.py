"""Lots as jobs: pulses of many cells to graded cells, in portions, resumable, cancelled when asked."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import polars as pl
from django.db import transaction

from suyuan.assessment.grading import DEFAULT_SCHEME, scheme
from suyuan.assessment.routing import Graded, Health, grade_lot, graded_json
from suyuan.assessment.screening import screen, screening_rules
from suyuan.codes import split_code
from suyuan.kernel import SuyuanError
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Missing, Refusal, TooLarge
from suyuan.server.kit.scope import Scope
from suyuan.server.laboratory.queries.recorded import recorded
from suyuan.server.laboratory.services.bounded import BOUNDS, Bounds, Cancelled, bounded
from suyuan.server.laboratory.services.law import law_of
from suyuan.server.laboratory.services.messages import worded
from suyuan.server.laboratory.services.working import LOCKS_OF_LOTS, alone, defer
from suyuan.server.submissions.services import store

LARGEST_BYTES: Final = 64 << 20
LARGEST_MODEL_BYTES: Final = 16 << 20
MOST_CELLS: Final = 100_000
PORTION: Final = 1000
TASK: Final = "assess-lot"
FINISHED: Final = frozenset({"done", "cancelled", "refused", "failed"})

_ADD_MODEL = """
INSERT INTO laboratory_model (company, key, digest, name, cell_type, nominal_ah, added_at)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (company, digest) DO NOTHING RETURNING number
"""
_MODEL = "SELECT number FROM laboratory_model WHERE company = %s AND {} = %s"
_START = """
INSERT INTO laboratory_lot (company, site, key, digest, model, name, wishes, received_at, state)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'received') RETURNING number
"""
_ONE = """
SELECT l.state, l.company, l.digest, m.digest, l.name, l.wishes::text, l.done, l.table_read::text
  FROM laboratory_lot l JOIN laboratory_model m ON m.number = l.model WHERE l.number = %s
"""
_BEGIN = """
UPDATE laboratory_lot SET state = 'working', step = 'reading', started_at = coalesce(started_at, %s)
 WHERE number = %s AND cancelled_at IS NULL
"""
_READ = "UPDATE laboratory_lot SET step = 'grading', cells = %s, table_read = %s WHERE number = %s"
_WANTED = "SELECT cancelled_at IS NULL FROM laboratory_lot WHERE number = %s"
_CELLS = """
INSERT INTO laboratory_cell
       (job, place, object, lot, serial, verdict, grade, route, soh, low, high, refusal, body)
SELECT %s, o.* FROM unnest(%s::integer[], %s::text[], %s::text[], %s::integer[], %s::text[], %s::text[], %s::text[],
                           %s::float8[], %s::float8[], %s::float8[], %s::text[], %s::jsonb[]) AS o
    ON CONFLICT (job, place) DO NOTHING
"""
_DONE = "UPDATE laboratory_lot SET done = %s WHERE number = %s"
_SUMMARY = (
    "SELECT verdict, grade, route, count(*) FROM laboratory_cell WHERE job = %s GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
_FINISH = """
UPDATE laboratory_lot SET state = 'done', step = '', finished_at = %s, summary = %s, table_read = NULL, failure = NULL
 WHERE number = %s
"""
_END = """
UPDATE laboratory_lot SET state = %s, step = '', finished_at = %s, failure = %s, table_read = NULL WHERE number = %s
"""
_CANCEL = """
UPDATE laboratory_lot SET cancelled_at = %s, cancelled_by = %s
 WHERE number = %s AND company = %s AND state IN ('received', 'working') AND cancelled_at IS NULL
"""
_STATE = "SELECT state, cancelled_at IS NOT NULL FROM laboratory_lot WHERE number = %s AND company = %s"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LotOrder:
    """What is wanted of a lot: the model, grade scheme, rules of screening, and the day whose law counts."""

    model: int
    name: str = ""
    scheme: str = DEFAULT_SCHEME
    rules: str = "physical"
    on: date | None = None
    key: int | None = None
    site: int | None = None


def add_model(company: int, data: bytes, name: str, key: int | None = None, clock: Clock = SYSTEM_CLOCK) -> int:
    """Keep a trained model of a company; its number. The same bytes are the same model.

    Raises
    ------
    TooLarge
        ``laboratory.file_too_large``.
    SuyuanError
        What is no model, with the reason of the assessment.
    """
    if len(data) > LARGEST_MODEL_BYTES:
        raise TooLarge("laboratory.file_too_large", size=len(data), most=LARGEST_MODEL_BYTES)
    told = bounded("model", [data], {"name": name}, Bounds(seconds=30))
    body = store.Body.of(data)
    with transaction.atomic(), cursor() as run:
        store.keep(body)
        values = [company, key, body.digest, name[:200], told["cell_type"][:100], told["nominal_ah"], clock.now()]
        row = run.execute(_ADD_MODEL, values).fetchone()
        row = row or run.execute(_MODEL.format("digest"), [company, body.digest]).fetchone()
    if row is None:
        raise Conflict("laboratory.attached_at_once", battery=name)
    return int(row[0])


def start_lot(company: int, source: bytes | Path, order: LotOrder, clock: Clock = SYSTEM_CLOCK) -> int:
    """Keep the file of a lot and hand it to a worker; the number of the job.

    Raises
    ------
    TooLarge, Refusal, Missing
        ``laboratory.file_too_large``, ``laboratory.file_empty``, ``laboratory.model_not_found``.
    SuyuanError
        An unknown grade scheme or set of rules.
    """
    body = store.Body.of(source)
    if body.size > LARGEST_BYTES:
        raise TooLarge("laboratory.file_too_large", size=body.size, most=LARGEST_BYTES)
    if not body.size:
        raise Refusal("laboratory.file_empty")
    scheme(order.scheme)
    screening_rules(order.rules)
    wishes = {"scheme": order.scheme, "rules": order.rules, "on": str(order.on or clock.today())}
    with transaction.atomic(), cursor() as run:
        if run.execute(_MODEL.format("number"), [company, order.model]).fetchone() is None:
            raise Missing("laboratory.model_not_found", number=order.model)
        store.keep(body)
        values = [
            company,
            order.site,
            order.key,
            body.digest,
            order.model,
            order.name[:200],
            json.dumps(wishes),
            clock.now(),
        ]
        row = run.execute(_START, values).fetchone()
        number = int(row[0]) if row else 0
        defer(TASK, number)
    return number


def cancel_lot(company: int, number: int, key: int | None = None, clock: Clock = SYSTEM_CLOCK) -> None:
    """End a lot that is not finished; the cells graded so far stay. A second time it changes nothing.

    Raises
    ------
    Missing
        ``laboratory.lot_not_found``.
    Conflict
        ``laboratory.lot_finished``.
    """
    with transaction.atomic(), cursor() as run:
        done = run.execute(_CANCEL, [clock.now(), key, number, company]).rowcount
        row = run.execute(_STATE, [number, company]).fetchone()
        if row is None:
            raise Missing("laboratory.lot_not_found", number=number)
        if not done and not row[1]:
            raise Conflict("laboratory.lot_finished", number=number, state=row[0])
        if done and row[0] == "received":
            run.execute(_END, ["cancelled", clock.now(), None, number])


def work_lot(number: int, clock: Clock = SYSTEM_CLOCK, bounds: Bounds = BOUNDS) -> str:
    """Work on a lot until it is done or cancelled; the state it ends in. After a crash it goes on where it was."""
    with alone(LOCKS_OF_LOTS, number) as mine:
        row = _row(number)
        if not mine or row[0] not in ("received", "working", "failed"):
            return str(row[0])
        try:
            with cursor() as run:
                if not run.execute(_BEGIN, [clock.now(), number]).rowcount:
                    raise Cancelled
            _work(number, row, clock, bounds)
        except Cancelled:
            return _end(number, "cancelled", None, clock)
        except SuyuanError as error:
            return _end(number, "refused", {"code": error.code, "data": dict(error.data)}, clock)
        except Exception:
            log.exception("lot %s failed", number)
            _end(number, "failed", {"code": "laboratory.failed", "data": {"number": number}}, clock)
            raise
        return "done"


def _row(number: int) -> tuple[Any, ...]:
    with cursor() as run:
        row = run.execute(_ONE, [number]).fetchone()
    if row is None:
        raise Missing("laboratory.lot_not_found", number=number)
    return row


def _end(number: int, state: str, failure: Mapping[str, Any] | None, clock: Clock) -> str:
    with cursor() as run:
        run.execute(_END, [state, clock.now(), json.dumps(failure) if failure else None, number])
    return state


def _wanted(number: int) -> bool:
    with cursor() as run:
        row = run.execute(_WANTED, [number]).fetchone()
    return bool(row and row[0])


def _work(number: int, row: tuple[Any, ...], clock: Clock, bounds: Bounds) -> None:
    _, _, digest, model, name, wishes_text, done, read_text = row
    wishes = json.loads(wishes_text)
    if read_text is None:
        parts = [store.fetch(digest), store.fetch(model)]
        told = bounded("lot", parts, {"name": name, "most_cells": MOST_CELLS}, bounds, lambda: _wanted(number))
        read_text, done = json.dumps(told, ensure_ascii=False), 0
        with cursor() as run:
            run.execute(_READ, [told["cells"], read_text, number])
    told = json.loads(read_text)
    table = _with_records(pl.DataFrame(told["columns"], infer_schema_length=None, strict=False))
    for start in range(done, table.height, PORTION):
        if not _wanted(number):
            raise Cancelled
        with transaction.atomic():
            _portion(number, table.slice(start, PORTION), start, wishes)
    with transaction.atomic(), cursor() as run:
        counts = [list(found) for found in run.execute(_SUMMARY, [number])]
        summary = {"counts": counts, "references": told["references"]}
        run.execute(_FINISH, [clock.now(), json.dumps(summary), number])


def _with_records(table: pl.DataFrame) -> pl.DataFrame:
    """The table with what the ledger knows of each object, whatever its file says: no record, no recorded life."""
    keys = [split_code(name) for name in table["object"].to_list()]
    with cursor() as run:
        known = recorded(run, Scope.of_nation(), sorted(set(keys)))
    return table.with_columns(recorded_life=pl.Series([key in known for key in keys], dtype=pl.Boolean))


def _portion(number: int, table: pl.DataFrame, start: int, wishes: Mapping[str, Any]) -> None:
    screened = screen(table.drop("soh", "low", "high", "refusal", "measured"), screening_rules(wishes["rules"]))
    law = law_of(date.fromisoformat(wishes["on"]))
    graded = grade_lot(screened, _health(table), scheme(wishes["scheme"]), law)
    rows = [
        _cell(start + place, one, refusal, known)
        for place, (one, refusal, known) in enumerate(
            zip(graded, table["refusal"].to_list(), table["recorded_life"].to_list(), strict=True)
        )
    ]
    with cursor() as run:
        run.execute(_CELLS, [number, *map(list, zip(*rows, strict=True))])
        run.execute(_DONE, [start + table.height, number])


def _health(table: pl.DataFrame) -> Sequence[Health | None]:
    """State of health by the model; a reference cell counts with what was measured."""
    found: list[Health | None] = []
    for soh, low, high, measured in table.select("soh", "low", "high", "measured").iter_rows():
        if soh is None:
            found.append(None)
        elif measured:
            found.append(Health(soh, soh, soh, "measured"))
        else:
            found.append(Health(soh, low, high, "pulses"))
    return found


def _cell(place: int, graded: Graded, refusal: str | None, known: bool) -> tuple[Any, ...]:
    told = graded_json(graded, worded)
    body = {name: told[name] for name in ("reasons", "conditions", "measurements", "rules", "on")}
    lot, serial = split_code(graded.object) if known else (None, None)
    health = graded.health
    ends = (health.soh, health.low, health.high) if health else (None, None, None)
    decided = (graded.verdict.value, graded.grade, graded.route.value)
    return (place, graded.object, lot, serial, *decided, *ends, refusal, json.dumps(body, ensure_ascii=False))


def unfinished_lots() -> list[int]:
    """Lots that a crash left behind."""
    with cursor() as run:
        rows = run.execute("SELECT number FROM laboratory_lot WHERE state IN ('received', 'working') ORDER BY 1")
        return [number for (number,) in rows]
