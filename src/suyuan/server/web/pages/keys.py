"""API keys: issue, rotate, revoke, and when each was last used."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_http_methods, require_POST

from suyuan.kernel import SuyuanError
from suyuan.server.accounts.models import OF_COMPANIES, Permission, Role
from suyuan.server.accounts.queries import keys
from suyuan.server.accounts.services import IssuedKey, KeyOrder, issue_key, note_deed, revoke_key, rotate_key
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.problems import status_of
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.menu import Entry
from suyuan.server.web.names import scope_names
from suyuan.server.web.pages.views import back
from suyuan.server.web.surroundings import flash, show

_LIVES_DAYS = ("30", "90", "365", "")


@member(Role.ADMIN)
def keys_page(request: PageRequest) -> HttpResponseBase:
    """The keys of the scope; a form for a new one."""
    if request.method != "POST":
        return _show(request)
    actor, told = request.actor, request.POST
    wanted = frozenset(each for each in _permissions(request) if each.value in told.getlist("permission"))
    days = told.get("days", "")
    now = SYSTEM_CLOCK.now()
    until = now + timedelta(days=int(days)) if days in _LIVES_DAYS and days else None
    label = told.get("label", "").strip()[:100]
    try:
        issued = issue_key(actor.scope, KeyOrder(label or actor.name, actor.scope, wanted, until))
    except SuyuanError as trouble:
        return _show(request, trouble=trouble)
    note_deed(actor.person, actor.scope, "key.issued", issued.token.prefix, now)
    return _show(request, issued=issued)


def _permissions(request: PageRequest) -> list[Permission]:
    if request.actor.company is None:
        return [each for each in Permission if each not in OF_COMPANIES]
    return [each for each in Permission if each is not Permission.ADMINISTER]


def _show(request: PageRequest, issued: IssuedKey | None = None, trouble: SuyuanError | None = None) -> HttpResponse:
    listed = keys(request.actor.scope)
    named = scope_names([key.scope for key in listed], request.actor.language)
    context: dict[str, Any] = {
        "keys": listed,
        "now": SYSTEM_CLOCK.now(),
        "permissions": _permissions(request),
        "days": _LIVES_DAYS,
        "issued": issued,
        "trouble": trouble,
        "scope_names": named,
    }
    return show(request, "web/keys.html", "web.keys_title", status=status_of(trouble) if trouble else 200, **context)


@member(Role.ADMIN)
def key_rotate(request: PageRequest, prefix: str) -> HttpResponseBase:
    """A successor; the old key ends after the overlap."""
    issued = rotate_key(request.actor.scope, prefix)
    note_deed(request.actor.person, request.actor.scope, "key.rotated", prefix, SYSTEM_CLOCK.now())
    return _show(request, issued=issued)


@member(Role.ADMIN)
def key_revoke(request: PageRequest, prefix: str) -> HttpResponseBase:
    """End a key at once."""
    revoke_key(request.actor.scope, prefix)
    note_deed(request.actor.person, request.actor.scope, "key.revoked", prefix, SYSTEM_CLOCK.now())
    flash(request, "web.key_revoked", key=prefix)
    return back(request)


urlpatterns = [
    path("w/keys", require_http_methods(["GET", "HEAD", "POST"])(keys_page), name="web-keys"),
    path("w/keys/<slug:prefix>/rotate", require_POST(key_rotate), name="web-key-rotate"),
    path("w/keys/<slug:prefix>/revoke", require_POST(key_revoke), name="web-key-revoke"),
]
_ADMINS = frozenset({Role.ADMIN})
MENU = (
    Entry("web.keys_title", "web-keys", "key", "company", 910, _ADMINS),
    Entry("web.keys_title", "web-keys", "key", "authority", 910, _ADMINS),
)
