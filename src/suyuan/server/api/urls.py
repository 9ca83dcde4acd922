"""The addresses of the API, its document and its page."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from suyuan.server.api.application import operations
from suyuan.server.api.door import door
from suyuan.server.api.page import docs_page, icon, openapi_json, style_sheet


def nothing(request: HttpRequest) -> HttpResponseBase:
    """There is nothing at this address."""
    raise Http404


urlpatterns = [
    path("docs", door(require_safe(docs_page)), name="api-docs"),
    path("docs.css", door(require_safe(style_sheet)), name="api-docs-style"),
    path("docs.svg", door(require_safe(icon)), name="api-docs-icon"),
    path("v1/openapi.json", door(require_safe(openapi_json)), name="api-document"),
    path("v1/", include((list(operations()), "api"), namespace="api")),
    re_path("", csrf_exempt(door(nothing))),
]
