"""The front page, the way home, the search that decides, and codes on photos for who cannot scan."""

from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import path, reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from suyuan.kernel import SuyuanError
from suyuan.labels.photos import codes_in
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Refusal, TooLarge, status_of
from suyuan.server.registry.queries.outlet_cities import outlet_brands, outlet_cities
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.bodies import check_length
from suyuan.server.web.menu import Entry
from suyuan.server.web.places import city_options, named_options
from suyuan.server.web.search import Found, decide
from suyuan.server.web.surroundings import show

LARGEST_PHOTO: Final = 12 << 20  # bytes


def front_page(request: PageRequest) -> HttpResponse:
    """For everybody: what this is, one box to ask with, and the way to an outlet."""
    return _front(request)


def photo_sent(request: PageRequest) -> HttpResponseBase:
    """Read the code on a photo and go where it leads; the photo is not kept."""
    try:
        check_length(request, LARGEST_PHOTO + (64 << 10))
        found = _code_on(request)
    except SuyuanError as trouble:
        return _front(request, trouble=trouble, status=status_of(trouble))
    if found.address:
        return HttpResponseRedirect(found.address)
    return show(request, "web/search.html", "web.search_title", found=found, searched=found.text)


def _front(request: PageRequest, *, trouble: SuyuanError | None = None, status: int = 200) -> HttpResponse:
    on = SYSTEM_CLOCK.today()
    with cursor() as run:
        cities, brands = outlet_cities(run, on), outlet_brands(run, on)
    return show(
        request,
        "web/front.html",
        "web.front_title",
        status=status,
        trouble=trouble,
        cities=city_options(cities, "", on),
        brands=named_options(brands),
    )


def _code_on(request: PageRequest) -> Found:
    photo = request.FILES.get("photo")
    if photo is None:
        raise Refusal("web_front.photo_missing")
    body = photo.read(LARGEST_PHOTO + 1)
    if len(body) > LARGEST_PHOTO:
        raise TooLarge("web.body_too_large", limit=f"{LARGEST_PHOTO >> 20} MiB")
    texts = codes_in(body)
    if not texts:
        raise Refusal("web_front.photo_without_code")
    understood = [decide(text, request.actor) for text in texts]
    return next((one for one in understood if one.address), understood[0])


@member()
def home(request: PageRequest) -> HttpResponseBase:
    """To the first page of whoever signed in."""
    return HttpResponseRedirect(reverse("web-oversight" if request.actor.is_authority else "web-work"))


def search(request: PageRequest) -> HttpResponseBase:
    """Decide what was typed and go there; where that is not certain, say what was understood."""
    found = decide(request.GET.get("q", ""), request.actor)
    if found.address:
        return HttpResponseRedirect(found.address)
    return show(request, "web/search.html", "web.search_title", found=found, searched=found.text)


def _nothing(request: HttpRequest) -> HttpResponseBase:
    """Browsers ask for this by themselves."""
    return HttpResponse(status=204)


urlpatterns = [
    path("", require_safe(front_page), name="web-front"),
    path("home", require_safe(home), name="web-home"),
    path("photo", csrf_exempt(require_POST(photo_sent)), name="web-photo"),  # nothing is written, nobody signed in
    path("search", require_safe(search), name="web-search"),
    path("favicon.ico", require_safe(_nothing)),
]
MENU = (Entry("web.menu_front", "web-front", "home", None, 0),)
