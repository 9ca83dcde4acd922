"""The addresses of the pages."""

from django.urls import URLPattern, URLResolver, path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from suyuan.server.web.assets import serve_asset
from suyuan.server.web.pages import pages
from suyuan.server.web.verify import style_sheet, verify_page

urlpatterns: list[URLPattern | URLResolver] = [
    path("static/<slug:digest>/<path:name>", require_safe(serve_asset), name="web-asset"),
    path("verify", csrf_exempt(require_http_methods(["GET", "HEAD", "POST"])(verify_page)), name="verify"),
    path("page.css", require_safe(style_sheet), name="web-style"),
    *(pattern for page in pages() for pattern in page.urlpatterns),
]
