"""Small JSON submissions that arrive together: one check, one transaction, one answer each.

A pack with its tree costs little to check; what costs is doing it alone. So submissions of one company
and kind that wait at the same moment are taken as one batch. Only if nothing at all is found, nothing is
repeated and everything is admitted does the batch stand. Otherwise it is rolled back and each goes its
ordinary way alone: gathering changes what a submission costs, never what becomes of it.
"""

import json
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import psycopg
from django.db import Error, transaction

from suyuan.events.records import Batch
from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import SuyuanError
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.ledger.services.append import append
from suyuan.server.submissions.models import Received, State, Submission
from suyuan.server.submissions.services.judging import Judged, judge, read_sheet
from suyuan.server.submissions.services.store import Body

LARGEST_BYTES = 64 << 10
AT_ONCE = 32
"""Submissions taken together at most."""


@dataclass(slots=True)
class Waiting:
    """A submission that waits to be taken; `submission` is None if it must go alone."""

    draft: Submission
    body: Body
    kind: str
    records: list[Any]
    done: bool = False
    submission: Submission | None = None

    @property
    def company(self) -> int:
        """The company that reports."""
        return self.draft.company

    @property
    def alike(self) -> tuple[int, str, int | None]:
        """What those that go together share: company, kind, outlet."""
        return self.company, self.kind, self.draft.site


@dataclass(slots=True)
class Hall:
    """Where they wait; whoever gets the lead takes all that may go together."""

    waiting: deque[Waiting] = field(default_factory=deque)
    lead: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, one: Waiting, rng: np.random.Generator, clock: Clock) -> Submission | None:
        """Wait to be taken, or lead; the submission if it was taken."""
        self.waiting.append(one)
        with self.lead:
            if not one.done:
                take_together(self._company_of(one), rng, clock)
        return one.submission

    def _company_of(self, one: Waiting) -> list[Waiting]:
        """`one` and those that may go with it, in the order in which they came."""
        everybody = [self.waiting.popleft() for _ in range(len(self.waiting))]
        alike = [each for each in everybody if each.alike == one.alike]
        taken = alike if len(alike) <= AT_ONCE else [one, *(each for each in alike if each is not one)][:AT_ONCE]
        self.waiting.extend(each for each in everybody if not any(each is other for other in taken))
        return taken


_hall = Hall()


def gather(draft: Submission, body: Body, rng: np.random.Generator, clock: Clock) -> Submission | None:
    """Take `draft` together with others like it; None if it has to go alone."""
    one = _waiting(draft, body)
    return _hall.enter(one, rng, clock) if one else None


def _waiting(draft: Submission, body: Body) -> Waiting | None:
    """`draft` if it is a small JSON document of records of a known kind."""
    plain = not (draft.dry or draft.repair or draft.mapping)
    if not plain or body.data is None or body.size > LARGEST_BYTES or body.data[:1] != b"{":
        return None
    try:
        document = json.loads(body.data)
    except (ValueError, RecursionError):  # said with its reason where it goes alone
        return None
    kind, records = draft.kind or document.get("kind"), document.get("records")
    known = vocabulary().kinds.get(kind) if isinstance(kind, str) else None
    if known is None or known.about_record or not isinstance(records, list) or not records:
        return None
    if set(document) - {"kind", "records"} or document.get("kind", kind) != kind:
        return None
    return Waiting(draft, body, known.name, records)


def take_together(group: Sequence[Waiting], rng: np.random.Generator, clock: Clock) -> None:
    """Take the whole group into the ledger, or nobody of it."""
    try:
        with transaction.atomic():
            submissions = _take(group, rng, clock)
        for one, submission in zip(group, submissions, strict=True):
            one.submission = submission
    except (_NotCleanError, SuyuanError, ValueError, RecursionError, Error, psycopg.Error):
        pass  # each goes alone, and is told there what is wrong
    finally:
        for one in group:
            one.done = True


class _NotCleanError(Exception):
    """Something was found; the submissions of this group go alone."""


def _take(group: Sequence[Waiting], rng: np.random.Generator, clock: Clock) -> list[Submission]:
    company, kind = group[0].company, group[0].kind
    sizes = [len(one.records) for one in group]
    owner = np.repeat(np.arange(len(group)), sizes)
    first = np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)
    batch = _clean_batch(group, company, kind, clock)
    record = batch.row - 1
    submissions = _write_submissions(group, kind, clock)
    numbers = np.array([submission.number for submission in submissions], np.int64)
    numbered = replace(batch, row=record - first[record] + 1)
    received_ms = int(clock.now().timestamp() * 1000)
    with cursor() as run:
        done = append(run, numbered, numbers[owner[record]], received_ms, rng=rng)
    if not done.admitted.all() or len(done.contradictions):
        raise _NotCleanError
    return submissions


def _clean_batch(group: Sequence[Waiting], company: int, kind: str, clock: Clock) -> Batch:
    """All records of the group as one batch, if there is nothing to say about any of them."""
    records = [record for one in group for record in one.records]
    body = json.dumps({"kind": kind, "records": records}, ensure_ascii=False).encode()
    judged = judge(read_sheet(body, "", kind, None, repair=False), company, clock, lambda _: None, group[0].draft.site)
    if not isinstance(judged, Judged) or judged.batch is None or judged.findings.height:
        raise _NotCleanError
    numbers = judged.sheet.row_numbers.gather(judged.positions.gather(judged.batch.row))
    if judged.checked.repeated.any() or numbers.n_unique() != len(records):
        raise _NotCleanError
    return replace(judged.batch, row=numbers.to_numpy().astype(np.int64))


def _write_submissions(group: Sequence[Waiting], kind: str, clock: Clock) -> list[Submission]:
    """The rows of the submissions and what was received, as they will be once all is committed."""
    now = clock.now()
    Received.objects.bulk_create(
        [Received(digest=one.body.digest, size=one.body.size, body=one.body.data) for one in group],
        ignore_conflicts=True,
    )
    for one in group:
        draft, count = one.draft, len(one.records)
        draft.kind, draft.state = kind, State.ACCEPTED.value
        draft.started_at = draft.finished_at = now
        draft.rows = draft.records = draft.admitted = count
    return Submission.objects.bulk_create([one.draft for one in group])
