"""Keep duties and findings current: look at what entered the ledger since it was last looked at.

What entered waits in a table that a trigger fills in the transaction that adds the records (it follows the
ledger's outbox). A row is there as soon as its records are, and goes only in the transaction that
brings their duties and findings up to date: a commit that comes late cannot be missed, and a crash repeats a round.
"""

from dataclasses import dataclass, field

import psycopg

from suyuan.rules import Law, law
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.history import events_of
from suyuan.server.supervision.queries.stored import reckoned, stored_of
from suyuan.server.supervision.services.comparing import Differences, compare, write
from suyuan.server.supervision.services.detecting import Looked, look
from suyuan.server.supervision.services.rebuilding import LOCK, mark, of_companies, rebuild, state_of_companies
from suyuan.server.supervision.services.reckoning import Reckoning, enter_versions
from suyuan.server.supervision.services.recounting import recount
from suyuan.server.supervision.services.selling import add_sales
from suyuan.server.supervision.services.standing import keep_standing

SUBMISSIONS = 500  # taken up in one round at most
OBJECTS = 50_000  # whose histories are read together

_FIRST = "SELECT submission FROM supervision_waiting ORDER BY submission LIMIT %s"
_COMPANIES = "SELECT company FROM supervision_waiting_company ORDER BY company"
_TOUCHED = """
SELECT DISTINCT e.lot, e.serial FROM ledger_event e
 WHERE e.submission = ANY (%s) AND (e.kind = ANY (%s) OR e.corrects IS NOT NULL) ORDER BY 1, 2
"""
_OF_COMPANIES = """
SELECT DISTINCT e.lot, e.serial FROM ledger_event e
 WHERE (e.reporter = ANY (%s) OR e.party = ANY (%s)) AND e.kind = ANY (%s) ORDER BY 1, 2
"""
_DONE = "DELETE FROM supervision_waiting WHERE submission = ANY (%s)"
_COMPANIES_DONE = "DELETE FROM supervision_waiting_company WHERE company = ANY (%s)"


@dataclass(frozen=True, slots=True)
class Followed:
    """What one round did: submissions and companies looked at, objects computed anew, duties written or moved.

    `standing` counts standing duties found not met, or met again.
    """

    submissions: int = 0
    companies: int = 0
    objects: int = 0
    changed: int = 0
    recounted: int = 0
    standing: int = 0
    looked: Looked = field(default_factory=Looked)

    @property
    def anything(self) -> bool:
        """Whether there was something to do."""
        return bool(
            self.submissions
            or self.companies
            or self.changed
            or self.recounted
            or self.standing
            or self.looked.everything
        )


def follow(run: psycopg.Cursor[Row], told: Law | None = None, clock: Clock = SYSTEM_CLOCK) -> Followed:
    """One round: bring the duties and findings of what waits up to date, inside the caller's transaction.

    Under another law than the table was computed with, everything is computed anew; under another
    calendar, last days are counted again first. A round in which nothing waits has time for the detectors that
    need everything at once and, once a day, for all of them.
    """
    known = told or law()
    run.execute(LOCK)
    before = reckoned(run)
    if before.get("law") not in (None, known.digest):
        report = rebuild(run, check=False, told=known, clock=clock)
        return Followed(
            changed=report.duties.found,
            recounted=report.recounted,
            standing=report.standing,
            looked=Looked(0, everything=True),
        )
    enter_versions(run, known)
    moved = recount(run, known, clock)
    submissions = [number for (number,) in run.execute(_FIRST, [SUBMISSIONS])]
    companies = [number for (number,) in run.execute(_COMPANIES)]
    reckoning = Reckoning.now(run, known, clock)
    touched = _touched(run, reckoning, submissions, companies)
    changed = sum(
        _bring_up(run, reckoning, touched[start : start + OBJECTS]) for start in range(0, len(touched), OBJECTS)
    )
    if before.get("companies") != state_of_companies(run, reckoning):
        found = Differences()
        of_companies(run, reckoning, found, check=False)
        changed += found.found
    run.execute(_DONE, [submissions])
    run.execute(_COMPANIES_DONE, [companies])
    if before.get("law") is None:
        mark(run, reckoning)
    stood = keep_standing(run, known, clock, stirred=add_sales(run, submissions) or bool(companies))
    standing = stood.opened + stood.ended if stood else 0
    looked = look(run, submissions, companies, known, clock)
    return Followed(len(submissions), len(companies), len(touched), changed, moved, standing, looked=looked)


def _touched(
    run: psycopg.Cursor[Row], reckoning: Reckoning, submissions: list[int], companies: list[int]
) -> list[tuple[str, int]]:
    """The objects whose duties may have changed, in order."""
    kinds = reckoning.kinds
    found = set(run.execute(_TOUCHED, [submissions, kinds])) if submissions else set()
    if companies:
        found.update(run.execute(_OF_COMPANIES, [companies, companies, kinds]))
    return sorted(found)


def _bring_up(run: psycopg.Cursor[Row], reckoning: Reckoning, objects: list[tuple[str, int]]) -> int:
    """Compute the duties of some objects anew; how many rows changed."""
    lots, serials = [lot for lot, _ in objects], [serial for _, serial in objects]
    stored = stored_of(run, lots, serials)
    changes = compare(stored, reckoning.rows(events_of(run, reckoning.events, lots, serials), stored))
    write(run, changes)
    return changes.missing.height + changes.extra.height + changes.different.height
