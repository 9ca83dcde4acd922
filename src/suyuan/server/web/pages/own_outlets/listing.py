"""The outlets that concern a company, with stock and state."""

from typing import Final

from django.http import HttpResponse
from django.urls import reverse

from suyuan.kernel import sentence
from suyuan.server.accounts.models import Permission
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.registry.queries.outlet_wording import division_name
from suyuan.server.registry.queries.outlets import Outlet
from suyuan.server.registry.queries.own_outlets import Sought, own_outlets, own_outlets_counted
from suyuan.server.registry.services.outlet_rows import KINDS
from suyuan.server.supervision.queries.outlets import Stock, outlet_stock
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import Column, Count, Row, Table, read_state
from suyuan.server.web.pages.own_outlets.states import makers_in_words, room_state, state_of, verified_state
from suyuan.server.web.surroundings import show

COLUMNS: Final = (
    Column("name", "web_own_outlets.name", filter="text"),
    Column("code", "web_own_outlets.code"),
    Column(
        "kind",
        "web_own_outlets.kind",
        filter="choice",
        choices=tuple((kind, f"web_outlets.kind_{kind}") for kind in KINDS),
    ),
    Column("state", "web_own_outlets.state", "status"),
    Column("batteries", "web_own_outlets.batteries", "number"),
    Column("mass_kg", "web_own_outlets.mass_kg", "number"),
    Column("room", "web_own_outlets.room", "status"),
    Column("verified", "web_own_outlets.verified", "status"),
    Column("acts_for", "web_own_outlets.acts_for"),
    Column("place", "web_own_outlets.place"),
)


@member(at="company")
def own_outlets_page(request: PageRequest) -> HttpResponse:
    """The company's own outlets, and those of others that act for it; an outlet sees itself."""
    actor, state, now = request.actor, read_state(request, COLUMNS), SYSTEM_CLOCK.now()
    on, sought = SYSTEM_CLOCK.today(), Sought(state.filters.get("name"), state.filters.get("kind"))
    with cursor() as run:
        found = own_outlets(run, actor.scope, on, sought, limit=state.size, cursor=state.after)
        count = own_outlets_counted(run, actor.scope, on, sought)
        held = {one.site: one for one in outlet_stock(run, actor.scope, on, sites=[one.site for one in found.rows])}

    def row(one: Outlet) -> Row:
        own, stock = one.company == actor.company, held.get(one.site)
        told = {
            "name": one.name,
            "code": one.code,
            "kind": sentence(f"web_outlets.kind_{one.kind}", language=actor.language),
            "state": state_of(one, on),
            "place": division_name(one.division, now) or one.division,
            "acts_for": makers_in_words(one, actor.language),
            "verified": verified_state(one.verified),
        }
        return Row(str(one.site), told | (_held(one, stock) if own else {}), reverse("web-own-outlet", args=[one.site]))

    table = Table(
        "own_outlets",
        COLUMNS,
        state,
        [row(one) for one in found.rows],
        found.following,
        Count(count),
        empty="web_own_outlets.none_yet",
    )
    return show(
        request,
        "web/own_outlets.html",
        "web_own_outlets.title",
        table=table,
        as_of=now,
        may_file=actor.may(Permission.FILE) and actor.scope.site is None,
    )


def _held(one: Outlet, stock: Stock | None) -> dict[str, object]:
    batteries, mass_kg = (0, 0.0) if stock is None else (stock.batteries, stock.mass_kg)
    return {"batteries": batteries, "mass_kg": mass_kg, "room": room_state(one, stock)}
