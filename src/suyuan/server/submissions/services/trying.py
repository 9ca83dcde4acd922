"""Try a file out before it is reported: everything is checked and nothing enters the ledger."""

from dataclasses import replace
from pathlib import Path

from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.problems import Conflict, Forbidden
from suyuan.server.kit.scope import Scope
from suyuan.server.submissions import queries
from suyuan.server.submissions.models import Mode, State, Submission
from suyuan.server.submissions.services import store
from suyuan.server.submissions.services.receiving import Order, receive

_UNDER_WAY = (State.RECEIVED.value, State.WORKING.value)


def try_out(scope: Scope, source: bytes | Path, order: Order, clock: Clock = SYSTEM_CLOCK) -> Submission:
    """Check a file and report nothing.

    A file that the company reported before comes back as that submission, and one that is being tried out
    the same way right now as that trial. What is to complete a batch must be its own.

    Raises
    ------
    Forbidden
        ``submissions.only_companies``.
    Missing
        ``submissions.not_found`` if there is no batch to complete.
    TooLarge
        ``submissions.too_large``.
    """
    company = _company(scope)
    if order.completes is not None:
        queries.get(scope, order.completes)
    trial = replace(order, dry=True, site=scope.site)
    digest = store.Body.of(source).digest
    known = queries.reported_before(scope, digest) or _being_tried(scope, digest, trial)
    return known or receive(company, source, trial, clock)


def _being_tried(scope: Scope, digest: str, order: Order) -> Submission | None:
    trials = Submission.objects.filter(queries.visible(scope), received_id=digest, wishes=order.wishes, dry=True)
    return trials.filter(state__in=_UNDER_WAY).order_by("-number").first()


def try_again(scope: Scope, number: int, order: Order, clock: Clock = SYSTEM_CLOCK) -> Submission:
    """Check the same bytes with other wishes; raises as `try_out`."""
    last = queries.get(scope, number)
    wanted = replace(order, name=last.name, channel=last.channel, completes=last.completes, dry=True, site=scope.site)
    return receive(_company(scope), kept(last), wanted, clock)


def report(scope: Scope, number: int, mode: Mode, person: int | None, clock: Clock = SYSTEM_CLOCK) -> Submission:
    """Report what was tried out, read and mended as it was then.

    Raises
    ------
    Conflict
        ``submissions.not_tried``: it is no trial, or one that has not come to its end.
    """
    trial = queries.get(scope, number)
    if not trial.dry or trial.state != State.TRIED.value or trial.kind is None:
        raise Conflict("submissions.not_tried", number=number)
    order = Order(
        name=trial.name,
        channel=trial.channel,
        kind=trial.kind,
        mode=mode,
        repair=trial.repair,
        repairs=None if trial.repairs is None else tuple(trial.repairs),
        changes=trial.changes,
        mapping=trial.mapping,
        site=scope.site,
        person=person,
        trial=trial.number,
        completes=trial.completes,
    )
    done = receive(_company(scope), kept(trial), order, clock)
    waiting = Submission.objects.filter(number=done.number, state=State.RECEIVED.value)
    waiting.update(rows=trial.rows)  # known before it is read again; who waits for it sees how much there is
    return done


def kept(submission: Submission) -> bytes | Path:
    """The bytes of a submission: those of a large one as the file they are in."""
    large = store.place(submission.received_id)
    return large if large.exists() else store.fetch(submission.received_id)


def _company(scope: Scope) -> int:
    if scope.company is None:
        raise Forbidden("submissions.only_companies")
    return scope.company
