"""Cases: open one, follow it, take steps, bring and fetch files, print the form of an inspection."""

from typing import Annotated, Final, Literal, cast

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Path as InPath
from ninja import Query, Router, Schema
from pydantic import Field

from suyuan.server.api.answers import Json, answer, file
from suyuan.server.api.asking import KEY, follower, note
from suyuan.server.api.bodies import check_form, received, taken
from suyuan.server.api.casework import actor_of, opening_of, step_of
from suyuan.server.api.document import accepts, offers
from suyuan.server.api.schemas import ReceiptOut
from suyuan.server.api.schemas import cases as schemas
from suyuan.server.cases.queries.attachments import attachment, content
from suyuan.server.cases.queries.cases import Wanted, page
from suyuan.server.cases.queries.cases import case as one_case
from suyuan.server.cases.queries.form import form_html, inspection_form
from suyuan.server.cases.queries.form_pdf import form_pdf
from suyuan.server.cases.queries.papers import paper as paper_of
from suyuan.server.cases.queries.procedure import procedure
from suyuan.server.cases.queries.telling import attachment_json, case_json, procedure_json, whole_json
from suyuan.server.cases.queries.view import whole
from suyuan.server.cases.services.acting import take_step
from suyuan.server.cases.services.attaching import LARGEST_BYTES, attach
from suyuan.server.cases.services.opening import open_case
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor as open_cursor
from suyuan.server.kit.language import language_of
from suyuan.server.log.queries.place import here
from suyuan.server.log.queries.receipts import paper_receipt

router = Router(auth=KEY, tags=["cases"])

LARGEST_ORDER: Final = 256 << 10  # bytes
OCTETS: Final = "application/octet-stream"
MEDIA: Final = (OCTETS, *(one.type for one in procedure().media))
"""What a file really is, its name and its first bytes tell."""
Number = Annotated[int, InPath(ge=1, le=(1 << 63) - 1)]
FileName = Annotated[str, Query(min_length=1, max_length=200)]


class CaseQuery(Schema):
    """Which cases are asked for."""

    state: Annotated[str, Field(max_length=40)] | None = None
    unfinished: bool = False
    company: Annotated[str, Field(pattern=r"^([0-9A-Z]{18}|[0-9]{9})$")] | None = None
    overdue: bool = False
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    cursor: Annotated[str, Field(max_length=400)] | None = None


class FormQuery(Schema):
    """In which form the form is wanted."""

    format: Literal["pdf", "html"] = "pdf"


@router.get("/cases", response=schemas.CasePage)
def list_cases(request: HttpRequest, wanted: Query[CaseQuery]) -> HttpResponse:
    """Cases in the scope, the newest first."""
    asker, today, language = follower(request), SYSTEM_CLOCK.today(), language_of(request)
    filters = Wanted(wanted.state, wanted.unfinished, wanted.company, today if wanted.overdue else None)
    with open_cursor() as run:
        found = page(run, asker.scope, filters, limit=wanted.limit, cursor=wanted.cursor)
    return answer(
        {
            "items": [_json(case_json(row, today, language, outside=asker.company is not None)) for row in found.rows],
            "next": found.following,
        }
    )


@router.post("/cases", response={201: schemas.CaseOut}, openapi_extra=accepts(body=schemas.OpeningIn))
def open_one_case(request: HttpRequest) -> HttpResponse:
    """Open a case."""
    actor = actor_of(follower(request))
    opening = opening_of(taken(request, schemas.OpeningIn, LARGEST_ORDER))
    with transaction.atomic(), open_cursor() as run:
        number = open_case(run, actor, opening)
        row = one_case(run, actor.scope, number)
    return answer(case_json(row, SYSTEM_CLOCK.today(), language_of(request)), 201)


