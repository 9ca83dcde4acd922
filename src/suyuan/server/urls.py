"""Where each face hangs."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [path("api/", include("suyuan.server.api.urls"))]

handler400 = "suyuan.server.api.handlers.bad_request"
handler404 = "suyuan.server.api.handlers.not_found"
handler500 = "suyuan.server.api.handlers.broken"
