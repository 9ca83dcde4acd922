"""What the public reports, without a key; and the authorities' reading and deciding of it."""

import base64
import binascii
from typing import Annotated, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Path as InPath
from ninja import Query, Router

from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.queries import Principal
from suyuan.server.api import schemas
from suyuan.server.api.answers import Json, answer, file
from suyuan.server.api.asking import KEY, note, reader
from suyuan.server.api.bodies import taken
from suyuan.server.api.document import accepts, offers
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor as open_cursor
from suyuan.server.kit.problems import Refusal
from suyuan.server.kit.sender import sender_of
from suyuan.server.supervision.queries import complaints as queries
from suyuan.server.supervision.services.complaints import (
    Evidence,
    Report,
    admit_report,
    complain,
    decide,
    open_contact,
)

router = Router(auth=KEY, tags=["complaints"])

LARGEST_REPORT: Final = 9 << 20  # bytes: three files of 2 MiB as Base64, and the words
LARGEST_NOTE: Final = 64 << 10

Outlet = Annotated[int, InPath(ge=1, le=(1 << 31) - 1)]
Number = Annotated[int, InPath(ge=1, le=(1 << 63) - 1)]
FilePlace = Annotated[int, InPath(ge=0, le=100)]


@router.post(
    "/outlets/{outlet}/reports",
    response={201: schemas.ComplaintReceiptOut},
    openapi_extra=accepts(body=schemas.EntryReportIn),
    auth=None,
)
def report_outlet(request: HttpRequest, outlet: Outlet) -> HttpResponse:
    """Say that the entry of an outlet is wrong."""
    said = taken(request, schemas.EntryReportIn, LARGEST_NOTE)
    report = Report(subject="outlet_entry", about=str(outlet), words=said.words, contact=said.contact)
    return _entered(request, report)


@router.post(
    "/complaints",
    response={201: schemas.ComplaintReceiptOut},
    openapi_extra=accepts(body=schemas.ComplaintIn),
    auth=None,
)
def report_to_authorities(request: HttpRequest) -> HttpResponse:
    """Report something about an outlet, a company or a battery."""
    said = taken(request, schemas.ComplaintIn, LARGEST_REPORT)
    report = Report(
        subject=said.subject,
        about=said.about,
        words=said.words,
        happened_on=said.happened_on,
        division=said.division,
        place=said.place,
        contact=said.contact,
        evidence=[Evidence(one.name, _bytes(one)) for one in said.evidence],
    )
    return _entered(request, report)


@router.get("/complaints", response=schemas.ComplaintPage)
def list_complaints(
    request: HttpRequest,
    subject: schemas.Subject | None = None,
    decided: bool = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> HttpResponse:
    """Reports in the scope that nobody has decided; with `decided` all."""
    asker = reader(request)
    with open_cursor() as run:
        found = queries.complaints(run, asker.scope, subject, decided=decided, limit=limit, cursor=cursor)
    return answer({"items": [_json(one) for one in found.rows], "next": found.following})


@router.get("/complaints/{complaint}", response=schemas.ComplaintWholeOut)
def show_complaint(request: HttpRequest, complaint: Number) -> HttpResponse:
    """One report with its files and what was done with it."""
    asker = reader(request)
    with open_cursor() as run:
        found = queries.complaint(run, asker.scope, complaint)
        files = queries.complaint_files(run, asker.scope, complaint)
        acts = queries.complaint_acts(run, asker.scope, complaint)
    note(asker, "complaint.show", str(complaint))
    evidence: list[Json] = [
        {"place": one.place, "name": one.name, "form": one.form, "sha256": one.sha256, "size": one.size}
        for one in files
    ]
    done: list[Json] = [
        {"act": one.act, "outcome": one.outcome, "note": one.note, "at": one.at.isoformat(), "author": one.author}
        for one in acts
    ]
    return answer({**_json(found), "evidence": evidence, "acts": done})


@router.get("/complaints/{complaint}/files/{place}", openapi_extra=offers())
def complaint_file(request: HttpRequest, complaint: Number, place: FilePlace) -> HttpResponse:
    """One file of a report, as it came."""
    asker = reader(request)
    with open_cursor() as run:
        name, _, body = queries.complaint_file(run, asker.scope, complaint, place)
    note(asker, "complaint.file", f"{complaint}/{place}")
    response = file(name, body, "")
    response["Content-Type"] = "application/octet-stream"
    return response


@router.post(
    "/complaints/{complaint}/decision",
    response=schemas.ComplaintOut,
    openapi_extra=accepts(body=schemas.DecisionIn),
)
def decide_complaint(request: HttpRequest, complaint: Number) -> HttpResponse:
    """Say what came of a report."""
    asker = _official(request)
    said = taken(request, schemas.DecisionIn, LARGEST_NOTE)
    with transaction.atomic(), open_cursor() as run:
        decide(run, asker.scope, complaint, said.outcome, (said.note, asker.prefix), SYSTEM_CLOCK.now())
        found = queries.complaint(run, asker.scope, complaint)
    return answer(_json(found))


@router.post("/complaints/{complaint}/contact", response=schemas.ContactOut)
def open_complaint_contact(request: HttpRequest, complaint: Number) -> HttpResponse:
    """How to reach who reported; that it was read is kept."""
    asker = _official(request)
    with transaction.atomic(), open_cursor() as run:
        contact = open_contact(run, asker.scope, complaint, asker.prefix, SYSTEM_CLOCK.now())
    note(asker, "complaint.contact", str(complaint))
    return answer({"contact": contact})


def _entered(request: HttpRequest, report: Report) -> HttpResponse:
    with transaction.atomic(), open_cursor() as run:  # counted also where the report is refused
        admit_report(run, sender_of(request))
    with transaction.atomic(), open_cursor() as run:
        identity = complain(run, report, "api")
    return answer({"id": str(identity)}, 201)


def _official(request: HttpRequest) -> Principal:
    asker = reader(request)
    asker.require(Permission.ADMINISTER)
    return asker


def _bytes(evidence: schemas.EvidenceIn) -> bytes:
    try:
        return base64.b64decode(evidence.content, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal("complaints.file_unreadable", name=evidence.name[:80]) from None


def _json(found: queries.Complaint) -> dict[str, Json]:
    return {
        "number": found.number,
        "id": str(found.id),
        "subject": found.subject,
        "about": found.about,
        "outlet": found.site,
        "company": found.company,
        "battery": found.battery,
        "division": found.division,
        "place": found.place,
        "happened_on": None if found.happened_on is None else str(found.happened_on),
        "words": found.words,
        "face": found.face,
        "recorded_at": found.recorded_at.isoformat(),
        "outcome": found.outcome,
        "decided_at": None if found.decided_at is None else found.decided_at.isoformat(),
        "has_contact": found.has_contact,
        "files": found.files,
    }
