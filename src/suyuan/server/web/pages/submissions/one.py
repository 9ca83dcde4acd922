"""One batch: what came, what became of it, its receipt checked again at this moment, what can still be done."""

from datetime import datetime
from typing import Any, Final

import segno
from django.http import HttpResponse
from django.urls import reverse

from suyuan.kernel import Language, SuyuanError
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.previous import amended
from suyuan.server.log.queries.place import here
from suyuan.server.log.queries.policies import policy_text
from suyuan.server.log.queries.receipt_pdf import qr_text
from suyuan.server.submissions import queries
from suyuan.server.submissions.models import FINISHED, Submission
from suyuan.server.supervision.queries.timely import timely
from suyuan.server.web.actor import Actor, PageRequest, member
from suyuan.server.web.components.blocks import ReceiptBlock
from suyuan.server.web.components.table import Status
from suyuan.server.web.names import scope_names
from suyuan.server.web.pages.submissions.files import is_own, receipt_of
from suyuan.server.web.pages.submissions.shown import (
    HOLDING,
    channel_name,
    kind_name,
    senders,
    status_of,
    undo_until,
    waits_for_mending,
)
from suyuan.server.web.surroundings import show
from suyuan.tlog import Receipt
from suyuan.tlog.verdicts import Outcome, verify_document

_OUTCOMES: Final = {Outcome.VALID: "good", Outcome.PROVISIONAL: "warn", Outcome.WRONG: "bad"}
_FINISHED: Final = frozenset(state.value for state in FINISHED)


@member()
def one_page(request: PageRequest, number: int) -> HttpResponse:
    """The batch with everything about it; that it was read is noted."""
    actor, now = request.actor, SYSTEM_CLOCK.now()
    one = queries.get(actor.scope, number)
    log_reads(actor.principal, [Reading("submission", str(number))])
    own = is_own(actor.scope, one)
    again = queries.brought_again(actor.scope, [number]).get(number, 0)
    company = Scope.of_company(one.company)
    context: dict[str, Any] = {
        "one": one,
        "own": own,
        "state": status_of(one),
        "kind": kind_name(one.kind, actor.language),
        "channel": channel_name(one.channel, actor.language),
        "who": senders(actor.scope, [one]).get(number, ""),
        "company": scope_names([company], actor.language).get(company, ""),
        "again": again,
        "to_mend": own and one.kind is not None and waits_for_mending(one, again),
        "has_bad_rows": own and bool(one.refused and one.kind),
        "completing": queries.completions(actor.scope, number),
        "undo_until": undo_until(one, now) if own else None,
        "may_submit": own and actor.may(Permission.SUBMIT),
        "finished": one.state in _FINISHED,
        "failure": one.failure,
        **_counted(actor, one),
        **_proof(one, actor.language, now),
    }
    return show(
        request,
        "web/submission.html",
        "web_submissions.one",
        title_data={"number": str(number)},
        crumbs=(("web_submissions.title", reverse("web-submissions")),),
        as_of=now,
        **context,
    )


def _counted(actor: Actor, one: Submission) -> dict[str, Any]:
    """What its records say: how many were in time, how many were corrected later."""
    if not one.admitted or one.dry:
        return {}
    with cursor() as run:
        kept = timely(run, actor.scope, [one.number]).get(one.number)
        return {"kept": kept, "amended": amended(run, one.number)}


def _proof(one: Submission, language: Language, now: datetime) -> dict[str, Any]:
    """The receipt, and what a check of it by the policy of this installation comes to right now."""
    if one.state not in HOLDING and not (one.admitted and not one.dry):
        return {}
    try:
        held = receipt_of(one)
    except SuyuanError as waiting:
        return {"no_receipt": waiting}
    verdict = verify_document(bytes(held.without_secret), policy_text(here()))
    outcome = Status(f"tlog.outcome_{verdict.outcome.value}", _OUTCOMES[verdict.outcome])
    return {"receipt": _block(one, held), "verdict": outcome, "reasons": verdict.findings, "checked_at": now}


def _block(one: Submission, held: Receipt) -> ReceiptBlock:
    return ReceiptBlock(
        number=str(one.number),
        received_at=one.received_at,
        counts=[
            ("web_submissions.rows", one.rows),
            ("web_submissions.good", one.admitted),
            ("web_submissions.duplicates", one.duplicates),
            ("web_submissions.refused", one.refused),
        ],
        rules=one.vocabulary,
        file_sha256=one.received_id,
        chain=held.leaf.hash.hex(),
        qr=segno.make(qr_text(held), error="m", micro=False).svg_data_uri(border=2),
        pdf=reverse("web-submission-receipt-pdf", args=[one.number]),
        verify=reverse("verify"),
    )
