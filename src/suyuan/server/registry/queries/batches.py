"""Batches of codes that were given out, and the labels that were printed."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from psycopg.sql import SQL

from suyuan.codes.keys import compose_code
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.register import visible_companies


@dataclass(frozen=True, slots=True)
class Batch:
    """Codes given out together: the serials `first` to `last` of a lot. `printed` is when labels were last printed."""

    number: int
    lot: str
    first: int
    last: int
    company: int
    prefix: str
    model: str
    produced_on: date
    suffix: str | None
    actor: str
    asked_at: datetime
    printed_at: datetime | None

    @property
    def count(self) -> int:
        """How many."""
        return self.last - self.first + 1

    @property
    def codes(self) -> list[str]:
        """The codes, in order."""
        return [compose_code(self.lot, serial) for serial in range(self.first, self.last + 1)]


@dataclass(frozen=True, slots=True)
class PrintJob:
    """Labels released together; `kind` is first, reprint or test, `reason` that of a reprint."""

    number: int
    company: int
    lot: str
    first: int
    last: int
    kind: str
    reason: str | None
    note: str
    design: str
    form: str
    symbols: int
    actor: str
    printed_at: datetime


_BATCHES: Final = SQL("""
SELECT a.number, a.lot, a.first, a.last, a.company, a.prefix,
       coalesce((SELECT f.model FROM registry_code_filing f WHERE f.prefix = a.prefix AND f.company = a.company
            AND a.produced_on BETWEEN f.valid_from AND coalesce(f.valid_to, 'infinity') LIMIT 1), ''),
       a.produced_on, a.suffix, a.actor, a.asked_at,
       (SELECT max(j.printed_at) FROM registry_print_job j
         WHERE j.lot = a.lot AND j.kind <> 'test' AND j.first <= a.last AND j.last >= a.first)
  FROM registry_allocation a
 WHERE a.given AND a.company IN ({visible})
   AND (%s::bigint IS NULL OR a.number = %s) AND (%s::bigint IS NULL OR a.number < %s)
 ORDER BY a.number DESC LIMIT %s
""")
_JOBS: Final = SQL("""
SELECT number, company, lot, first, last, kind, reason, note, design, form, symbols, actor, printed_at
  FROM registry_print_job
 WHERE company IN ({visible}) AND (%s::bigint IS NULL OR number = %s) AND (%s::bigint IS NULL OR number < %s)
 ORDER BY number DESC LIMIT %s
""")


def batches(scope: Scope, before: int | None = None, limit: int = 50) -> list[Batch]:
    """Batches of the companies in the scope, the newest first; those older than number `before`."""
    return [Batch(*row) for row in _asked(_BATCHES, scope, None, before, limit)]


def batch(scope: Scope, number: int) -> Batch:
    """One batch; raises `Missing` ``labels.batch_not_found``."""
    rows = _asked(_BATCHES, scope, number, None, 1)
    if not rows:
        raise Missing("labels.batch_not_found", number=number)
    return Batch(*rows[0])


def print_jobs(scope: Scope, before: int | None = None, limit: int = 50) -> list[PrintJob]:
    """Print jobs of the companies in the scope, the newest first; those older than number `before`."""
    return [PrintJob(*row) for row in _asked(_JOBS, scope, None, before, limit)]


def print_job(scope: Scope, number: int) -> PrintJob:
    """One print job; raises `Missing` ``labels.job_not_found``."""
    rows = _asked(_JOBS, scope, number, None, 1)
    if not rows:
        raise Missing("labels.job_not_found", number=number)
    return PrintJob(*rows[0])


def _asked(statement: SQL, scope: Scope, number: int | None, before: int | None, limit: int) -> list[Row]:
    visible = visible_companies(scope)
    with cursor() as reading:
        return reading.execute(
            statement.format(visible=visible.sql), [*visible.params, number, number, before, before, limit]
        ).fetchall()


@dataclass(frozen=True, slots=True)
class OpenFiling:
    """A coding rule under which codes can be given out."""

    prefix: str
    model: str
    company: int


_OPEN: Final = SQL("""
SELECT prefix, model, company FROM registry_code_filing
 WHERE company IN ({visible}) AND %s BETWEEN valid_from AND coalesce(valid_to, 'infinity')
 ORDER BY model, prefix LIMIT %s
""")
_GIVEN: Final = SQL("""
SELECT number FROM registry_allocation
 WHERE given AND company IN ({visible}) AND lot = %s AND %s BETWEEN first AND last
""")
_PRINTED: Final = SQL("""
SELECT number FROM registry_print_job
 WHERE company IN ({visible}) AND kind <> 'test' AND lot = %s AND %s BETWEEN first AND last
 ORDER BY number DESC LIMIT 1
""")


def open_filings(scope: Scope, on: date, limit: int = 500) -> list[OpenFiling]:
    """Coding rules of the companies in the scope that hold on a day, by model."""
    visible = visible_companies(scope)
    with cursor() as reading:
        rows = reading.execute(_OPEN.format(visible=visible.sql), [*visible.params, on, limit]).fetchall()
    return [OpenFiling(*row) for row in rows]


def uses_of(scope: Scope, lot: str, serial: int) -> tuple[int | None, int | None]:
    """The batch that a code was given out in, and the job that printed its label last; None where there is none."""
    visible = visible_companies(scope)
    with cursor() as reading:
        found = [
            reading.execute(statement.format(visible=visible.sql), [*visible.params, lot, serial]).fetchone()
            for statement in (_GIVEN, _PRINTED)
        ]
    batch_number, job_number = (row[0] if row else None for row in found)
    return batch_number, job_number
