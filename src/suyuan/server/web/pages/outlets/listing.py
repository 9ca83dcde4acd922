"""The list of outlets: whatever is asked stands in the address; without a place or a city it begins at the top."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpResponse, QueryDict

from suyuan.codes.alphabets import CHEMISTRIES as CHEMISTRY_NAMES
from suyuan.server.kit.clock import CHINA, SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.registry.queries.outlet_cities import outlet_brands, outlet_cities
from suyuan.server.registry.queries.outlets import Place, Wanted, outlets_counted, outlets_listed, outlets_near
from suyuan.server.registry.services.outlet_rows import CHEMISTRIES, CONDITIONS, KINDS
from suyuan.server.supervision.queries.outlets import crowded_outlets
from suyuan.server.web.actor import PageRequest
from suyuan.server.web.pages.outlets.shown import shown
from suyuan.server.web.places import city_options, named_options
from suyuan.server.web.surroundings import show

ROWS: Final = 20
LONGEST_BRAND: Final = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for; what it cannot mean counts as not said."""

    city: str
    kind: str
    brand: str
    chemistry: str
    condition: str
    open_now: bool
    near: Place | None
    after: str | None

    def wanted(self, now: datetime) -> Wanted:
        """The same for the query."""
        return Wanted(
            self.city or None,
            self.kind or None,
            self.brand or None,
            self.chemistry or None,
            self.condition or None,
            now if self.open_now else None,
        )

    @property
    def anything(self) -> bool:
        """Whether anything is asked for."""
        return bool(self.city or self.kind or self.brand or self.chemistry or self.condition or self.open_now)


def outlets_page(request: PageRequest) -> HttpResponse:
    """Twenty outlets, with what is asked of them."""
    asked, now = read(request.GET), SYSTEM_CLOCK.now()
    on, wanted = now.astimezone(CHINA).date(), asked.wanted(now)
    with cursor() as run:
        if asked.near is not None:
            found = outlets_near(run, asked.near, wanted, on, limit=ROWS, cursor=asked.after)
        else:
            found = outlets_listed(run, wanted, on, limit=ROWS, cursor=asked.after)
        count = outlets_counted(run, wanted, on)
        cities, brands = outlet_cities(run, on), outlet_brands(run, on)
        crowded = crowded_outlets(run, [one.site for one in found.rows])
    language = request.actor.language
    return show(
        request,
        "web/outlets.html",
        "web_outlets.title",
        as_of=now,
        asked=asked,
        near="" if asked.near is None else f"{asked.near.longitude:.3f},{asked.near.latitude:.3f}",
        outlets=[shown(one, now, language, crowded=one.site in crowded) for one in found.rows],
        mapped=any(one.longitude is not None for one in found.rows),
        count=count,
        following=found.following,
        cities=city_options(cities, asked.city, on),
        brands=named_options(brands),
        kinds=list(KINDS),
        chemistries=[(sign, f"codes.means_chemistry_{CHEMISTRY_NAMES[sign]}") for sign in CHEMISTRIES],
        conditions=list(CONDITIONS),
    )


def read(told: QueryDict) -> Asked:
    """What an address asks for."""

    def one_of(name: str, known: tuple[str, ...]) -> str:
        value = told.get(name, "")
        return value if value in known else ""

    city = told.get("city", "")
    return Asked(
        city=city if len(city) == 6 and city.isascii() and city.isdigit() else "",
        kind=one_of("kind", tuple(KINDS)),
        brand=told.get("brand", "").replace("\0", "").strip()[:LONGEST_BRAND],
        chemistry=one_of("chemistry", CHEMISTRIES),
        condition=one_of("condition", tuple(CONDITIONS)),
        open_now=told.get("open") == "1",
        near=_place(told.get("near", "")),
        after=told.get("after") or None,
    )


def _place(text: str) -> Place | None:
    """Longitude and latitude; None for nonsense."""
    try:
        longitude, latitude = map(float, text.split(","))
    except ValueError:
        return None
    return Place(longitude, latitude) if abs(longitude) <= 180 and abs(latitude) <= 90 else None
