"""Codes and labels: have codes given out, print them, and see what each of the positions of a code says."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final, cast

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_POST

from suyuan.codes.battery import compose, explain
from suyuan.codes.errors import CodeError
from suyuan.codes.keys import compose_code, split_code
from suyuan.codes.wording import explanation_json
from suyuan.kernel import SuyuanError
from suyuan.labels.designs import designs
from suyuan.labels.sheets import Form
from suyuan.server.accounts.models import Permission, Role
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Refusal, status_of
from suyuan.server.ledger.queries import serials
from suyuan.server.registry.queries.batches import Batch, PrintJob, batch, batches, open_filings, print_jobs, uses_of
from suyuan.server.registry.services.allocating import LARGEST_BATCH, CodeOrder, allocate
from suyuan.server.registry.services.printing import LARGEST_PRINT, REASONS, PrintOrder, print_labels
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.blocks import Reason
from suyuan.server.web.menu import Entry
from suyuan.server.web.surroundings import flash, show

ROWS: Final = 20
_KINDS: Final = {"pdf": "application/pdf", "zpl": "application/zpl"}


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to print: a design as PDF, or as ZPL for a label printer."""

    value: str
    name: str
    form: str


@member(at="company")
def labels_page(request: PageRequest) -> HttpResponseBase:
    """Batches, print jobs, the form for new codes, and a code explained."""
    return _show(request)


@member(at="company")
def codes_ordered(request: PageRequest) -> HttpResponseBase:
    """Have codes given out; the batch then stands on top of the list."""
    request.actor.principal.require(Permission.FILE)
    told = request.POST
    try:
        order = CodeOrder(
            told.get("prefix", "").strip(),
            _day(told.get("day", "")),
            _count(told.get("count", "")),
            told.get("suffix", "").strip() or None,
            told.get("request", "").strip()[:100] or None,
        )
        given = allocate(request.actor.scope, order, serials, request.actor.login)
    except SuyuanError as trouble:
        return _show(request, trouble=trouble)
    flash(request, "web_labels.given", count=given.count, first=given.codes[0], last=given.codes[-1])
    return HttpResponseRedirect(reverse("web-labels"))


@member(at="company")
def labels_printed(request: PageRequest, number: int) -> HttpResponseBase:
    """The labels of a batch as a file; where they were printed before, the reasons to choose from."""
    request.actor.principal.require(Permission.FILE)
    told = request.POST
    design, _, form = told.get("way", "").partition(":")
    order = PrintOrder(
        design=design,
        batch=number,
        first=_serial(told.get("first", "")),
        last=_serial(told.get("last", "")),
        form=cast(Form, form if form in _KINDS else "pdf"),
        language=request.actor.language,
        reason=told.get("reason") or None,
        note=told.get("reason_text", ""),
        test="test" in told,
    )
    try:
        job, made = print_labels(request.actor.scope, order, serials, settings.PUBLIC_URL, request.actor.login)
    except SuyuanError as trouble:
        return _show(request, trouble=trouble, chosen=number)
    response = HttpResponse(made.content, content_type=_KINDS[made.form])
    name = f"suyuan-labels-{job}.{made.form}"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refusal("web_labels.not_a_day", value=text[:40]) from None


def _count(text: str) -> int:
    plain = text.strip()
    if not (plain.isascii() and plain.isdigit() and len(plain) < 9):
        raise Refusal("web_labels.not_a_count", value=text[:40], largest=LARGEST_BATCH)
    return int(plain)


