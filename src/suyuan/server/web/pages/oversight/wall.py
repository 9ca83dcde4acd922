"""The wall display: dark, large, without a mouse; one picture after the other, each read anew.

The next picture comes by the header ``Refresh``, so that neither a script nor a hand is needed; ``stop=1`` holds one.
"""

from typing import Any, Final

import psycopg
from django.http import HttpResponse

from suyuan.server.answers.queries import asking
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Level
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.pages.oversight.flowing import picture
from suyuan.server.web.pages.oversight.overview import HOME, overdue_ranking, provinces, ranked_lines, six, trend_charts
from suyuan.server.web.pages.oversight.question import Question, asked, one_moment
from suyuan.server.web.surroundings import show

PATH: Final = "/g/wall"
SECONDS: Final = 20
_NATION: Final = ("map_in_service", "map_unaccounted", "flows", "trend", "ranking")
_BELOW: Final = ("flows", "trend", "ranking")


@member(at="authority")
def wall_page(request: PageRequest) -> HttpResponse:
    """One picture below the six numbers."""
    about = asked(request)
    slides = _NATION if about.area.scope.level is Level.NATION else _BELOW
    named = request.GET.get("slide", "")
    slide = named if named in slides else slides[0]
    with one_moment() as run:
        seen = asking.version(run)
        kpis = six(about, asking.overview(run, about.scope, about.area, about.period), seen)
        drawn = _slide(run, about, slide)
    following = about.to(PATH, slide=slides[(slides.index(slide) + 1) % len(slides)])
    stopped = request.GET.get("stop") == "1"
    response = show(
        request,
        "web/wall.html",
        "web_oversight.wall_title",
        question=about,
        kpis=kpis,
        seen=seen,
        slide_code=f"web_oversight.slide_{slide}",
        name=about.name(about.area),
        stopped=stopped,
        hold=about.to(PATH, slide=slide, stop=None if stopped else 1),
        following=following,
        home=about.to(HOME),
        **drawn,
    )
    if not stopped:
        response["Refresh"] = f"{SECONDS}; url={following}"
    return response


def _slide(run: psycopg.Cursor[Row], about: Question, slide: str) -> dict[str, Any]:
    match slide:
        case "flows":
            return {"flows": picture(about, asking.flows(run, about.area, about.period), "packs")}
        case "trend":
            return {"trend": trend_charts(run, about)}
        case "ranking":
            return {"ranked": ranked_lines(about, *overdue_ranking(run, about))}
    measure = slide.removeprefix("map_")
    below = asking.children(run, about.scope, about.area, about.period, measure)
    return {"region": provinces(about, below, measure, None)}
