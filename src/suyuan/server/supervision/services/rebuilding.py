"""Compute every duty and finding anew: to compare, or to put the tables right.

Duties go portion by portion, so that memory stays bounded; findings are looked for inside the database.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl
import psycopg

from suyuan.rules import Law, law
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.calendars import digest_of
from suyuan.server.supervision.queries.history import Portion, facts
from suyuan.server.supervision.queries.stored import stored_between, stored_of_companies
from suyuan.server.supervision.services.comparing import Differences, compare, write
from suyuan.server.supervision.services.detecting import Detected, detect
from suyuan.server.supervision.services.proving import Unproved, compare_findings
from suyuan.server.supervision.services.reading import Read, read_ahead
from suyuan.server.supervision.services.reckoning import Reckoning, enter_versions
from suyuan.server.supervision.services.recounting import recount
from suyuan.server.supervision.services.selling import recount_sales
from suyuan.server.supervision.services.standing import keep_standing

LOCK = "SELECT pg_advisory_xact_lock(7723, 1)"
_WAITS = "SELECT count(*) FROM supervision_waiting"
_WAITING = """
SELECT DISTINCT e.lot, e.serial FROM supervision_waiting w JOIN ledger_event e ON e.submission = w.submission
 WHERE e.lot > %s AND (%s::text IS NULL OR e.lot <= %s)
"""
_EMPTY = ("DELETE FROM supervision_waiting", "DELETE FROM supervision_waiting_company")
_RECKONED = """
INSERT INTO supervision_reckoned (name, digest) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET digest = excluded.digest
"""


@dataclass(frozen=True, slots=True)
class Report:
    """What a full recomputation found; `waiting` submissions were not yet looked at, their objects left out."""

    duties: Differences
    waiting: int
    recounted: int
    standing: int = 0
    findings: Unproved = field(default_factory=Unproved)
    detected: Sequence[Detected] = ()

    @property
    def clean(self) -> bool:
        """Whether the tables say what the records say."""
        return not self.duties.found and not self.findings.found


def rebuild(run: psycopg.Cursor[Row], *, check: bool, told: Law | None = None, clock: Clock = SYSTEM_CLOCK) -> Report:
    """Compute all duties and findings; replace what differs, or with `check` only say what does.

    Parameters
    ----------
    run
        A cursor inside a transaction. A check beside writers needs one of REPEATABLE READ, so that it sees
        one moment; it writes nothing.
    """
    known = told or law()
    recounted = 0
    if not check:
        run.execute(LOCK)
        enter_versions(run, known)
        for statement in _EMPTY:  # whatever waits now is seen by the reads below
            run.execute(statement)
        recounted = recount(run, known, clock)
    reckoning = Reckoning.now(run, known, clock)
    waiting = _count(run)
    found = Differences()
    of_companies(run, reckoning, found, check=check)
    for read in read_ahead(run, reckoning.events):
        _portion(run, reckoning, read, found, waiting=waiting, check=check)
    if check:
        return Report(found, waiting, recounted, findings=compare_findings(run, known, waiting))
    mark(run, reckoning)
    recount_sales(run)
    stood = keep_standing(run, known, clock, stirred=True)
    detected = detect(run, known, clock)
    return Report(found, waiting, recounted, stood.opened + stood.ended if stood else 0, detected=detected)


def of_companies(run: psycopg.Cursor[Row], reckoning: Reckoning, found: Differences, *, check: bool) -> None:
    """The duties that no record starts: there are few, so that all of them are computed at once."""
    stored = stored_of_companies(run)
    changes = compare(stored, reckoning.company_rows(facts(run), stored))
    found.add(changes)
    if not check:
        write(run, changes)
        run.execute(_RECKONED, ["companies", state_of_companies(run, reckoning)])


def state_of_companies(run: psycopg.Cursor[Row], reckoning: Reckoning) -> str:
    """All that those duties depend on, as a SHA-256: the day, the roles, the facts."""
    told = reckoning.roles.sort(pl.all()).write_csv() + facts(run).write_csv()
    return hashlib.sha256(f"{reckoning.on}\n{told}".encode()).hexdigest()


def mark(run: psycopg.Cursor[Row], reckoning: Reckoning) -> None:
    """Note under which law and calendar the table was computed."""
    run.execute(_RECKONED, ["law", reckoning.law.digest])
    run.execute(_RECKONED, ["calendar", digest_of(reckoning.calendar)])


def _portion(
    run: psycopg.Cursor[Row], reckoning: Reckoning, read: Read, found: Differences, *, waiting: int, check: bool
) -> None:
    stored = stored_between(run, read.portion)
    computed = reckoning.rows(read.events, stored)
    if check and waiting:
        stored, computed = _without_waiting(run, read.portion, stored, computed)
    changes = compare(stored, computed)
    found.add(changes)
    if not check:
        write(run, changes)


def _without_waiting(
    run: psycopg.Cursor[Row], portion: Portion, stored: pl.DataFrame, computed: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both without the objects of submissions that nobody has looked at yet: they are late, not wrong."""
    rows = run.execute(_WAITING, [portion.after, portion.upto, portion.upto]).fetchall()
    objects = pl.DataFrame(rows, {"lot": pl.String(), "serial": pl.Int32()}, orient="row")
    about = ["lot", "serial"]
    return stored.join(objects, on=about, how="anti"), computed.join(objects, on=about, how="anti")


def _count(run: psycopg.Cursor[Row]) -> int:
    ((number,),) = run.execute(_WAITS).fetchall()
    return int(number)
