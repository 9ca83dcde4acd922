"""Outlets for everybody: a list with filters, nearest first where a place is known; one outlet; its poster."""

from django.urls import path
from django.views.decorators.http import require_safe

from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.outlets.listing import outlets_page
from suyuan.server.web.pages.outlets.one import outlet_page, poster_file

urlpatterns = [
    path("outlets", require_safe(outlets_page), name="web-outlets"),
    path("o/<int:site>", require_safe(outlet_page), name="web-outlet"),
    path("o/<int:site>/poster.pdf", require_safe(poster_file), name="web-outlet-poster"),
]
MENU = (Entry("web_outlets.title", "web-outlets", "map-pin", None, 3),)
