"""Bring a file, see what is in it, report it, and take it back: the pages of bulk reporting."""

import re
from pathlib import Path
from typing import Any, Final

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from suyuan.kernel import SuyuanError
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.problems import Missing, Refusal, TooLarge, status_of
from suyuan.server.submissions import queries, services
from suyuan.server.submissions.models import Mode, State, Submission
from suyuan.server.submissions.services import Order
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.pages.importing import shown
from suyuan.server.web.pages.importing.columns import columns_of, told_mapping
from suyuan.server.web.surroundings import flash, show
from suyuan.sheets.unstorable import is_storable

LARGEST_FILE: Final = 512 << 20  # bytes; the reader takes no more
LARGEST_PASTE: Final = 8 << 20
RECENT: Final = 12
UNDER_WAY: Final = (State.RECEIVED.value, State.WORKING.value)
_NAMED_AFTER_BATCH: Final = re.compile(r"-(\d{1,18})-bad-rows\b")
_REPAIRS: Final = frozenset({"full_width", "zero_width", "nbsp", "trailing_space", "merged_fill"})


@member(at="company")
def import_page(request: PageRequest) -> HttpResponseBase:
    """Where a file is dropped or rows are pasted; what was brought lately stands below."""
    return _start(request)


@member(at="company")
def import_sent(request: PageRequest) -> HttpResponseBase:
    """Check what was sent and go to its result; a file that was reported before leads to its receipt."""
    actor = request.actor
    actor.principal.require(Permission.SUBMIT)
    try:
        name, source = _sent(request)
        completes = _number(request.POST.get("completes")) or _batch_named_in(request, name)
        order = Order(name=name, channel="web", person=actor.person, completes=completes)
        found = services.try_out(actor.scope, source, order)
    except SuyuanError as trouble:
        return _start(request, trouble)
    if not found.dry:
        flash(request, "web_import.known", "info", number=str(found.number))
    return _to(found.number)


import_sent.largest_body = LARGEST_FILE + (1 << 20)  # type: ignore[attr-defined]  # what the door looks for


def _sent(request: PageRequest) -> tuple[str, bytes | Path]:
    """The name and content of the file, or of the rows that were pasted."""
    file = request.FILES.get("file")
    if isinstance(file, UploadedFile):
        name = (file.name or "")[:200]
        if (file.size or 0) > LARGEST_FILE:
            raise TooLarge("submissions.too_large", size=file.size or 0, most=LARGEST_FILE)
        if not is_storable(name):
            raise Refusal("web_import.name_unreadable")
        if isinstance(file, TemporaryUploadedFile):
            return name, Path(file.temporary_file_path())
        return name, file.read()
    pasted = request.POST.get("rows", "").encode("utf-8", "replace")
    if len(pasted) > LARGEST_PASTE:
        raise TooLarge("web_import.paste_too_large", most=LARGEST_PASTE >> 20)
    if not pasted.strip():
        raise Refusal("web_import.nothing_sent")
    return "", pasted


def _batch_named_in(request: PageRequest, name: str) -> int | None:
    """The batch whose refused rows a file brings again, by the name that the download was given."""
    match = _NAMED_AFTER_BATCH.search(name)
    if match is None:
        return None
    try:
        batch = queries.get(request.actor.scope, int(match[1]))
    except Missing:
        return None
    reported = queries.reported_from(request.actor.scope, batch.number) if batch.dry else batch
    return reported.number if reported is not None and reported.refused else None


@member(at="company")
def import_shown(request: PageRequest, number: int) -> HttpResponseBase:
    """How far a file is, what was found in it, what can be done with it, its receipt; or the receipt alone."""
    submission = queries.get(request.actor.scope, number)
    if request.GET.get("part") == "receipt" and submission.state in shown.HOLDING and not submission.dry:
        return shown.receipt_part(request, submission)
    return _result(request, submission)


@member(at="company")
def import_progress(request: PageRequest, number: int) -> HttpResponseBase:
    """The part of the page that asks itself again; when the work has ended, the page is called."""
    submission = queries.get(request.actor.scope, number)
    if submission.state not in UNDER_WAY:
        response = HttpResponse(status=204)
        response["HX-Redirect"] = reverse("web-import-one", args=[number])
        return response
    return shown.progress_part(request, shown.progress_of(submission, request.actor.may(Permission.SUBMIT)))


@member(at="company")
def import_checked(request: PageRequest, number: int) -> HttpResponseBase:
    """Check the same file again: as another kind, with other columns, or mended."""
    actor, told = request.actor, request.POST
    actor.principal.require(Permission.SUBMIT)
    last = queries.get(actor.scope, number)
    kind = told.get("kind") or last.kind
    repairs = {*(last.repairs or ()), *(_REPAIRS & set(told.getlist("repair")))}
    order = Order(
        kind=kind,
        mapping=told_mapping(told, kind or "") or last.mapping,
        repair=bool(repairs),
        repairs=tuple(sorted(repairs)) if repairs else None,
        changes=_changes(request, last),
        person=actor.person,
    )
    try:
        return _to(services.try_again(actor.scope, number, order).number)
    except SuyuanError as trouble:
        return _result(request, last, trouble)


