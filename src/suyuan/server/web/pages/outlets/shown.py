"""An outlet in the words of a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from suyuan.codes.alphabets import CHEMISTRIES
from suyuan.codes.opening_hours import Span, say_week
from suyuan.kernel import Language, sentence
from suyuan.server.kit.clock import CHINA
from suyuan.server.registry.queries.outlet_wording import division_name
from suyuan.server.registry.queries.outlets import Outlet
from suyuan.server.registry.services.outlet_rows import CONDITIONS, EVERY
from suyuan.server.web.components.table import Status

AHEAD: Final = timedelta(days=30)
"""How far ahead single days are told."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An outlet and what a page says of it; `taken`, `conditions` and `brands` are empty where nothing was filed."""

    outlet: Outlet
    open: Status
    hours: str
    days: Sequence[tuple[date, str]]
    place: str
    kilometres: str
    taken: Sequence[str]
    conditions: Sequence[str]
    brands: Sequence[str]
    operator: str
    crowded: bool
    between: str
    """What stands between the members of a list."""

    @property
    def latitude(self) -> str:
        """For an address; never with a comma."""
        return "" if self.outlet.latitude is None else f"{self.outlet.latitude:.6f}"

    @property
    def longitude(self) -> str:
        """For an address; never with a comma."""
        return "" if self.outlet.longitude is None else f"{self.outlet.longitude:.6f}"

    @property
    def takes_words(self) -> str:
        """What is taken, in one text."""
        return self.between.join(self.taken)

    @property
    def brand_words(self) -> str:
        """The brands, in one text."""
        return self.between.join(self.brands)

    @property
    def phones(self) -> list[str]:
        """Each telephone number; several are written with signs between."""
        return [
            one.strip() for one in self.outlet.phone.replace("、", ";").replace("；", ";").split(";") if one.strip()
        ]


def shown(found: Outlet, now: datetime, language: Language, *, crowded: bool = False) -> Shown:
    """What a page says of an outlet at a moment."""
    english = language is Language.EN and found.company_name_en
    makers = [
        maker.name_en if language is Language.EN and maker.name_en else maker.name_zh
        for maker in found.makers
        if maker.agreed
    ]
    filed = [] if found.brands is None else list(found.brands)
    return Shown(
        found,
        opening(found, now),
        say_week(found.hours.week, language) if found.hours else "",
        _days(found, now, language),
        division_name(found.division, now) or found.division,
        "" if found.distance_m is None else f"{found.distance_m / 1000:,.1f}",
        _words(
            found.chemistries, {sign: f"codes.means_chemistry_{name}" for sign, name in CHEMISTRIES.items()}, language
        ),
        _words(found.conditions, {}, language),
        [sentence("web_outlets.every", language=language) if one == EVERY else one for one in filed + makers],
        found.operator_name or (found.company_name_en if english else found.company_name_zh),
        crowded,
        "、" if language is Language.ZH else ", ",
    )


def opening(found: Outlet, now: datetime) -> Status:
    """Whether it is open, as a word."""
    match found.open_at(now):
        case True:
            return Status("web_outlets.open", "good")
        case False:
            return Status("web_outlets.closed", "off")
        case _:
            return Status("web_outlets.hours_unknown", "unknown")


def _words(filed: Sequence[str] | None, codes: dict[str, str], language: Language) -> list[str]:
    if filed is None:
        return []
    if EVERY in filed:
        return [sentence("web_outlets.every", language=language)]
    order = [*CONDITIONS, *codes]
    return [
        sentence(codes.get(one, f"web_outlets.condition_{one}"), language=language)
        for one in sorted(filed, key=order.index)
    ]


def _days(found: Outlet, now: datetime, language: Language) -> list[tuple[date, str]]:
    """The single days of the next weeks on which other hours hold."""
    if found.hours is None:
        return []
    today = now.astimezone(CHINA).date()
    soon = [day for day in sorted(found.hours.days) if today <= day <= today + AHEAD]
    closed = sentence("web_outlets.closed_that_day", language=language)
    return [(day, ", ".join(_span(span) for span in found.hours.days[day]) or closed) for day in soon]


def _span(span: Span) -> str:
    return "–".join(f"{minute // 60:02d}:{minute % 60:02d}" for minute in span)
