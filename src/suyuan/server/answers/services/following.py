"""Keep the folds of batteries current: compute the stays of what waits again and add what differs.

What entered waits in tables that triggers fill in the transaction that writes it, and goes in the
transaction that folds it: a commit that comes late cannot be missed, and a crash repeats a round.
"""

from dataclasses import dataclass

import psycopg

from suyuan.server.answers.queries.histories import packs_of, touched
from suyuan.server.answers.queries.stored import stays_of
from suyuan.server.answers.services.comparing import compare, write
from suyuan.server.answers.services.listing import list_batteries, touched_batteries
from suyuan.server.answers.services.rebuilding import LOCK, mark, marked, rebuild, reckoned_with
from suyuan.server.answers.services.reckoning import Reckoning
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row

SUBMISSIONS = 500  # taken up in one round at most
PACKS = 100_000  # whose histories are read together

_FIRST = "SELECT submission FROM answers_waiting ORDER BY submission LIMIT %s"
_ENTRIES = "SELECT kind, array_agg(key ORDER BY key) FROM answers_waiting_entry GROUP BY kind"
_DONE = "DELETE FROM answers_waiting WHERE submission = ANY (%s)"
_ENTRIES_DONE = "DELETE FROM answers_waiting_entry WHERE kind = %s AND key = ANY (%s)"


@dataclass(frozen=True, slots=True)
class Followed:
    """What one round did: submissions and entries of the register looked at, packs folded again, stays changed."""

    submissions: int = 0
    entries: int = 0
    packs: int = 0
    changed: int = 0

    @property
    def anything(self) -> bool:
        """Whether there was something to do."""
        return bool(self.submissions or self.entries or self.changed)


def follow(run: psycopg.Cursor[Row], clock: Clock = SYSTEM_CLOCK) -> Followed:
    """One round, inside the caller's transaction; under other stages or another limit everything is folded anew."""
    run.execute(LOCK)
    if marked(run).digest not in ("", reckoned_with()):
        return Followed(changed=rebuild(run, check=False, clock=clock).stays.different or 1)
    submissions = [number for (number,) in run.execute(_FIRST, [SUBMISSIONS])]
    entries: dict[str, list[str]] = dict(run.execute(_ENTRIES).fetchall())
    if not submissions and not entries:
        return Followed()
    reckoning = Reckoning.now(run)
    packs = touched(run, submissions, entries)
    changed = sum(_bring_up(run, reckoning, packs[start : start + PACKS]) for start in range(0, len(packs), PACKS))
    changed += list_batteries(run, touched_batteries(run, submissions, entries), clock)
    run.execute(_DONE, [submissions])
    for kind, keys in entries.items():
        run.execute(_ENTRIES_DONE, [kind, keys])
    mark(run, clock)
    return Followed(len(submissions), sum(map(len, entries.values())), len(packs), changed)


def _bring_up(run: psycopg.Cursor[Row], reckoning: Reckoning, packs: list[tuple[str, int]]) -> int:
    lots, serials = [lot for lot, _ in packs], [serial for _, serial in packs]
    changes = compare(stays_of(run, lots, serials), reckoning.stays(*packs_of(run, lots, serials)))
    write(run, changes)
    return changes.number
