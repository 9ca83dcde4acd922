"""What a battery is part of and made of, as an outline; what lies deeper is fetched when its branch is opened."""

from typing import Final
from urllib.parse import quote

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.ledger.queries.tree import Node, Outline, tree
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.genealogy import DEPTH, Kin
from suyuan.server.web.surroundings import show

_SENT_AT_ONCE: Final = 400
"""Cells that are sent along; of more, each branch is fetched when it is opened."""


def address_of(code: str) -> str:
    """The page of an object."""
    return f"/w/b/{quote(code, safe='')}"


def kin_of(node: Node) -> list[Kin]:
    """The containers from the outside in, with the object in the innermost and its parts below it."""
    below = _kin(node, lazy=node["cells"] > _SENT_AT_ONCE, depth=0, itself=True)
    for outer in node.get("ancestors", []):
        below = _container(outer, below)
    return [below]


def _container(outer: Outline, inner: Kin) -> Kin:
    return Kin(f"web_battery.kin_{outer['kind']}", outer["code"], address_of(outer["code"]), parts=[inner])


def _kin(node: Node, *, lazy: bool, depth: int, itself: bool = False) -> Kin:
    text, address = f"web_battery.kin_{node['kind']}", "" if itself else address_of(node["code"])
    far = not itself and (lazy or depth >= DEPTH)
    parts = [] if far else [_kin(child, lazy=lazy, depth=depth + 1) for child in node["children"]]
    unknown = depth >= DEPTH and node["kind"] not in ("cell", "material")
    more = reverse("web-battery-parts", args=[node["code"]]) if far and (node["children"] or unknown) else ""
    return Kin(text, node["code"], address, str(node["cells"] or ""), parts, more, itself)


@member()
def parts_page(request: PageRequest, code: str) -> HttpResponse:
    """The parts of one object alone, for a branch that was opened; by itself it is a list, too."""
    with cursor() as run:
        node = tree(run, request.actor.scope, code, expand_cells=True, depth=2)
    if node is None:
        raise Missing("web_battery.not_found", battery=code[:80])
    log_reads(request.actor.principal, [Reading("battery.tree", code)])
    lazy = node["cells"] > _SENT_AT_ONCE
    kin = [_kin(child, lazy=lazy, depth=DEPTH if child["kind"] != "cell" else 1) for child in node["children"]]
    if request.headers.get("HX-Request"):
        return HttpResponse(render_to_string("web/parts/genealogy.html", {"kin": kin}, request))
    return show(request, "web/battery_parts.html", "web_battery.tab_tree", crumbs=((code, address_of(code)),), kin=kin)
