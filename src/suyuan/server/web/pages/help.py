"""Help: what can be done here and how, on one page; only what works stands on it."""

from typing import Final

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

from suyuan.server.web.actor import PageRequest
from suyuan.server.web.menu import Entry
from suyuan.server.web.surroundings import show

PARTS: Final = (
    ("public", ("scan", "outlet", "complain", "receipt")),
    ("members", ("sign_in", "lost", "kept", "numbers")),
    ("all", ("search", "keyboard", "large", "scripts", "errors")),
)


def help_page(request: PageRequest) -> HttpResponse:
    """The page."""
    parts = [
        (f"web_help.{part}", [(f"web_help.{name}", f"web_help.{name}_how") for name in names]) for part, names in PARTS
    ]
    return show(request, "web/help.html", "web_help.title", parts=parts)


urlpatterns = [path("help", require_safe(help_page), name="web-help")]
MENU = (Entry("web_help.title", "web-help", "help-circle", None, 6),)
