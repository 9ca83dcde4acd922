"""What the company was told: digests of what comes due and what has lapsed."""

from typing import Final

from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from suyuan.server.accounts.services import note_deed
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.supervision.queries.feeds import notice_json, notices
from suyuan.server.supervision.services import feeds
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.pages.views import back
from suyuan.server.web.surroundings import show

ROWS: Final = 20


@member(at="company")
def notices_page(request: PageRequest) -> HttpResponse:
    """The newest first; `unread=1`: those that nobody has read."""
    actor, unread = request.actor, request.GET.get("unread") == "1"
    with cursor() as run:
        found = notices(run, actor.scope, unread=unread, limit=ROWS, cursor=request.GET.get("after") or None)
    return show(
        request,
        "web/notices.html",
        "web_deadlines.notices",
        crumbs=(("web_deadlines.title", reverse("web-deadlines")),),
        as_of=SYSTEM_CLOCK.now(),
        notices=[notice_json(one, actor.language) for one in found.rows],
        following=found.following,
        unread=unread,
        whole_company=actor.scope.site is None,
    )


@member(at="company")
def notice_read(request: PageRequest, number: int) -> HttpResponseBase:
    """Somebody has read it; the first reader stays."""
    actor = request.actor
    with transaction.atomic(), cursor() as run:
        feeds.mark_read(run, actor.scope, number, actor.login)
        note_deed(actor.person, actor.scope, "notice.read", str(number), SYSTEM_CLOCK.now())
    return back(request)
