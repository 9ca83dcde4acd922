"""Where each face hangs."""

from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.http import require_safe

from suyuan.server.api.logs import log_file

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include("suyuan.server.api.urls")),
    re_path(r"^log/prov/(?P<province>\d{6})/(?P<year>\d{4})/(?P<path>[a-z0-9/.]+)$", require_safe(log_file)),
    path("", include("suyuan.server.operation.urls")),
    path("", include("suyuan.server.web.urls")),
]

handler400 = "suyuan.server.api.handlers.bad_request"
handler404 = "suyuan.server.api.handlers.not_found"
handler500 = "suyuan.server.api.handlers.broken"
