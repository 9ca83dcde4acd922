"""Who belongs to a company or authority: invite, help back in, end; and who did what."""

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from suyuan.kernel import SuyuanError
from suyuan.server.accounts.models import IN_COMPANIES, OF_AUTHORITIES, Role
from suyuan.server.accounts.queries.people import deeds, invitations, members
from suyuan.server.accounts.services.people import (
    Invitation,
    end_membership,
    invite,
    recover,
    withdraw_invitation,
)
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.problems import Missing, Refusal, status_of
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries import company_number, sites
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.menu import Entry
from suyuan.server.web.names import scope_names
from suyuan.server.web.pages.views import back
from suyuan.server.web.surroundings import flash, show

_DEEDS = 50


@member(Role.ADMIN)
def team_page(request: PageRequest) -> HttpResponseBase:
    """Members and invitations; a form to invite with."""
    actor, trouble, sent = request.actor, None, None
    if request.method == "POST":
        try:
            sent = invite(actor.member, _order(request))
        except SuyuanError as error:
            trouble = error
    link = request.build_absolute_uri(reverse("web-invitation", args=[sent.token])) if sent else ""
    return _show(request, trouble=trouble, link=link, expires_at=sent.expires_at if sent else None)


def _show(request: PageRequest, **more: Any) -> HttpResponse:
    actor = request.actor
    listed = members(actor.scope)
    waiting = invitations(actor.scope, SYSTEM_CLOCK.now())
    scopes = [each.membership.scope for each in listed] + [each.scope for each in waiting]
    context = {
        "members": listed,
        "invitations": waiting,
        "roles": _roles(actor.scope),
        "outlets": sites(actor.scope).select("number", "code", "name").rows() if actor.company is not None else [],
        "typed": request.POST,
        "scope_names": scope_names([*scopes, actor.scope], actor.language),
        "invites_companies": actor.scope.level is Level.NATION,
        **more,
    }
    trouble: SuyuanError | None = more.get("trouble")
    status = status_of(trouble) if trouble else 200
    return show(request, "web/team.html", "web.team_title", status=status, **context)


def _roles(scope: Scope) -> list[Role]:
    """The roles that somebody in the scope can have; a nation also invites into companies."""
    if scope.level is Level.NATION:
        return list(Role)
    wrong = OF_AUTHORITIES if scope.company is not None else IN_COMPANIES
    return [role for role in Role if role not in wrong]


def _order(request: PageRequest) -> Invitation:
    """The invitation that the form asks for."""
    told, own = request.POST, request.actor.scope
    if told.get("role") not in {role.value for role in Role}:
        raise Refusal("web.role_missing")
    scope = own
    if own.company is not None and told.get("site"):
        if not told["site"].isdigit() or not sites(own, [int(told["site"])]).height:
            raise Missing("web.site_unknown")
        scope = Scope.of_outlet(own.company, int(told["site"]))
    elif own.level is Level.NATION and told.get("company"):
        scope = Scope.of_company(company_number(own, told["company"].strip().upper()))
    elif own.level in (Level.NATION, Level.PROVINCE) and told.get("division"):
        scope = _authority(told["division"].strip())
    return Invitation(told.get("login", ""), told.get("name", ""), Role(told["role"]), scope)


def _authority(division: str) -> Scope:
    if len(division) != 6 or not division.isascii() or not division.isdigit():
        raise Refusal("web.division_malformed", value=division[:20])
    return Scope.of_province(division) if division.endswith("0000") else Scope.of_city(division)


@member(Role.ADMIN)
def member_end(request: PageRequest, number: int) -> HttpResponseBase:
    """End what somebody is."""
    end_membership(request.actor.member, number)
    flash(request, "web.member_ended")
    return back(request)


@member(Role.ADMIN)
def member_recover(request: PageRequest, number: int) -> HttpResponseBase:
    """A link with which somebody gets in again."""
    sent = recover(request.actor.member, number)
    link = request.build_absolute_uri(reverse("web-invitation", args=[sent.token]))
    return _show(request, link=link, expires_at=sent.expires_at, recovers=True)


@member(Role.ADMIN)
def invitation_withdraw(request: PageRequest, number: int) -> HttpResponseBase:
    """Take an invitation back."""
    withdraw_invitation(request.actor.member, number)
    flash(request, "web.invitation_withdrawn")
    return back(request)


@member(Role.ADMIN)
def deeds_page(request: PageRequest) -> HttpResponse:
    """Who changed what."""
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
    found = deeds(request.actor.scope, before, _DEEDS + 1)
    following = found[_DEEDS - 1][0] if len(found) > _DEEDS else None
    crumbs = (("web.team_title", reverse("web-team")),)
    listed = [deed for _, deed in found[:_DEEDS]]
    return show(request, "web/deeds.html", "web.deeds_title", crumbs=crumbs, deeds=listed, following=following)


urlpatterns = [
    path("w/team", require_http_methods(["GET", "HEAD", "POST"])(team_page), name="web-team"),
    path("w/team/<int:number>/end", require_POST(member_end), name="web-member-end"),
    path("w/team/<int:number>/recover", require_POST(member_recover), name="web-member-recover"),
    path("w/team/invitations/<int:number>/withdraw", require_POST(invitation_withdraw), name="web-invitation-withdraw"),
    path("w/team/deeds", require_safe(deeds_page), name="web-deeds"),
]
_ADMINS = frozenset({Role.ADMIN})
MENU = (
    Entry("web.team_title", "web-team", "users", "company", 900, _ADMINS),
    Entry("web.team_title", "web-team", "users", "authority", 900, _ADMINS),
)
