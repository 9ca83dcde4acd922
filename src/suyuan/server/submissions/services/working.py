"""Work on one submission: one transaction takes all of it into the ledger, or none."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import polars as pl
import psycopg
from django.db import transaction
from django.db.utils import IntegrityError, OperationalError

from suyuan.events.admission import Contradictions
from suyuan.events.contradictions import contradiction_findings
from suyuan.events.records import Batch
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.ledger.services.append import Appended, append
from suyuan.server.submissions.models import Mode, State, Submission
from suyuan.server.submissions.services.admitting import policy_for
from suyuan.server.submissions.services.amending import amend
from suyuan.server.submissions.services.judging import Judged, Unreadable, sheet_rows
from suyuan.server.submissions.services.result import (
    Counted,
    Result,
    grouped,
    numbered,
    rows_of_records,
    state_for,
)
from suyuan.sheets import findings as table

ATTEMPTS = 8
_PAUSE_S = 0.02
_AGAIN = (psycopg.errors.UniqueViolation, psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)

T = TypeVar("T")


def again_if_beaten(act: Callable[[], T]) -> T:
    """Run `act` in a transaction; once more when somebody else wrote the same new object first.

    The loser then sees what the winner wrote, and gets a named refusal instead of an error.
    """
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return act()
        except (IntegrityError, OperationalError, *_AGAIN) as error:
            cause = error if isinstance(error, psycopg.Error) else error.__cause__
            ours = isinstance(cause, psycopg.errors.UniqueViolation) and _of_submissions(cause)
            if not isinstance(cause, _AGAIN) or ours or attempt == ATTEMPTS - 1:
                raise
            time.sleep(_PAUSE_S * attempt)
    raise AssertionError("unreachable")


def _of_submissions(error: psycopg.Error) -> bool:
    return (error.diag.constraint_name or "").startswith("submissions_")


def take_in(judged: Judged, submission: Submission, rng: np.random.Generator, clock: Clock) -> Result:
    """Take the good records of `judged` into the ledger, inside the caller's transaction."""
    whole = submission.mode == Mode.ALL_OR_NOTHING
    spoiled = bool(judged.checked.refused_records.any()) and whole
    received_ms = int(submission.received_at.timestamp() * 1000)
    with cursor() as run:
        if judged.kind.about_record:
            counted = amend(run, judged, submission, rng, clock, dry=submission.dry or spoiled)
        elif judged.batch is None:
            counted = _nothing(judged)
        else:
            batch = sheet_rows(judged, judged.batch)
            done = append(
                run,
                batch,
                submission.number,
                received_ms,
                rng=rng,
                policy=policy_for(submission.received_at),
                whole=whole,
                dry=submission.dry or spoiled,
            )
            counted = _count(judged, judged.batch, done)
    if whole and counted.refused and not submission.dry:
        counted = replace(counted, admitted=0, duplicates=0)
    return _result(judged, counted, dry=submission.dry)


def _nothing(judged: Judged) -> Counted:
    checked = judged.checked
    refused = int(checked.refused_records.sum())
    return Counted(0, 0, refused, table.empty(), checked.refused_records.gather(checked.record))


def _count(judged: Judged, original: Batch, done: Appended) -> Counted:
    checked = judged.checked
    found = _contradictions(judged, original, done.contradictions)
    refused = checked.refused_records.to_numpy().copy()
    late = ~done.admitted & ~done.duplicate
    sheet_record = checked.record.gather(judged.positions.gather(pl.Series(original.row))).to_numpy()
    refused[sheet_record[late]] = True
    return Counted(
        int(done.admitted.sum()),
        int(done.duplicate.sum()),
        int(refused.sum()),
        found,
        rows_of_records(checked.record, refused),
    )


def _contradictions(judged: Judged, batch: Batch, contradictions: Contradictions) -> pl.DataFrame:
    """What contradicts the ledger, by sheet row."""
    if not len(contradictions):
        return table.empty()
    values, record, positions = judged.checked.accepted()
    found = contradiction_findings(batch, contradictions, (values, record.to_numpy()))
    return found.with_columns(row=positions.gather(found["row"]).cast(pl.UInt32))


def _result(judged: Judged, counted: Counted, *, dry: bool) -> Result:
    findings = table.concat([judged.findings, counted.findings])
    return Result(
        state=state_for(dry=dry, admitted=counted.admitted, duplicates=counted.duplicates, refused=counted.refused),
        rows=judged.sheet.height,
        records=judged.checked.records,
        admitted=counted.admitted,
        duplicates=counted.duplicates,
        refused=counted.refused,
        groups=grouped(findings, judged.sheet.row_numbers),
        findings=numbered(findings, judged.sheet.row_numbers, counted.refused_rows),
    )


def unreadable(found: Unreadable, *, dry: bool) -> Result:
    """The result of a file that holds no records we can understand."""
    nothing = pl.Series([], dtype=pl.UInt32)
    whole_file = found.findings.with_columns(row=pl.lit(None, dtype=pl.UInt32))
    return Result(
        state=State.TRIED if dry else State.REFUSED,
        rows=found.rows,
        records=0,
        admitted=0,
        duplicates=0,
        refused=0,
        groups=grouped(found.findings, _any_row_numbers(found.rows)),
        findings=numbered(whole_file, nothing, None),
    )


def _any_row_numbers(rows: int) -> pl.Series:
    return pl.int_range(1, rows + 1, dtype=pl.UInt32, eager=True)
