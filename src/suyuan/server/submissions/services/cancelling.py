"""Stop a submission that is waited for: until its records are committed, nothing of it has entered the ledger."""

from django.db import transaction

from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.problems import Conflict, Missing
from suyuan.server.submissions.models import State, Submission

_UNDER_WAY = (State.RECEIVED.value, State.WORKING.value)


def cancel(
    company: int, number: int, person: int | None, clock: Clock = SYSTEM_CLOCK, site: int | None = None
) -> Submission:
    """Ask that work on it stops. Who works on it sees that at the next step; what nobody has taken up ends at once.

    With `site`, only what that outlet sent.

    Raises
    ------
    Missing
        ``submissions.not_found``.
    Conflict
        ``submissions.finished_already``.
    """
    with transaction.atomic():
        own = Submission.objects.select_for_update().filter(number=number, company=company)
        submission = (own if site is None else own.filter(site=site)).first()
        if submission is None:
            raise Missing("submissions.not_found", number=number)
        if submission.state not in _UNDER_WAY:
            raise Conflict("submissions.finished_already", number=number)
        submission.cancelled_at, submission.cancelled_by = clock.now(), person
        fields = ["cancelled_at", "cancelled_by"]
        if submission.state == State.RECEIVED.value:
            submission.state, submission.finished_at = State.REFUSED.value, clock.now()
            submission.failure = {"code": "submissions.cancelled", "data": {"number": number}}
            submission.idempotency_key = None
            fields += ["state", "finished_at", "failure", "idempotency_key"]
        submission.save(update_fields=fields)
    return submission


def go_on(number: int) -> None:
    """Let the work go on, unless somebody wants it stopped.

    Raises
    ------
    Conflict
        ``submissions.cancelled``.
    """
    if Submission.objects.filter(number=number, cancelled_at__isnull=False).exists():
        raise Conflict("submissions.cancelled", number=number)
