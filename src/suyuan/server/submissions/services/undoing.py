"""Confirm a result, or undo a submission as long as nobody has built on it."""

from datetime import timedelta

from django.db import transaction

from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Missing
from suyuan.server.ledger.services import Filing, withdraw_submission
from suyuan.server.submissions.models import State, Submission
from suyuan.server.submissions.services.announcing import announce_all
from suyuan.server.submissions.services.receiving import randomness

UNDO_FOR = timedelta(hours=24)
"""How long a submission can be undone while it is not confirmed."""


def _own(company: int, number: int, site: int | None) -> Submission:
    own = Submission.objects.select_for_update().filter(number=number, company=company)
    submission = (own if site is None else own.filter(site=site)).first()
    if submission is None:
        raise Missing("submissions.not_found", number=number)
    return submission


def confirm(company: int, number: int, clock: Clock = SYSTEM_CLOCK, site: int | None = None) -> Submission:
    """The submitter accepts the result; from now on it can only be corrected record by record.

    With `site`, only what that outlet sent.

    Raises
    ------
    Missing
        ``submissions.not_found``.
    Conflict
        ``submissions.not_finished`` while it is being worked on.
    """
    with transaction.atomic():
        submission = _own(company, number, site)
        if submission.state in (State.RECEIVED.value, State.WORKING.value):
            raise Conflict("submissions.not_finished", number=number)
        if submission.confirmed_at is None:
            submission.confirmed_at = clock.now()
            submission.save(update_fields=["confirmed_at"])
    return submission


def undo(company: int, number: int, reason: str, clock: Clock = SYSTEM_CLOCK, site: int | None = None) -> Submission:
    """Withdraw every record of a submission. The records stay, each with a withdrawal that points at it.

    With `site`, only what that outlet sent.

    Raises
    ------
    Missing
        ``submissions.not_found``.
    Conflict
        ``submissions.confirmed``, ``submissions.undo_too_late``, ``submissions.nothing_to_undo``; and
        ``ledger.later_records`` if other records build on these.
    """
    with transaction.atomic():
        submission = _own(company, number, site)
        _check_undo(submission, clock)
        received_ms = int(clock.now().timestamp() * 1000)
        withdrawal = Submission.objects.create(
            company=company,
            received_at=clock.now(),
            received_id=submission.received_id,
            name=submission.name,
            channel=submission.channel,
            kind="withdrawal",
            mode=submission.mode,
            dry=False,
            state=State.UNDONE.value,
            finished_at=clock.now(),
            confirmed_at=clock.now(),
            vocabulary=submission.vocabulary,
            records=submission.admitted,
            admitted=submission.admitted,
        )
        filing = Filing(company, withdrawal.number, received_ms, randomness())
        with cursor() as run:
            amended = withdraw_submission(run, submission.number, reason, filing)
            for objection in amended.objections:
                raise Conflict(objection.code, **objection.data)
            announce_all(run, [withdrawal])
        submission.state, submission.undone_at, submission.undone_by = (
            State.UNDONE.value,
            clock.now(),
            withdrawal.number,
        )
        submission.save(update_fields=["state", "undone_at", "undone_by"])
    return submission


def _check_undo(submission: Submission, clock: Clock) -> None:
    number = submission.number
    if submission.state == State.UNDONE.value:
        raise Conflict("submissions.already_undone", number=number)
    if submission.state in (State.RECEIVED.value, State.WORKING.value):
        raise Conflict("submissions.not_finished", number=number)
    if submission.dry or submission.admitted == 0:
        raise Conflict("submissions.nothing_to_undo", number=number)
    if submission.confirmed_at is not None:
        raise Conflict("submissions.confirmed", number=number, at=submission.confirmed_at.isoformat())
    if clock.now() - submission.received_at > UNDO_FOR:
        raise Conflict("submissions.undo_too_late", number=number, hours=int(UNDO_FOR.total_seconds() // 3600))
