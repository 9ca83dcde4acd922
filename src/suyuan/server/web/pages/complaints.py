"""What the public reported, for an authority: words, files, what came of it, and, noted each time, whom to call."""

from typing import Any, Final

from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from suyuan.kernel import SuyuanError
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Refusal, status_of
from suyuan.server.supervision.queries.complaints import (
    OUTCOMES,
    SUBJECTS,
    Complaint,
    complaint,
    complaint_acts,
    complaint_file,
    complaint_files,
    complaints,
)
from suyuan.server.supervision.services.complaints import decide, open_contact
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import Column, Linked, Row, Status, Table, read_state
from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.cases.acting import OF_AUTHORITIES
from suyuan.server.web.pages.cases.files import download
from suyuan.server.web.surroundings import flash, show

LONGEST_NOTE: Final = 2000
_SHOWN_CHARACTERS: Final = 60
_TONES: Final = {"founded": "bad", "unfounded": "off", "settled": "good"}
_STATES: Final = (("all", "web_complaints.all"),)


@member(at="authority")
def complaints_page(request: PageRequest) -> HttpResponseBase:
    """Reports that concern the area; those that nobody decided unless all are asked for."""
    subjects = tuple((name, f"web_complaints.about_{name}") for name in SUBJECTS)
    columns = (
        Column("number", "web_complaints.number"),
        Column("subject", "web_complaints.subject", "status", filter="choice", choices=subjects),
        Column("words", "web_complaints.words"),
        Column("place", "web_complaints.place"),
        Column("recorded_at", "web_complaints.recorded_at", "moment"),
        Column("files", "web_complaints.files", "number"),
        Column(
            "state", "web_complaints.state", "status", filter="choice", choices=_STATES, any_text="web_complaints.open"
        ),
    )
    state = read_state(request, columns)
    wanted, decided = state.filters.get("subject"), state.filters.get("state") == "all"
    with cursor() as run:
        found = complaints(run, request.actor.scope, wanted, decided=decided, limit=state.size, cursor=state.after)
    rows = [_row(one) for one in found.rows]
    table = Table("complaints", columns, state, rows, found.following, empty="web_complaints.none")
    return show(request, "web/complaints.html", "web_complaints.title", table=table, as_of=SYSTEM_CLOCK.now())


def _row(one: Complaint) -> Row:
    words = " ".join(one.words.split())
    address = reverse("web-complaint", args=[one.number])
    values = {
        "number": one.number,
        "subject": Status(f"web_complaints.about_{one.subject}", "info"),
        "words": Linked(words[:_SHOWN_CHARACTERS] + ("…" if len(words) > _SHOWN_CHARACTERS else ""), address),
        "place": one.place or one.division,
        "recorded_at": one.recorded_at,
        "files": one.files,
        "state": outcome_status(one.outcome),
    }
    return Row(str(one.number), values, address)


def outcome_status(outcome: str | None) -> Status:
    """What came of a report, as a word."""
    if outcome is None:
        return Status("web_complaints.open", "warn")
    return Status(f"web_complaints.outcome_{outcome}", _TONES[outcome])


@member(at="authority")
def complaint_page(request: PageRequest, number: int) -> HttpResponseBase:
    """One report; that it was read is noted."""
    response = _show(request, number)
    log_reads(request.actor.principal, [Reading("complaint.show", str(number))])
    return response


@member(*OF_AUTHORITIES, at="authority")
def complaint_decided(request: PageRequest, number: int) -> HttpResponseBase:
    """Say what came of it."""
    actor, told, now = request.actor, request.POST, SYSTEM_CLOCK.now()
    note = told.get("note", "").replace("\r\n", "\n").strip()
    try:
        if not note or len(note) > LONGEST_NOTE or "\0" in note:
            raise Refusal("web_complaints.note_missing", longest=LONGEST_NOTE)
        with transaction.atomic(), cursor() as run:
            decide(run, actor.scope, number, told.get("outcome", ""), (note, actor.name), now)
            note_deed(actor.person, actor.scope, "complaint.decided", str(number), now)
    except SuyuanError as trouble:
        return _show(request, number, trouble)
    flash(request, "web_complaints.decided")
    return HttpResponseRedirect(reverse("web-complaint", args=[number]))


@member(*OF_AUTHORITIES, at="authority")
def complaint_contact(request: PageRequest, number: int) -> HttpResponseBase:
    """How to reach who reported: shown once, and noted."""
    actor = request.actor
    with transaction.atomic(), cursor() as run:
        contact = open_contact(run, actor.scope, number, actor.name, SYSTEM_CLOCK.now())
        log_reads(actor.principal, [Reading("complaint.contact", str(number))])
    return _show(request, number, contact=contact)


@member(at="authority")
def complaint_evidence(request: PageRequest, number: int, place: int) -> HttpResponseBase:
    """A file that came with it, to be kept and not to be shown by the browser."""
    with cursor() as run:
        name, _, body = complaint_file(run, request.actor.scope, number, place)
    log_reads(request.actor.principal, [Reading("complaint.file", f"{number}/{place}")])
    return download(name, body)


def _show(
    request: PageRequest, number: int, trouble: SuyuanError | None = None, contact: str | None = None
) -> HttpResponse:
    scope = request.actor.scope
    with cursor() as run:
        found = complaint(run, scope, number)
        files, acts = complaint_files(run, scope, number), complaint_acts(run, scope, number)
    context: dict[str, Any] = {
        "complaint": found,
        "state": outcome_status(found.outcome),
        "subject": f"web_complaints.about_{found.subject}",
        "files": files,
        "acts": acts,
        "outcomes": [(name, f"web_complaints.outcome_{name}") for name in OUTCOMES],
        "able": request.actor.role in OF_AUTHORITIES,
        "contact": contact,
        "trouble": trouble,
        "told": request.POST if trouble else {},
        "longest": LONGEST_NOTE,
        "title_data": {"number": str(number)},
    }
    crumbs = (("web_complaints.title", reverse("web-complaints")),)
    status = status_of(trouble) if trouble else 200
    return show(request, "web/complaint.html", "web_complaints.one", crumbs=crumbs, status=status, **context)


urlpatterns = [
    path("g/complaints", require_safe(complaints_page), name="web-complaints"),
    path("g/complaints/<int:number>", require_safe(complaint_page), name="web-complaint"),
    path("g/complaints/<int:number>/decide", require_POST(complaint_decided), name="web-complaint-decide"),
    path("g/complaints/<int:number>/contact", require_POST(complaint_contact), name="web-complaint-contact"),
    path("g/complaints/<int:number>/files/<int:place>", require_safe(complaint_evidence), name="web-complaint-file"),
]
MENU = (Entry("web_complaints.title", "web-complaints", "bell", "authority", 50),)
