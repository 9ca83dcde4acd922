"""Files of a batch: as it came, its refused rows, its receipt. Each that is fetched is noted."""

from pathlib import PurePath
from typing import Final

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.log.queries.place import here
from suyuan.server.log.queries.receipt_pdf import receipt_pdf
from suyuan.server.log.queries.receipts import receipt
from suyuan.server.submissions import queries
from suyuan.server.submissions.models import Submission
from suyuan.server.web.actor import PageRequest, member
from suyuan.tlog import Receipt

_TYPES: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
    "json": "application/json",
}


def _attachment(name: str, content: bytes) -> HttpResponse:
    kind = _TYPES.get(name.rpartition(".")[2], "application/octet-stream")
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response


def _note(request: PageRequest, act: str, number: int) -> None:
    log_reads(request.actor.principal, [Reading(act, str(number))])


@member()
def original_file(request: PageRequest, number: int) -> HttpResponseBase:
    """The file as it came, only ever to be kept: a browser does not show what somebody else made."""
    name, content = queries.original(request.actor.scope, number)
    _note(request, "submission.original", number)
    response = _attachment(PurePath(name).name, content)
    response["Content-Type"] = "application/octet-stream"
    return response


@member()
def bad_rows_file(request: PageRequest, number: int) -> HttpResponseBase:
    """The refused records in their template, with what is wrong in the first column."""
    name, content = queries.bad_rows(request.actor.scope, number, request.actor.language)
    _note(request, "submission.bad_rows", number)
    return _attachment(name, content)


@member()
def receipt_file(request: PageRequest, number: int, form: str) -> HttpResponseBase:
    """The receipt: on one page, or as the document that anybody can check; its secret is only for who sent it."""
    one = queries.get(request.actor.scope, number)
    held = receipt_of(one)
    _note(request, "receipt", number)
    if form == "pdf":
        return _attachment(f"suyuan-receipt-{number}.pdf", receipt_pdf(held, here().policy, request.actor.language))
    whole = is_own(request.actor.scope, one)
    return _attachment(f"suyuan-receipt-{number}.json", bytes(held if whole else held.without_secret))


def receipt_of(one: Submission) -> Receipt:
    """The receipt of a batch.

    Raises
    ------
    Missing
        ``log.not_logged`` for what put nothing into the ledger.
    Conflict
        ``log.not_yet``.
    """
    if not one.admitted or one.dry:
        raise Missing("log.not_logged", number=one.number)
    with cursor() as run:
        return receipt(run, here(), one.number)


def is_own(scope: Scope, one: Submission) -> bool:
    """Whether the reader is who sent it."""
    return scope.company == one.company and scope.site in (None, one.site)
