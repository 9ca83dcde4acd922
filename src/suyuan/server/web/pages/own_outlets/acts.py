"""Verify an outlet, close it, say for whom it acts; each noted with its person."""

from collections.abc import Callable
from datetime import date

from django.db import transaction
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from suyuan.kernel import SuyuanError
from suyuan.server.accounts.models import Role
from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.problems import Refusal
from suyuan.server.registry.queries import companies
from suyuan.server.registry.services.outlet_acts import (
    Look,
    commission_outlet,
    end_commission,
    verify_outlet,
    withdraw_outlet,
)
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.pages.own_outlets.one import author_of, concerned, outlet_shown
from suyuan.server.web.surroundings import flash

LONGEST_NOTE = 1000


@member(Role.ADMIN, Role.DATA_OFFICER, at="company")
def outlet_verified(request: PageRequest, site: int) -> HttpResponseBase:
    """Somebody looked at the entry."""

    def act() -> str:
        told = request.POST
        look = Look(
            _day(told.get("seen_on", "")), told.get("way", ""), told.get("correct") == "1", _note(request, "note")
        )
        verify_outlet(author_of(request.actor), site, look)
        return "web_own_outlets.did_verify"

    return _done(request, site, "outlet.verified", act)


@member(Role.ADMIN, Role.DATA_OFFICER, at="company")
def outlet_withdrawn(request: PageRequest, site: int) -> HttpResponseBase:
    """It closes after a day."""

    def act() -> str:
        last = _day(request.POST.get("last_day", ""))
        withdraw_outlet(author_of(request.actor), site, last, _note(request, "reason"))
        return "web_own_outlets.did_withdraw"

    return _done(request, site, "outlet.withdrawn", act)


@member(Role.ADMIN, Role.DATA_OFFICER, at="company")
def outlet_commissioned(request: PageRequest, site: int) -> HttpResponseBase:
    """It acts for a maker: said by its operator, or agreed by the maker itself."""

    def act() -> str:
        author, maker = author_of(request.actor), _maker(request)
        agreed = commission_outlet(author, site, maker, SYSTEM_CLOCK.today())
        return "web_own_outlets.agreed" if agreed else "web_own_outlets.did_commission"

    return _done(request, site, "outlet.commissioned", act)


@member(Role.ADMIN, Role.DATA_OFFICER, at="company")
def commission_ended(request: PageRequest, site: int) -> HttpResponseBase:
    """It no longer acts for a maker."""

    def act() -> str:
        end_commission(author_of(request.actor), site, _maker(request), SYSTEM_CLOCK.today())
        return "web_own_outlets.did_end"

    return _done(request, site, "outlet.commission_ended", act)


def _done(request: PageRequest, site: int, deed: str, act: Callable[[], str]) -> HttpResponseBase:
    """Do it and go back to the outlet; what is wrong is said there. Others' outlets are like unknown ones."""
    found, actor = concerned(request, site), request.actor
    author_of(actor)
    try:
        with transaction.atomic():
            said = act()
            note_deed(actor.person, actor.scope, deed, str(site), SYSTEM_CLOCK.now())
    except SuyuanError as trouble:
        return outlet_shown(request, found, trouble)
    flash(request, said)
    return HttpResponseRedirect(reverse("web-own-outlet", args=[site]))


def _maker(request: PageRequest) -> str:
    """The maker that is named; nobody named means the company itself."""
    named = request.POST.get("maker", "").replace("\0", "").strip().upper()
    if named:
        return named
    (own,) = companies(request.actor.scope, [request.actor.scope.company or 0])["code"]
    return str(own)


def _note(request: PageRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\0", "").strip()[:LONGEST_NOTE]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise Refusal("web_own_outlets.not_a_day", value=text[:40]) from None
