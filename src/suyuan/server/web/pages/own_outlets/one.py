"""One outlet of a company: what is filed, what lies there, who looked at it, for whom it acts, and what was done."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from suyuan.kernel import SuyuanError
from suyuan.server.accounts.models import Permission
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Forbidden, status_of
from suyuan.server.registry.queries import companies
from suyuan.server.registry.queries.outlets import Outlet, outlet_acts, outlet_versions
from suyuan.server.registry.queries.own_outlets import own_outlet
from suyuan.server.registry.services.outlet_acts import WAYS
from suyuan.server.registry.services.outlet_filing import Author
from suyuan.server.supervision.queries.outlets import outlet_stock
from suyuan.server.web.actor import Actor, PageRequest, member
from suyuan.server.web.pages.outlets.shown import shown
from suyuan.server.web.pages.own_outlets.form import Complaints, entry_form, typed_of
from suyuan.server.web.pages.own_outlets.states import in_force, room_state, state_of, verified_state
from suyuan.server.web.surroundings import show


@member(at="company")
def own_outlet_page(request: PageRequest, site: int) -> HttpResponse:
    """Everything of one outlet, with what may be done with it now."""
    return outlet_shown(request, concerned(request, site))


def concerned(request: PageRequest, site: int) -> Outlet:
    """An outlet that concerns whoever asks; others are answered like unknown ones.

    Raises
    ------
    Missing
        ``outlets.not_found``.
    """
    with cursor() as run:
        return own_outlet(run, request.actor.scope, min(site, (1 << 31) - 1), SYSTEM_CLOCK.today())


def author_of(actor: Actor) -> Author:
    """Who files; only whole companies do.

    Raises
    ------
    Forbidden
        For a role without the right to file, or somebody of one outlet.
    """
    actor.principal.require(Permission.FILE)
    if actor.scope.site is not None:
        raise Forbidden("web.not_for_role")
    return Author(actor.scope, actor.login)


def outlet_shown(
    request: PageRequest, found: Outlet, trouble: SuyuanError | None = None, complaints: Complaints | None = None
) -> HttpResponse:
    """The page; with what was wrong with a form, and what was typed into it."""
    actor, now, on = request.actor, SYSTEM_CLOCK.now(), SYSTEM_CLOCK.today()
    own = found.company == actor.company
    with cursor() as run:
        stock = next(iter(outlet_stock(run, actor.scope, on, sites=[found.site])), None)
        versions, acts = (outlet_versions(run, actor.scope, found.site), outlet_acts(run, actor.scope, found.site))
    may_file = actor.may(Permission.FILE) and actor.scope.site is None
    context: dict[str, Any] = {
        "told": shown(found, now, actor.language),
        "own": own,
        "state": state_of(found, on),
        "in_force": in_force(found, on),
        "verified": verified_state(found.verified),
        "stock": stock,
        "room": room_state(found, stock),
        "versions": versions,
        "acts": acts,
        "may_file": may_file,
        "ways": [(way, f"web_own_outlets.way_{way}") for way in WAYS],
        "today": on,
        "acts_for_me": next((one for one in found.makers if one.code == _own_code(actor)), None),
        "trouble": trouble,
    }
    if own and may_file and in_force(found, on):
        typed = typed_of(request.POST) if complaints else None
        context["form"] = entry_form(actor.language, on, found, typed, complaints)
    status = 422 if complaints else status_of(trouble) if trouble else 200
    crumbs = (("web_own_outlets.title", reverse("web-own-outlets")),)
    data = {"name": found.name}
    return show(
        request,
        "web/own_outlet.html",
        "web_own_outlets.one",
        title_data=data,
        crumbs=crumbs,
        as_of=now,
        status=status,
        **context,
    )


def _own_code(actor: Actor) -> str:
    if actor.company is None or actor.scope.site is not None:
        return ""
    return str(companies(actor.scope, [actor.company])["code"][0])
