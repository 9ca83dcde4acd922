"""Receive a submission and see it through: the one door for web, API and command line."""

import contextlib
import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.db import Error, IntegrityError, connection, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import SuyuanError
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Missing, TooLarge
from suyuan.server.submissions.models import FINISHED, GIVEN_UP, Findings, Mode, State, Submission
from suyuan.server.submissions.services import store
from suyuan.server.submissions.services.announcing import announce_all
from suyuan.server.submissions.services.cancelling import go_on
from suyuan.server.submissions.services.gathering import gather, randomness
from suyuan.server.submissions.services.judging import Judged, Unreadable, judge, read_sheet
from suyuan.server.submissions.services.mappings import recall_mapping, remember_mapping
from suyuan.server.submissions.services.mending import Mending, layout_of
from suyuan.server.submissions.services.result import Result, to_parquet
from suyuan.server.submissions.services.working import again_if_beaten, take_in, unreadable
from suyuan.sheets import findings as table
from suyuan.sheets.limits import SheetError

LARGEST_BYTES = 1 << 30
QUEUE, TASK = "submissions", "work-on-submission"
KEYLESS = frozenset({*GIVEN_UP, State.TRIED.value})
"""States that need no idempotency key: doing it again does no harm."""

FINISHED_VALUES = frozenset(state.value for state in FINISHED)
_LOCK_SPACE = 7721  # our part of the two-number lock space; the ledger has those before

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """How a submission came and what its sender wants done."""

    name: str = ""
    channel: str = "api"
    kind: str | None = None
    mode: Mode = Mode.GOOD_ROWS
    dry: bool = False
    repair: bool = False
    mapping: Mapping[str, str] | None = None
    idempotency_key: str | None = None
    key: int | None = None
    site: int | None = None  # the outlet whose key sends it
    person: int | None = None  # who sends it on a page
    trial: int | None = None  # the dry run that it was decided on
    completes: int | None = None  # the submission whose refused records it brings again
    repairs: tuple[str, ...] | None = None  # with `repair`: the kinds to do; None means every kind
    changes: Mapping[str, Mapping[str, str]] | None = None  # field → {text as received → text instead}

    @property
    def wishes(self) -> str:
        """What is wanted beside the bytes, in short: two submissions are the same only if this agrees, too."""
        mapping = sorted((self.mapping or {}).items())
        wanted: list[object] = [self.kind, self.mode.value, self.dry, self.repair, mapping]
        if self.repairs is not None or self.changes:
            changes = [[name, sorted(texts.items())] for name, texts in sorted((self.changes or {}).items())]
            wanted += [sorted(self.repairs or ()), changes]
        told = json.dumps(wanted, ensure_ascii=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def receive(company: int, source: bytes | Path, order: Order, clock: Clock = SYSTEM_CLOCK) -> Submission:
    """Keep the bytes, then work on them: small ones before this returns, large ones as a job.

    The same bytes from the same company in the same mode are the same submission.

    Raises
    ------
    TooLarge
        ``submissions.too_large``.
    Conflict
        ``submissions.idempotency_key_reused`` if the key came with other bytes before.
    """
    body = store.Body.of(source)
    if body.size > LARGEST_BYTES:
        raise TooLarge("submissions.too_large", size=body.size, most=LARGEST_BYTES)
    together = None if order.trial or order.changes else gather(_draft(company, body, order, clock), body, clock)
    if together is not None:
        return together
    known = _known(company, body, order)
    if known is not None:
        return _see_through(known, clock)
    submission = _draft(company, body, order, clock)
    try:
        with transaction.atomic():
            store.keep(body)
            submission.save(force_insert=True)
            if not body.small:
                _defer(submission)
    except IntegrityError as error:
        known = _known(company, body, order)
        if known is None:
            raise error
        return _see_through(known, clock)
    return work(submission.number, clock) if body.small else submission


def _known(company: int, body: store.Body, order: Order) -> Submission | None:
    """The submission that this one repeats: one that holds something, or is still to be worked on."""
    wishes = order.wishes
    if order.idempotency_key is not None:
        same_key = Submission.objects.filter(company=company, idempotency_key=order.idempotency_key).first()
        if same_key is not None:
            if (same_key.received_id, same_key.wishes) != (body.digest, wishes):
                raise Conflict("submissions.idempotency_key_reused", key=order.idempotency_key, number=same_key.number)
            return same_key
    if order.dry:
        return None
    same = Submission.objects.filter(company=company, received_id=body.digest, wishes=wishes, dry=False)
    return same.exclude(state__in=GIVEN_UP).first()


def _see_through(known: Submission, clock: Clock) -> Submission:
    """A known submission; one that a crash left behind is worked on now, or by a worker if it is large."""
    if known.state not in (State.RECEIVED.value, State.WORKING.value):
        return known
    if known.received.size <= store.INLINE_BYTES:
        return work(known.number, clock)
    _defer(known)
    return known


def _draft(company: int, body: store.Body, order: Order, clock: Clock) -> Submission:
    return Submission(
        company=company,
        received_at=clock.now(),
        received_id=body.digest,
        name=order.name[:200],
        channel=order.channel,
        kind=order.kind,
        mode=order.mode.value,
        dry=order.dry,
        repair=order.repair,
        mapping=dict(order.mapping) if order.mapping else None,
        idempotency_key=order.idempotency_key,
        key=order.key,
        site=order.site,
        wishes=order.wishes,
        vocabulary=vocabulary().version,
        person=order.person,
        trial=order.trial,
        completes=order.completes,
        repairs=None if order.repairs is None else list(order.repairs),
        changes={name: dict(texts) for name, texts in order.changes.items()} if order.changes else None,
    )


def _defer(submission: Submission) -> None:
    """Hand it to a worker, unless it waits for one already."""
    task = app.configure_task(TASK, queue=QUEUE, queueing_lock=f"submission-{submission.number}")
    with contextlib.suppress(AlreadyEnqueued), transaction.atomic():
        task.defer(number=submission.number)


def work(number: int, clock: Clock = SYSTEM_CLOCK) -> Submission:
    """Work on a received submission now; one that is finished, or that somebody else works on, comes back as it is."""
    with _alone(number) as mine:
        submission = Submission.objects.filter(number=number).first()
        if submission is None:
            raise Missing("submissions.not_found", number=number)
        if not mine or submission.state in FINISHED_VALUES:
            return submission
        submission.state, submission.started_at, submission.step = State.WORKING.value, clock.now(), "reading"
        submission.save(update_fields=["state", "started_at", "step"])
        try:
            _work(submission, clock)
        except SuyuanError as error:
            _fail(submission, State.REFUSED, error.code, dict(error.data), clock)
        except Exception:
            log.exception("submission %s failed", number)
            _fail(submission, State.FAILED, "submissions.failed", {"number": number}, clock)
            raise
        submission.refresh_from_db()
        return submission


@contextlib.contextmanager
def _alone(number: int) -> Iterator[bool]:
    """Whether nobody else works on this submission; a lock of the session says so, and ends with it in a crash."""
    key = [_LOCK_SPACE, number % (1 << 31)]
    with cursor() as run:
        row = run.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone()
    mine = bool(row and row[0])
    try:
        yield mine
    finally:
        if mine:
            with contextlib.suppress(Error, psycopg.Error), cursor() as run:  # a lost connection has let go already
                run.execute("SELECT pg_advisory_unlock(%s, %s)", key)


def _work(submission: Submission, clock: Clock) -> None:
    def progress(step: str) -> None:
        go_on(submission.number)
        Submission.objects.filter(number=submission.number).update(step=step, rows=submission.rows)

    body = store.fetch(submission.received_id)
    try:
        mapping = submission.mapping or recall_mapping(submission.company, submission.kind)
        told = bool(submission.mapping)
        submission.mapping = mapping or None
        sheet = read_sheet(body, submission.name, submission.kind, mapping, Mending.of(submission))
    except SheetError as error:
        found = Unreadable(table.one(error.finding), 0)
        _finish(submission, unreadable(found, dry=submission.dry), clock)
        return
    del body
    submission.layout, submission.rows = layout_of(sheet) if submission.dry else None, sheet.height
    judged = judge(sheet, submission.company, clock, progress, submission.site)
    if isinstance(judged, Unreadable):
        _finish(submission, unreadable(judged, dry=submission.dry), clock)
        return
    submission.kind = judged.kind.name
    progress("writing")

    def act() -> None:
        result = take_in(judged, submission, randomness(), clock)
        go_on(submission.number)
        _finish(submission, result, clock)

    again_if_beaten(act)
    if told and submission.mapping and not submission.dry:
        remember_mapping(submission.company, judged.kind.name, submission.mapping, clock)


def _finish(submission: Submission, result: Result, clock: Clock) -> None:
    """Write the result beside what entered the ledger, in the same transaction."""
    submission.state = result.state.value
    submission.step = ""
    submission.finished_at = clock.now()
    if submission.state in KEYLESS:
        submission.idempotency_key = None
    for name in ("rows", "records", "admitted", "duplicates", "refused", "groups"):
        setattr(submission, name, getattr(result, name))
    submission.save()
    if result.findings.height:
        Findings.objects.update_or_create(submission=submission, defaults={"table": to_parquet(result.findings)})
    with cursor() as run:
        announce_all(run, [submission])


def _fail(submission: Submission, state: State, code: str, data: dict[str, object], clock: Clock) -> None:
    """Say what stopped it. What was received stays, and sent again it is taken up again."""
    if connection.in_atomic_block:  # a test's own transaction; nothing can be written in it any more
        return
    Submission.objects.filter(number=submission.number).update(
        state=state.value,
        step="",
        layout=submission.layout,
        finished_at=clock.now(),
        failure={"code": code, "data": data},
        idempotency_key=None,
    )


__all__ = ["LARGEST_BYTES", "Judged", "Order", "randomness", "receive", "work"]
