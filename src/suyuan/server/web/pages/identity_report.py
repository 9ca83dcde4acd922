"""Report a problem with a battery: its label, its sale, its state; for anybody, without a login or a script.

Also for codes that have no digital ID: a forged label is worth a report. Whether there is such a battery is not told.
"""

from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.language import tag_of
from suyuan.server.kit.problems import TooLarge, status_of, wait_s
from suyuan.server.kit.sender import sender_of
from suyuan.server.supervision.services.complaints import (
    FILES,
    LARGEST_FILE,
    Evidence,
    Report,
    admit_report,
    complain,
)
from suyuan.server.web.actor import asked_language, asked_size
from suyuan.server.web.pages.identity import LONGEST_SHOWN, POLICY

LARGEST_REQUEST: Final = FILES * LARGEST_FILE + (256 << 10)  # bytes: the files, and the words around them


def report_page(request: HttpRequest, code: str) -> HttpResponseBase:
    """The form; after it was sent, the number under which it was taken, or what is wrong with it."""
    language = asked_language(request)
    if request.method != "POST":
        return _page(request, code, language)
    try:
        _check_length(request)
        with transaction.atomic(), cursor() as run:  # counted also where the report is refused
            admit_report(run, sender_of(request))
        report = _report(request, code)
        with transaction.atomic(), cursor() as run:
            taken = complain(run, report, "web")
    except SuyuanError as trouble:
        words = "" if isinstance(trouble, TooLarge) else request.POST.get("words", "")
        told = {"trouble": sentence(trouble.code, trouble.data, language), "words": words}
        response = _page(request, code, language, status_of(trouble), **told)
        wait = wait_s(trouble)
        if wait is not None:
            response["Retry-After"] = str(wait)
        return response
    return _page(request, code, language, taken=str(taken))


def _check_length(request: HttpRequest) -> None:
    """Refuse what is too large before a byte of it is read, also for who sends too much too often."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > LARGEST_REQUEST:
        raise TooLarge("web_identity.report_too_large", limit=f"{LARGEST_REQUEST >> 20} MiB")


def _report(request: HttpRequest, code: str) -> Report:
    """What was sent."""
    files = [Evidence(str(file.name), file.read(LARGEST_FILE + 1)) for file in request.FILES.getlist("evidence")]
    told = request.POST
    return Report(
        subject="battery",
        about=code,
        words=told.get("words", "").replace("\0", ""),
        place=told.get("place", "").replace("\0", "").strip(),
        contact=told.get("contact", "").replace("\0", "").strip(),
        evidence=files,
    )


def _page(request: HttpRequest, code: str, language: Language, status: int = 200, **told: Any) -> HttpResponse:
    context = {
        "language": language,
        "language_tag": tag_of(language),
        "other_tag": tag_of(Language.EN if language is Language.ZH else Language.ZH),
        "large": asked_size(request) == "large",
        "code": code,
        "shown": code[:LONGEST_SHOWN],
        "today": SYSTEM_CLOCK.today(),
        "files": FILES,
        "megabytes": LARGEST_FILE >> 20,
        **told,
    }
    response = HttpResponse(render_to_string("web/identity_report.html", context), status=status)
    response["Content-Security-Policy"] = POLICY
    response["Content-Language"] = tag_of(language)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


urlpatterns = [
    path(
        "b/<str:code>/report",
        csrf_exempt(require_http_methods(["GET", "HEAD", "POST"])(report_page)),  # nobody is signed in here
        name="web-identity-report",
    ),
]
