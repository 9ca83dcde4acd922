"""Files of a case, coming and going: kept before the step that cites them, so that no refusal loses one."""

from collections.abc import Sequence

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.cases.queries.actors import Actor
from suyuan.server.cases.queries.attachments import AttachmentRow, attachment, attachments, content
from suyuan.server.cases.queries.form import inspection_form
from suyuan.server.cases.queries.form_pdf import form_pdf
from suyuan.server.cases.queries.papers import paper
from suyuan.server.cases.services.attaching import attach
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.log.queries.place import here
from suyuan.server.log.queries.receipts import paper_receipt
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.pages.cases.acting import read_file


def keep_files(actor: Actor, number: int, files: "Sequence[UploadedFile[bytes]]") -> list[int]:
    """Keep files that a form brought, all or none; their numbers."""
    read = [read_file(file) for file in files]
    with transaction.atomic(), cursor() as run:
        return [attach(run, number, actor, name, body).number for name, body in read]


def held_before(actor: Actor, number: int, named: Sequence[str]) -> list[AttachmentRow]:
    """The files that a form brought earlier and names again; others are left out."""
    wanted = {int(one) for one in named if one.isascii() and one.isdigit() and len(one) <= 18}
    if not wanted:
        return []
    with cursor() as run:
        return [one for one in attachments(run, actor.scope, number) if one.number in wanted]


@member()
def attachment_file(request: PageRequest, number: int, which: int) -> HttpResponseBase:
    """A file of a case, to be kept and never to be shown by the browser; that it was read is noted."""
    with cursor() as run:
        found = attachment(run, request.actor.scope, number, which)
        body = content(found)
    log_reads(request.actor.principal, [Reading("case_attachment", f"{number}/{which}")])
    return download(found.name, body)


@member()
def paper_file(request: PageRequest, number: int, which: int) -> HttpResponseBase:
    """The bytes that the log has a commitment to: the document of a step, or a file."""
    with transaction.atomic(), cursor() as run:
        found = paper(run, request.actor.scope, number, which)
    log_reads(request.actor.principal, [Reading("case_paper", f"{number}/{which}")])
    return download(found.name, found.bytes)


@member()
def paper_receipt_file(request: PageRequest, number: int, which: int) -> HttpResponseBase:
    """The receipt of a paper, for whoever may read the paper."""
    with transaction.atomic(), cursor() as run:
        paper(run, request.actor.scope, number, which)
        held = paper_receipt(run, here(), which)
    return download(f"suyuan-paper-{which}.json", bytes(held))


@member()
def form_file(request: PageRequest, number: int) -> HttpResponseBase:
    """The form of the last inspection, to be printed: empty, or as it was entered."""
    actor = request.actor
    with transaction.atomic(), cursor() as run:
        made = inspection_form(run, actor.scope, number, SYSTEM_CLOCK.today(), actor.language)
    log_reads(actor.principal, [Reading("case", str(number))])
    return download(f"suyuan-inspection-{number}.pdf", form_pdf(made), "application/pdf")


def download(name: str, body: bytes, content_type: str = "application/octet-stream") -> HttpResponse:
    """Bytes to be kept under a name."""
    response = HttpResponse(body, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    response["X-Content-Type-Options"] = "nosniff"
    return response
