"""Small JSON submissions that arrive together: one check, one transaction, one answer each.

A pack with its tree costs little to check; what costs is doing it alone. So submissions of one company
and kind that wait at the same moment are taken as one batch. Only if nothing at all is found, nothing is
repeated and everything is admitted does the batch stand. Otherwise it is rolled back and each goes its
ordinary way alone: gathering changes what a submission costs, never what becomes of it.
"""

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import numpy as np
import psycopg
from django.conf import settings
from django.db import Error, transaction

from suyuan.events.containment import Ints
from suyuan.events.records import Batch
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import SuyuanError
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.ledger.services.append import append
from suyuan.server.submissions.models import Submission
from suyuan.server.submissions.services.admitting import policy_for
from suyuan.server.submissions.services.announcing import announce_all
from suyuan.server.submissions.services.entering import Counts, are_new, enter
from suyuan.server.submissions.services.judging import Judged, judge, sheet_of
from suyuan.server.submissions.services.meeting import Meeting, possible
from suyuan.server.submissions.services.store import Body
from suyuan.sheets.nested import Json
from suyuan.sheets.parsing import Parser

LARGEST_BYTES = 64 << 10
AT_ONCE = 32
"""Submissions taken together at most."""


@dataclass(slots=True)
class Waiting:
    """A submission that waits to be taken; `submission` is None if it must go alone."""

    draft: Submission
    body: Body
    kind: str
    records: Sequence[Json]
    done: bool = False
    submission: Submission | None = None

    @property
    def alike(self) -> tuple[int, str, int | None]:
        """What those that go together share: company, kind, outlet."""
        return self.draft.company, self.kind, self.draft.site


@dataclass(slots=True)
class Hall:
    """Where they wait. Whoever waits longest leads: he takes all that may go with him, and all leave together."""

    waiting: deque[Waiting] = field(default_factory=deque)
    door: threading.Condition = field(default_factory=threading.Condition)
    led: bool = False
    meeting: Meeting | None = None  # where several processes wait in the hall of one

    def enter(self, one: Waiting, rng: np.random.Generator, clock: Clock) -> Submission | None:
        """Wait to be taken, or lead; the submission if it was taken."""
        with self.door:
            self.waiting.append(one)
            while not one.done and (self.led or self.waiting[0] is not one):
                self.door.wait()
            if one.done:
                return one.submission
            taken = self._company_of(one)
            self.led = True
        try:
            take_together(taken, rng, clock)
        finally:
            with self.door:
                self.led = False
                self.door.notify_all()
        return one.submission

    def _company_of(self, one: Waiting) -> list[Waiting]:
        """`one`, the first, and those that may go with it, in the order in which they came."""
        taken = [each for each in self.waiting if each.alike == one.alike][:AT_ONCE]
        gone = {id(each) for each in taken}
        self.waiting = deque(each for each in self.waiting if id(each) not in gone)
        return taken


_hall = Hall()


def meet() -> None:
    """From now on, wait where all processes that serve this data folder wait."""
    home = Path(settings.HOME)
    if _hall.meeting is None and possible(home):
        _hall.meeting = Meeting(home, settings.SECRET_KEY, _enter)
        _hall.meeting.join()


@cache
def randomness() -> np.random.Generator:
    """Random bits for the ids of this process's records."""
    return np.random.default_rng()


def gather(draft: Submission, body: Body, clock: Clock) -> Submission | None:
    """Take `draft` together with others like it; None if it has to go alone."""
    if draft.dry or draft.repair or draft.mapping or body.data is None or body.size > LARGEST_BYTES:
        return None
    if body.data[:1] != b"{":
        return None
    return _hall.meeting.enter(draft, body) if _hall.meeting else _enter(draft, body, clock)


def _enter(draft: Submission, body: Body, clock: Clock = SYSTEM_CLOCK) -> Submission | None:
    one = _waiting(draft, body)
    return _hall.enter(one, randomness(), clock) if one else None


def _waiting(draft: Submission, body: Body) -> Waiting | None:
    """`draft` if it is a JSON document of records of a known kind."""
    try:
        document = Parser().parse(body.data or b"", 1)
    except SuyuanError:  # said with its reason where it goes alone
        return None
    if type(document) is not dict or not document.keys() <= {"kind", "records"}:  # nor one with a key given twice
        return None
    kind, records = draft.kind or document.get("kind"), document.get("records")
    known = vocabulary().kinds.get(kind) if isinstance(kind, str) else None
    if known is None or known.about_record or document.get("kind", kind) != kind:
        return None
    if not isinstance(records, list) or not records or not all(isinstance(record, dict) for record in records):
        return None
    return Waiting(draft, body, known.name, records)


def take_together(group: Sequence[Waiting], rng: np.random.Generator, clock: Clock) -> None:
    """Take the whole group into the ledger, or nobody of it; what is known already goes alone, to be told so."""
    try:
        with transaction.atomic(), cursor() as run:
            new = are_new(run, [one.draft for one in group])
            fresh = [one for one, is_new in zip(group, new, strict=True) if is_new]
            if fresh:
                _take(run, fresh, rng, clock)
        for one in fresh:
            one.submission = one.draft
    except (_NotCleanError, SuyuanError, ValueError, RecursionError, Error, psycopg.Error):
        pass  # each goes alone, and is told there what is wrong
    finally:
        for one in group:
            one.done = True


class _NotCleanError(Exception):
    """Something was found; the submissions of this group go alone."""


def _take(run: psycopg.Cursor[Row], group: Sequence[Waiting], rng: np.random.Generator, clock: Clock) -> None:
    sizes = [len(one.records) for one in group]
    owner = np.repeat(np.arange(len(group)), sizes)
    first = np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)
    batch, row_record = _clean_batch(group, clock)
    record = batch.row - 1
    drafts = [one.draft for one in group]
    for draft in drafts:
        draft.kind = group[0].kind
    rows = np.bincount(owner[row_record], minlength=len(group)).tolist()
    enter(run, drafts, [one.body for one in group], Counts(rows, sizes), clock)
    numbers = np.array([draft.number for draft in drafts], np.int64)
    numbered = replace(batch, row=record - first[record] + 1)
    now = clock.now()
    received_ms = int(now.timestamp() * 1000)
    done = append(run, numbered, numbers[owner[record]], received_ms, rng=rng, policy=policy_for(now))
    if not done.admitted.all() or len(done.contradictions):
        raise _NotCleanError
    announce_all(run, drafts)


def _clean_batch(group: Sequence[Waiting], clock: Clock) -> tuple[Batch, Ints]:
    """All records of the group as one batch, if there is nothing to say about any of them, and by row its record."""
    company, kind, site = group[0].alike
    records = [record for one in group for record in one.records]
    judged = judge(sheet_of(kind, records), company, clock, lambda _: None, site)
    if not isinstance(judged, Judged) or judged.batch is None or judged.findings.height:
        raise _NotCleanError
    numbers = judged.sheet.row_numbers.to_numpy().astype(np.int64)
    of_batch = numbers[judged.positions.to_numpy()[judged.batch.row]]
    if judged.checked.repeated.any() or len(np.unique(of_batch)) != len(records):
        raise _NotCleanError
    return replace(judged.batch, row=of_batch), numbers - 1
