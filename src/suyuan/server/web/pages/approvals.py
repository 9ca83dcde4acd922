"""Exports of personal data: asked for by one, approved by another, fetched once."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.server.accounts.models import Role
from suyuan.server.accounts.queries.people import members
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.accounts.services.disclosures import (
    decide_disclosure,
    disclosures,
    request_disclosure,
    use_disclosure,
)
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.problems import status_of
from suyuan.server.kit.scope import Scope
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.export import csv_bytes
from suyuan.server.web.menu import Entry
from suyuan.server.web.pages.views import back
from suyuan.server.web.surroundings import flash, show


def _members_csv(scope: Scope, language: Language) -> bytes:
    """Who belongs to the scope, with login names."""
    heads = [sentence(f"web.member_{name}", language=language) for name in ("login", "name", "role", "since", "until")]
    rows = [
        [
            each.login,
            each.name,
            sentence(f"web.role_{each.membership.role.value}", language=language),
            each.granted_at.isoformat("T", "seconds"),
            each.ended_at.isoformat("T", "seconds") if each.ended_at else "",
        ]
        for each in members(scope)
    ]
    return csv_bytes(heads, rows)


EXPORTS: Final[Mapping[str, Callable[[Scope, Language], bytes]]] = {"members": _members_csv}
"""What can be exported only with a second person's approval; a name here has the code ``web.export_<name>``."""


@member()
def approvals_page(request: PageRequest) -> HttpResponseBase:
    """The requests of the scope; a form for a new one."""
    trouble: SuyuanError | None = None
    if request.method == "POST":
        what = request.POST.get("what", "")
        if what not in EXPORTS:
            raise Http404
        try:
            request_disclosure(request.actor.member, what, request.POST.get("purpose", ""))
        except SuyuanError as error:
            trouble = error
        else:
            flash(request, "web.approval_requested")
            return back(request)
    now = SYSTEM_CLOCK.now()
    listed = [(each, each.state(now)) for each in disclosures(request.actor.scope)]
    context: dict[str, Any] = {"listed": listed, "exports": list(EXPORTS), "trouble": trouble}
    status = status_of(trouble) if trouble else 200
    return show(request, "web/approvals.html", "web.approvals_title", status=status, **context)


@member(Role.ADMIN)
def approval_decide(request: PageRequest, number: int) -> HttpResponseBase:
    """Approve or refuse."""
    decide_disclosure(request.actor.member, number, granted="grant" in request.POST)
    flash(request, "web.approval_decided")
    return back(request)


@member()
def approval_use(request: PageRequest, number: int) -> HttpResponseBase:
    """Fetch what was approved."""
    asked = {each.number: each.what for each in disclosures(request.actor.scope)}
    if number in asked and asked[number] not in EXPORTS:  # its own page begins it
        raise Http404
    found = use_disclosure(request.actor.member, number, of=EXPORTS)
    content = EXPORTS[found.what](found.scope, request.actor.language)
    log_reads(request.actor.principal, [Reading(f"export.{found.what}", str(number))])
    response = HttpResponse(content, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{found.what}-{number}.csv"'
    return response


urlpatterns = [
    path("w/approvals", require_http_methods(["GET", "HEAD", "POST"])(approvals_page), name="web-approvals"),
    path("w/approvals/<int:number>/decide", require_POST(approval_decide), name="web-approval-decide"),
    path("w/approvals/<int:number>/fetch", require_POST(approval_use), name="web-approval-use"),
]
_ADMINS = frozenset({Role.ADMIN})
MENU = (
    Entry("web.approvals_title", "web-approvals", "shield-check", "company", 920, _ADMINS),
    Entry("web.approvals_title", "web-approvals", "shield-check", "authority", 920, _ADMINS),
)
