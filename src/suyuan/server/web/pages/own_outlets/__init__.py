"""Outlets of a company: filed and altered in three clicks; commissions, verification, stock against limits."""

from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.own_outlets import acts
from suyuan.server.web.pages.own_outlets.filing import new_page, outlet_changed
from suyuan.server.web.pages.own_outlets.listing import own_outlets_page
from suyuan.server.web.pages.own_outlets.one import own_outlet_page

urlpatterns = [
    path("w/outlets", require_safe(own_outlets_page), name="web-own-outlets"),
    path("w/outlets/new", require_http_methods(["GET", "HEAD", "POST"])(new_page), name="web-own-outlet-new"),
    path("w/outlets/<int:site>", require_safe(own_outlet_page), name="web-own-outlet"),
    path("w/outlets/<int:site>/change", require_POST(outlet_changed), name="web-own-outlet-change"),
    path("w/outlets/<int:site>/verify", require_POST(acts.outlet_verified), name="web-own-outlet-verify"),
    path("w/outlets/<int:site>/withdraw", require_POST(acts.outlet_withdrawn), name="web-own-outlet-withdraw"),
    path("w/outlets/<int:site>/commission", require_POST(acts.outlet_commissioned), name="web-own-outlet-commission"),
    path("w/outlets/<int:site>/end", require_POST(acts.commission_ended), name="web-own-outlet-end"),
]
MENU = (Entry("web_own_outlets.title", "web-own-outlets", "map-pin", "company", 70),)