@router.get("/cases/{case}", response=schemas.WholeCaseOut)
def show_case(request: HttpRequest, case: Number) -> HttpResponse:
    """Everything of a case that the asker may read, with what he may do next."""
    asker, today = follower(request), SYSTEM_CLOCK.today()
    with transaction.atomic(), open_cursor() as run:
        found = whole(run, actor_of(asker), case, today)
    note(asker, "case", str(case))
    return answer(whole_json(found, today, language_of(request)))


@router.post("/cases/{case}/steps", response=schemas.CaseOut, openapi_extra=accepts(body=schemas.StepIn))
def take_case_step(request: HttpRequest, case: Number) -> HttpResponse:
    """Take a step."""
    actor = actor_of(follower(request))
    order = step_of(taken(request, schemas.StepIn, LARGEST_ORDER))
    with transaction.atomic(), open_cursor() as run:
        row = take_step(run, case, actor, order)
    outside = not actor.is_authority
    return answer(case_json(row, SYSTEM_CLOCK.today(), language_of(request), outside=outside))


@router.post("/cases/{case}/attachments", response={201: schemas.AttachmentOut}, openapi_extra=accepts(OCTETS))
def attach_to_case(request: HttpRequest, case: Number, name: FileName) -> HttpResponse:
    """Keep a file; a step cites it afterwards."""
    actor = actor_of(follower(request))
    check_form(request, *MEDIA)
    with received(request, LARGEST_BYTES) as body, transaction.atomic(), open_cursor() as run:
        kept = attach(run, case, actor, name, body)
    return answer(attachment_json(kept), 201)


@router.get("/cases/{case}/attachments/{attachment_number}", openapi_extra=offers())
def fetch_case_attachment(request: HttpRequest, case: Number, attachment_number: Number) -> HttpResponse:
    """The bytes of a file, to keep and never to be shown by the browser."""
    asker = follower(request)
    with open_cursor() as run:
        found = attachment(run, asker.scope, case, attachment_number)
    note(asker, "case_attachment", f"{case}/{attachment_number}")
    return file(found.name, content(found), "bytes")


@router.get("/cases/{case}/form", openapi_extra=offers("pdf", "html"))
def print_case_form(request: HttpRequest, case: Number, wanted: Query[FormQuery]) -> HttpResponse:
    """The form of the last inspection, empty or as it was entered."""
    asker = follower(request)
    with transaction.atomic(), open_cursor() as run:
        form = inspection_form(run, asker.scope, case, SYSTEM_CLOCK.today(), language_of(request))
    made = form_pdf(form) if wanted.format == "pdf" else form_html(form)
    return file(f"case-{case}-inspection.{wanted.format}", made)


@router.get("/cases/{case}/papers/{paper}", openapi_extra=offers())
def fetch_case_paper(request: HttpRequest, case: Number, paper: Number) -> HttpResponse:
    """The bytes that a receipt of a paper speaks of."""
    asker = follower(request)
    with transaction.atomic(), open_cursor() as run:
        found = paper_of(run, asker.scope, case, paper)
    note(asker, "case_paper", f"{case}/{paper}")
    return file(found.name, found.bytes, "bytes")


@router.get("/cases/{case}/papers/{paper}/receipt", response=ReceiptOut)
def get_case_receipt(request: HttpRequest, case: Number, paper: Number) -> HttpResponse:
    """The receipt of a paper: with its secret, for whoever may read the paper."""
    asker = follower(request)
    with transaction.atomic(), open_cursor() as run:
        paper_of(run, asker.scope, case, paper)
        held = paper_receipt(run, here(), paper)
    return file(f"suyuan-paper-{paper}.json", bytes(held))


@router.get("/case-procedure", response=schemas.ProcedureOut)
def show_case_procedure(request: HttpRequest) -> HttpResponse:
    """States, steps, outcomes, letters and checklists."""
    follower(request)
    return answer(procedure_json(language_of(request)))


def _json(value: dict[str, Json]) -> Json:
    return cast(Json, value)
