"""Where each face hangs."""

import sys

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.http import require_safe

from suyuan.server.api import handlers
from suyuan.server.api.logs import log_file
from suyuan.server.web.door import is_page
from suyuan.server.web.errors import error_page

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include("suyuan.server.api.urls")),
    re_path(r"^log/prov/(?P<province>\d{6})/(?P<year>\d{4})/(?P<path>[a-z0-9/.]+)$", require_safe(log_file)),
    path("", include("suyuan.server.operation.urls")),
    path("", include("suyuan.server.web.urls")),
]


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """404: a page for people, a problem for programs."""
    return error_page(request, Http404()) if _for_people(request) else handlers.not_found(request, exception)


def broken(request: HttpRequest) -> HttpResponseBase:
    """500."""
    error = sys.exc_info()[1]
    if _for_people(request) and isinstance(error, Exception):
        return error_page(request, error)
    return handlers.broken(request)


def _for_people(request: HttpRequest) -> bool:
    return is_page(request.path) and "text/html" in request.headers.get("Accept", "") and hasattr(request, "actor")


handler400 = "suyuan.server.api.handlers.bad_request"
handler404 = "suyuan.server.urls.not_found"
handler500 = "suyuan.server.urls.broken"
