"""One outlet for everybody, and a poster of it with a code that leads here."""

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import content_disposition_header

from suyuan.server.kit.clock import CHINA, SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.registry.queries.outlets import Outlet, outlet
from suyuan.server.supervision.queries.outlets import crowded_outlets
from suyuan.server.web.actor import PageRequest
from suyuan.server.web.pages.outlets.poster import poster
from suyuan.server.web.pages.outlets.shown import shown
from suyuan.server.web.surroundings import show

_HIGHEST = (1 << 31) - 1


def outlet_page(request: PageRequest, site: int) -> HttpResponse:
    """What is filed of one outlet."""
    now = SYSTEM_CLOCK.now()
    found, crowded = _found(site)
    told = shown(found, now, request.actor.language, crowded=crowded)
    return show(
        request,
        "web/outlet.html",
        "web_outlets.one_title",
        title_data={"name": found.name},
        crumbs=(("web_outlets.title", reverse("web-outlets")),),
        as_of=now,
        each=told,
    )


def poster_file(request: PageRequest, site: int) -> HttpResponseBase:
    """A page of A4 to hang up; the code on it was read again before the file goes out."""
    found, _ = _found(site)
    language = request.actor.language
    told = shown(found, SYSTEM_CLOCK.now(), language)
    here = reverse("web-outlet", args=[site])
    base = settings.PUBLIC_URL.rstrip("/")
    address = f"{base}{here}" if base else request.build_absolute_uri(here)
    response = HttpResponse(poster(told, address, language), content_type="application/pdf")
    response["Content-Disposition"] = (
        content_disposition_header(as_attachment=False, filename=f"suyuan-outlet-{site}.pdf") or ""
    )
    return response


def _found(site: int) -> tuple[Outlet, bool]:
    now = SYSTEM_CLOCK.now()
    on = now.astimezone(CHINA).date()
    if not 0 < site <= _HIGHEST:
        raise Missing("outlets.not_found", outlet=str(site)[:40], day=str(on))
    with cursor() as run:
        return outlet(run, site, on), bool(crowded_outlets(run, [site]))
