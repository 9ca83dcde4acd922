"""What the pages of bulk reporting show of a submission."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import segno
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from suyuan.events.vocabulary import vocabulary
from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.log.queries.place import here
from suyuan.server.log.queries.receipt_pdf import qr_text
from suyuan.server.log.queries.receipts import receipt
from suyuan.server.submissions import queries
from suyuan.server.submissions.models import State, Submission
from suyuan.server.submissions.services.undoing import UNDO_FOR
from suyuan.server.web.actor import PageRequest
from suyuan.server.web.components.blocks import Progress, ReceiptBlock
from suyuan.server.web.components.table import Status
from suyuan.server.web.pages.importing.causes import causes_of
from suyuan.tlog import Receipt

SHARES: Final = {"reading": 0.0, "checking": 0.55, "writing": 0.75}
"""What part of the work is behind a file when a step begins (measured on workbooks of 200,000 rows)."""

_TONES: Final = {
    State.RECEIVED: "info",
    State.WORKING: "info",
    State.ACCEPTED: "good",
    State.PARTLY: "warn",
    State.REFUSED: "bad",
    State.TRIED: "info",
    State.UNDONE: "off",
    State.FAILED: "bad",
}
HOLDING: Final = (State.ACCEPTED.value, State.PARTLY.value)


def words(code: str, language: Language) -> str:
    """A sentence without data."""
    return sentence(code, language=language)


def status_of(submission: Submission) -> Status:
    """The word for where it stands."""
    return Status(f"web_import.state_{submission.state}", _TONES[State(submission.state)])


def kind_name(kind: str | None, language: Language) -> str:
    """A kind of record in words; empty where it is not known."""
    known = vocabulary().kinds.get(kind or "")
    return known.label.in_language(language) if known else ""


@dataclass(frozen=True, slots=True)
class Recent:
    """A line of the list of what was brought lately."""

    one: Submission
    kind: str
    status: Status

    @classmethod
    def of(cls, submission: Submission, language: Language) -> "Recent":
        """For a submission as it is."""
        return cls(submission, kind_name(submission.kind, language), status_of(submission))


def progress_of(submission: Submission, may_stop: bool) -> Progress:
    """How far it is. Rows are done as far as their steps are: a row read and not checked counts for its share."""
    step = submission.step if submission.state == State.WORKING.value and submission.step in SHARES else "waiting"
    total = submission.rows or None
    return Progress(
        address=reverse("web-import-progress", args=[submission.number]),
        step=f"web_import.step_{step}",
        done=int((total or 0) * SHARES.get(step, 0.0)),
        total=total,
        state="running",
        started_at=submission.started_at or submission.received_at,
        now=SYSTEM_CLOCK.now(),
        cancel=reverse("web-import-cancel", args=[submission.number]) if may_stop else "",
        data={"size": f"{submission.received.size / (1 << 20):.1f}"},
    )


def progress_part(request: PageRequest, progress: Progress) -> HttpResponse:
    """The part alone."""
    return HttpResponse(render_to_string("web/parts/progress.html", {"progress": progress}, request))


def receipt_part(request: PageRequest, submission: Submission) -> HttpResponse:
    """The receipt alone; it asks again as long as the log has not published it."""
    told = {"receipt": _receipt(submission), "one": submission}
    return HttpResponse(render_to_string("web/parts/import_receipt.html", told, request))


def result_of(submission: Submission, scope: Scope, language: Language) -> dict[str, Any]:
    """What came out: causes, repairs that are possible, and of what was reported the receipt and what completes it."""
    causes = causes_of(submission, language)
    told: dict[str, Any] = {
        "standing": status_of(submission),
        "kind": kind_name(submission.kind, language),
        "refusals": [cause for cause in causes if cause.severity == "refuse"],
        "remarks": [cause for cause in causes if cause.severity != "refuse"],
        "proposals": _proposals(submission, language),
        "good": submission.admitted + submission.duplicates,
        "has_bad_rows": bool(submission.refused and submission.kind),
    }
    if submission.dry:
        told["reported"] = queries.reported_from(scope, submission.number)
        return told
    completing = queries.completions(scope, submission.number)
    told["completing"] = completing
    told["left"] = max(submission.refused - sum(each.admitted + each.duplicates for each in completing), 0)
    if submission.state in HOLDING:
        told["receipt"] = _receipt(submission)
        told["undo_until"] = _undo_until(submission)
    return told


def _undo_until(submission: Submission) -> datetime | None:
    """Until when it can be undone as a whole; None if it cannot (any more)."""
    until = submission.received_at + UNDO_FOR
    is_open = submission.admitted and submission.confirmed_at is None and SYSTEM_CLOCK.now() <= until
    return until if is_open else None


def _proposals(submission: Submission, language: Language) -> list[dict[str, Any]]:
    """The repairs that are possible, by kind: how many cells of which columns, and examples."""
    fields = vocabulary().kinds[submission.kind].fields if submission.kind else {}
    by_kind: dict[str, dict[str, Any]] = {}
    for each in (submission.layout or {}).get("proposals", ()):
        one = by_kind.setdefault(each["kind"], {"kind": each["kind"], "cells": 0, "headings": [], "examples": []})
        field = fields.get(each["field"])
        one["cells"] += each["cells"]
        one["headings"].append(field.label.in_language(language) if field else each["field"])
        one["examples"] = [*one["examples"], *each["examples"]][:5]
    return sorted(by_kind.values(), key=lambda one: -one["cells"])


def _receipt(submission: Submission) -> ReceiptBlock:
    """The receipt; before its place in the log is published it stands without proof and picture."""
    held = _published(submission)
    number = submission.number
    return ReceiptBlock(
        number=str(number),
        received_at=submission.received_at,
        counts=[
            ("web_import.count_rows", submission.rows),
            ("web_import.count_records", submission.records),
            ("web_import.count_admitted", submission.admitted),
            ("web_import.count_duplicates", submission.duplicates),
            ("web_import.count_refused", submission.refused),
        ],
        rules=submission.vocabulary,
        file_sha256=submission.received_id,
        chain=held.leaf.hash.hex() if held else "",
        qr=segno.make(qr_text(held), error="m", micro=False).svg_data_uri(border=2) if held else "",
        pdf=reverse("web-import-receipt", args=[number, "pdf"]) if held else "",
        verify=reverse("verify") if held else "",
    )


def _published(submission: Submission) -> Receipt | None:
    """Its receipt; None as long as the log has not published it, or for what is in no log."""
    if not submission.admitted:
        return None
    try:
        with cursor() as run:
            return receipt(run, here(), submission.number)
    except SuyuanError:
        return None


def kinds_for(scope: Scope, submission: Submission, language: Language) -> Sequence[tuple[str, str]]:
    """The kinds to choose from: those that fit equally well first, then what the company may report."""
    rivals = list((submission.layout or {}).get("rivals", ()))
    names = [kind.name for kind in queries.reportable(scope, SYSTEM_CLOCK.today())]
    ordered = [name for name in rivals if name in names] + [name for name in names if name not in rivals]
    return [(name, kind_name(name, language)) for name in ordered]
