"""Fold everything anew: to compare, or to put the folds right. Portion by portion, so that memory stays bounded."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files

import polars as pl
import psycopg

from suyuan.server.answers.queries.histories import packs_between, touched
from suyuan.server.answers.queries.stages import limit
from suyuan.server.answers.queries.stored import stays_between
from suyuan.server.answers.services.comparing import compare, count, write
from suyuan.server.answers.services.counting import FLOW, ROUTE, Counts
from suyuan.server.answers.services.listing import keys_between, list_batteries, touched_batteries
from suyuan.server.answers.services.reckoning import Reckoning
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.copied import copied
from suyuan.server.supervision.queries.history import portions

LOCK = "SELECT pg_advisory_xact_lock(7723, 2)"
PORTION = 500_000  # rows of records looked at together
_EMPTY = ("DELETE FROM answers_waiting", "DELETE FROM answers_waiting_entry")
_WAITING = "SELECT coalesce(array_agg(submission), '{}') FROM answers_waiting"
_ENTRIES = "SELECT kind, array_agg(key) FROM answers_waiting_entry GROUP BY kind"
_MARK = """
INSERT INTO answers_mark AS m VALUES ('batteries', 1, %s, %s)
    ON CONFLICT (name) DO UPDATE SET number = m.number + 1, digest = excluded.digest, marked_at = excluded.marked_at
"""
_MARKED = "SELECT number, digest, marked_at FROM answers_mark WHERE name = 'batteries'"
_DUTIES = """
WITH told AS (
    SELECT k.company, k.site, k.rule, k.due_on, k.state, count(*) AS duties FROM supervision_duty d
     CROSS JOIN LATERAL answers_duty_key(d.company, d.site, d.rule, d.due_on, d.fulfilled_on) AS k
     WHERE NOT d.void AND d.due_on IS NOT NULL GROUP BY 1, 2, 3, 4, 5)
SELECT count(*) FROM (SELECT * FROM answers_duty WHERE duties <> 0) f
  FULL JOIN told t USING (company, site, rule, due_on, state) WHERE f.duties IS DISTINCT FROM t.duties
"""
_RECOUNT_DUTIES = """
INSERT INTO answers_duty SELECT k.company, k.site, k.rule, k.due_on, k.state, count(*) FROM supervision_duty d
 CROSS JOIN LATERAL answers_duty_key(d.company, d.site, d.rule, d.due_on, d.fulfilled_on) AS k
 WHERE NOT d.void AND d.due_on IS NOT NULL GROUP BY 1, 2, 3, 4, 5
"""
# triggers count in the transaction that changes a duty: whoever writes duties now would be counted twice
_HOLD_DUTIES = "SELECT pg_advisory_xact_lock(7723, 1)"


@dataclass(frozen=True, slots=True)
class Marked:
    """How often the folds of batteries changed, with what they were computed, and when last."""

    number: int
    digest: str
    at: datetime | None


@dataclass(slots=True)
class Tally:
    """How many rows of a fold there should be, and how many are not as computed."""

    rows: int = 0
    different: int = 0


@dataclass(slots=True)
class Report:
    """What a full recomputation found; packs of submissions that wait are left out of a check."""

    stays: Tally = field(default_factory=Tally)
    steps: Tally = field(default_factory=Tally)
    listed: Tally = field(default_factory=Tally)
    duties: int = 0
    waiting: int = 0

    @property
    def clean(self) -> bool:
        """Whether every fold says what the records say."""
        return not (self.stays.different or self.steps.different or self.listed.different or self.duties)


def rebuild(run: psycopg.Cursor[Row], *, check: bool, clock: Clock = SYSTEM_CLOCK) -> Report:
    """Compute all folds of this room; replace what differs, or with `check` only say what does.

    Parameters
    ----------
    run
        A cursor inside a transaction. A check beside writers needs one of REPEATABLE READ, so that it sees
        one moment; it writes nothing.
    """
    report = Report()
    late: list[tuple[str, int]] = []
    unlisted: set[tuple[str, int]] = set()
    if check:
        ((submissions,),) = run.execute(_WAITING).fetchall()
        entries: dict[str, list[str]] = dict(run.execute(_ENTRIES).fetchall())
        late = touched(run, submissions, entries)
        unlisted.update(touched_batteries(run, submissions, entries))
        report.waiting = len(submissions)
    else:
        run.execute(_HOLD_DUTIES)
        run.execute(LOCK)
        for statement in _EMPTY:  # whatever waits now is seen by the reads below
            run.execute(statement)
    counted = _batteries(run, report, late, check=check)
    _steps(run, report, counted, check=check)
    for portion in portions(run, PORTION):  # behind the stays: a list says where a battery is as they do
        keys = [key for key in keys_between(run, portion) if key not in unlisted]
        report.listed.rows += len(keys)
        report.listed.different += list_batteries(run, keys, clock, check=check)
    ((report.duties,),) = run.execute(_DUTIES).fetchall()
    if not check:
        if report.duties:
            run.execute("DELETE FROM answers_duty")
            run.execute(_RECOUNT_DUTIES)
        mark(run, clock)
    return report


def _batteries(run: psycopg.Cursor[Row], report: Report, late: list[tuple[str, int]], *, check: bool) -> Counts:
    """The stays, portion by portion; what the stored ones come to in the folds of steps."""
    reckoning = Reckoning.now(run)
    counted = Counts.nothing()
    waiting = pl.DataFrame(late, {"lot": pl.String(), "serial": pl.Int32()}, orient="row")
    for portion in portions(run, PORTION):
        stored = stays_between(run, portion)
        computed = reckoning.stays(*packs_between(run, portion))
        if check:
            counted = counted.plus(Counts.of(stored))
            stored, computed = (rows.join(waiting, on=["lot", "serial"], how="anti") for rows in (stored, computed))
        changes = compare(stored, computed)
        report.stays.rows += changes.computed
        report.stays.different += changes.number
        if not check:
            write(run, changes)
            counted = counted.plus(Counts.of(computed))
    return counted


def _steps(run: psycopg.Cursor[Row], report: Report, counted: Counts, *, check: bool) -> None:
    """The folds of steps beside what the stays come to."""
    stored = Counts(_stored(run, "answers_flow", FLOW), _stored(run, "answers_route", ROUTE))
    wrong = counted.minus(stored)
    report.steps.rows = counted.flow.height + counted.route.height
    report.steps.different = wrong.flow.height + wrong.route.height
    if not check and report.steps.different:
        count(run, wrong)


def _stored(run: psycopg.Cursor[Row], table: str, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    return copied(run, f"COPY (SELECT {', '.join(schema)} FROM {table}) TO STDOUT (FORMAT csv)", {}, schema)  # noqa: S608


def reckoned_with() -> str:
    """What the folds depend on beside records and register: stages and the limit, as a SHA-256."""
    told = (files("suyuan.server.answers.queries") / "stages.toml").read_bytes()
    return hashlib.sha256(told + f"{limit().value} {limit().unit}".encode()).hexdigest()


def marked(run: psycopg.Cursor[Row]) -> Marked:
    """The mark of the folds of batteries."""
    row = run.execute(_MARKED).fetchone()
    return Marked(0, "", None) if row is None else Marked(*row)


def mark(run: psycopg.Cursor[Row], clock: Clock) -> None:
    """Note that the folds changed."""
    run.execute(_MARK, [reckoned_with(), clock.now()])
