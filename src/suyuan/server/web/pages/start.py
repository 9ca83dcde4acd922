"""The first pages of a company and of an authority: what one can do here."""

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.menu import Entry
from suyuan.server.web.surroundings import show


@member(at="company")
def work_page(request: PageRequest) -> HttpResponse:
    """For companies."""
    return show(request, "web/start.html", "web.work_title")


@member(at="authority")
def oversight_page(request: PageRequest) -> HttpResponse:
    """For authorities."""
    return show(request, "web/start.html", "web.oversight_title")


urlpatterns = [
    path("w", require_safe(work_page), name="web-work"),
    path("g", require_safe(oversight_page), name="web-oversight"),
]
MENU = (
    Entry("web.work_title", "web-work", "list-details", "company", 10),
    Entry("web.oversight_title", "web-oversight", "report-analytics", "authority", 10),
)
