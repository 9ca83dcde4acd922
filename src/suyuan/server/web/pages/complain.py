"""Report a wrong entry, an outlet, a company or a battery; for anybody, without a login or a script.

Whether there is such a battery is told to nobody; an outlet is public, so its name is shown.
"""

from datetime import date
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from suyuan.kernel import SuyuanError
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing, Refusal, status_of, wait_s
from suyuan.server.kit.sender import sender_of
from suyuan.server.registry.queries.outlets import outlet
from suyuan.server.supervision.queries.complaints import SUBJECTS
from suyuan.server.supervision.services.complaints import (
    FILES,
    LARGEST_FILE,
    Evidence,
    Report,
    admit_report,
    complain,
)
from suyuan.server.web.actor import PageRequest
from suyuan.server.web.bodies import check_length
from suyuan.server.web.menu import Entry
from suyuan.server.web.places import city_options, every_city
from suyuan.server.web.surroundings import show

LARGEST_REQUEST: Final = FILES * LARGEST_FILE + (256 << 10)  # bytes: the files, and the words around them
FIELDS: Final = ("subject", "about", "words", "division", "place", "happened_on", "contact")
_HIGHEST: Final = (1 << 31) - 1
_ENTRY: Final = "outlet_entry"


def complain_page(request: PageRequest) -> HttpResponseBase:
    """The form; after it was sent, the number under which it was taken, or what is wrong with it."""
    if request.method != "POST":
        return _page(request, _told(request.GET, "subject", "about"))
    told: dict[str, str] = {}
    try:
        check_length(request, LARGEST_REQUEST)
        told = _told(request.POST, *FIELDS)
        taken = _taken(request, told)
    except SuyuanError as trouble:
        response = _page(request, told, status_of(trouble), trouble=trouble)
        wait = wait_s(trouble)
        if wait is not None:
            response["Retry-After"] = str(wait)
        return response
    return _page(request, {}, taken=taken)


def _taken(request: HttpRequest, told: dict[str, str]) -> str:
    with transaction.atomic(), cursor() as run:  # counted also where the report is refused
        admit_report(run, sender_of(request))
    report = Report(
        subject=told["subject"],
        about=told["about"],
        words=told["words"],
        happened_on=_day(told["happened_on"]),
        division=told["division"] if told["division"] in every_city(SYSTEM_CLOCK.today()) else None,
        place=told["place"],
        contact=told["contact"],
        evidence=[Evidence(str(file.name), file.read(LARGEST_FILE + 1)) for file in request.FILES.getlist("evidence")],
    )
    with transaction.atomic(), cursor() as run:
        return str(complain(run, report, "web"))


def _told(sent: QueryDict, *names: str) -> dict[str, str]:
    return {name: sent.get(name, "").replace("\0", "").strip() for name in names}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refusal("web_complain.not_a_day", value=text[:40]) from None


def _page(request: PageRequest, told: dict[str, str], status: int = 200, **more: Any) -> HttpResponse:
    today = SYSTEM_CLOCK.today()
    response = show(
        request,
        "web/complain.html",
        "web_complain.title",
        status=status,
        told=told,
        subjects=[(subject, f"web_complain.subject_{subject}") for subject in SUBJECTS],
        entry=_entry_of(told),
        today=today,
        cities=city_options(every_city(today), told.get("division", ""), today),
        files=FILES,
        megabytes=LARGEST_FILE >> 20,
        **more,
    )
    response["Cache-Control"] = "no-store"
    return response


def _entry_of(told: dict[str, str]) -> str:
    """The name of the outlet whose entry is said to be wrong; empty where none is meant."""
    about = told.get("about", "")
    if told.get("subject") != _ENTRY or not (about.isascii() and about.isdigit() and len(about) < 11):
        return ""
    site = int(about)
    if not 0 < site <= _HIGHEST:
        return ""
    with cursor() as run:
        try:
            return outlet(run, site, SYSTEM_CLOCK.today()).name
        except Missing:
            return ""


urlpatterns = [
    path(
        "complain",
        csrf_exempt(require_http_methods(["GET", "HEAD", "POST"])(complain_page)),  # nobody need be signed in here
        name="web-complain",
    ),
]
MENU = (Entry("web_complain.title", "web-complain", "alert-triangle", None, 4),)
