"""What a page of supervision is about: an area and a period, as its address says, inside the scope of who asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final
from urllib.parse import urlencode

import psycopg
from django.db import transaction
from django.http import QueryDict

from suyuan.codes.divisions import division as division_of
from suyuan.kernel import Language, sentence
from suyuan.server.answers.queries.areas import Area, area_of, company_area
from suyuan.server.answers.queries.periods import Period, parse_period
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Forbidden, Missing
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries import companies
from suyuan.server.web.actor import PageRequest
from suyuan.server.web.components.region import tiles

_DIVISION_DIGITS: Final = 6
_PROVINCE_DIGITS: Final = 2
_MONTHS: Final = 12
ONE_MOMENT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


@dataclass(frozen=True)
class Question:
    """An area and a period that somebody asks about; `usual` is the period where his address names none."""

    scope: Scope
    area: Area
    period: Period
    language: Language
    usual: str

    @cached_property
    def own(self) -> Area:
        """All that he may ask about."""
        return area_of(self.scope)

    def to(self, path: str, area: str | None = None, **more: object) -> str:
        """The address of a page about the same area (or another) and period; with what else is asked of it."""
        code = self.area.code if area is None else area
        told = {
            "area": None if code == self.own.code else code,
            "period": None if self.period.name == self.usual else self.period.name,
            **more,
        }
        query = urlencode({name: str(value) for name, value in told.items() if value not in (None, "")})
        return f"{path}?{query}" if query else path

    def name(self, area: Area) -> str:
        """What an area is called; companies by the names in the register."""
        if area.is_company:
            return self._company(area)[0]
        return place_name(area, self.language, self.period.on)

    @cached_property
    def above(self) -> list[Area]:
        """The areas that this one lies in, the widest first, as far as the scope goes; then itself."""
        code = self._company(self.area)[1] if self.area.is_company else self.area.code
        wider = [self.own]
        if division_of(code, self.period.on):
            wider += [
                area_of(self.scope, division=f"{code[:size]:0<6}")
                for size in (_PROVINCE_DIGITS, 2 * _PROVINCE_DIGITS)
                if len(self.own.key) < size or self.own.scope.level is Level.NATION
            ]
        found = {one.key: one for one in wider if not self.own.is_company}
        return list({**found, self.area.key: self.area}.values())

    def _company(self, area: Area) -> tuple[str, str]:
        """Name and seat."""
        known = companies(self.scope, [area.scope.company or 0])
        if not known.height:
            return area.code, ""
        row = known.row(0, named=True)
        name = row["name_zh"] if self.language is Language.ZH else row["name_en"] or row["name_zh"]
        return name, row["division"] or ""


def asked(request: PageRequest, usual: str | None = None) -> Question:
    """What the address asks for.

    Raises
    ------
    Missing
        ``web_oversight.no_area``: there is no such area or company, or not in the scope; which of both is not said.
    Refusal
        What `parse_period` raises.
    """
    scope, told = request.actor.scope, request.GET
    today = SYSTEM_CLOCK.today()
    usual = usual or str(today.year)
    period = parse_period(told.get("period") or usual, today)
    return Question(scope, area_named(scope, told, today), period, request.actor.language, usual)


def area_named(scope: Scope, told: QueryDict, today: date) -> Area:
    """The area that an address or a form names, the scope's own if none; raises as `asked` does."""
    code = told.get("area", "").strip()[:40]
    own = area_of(scope)
    if not code or code == own.code:
        return own
    try:
        if len(code) != _DIVISION_DIGITS:
            return area_of(scope, company=code)
        if division_of(code, today) is not None:
            return area_of(scope, division=code)
    except (Forbidden, Missing):
        pass
    raise Missing("web_oversight.no_area", area=code)


def place_name(area: Area, language: Language, on: date) -> str:
    """What a nation, a province or a city is called; provinces by their short English names."""
    if language is Language.EN and len(area.key) == _PROVINCE_DIGITS:
        for tile in tiles():
            if tile.division == area.code:
                return tile.name_en
    return area.name(language, on)


def area_of_company(number: int, code: str) -> Area:
    """The area of a company whose number and code are known."""
    return company_area(number, code)


@contextmanager
def one_moment() -> Iterator[psycopg.Cursor[Row]]:
    """A cursor that sees the tables as they stand now, whatever is written meanwhile; for reading alone."""
    with transaction.atomic(), cursor() as run:
        run.execute(ONE_MOMENT)
        yield run


def period_choices(today: date, language: Language) -> list[tuple[str, str]]:
    """Periods to choose from, the widest first: names and words."""
    year, quarter = today.year, (today.month + 2) // 3
    names = ["all", *(str(one) for one in (year, year - 1, year - 2))]
    for _ in range(5):
        names.append(f"{year}-Q{quarter}")
        year, quarter = (year, quarter - 1) if quarter > 1 else (year - 1, 4)
    first = today.replace(day=1)
    for _ in range(_MONTHS + 1):
        names.append(f"{first:%Y-%m}")
        first = date(first.year - (first.month == 1), (first.month - 2) % _MONTHS + 1, 1)
    every = sentence("web_oversight.period_all", language=language)
    return [(name, every if name == "all" else name) for name in names]
