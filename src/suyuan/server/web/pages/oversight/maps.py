"""The shapes of the map that was installed, for the pages of authorities."""

from django.http import HttpResponse

from suyuan.server.kit.problems import Missing
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.mappack import shown_shapes

_DAY_S = 86_400


@member(at="authority")
def shapes(request: PageRequest, digest: str) -> HttpResponse:
    """The GeoJSON; its address changes with it.

    Raises
    ------
    Missing
        ``web_oversight.no_map``.
    """
    found = shown_shapes()
    if found is None or found[1] != digest:
        raise Missing("web_oversight.no_map")
    response = HttpResponse(found[0].shapes, content_type="application/geo+json")
    response["Cache-Control"] = f"private, max-age={_DAY_S}"
    return response
