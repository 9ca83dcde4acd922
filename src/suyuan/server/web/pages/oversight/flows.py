"""Flows of an area over a period: the picture, every stage with its balance, what went from province to province."""

from typing import Any, Final

from django.http import HttpResponse

from suyuan.server.answers.queries import asking
from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.areas import division_area
from suyuan.server.answers.queries.steps import Amount, Route
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.pages.oversight.flowing import ROWS, UNITS, amount_in, lines, picture, stage_name
from suyuan.server.web.pages.oversight.overview import frame
from suyuan.server.web.pages.oversight.question import Question, asked, one_moment, place_name
from suyuan.server.web.surroundings import show

PATH: Final = "/g/flows"
_ROUTES: Final = 50


@member(at="authority")
def flows_page(request: PageRequest) -> HttpResponse:
    """The page."""
    about = asked(request)
    named = request.GET.get("unit", "")
    unit = named if named in UNITS else "packs"
    with one_moment() as run:
        seen = asking.version(run)
        moved = asking.flows(run, about.area, about.period)
    lacking = {
        "kwh": sum(one.closing.unrated for one in moved.balance.values()),
        "kg": sum(one.closing.unweighed for one in moved.balance.values()),
    }
    return show(
        request,
        "web/oversight_flows.html",
        "web_oversight.flows_title",
        as_of=seen.folded_at,
        **frame(about),
        seen=seen,
        flows=picture(about, moved, unit),
        lines=lines(about, moved, unit),
        unit_code=f"web_oversight.unit_{unit}",
        units=[_unit(about, name, unit) for name in UNITS],
        kept=[("unit", unit)],
        lacking=lacking.get(unit, 0),
        unaccounted=moved.balance[at.UNACCOUNTED].closing.packs,
        unaccounted_rows=about.to(ROWS, of="unaccounted"),
        routes=[_route(about, one, unit) for one in moved.routes[:_ROUTES]],
        routes_more=max(len(moved.routes) - _ROUTES, 0),
    )


def _unit(about: Question, name: str, chosen: str) -> tuple[str, str, bool]:
    return f"web_oversight.unit_{name}", about.to(PATH, unit=None if name == "packs" else name), name == chosen


def _route(about: Question, one: Route, unit: str) -> dict[str, Any]:
    return {
        "from_place": _place(about, one.from_province),
        "from_stage": stage_name(one.from_stage, about.language),
        "to_place": _place(about, one.to_province),
        "to_stage": stage_name(one.to_stage, about.language),
        "amount": amount_in(unit, Amount(one.packs, one.energy_wh, one.mass_g)),
    }


def _place(about: Question, province: str) -> str:
    return place_name(division_area(province), about.language, about.period.on)
