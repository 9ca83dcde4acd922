"""The batteries of a scope: the list, and exports of it. Companies come in at ``/w``, authorities at ``/g``."""

from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.batteries import exporting, listing

urlpatterns = [
    path("w/batteries", require_safe(listing.batteries_page), {"at": "company"}, name="web-batteries"),
    path("g/batteries", require_safe(listing.batteries_page), {"at": "authority"}, name="web-batteries-authority"),
    path(
        "w/batteries/export",
        require_http_methods(["GET", "HEAD", "POST"])(exporting.export_page),
        name="web-batteries-export",
    ),
    path("w/batteries/exports", require_safe(exporting.exports_page), name="web-batteries-exports"),
    path("w/batteries/exports/<int:number>", require_safe(exporting.one_page), name="web-batteries-exported"),
    path("w/batteries/exports/<int:number>/part", require_safe(exporting.part), name="web-batteries-export-part"),
    path("w/batteries/exports/<int:number>/begin", require_POST(exporting.begin), name="web-batteries-export-begin"),
    path("w/batteries/exports/<int:number>/cancel", require_POST(exporting.cancel), name="web-batteries-export-cancel"),
    path("w/batteries/exports/<int:number>/file", require_safe(exporting.file), name="web-batteries-export-file"),
]
MENU = (
    Entry("web_batteries.title", "web-batteries", "battery-vertical-4", "company", 40),
    Entry("web_batteries.title", "web-batteries-authority", "battery-vertical-4", "authority", 40),
)