def _serial(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _show(request: PageRequest, trouble: SuyuanError | None = None, chosen: int | None = None) -> HttpResponse:
    scope, now = request.actor.scope, SYSTEM_CLOCK.now()
    listed = batches(scope, limit=ROWS)
    jobs = print_jobs(scope, limit=ROWS)
    context: dict[str, Any] = {
        "batches": [(one, compose_code(one.lot, one.first), compose_code(one.lot, one.last)) for one in listed],
        "jobs": [(job, compose_code(job.lot, job.first), compose_code(job.lot, job.last)) for job in jobs],
        "ways": _ways(request),
        "way": _last_way(jobs),
        "may_file": request.actor.may(Permission.FILE),
        "filings": open_filings(scope, SYSTEM_CLOCK.today()),
        "today": SYSTEM_CLOCK.today(),
        "request_id": f"web-{request.actor.person}-{now:%Y%m%d%H%M%S%f}",
        "largest_batch": LARGEST_BATCH,
        "largest_print": LARGEST_PRINT,
        "trouble": trouble,
        "told": request.POST if trouble else {},
        "address_missing": not settings.PUBLIC_URL,
        **_explained(request),
        **_chosen(request, chosen),
    }
    return show(
        request,
        "web/labels.html",
        "web_labels.title",
        as_of=now,
        status=status_of(trouble) if trouble else 200,
        **context,
    )


def _ways(request: PageRequest) -> list[_Way]:
    known = designs().values()
    made = [_Way(f"{one.name}:pdf", one.in_language(request.actor.language), "PDF") for one in known]
    return made + [
        _Way(f"{one.name}:zpl", one.in_language(request.actor.language), "ZPL") for one in known if one.sheet is None
    ]


def _last_way(jobs: list[PrintJob]) -> str:
    """How the company printed last."""
    return f"{jobs[0].design}:{jobs[0].form}" if jobs else f"{next(iter(designs()))}:pdf"


def _chosen(request: PageRequest, number: int | None) -> dict[str, Any]:
    """The batch that is looked at, with the reasons for a reprint."""
    named = request.GET.get("batch", "")
    wanted = number or _serial(named)
    if wanted is None:
        return {}
    found: Batch = batch(request.actor.scope, wanted)
    reasons = [Reason(value, f"labels.reason_{value}") for value in REASONS]
    return {"chosen": found, "reasons": reasons, "reason": request.POST.get("reason", "")}


def _explained(request: PageRequest) -> dict[str, Any]:
    """A code that was typed, or put together from a prefix, a day and a serial: position by position, and its uses."""
    asked = request.GET
    text = asked.get("code", "").strip()[:60]
    if not text and asked.get("prefix"):
        text = _composed(
            asked.get("prefix", ""), asked.get("day", ""), asked.get("serial", ""), asked.get("suffix", "")
        )
    if not text:
        return {}
    explanation = explain(text, SYSTEM_CLOCK.today())
    told: dict[str, Any] = {"explained": explanation_json(explanation, request.actor.language), "asked_code": text}
    if explanation.valid:
        lot, serial = split_code(text)
        given, printed = uses_of(request.actor.scope, lot, serial)
        own = any(
            one.prefix == text[: len(one.prefix)] for one in open_filings(request.actor.scope, SYSTEM_CLOCK.today())
        )
        with cursor() as run:
            reported = own and bool(serials.reported(run, lot, serial, serial))
        told |= {"given_in": given, "printed_by": printed, "own": own, "reported": reported}
    return told


def _composed(prefix: str, day: str, serial: str, suffix: str) -> str:
    """The code as far as it can be put together; what is wrong with it the explanation says."""
    number = serial.strip().rjust(7, "0")
    try:
        return compose(prefix.strip(), date.fromisoformat(day.strip()), number, suffix.strip() or None)
    except (CodeError, ValueError):
        return f"{prefix.strip()}{number}{suffix.strip()}"[:60]


urlpatterns = [
    path("w/labels", require_http_methods(["GET", "HEAD"])(labels_page), name="web-labels"),
    path("w/labels/codes", require_POST(codes_ordered), name="web-labels-codes"),
    path("w/labels/<int:number>/print", require_POST(labels_printed), name="web-labels-print"),
]
MENU = (Entry("web_labels.title", "web-labels", "qrcode", "company", 60, frozenset({Role.ADMIN, Role.DATA_OFFICER})),)