def _changes(request: PageRequest, last: Submission) -> dict[str, dict[str, str]] | None:
    """The changes of before with the new one: in a field, one text instead of another."""
    told = request.POST
    field, before, after = told.get("field", ""), told.get("before", ""), told.get("after", "").strip()
    changes: dict[str, dict[str, str]] = {name: dict(texts) for name, texts in (last.changes or {}).items()}
    if field and before and after and is_storable(after):
        changes.setdefault(field, {})[before] = after[:200]
    return changes or None


@member(at="company")
def import_reported(request: PageRequest, number: int) -> HttpResponseBase:
    """Report what was checked: the good records now, or all or nothing."""
    actor = request.actor
    actor.principal.require(Permission.SUBMIT)
    mode = Mode.ALL_OR_NOTHING if request.POST.get("mode") == Mode.ALL_OR_NOTHING.value else Mode.GOOD_ROWS
    try:
        done = services.report(actor.scope, number, mode, actor.person)
    except SuyuanError as trouble:
        return _result(request, queries.get(actor.scope, number), trouble)
    return _to(done.number)


@member(at="company")
def import_cancelled(request: PageRequest, number: int) -> HttpResponseBase:
    """Stop the work on it."""
    actor, now = request.actor, SYSTEM_CLOCK.now()
    actor.principal.require(Permission.SUBMIT)
    submission = queries.get(actor.scope, number)
    try:
        with transaction.atomic():
            services.cancel(submission.company, number, actor.person, site=actor.scope.site)
            note_deed(actor.person, actor.scope, "submission.cancelled", str(number), now)
    except SuyuanError as trouble:
        return _result(request, queries.get(actor.scope, number), trouble)
    return _to(number)


@member(at="company")
def import_undone(request: PageRequest, number: int) -> HttpResponseBase:
    """Take a whole batch back."""
    actor, now = request.actor, SYSTEM_CLOCK.now()
    actor.principal.require(Permission.SUBMIT)
    submission = queries.get(actor.scope, number)
    reason = request.POST.get("reason", "").strip()[:500]
    try:
        if not reason or not is_storable(reason):
            raise Refusal("web_import.reason_missing")
        with transaction.atomic():
            services.undo(submission.company, number, reason, site=actor.scope.site)
            note_deed(actor.person, actor.scope, "submission.undone", str(number), now, {"reason": reason})
    except SuyuanError as trouble:
        return _result(request, queries.get(actor.scope, number), trouble)
    flash(request, "web_import.undone", number=str(number))
    return _to(number)


@member(at="company")
def import_confirmed(request: PageRequest, number: int) -> HttpResponseBase:
    """Accept the result; from now on single records are corrected."""
    actor, now = request.actor, SYSTEM_CLOCK.now()
    actor.principal.require(Permission.SUBMIT)
    submission = queries.get(actor.scope, number)
    try:
        with transaction.atomic():
            services.confirm(submission.company, number, site=actor.scope.site)
            note_deed(actor.person, actor.scope, "submission.confirmed", str(number), now)
    except SuyuanError as trouble:
        return _result(request, queries.get(actor.scope, number), trouble)
    return _to(number)


def _start(request: PageRequest, trouble: SuyuanError | None = None) -> HttpResponse:
    actor = request.actor
    listed = queries.page(actor.scope, limit=RECENT)
    reported = {each.trial for each in listed if each.trial}
    return show(
        request,
        "web/import.html",
        "web_import.title",
        status=status_of(trouble) if trouble else 200,
        trouble=trouble,
        may_submit=actor.may(Permission.SUBMIT),
        recent=[shown.Recent.of(each, actor.language) for each in listed if each.number not in reported],
        pasted=request.POST.get("rows", "")[:LARGEST_PASTE] if trouble else "",
    )


def _result(request: PageRequest, submission: Submission, trouble: SuyuanError | None = None) -> HttpResponse:
    actor = request.actor
    may_submit = actor.may(Permission.SUBMIT)
    context: dict[str, Any] = {"one": submission, "trouble": trouble, "may_submit": may_submit}
    if submission.state in UNDER_WAY:
        context["progress"] = shown.progress_of(submission, may_submit)
    else:
        kind = request.GET.get("kind") or submission.kind or ""
        context |= shown.result_of(submission, actor.scope, actor.language)
        context["columns"] = columns_of(submission, kind, actor.language)
        context["kinds"] = shown.kinds_for(actor.scope, submission, actor.language)
    name = submission.name or shown.words("web_import.pasted", actor.language)
    return show(
        request,
        "web/import_one.html",
        "web_import.of_file",
        title_data={"name": name},
        crumbs=(("web_import.title", reverse("web-import")),),
        status=status_of(trouble) if trouble else 200,
        **context,
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else None


def _to(number: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("web-import-one", args=[number]))
