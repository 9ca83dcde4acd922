"""Stocks and steps of areas, from the fold: what stood there before, what came and went, what stands there now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

import psycopg

from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.periods import Period
from suyuan.server.kit.connection import Row

INSIDE: Final = 0
INTO: Final = 1
OUT: Final = 2

_SUMS = """
SELECT f.area, f.from_stage, f.to_stage, f.crossing, f.day >= %(start)s,
       sum(f.packs)::bigint, sum(f.energy_wh)::bigint, sum(f.mass_g)::bigint, sum(f.unrated)::bigint,
       sum(f.unweighed)::bigint, sum(f.arrived)::bigint
  FROM answers_flow f WHERE f.area = ANY (%(areas)s) AND f.day <= %(on)s
 GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""
_MONTHS = """
SELECT date_trunc('month', f.day::timestamp)::date, f.from_stage, f.to_stage, f.crossing,
       sum(f.packs)::bigint, sum(f.energy_wh)::bigint, sum(f.mass_g)::bigint, sum(f.unrated)::bigint,
       sum(f.unweighed)::bigint, sum(f.arrived)::bigint
  FROM answers_flow f WHERE f.area = %(area)s AND f.day <= %(on)s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
_ROUTES = """
SELECT r.from_stage, r.from_province, r.to_stage, r.to_province,
       sum(r.packs)::bigint, sum(r.energy_wh)::bigint, sum(r.mass_g)::bigint
  FROM answers_route r
 WHERE r.day >= %(start)s AND r.day <= %(on)s AND r.from_province <> r.to_province AND r.from_stage <> 0
   AND (%(province)s::text IS NULL OR r.from_province = %(province)s OR r.to_province = %(province)s)
 GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4
"""


class Amount(NamedTuple):
    """So many packs, their rated energy [Wh] and mass [g], how many of them have no filed energy or mass, and how
    many of them arrived where they count as collected."""

    packs: int = 0
    energy_wh: int = 0
    mass_g: int = 0
    unrated: int = 0
    unweighed: int = 0
    arrived: int = 0

    def plus(self, other: "Amount") -> "Amount":
        """Both together."""
        return Amount(*(one + another for one, another in zip(self, other, strict=True)))

    def minus(self, other: "Amount") -> "Amount":
        """The difference."""
        return Amount(*(one - another for one, another in zip(self, other, strict=True)))


NOTHING: Final = Amount()


class Ribbon(NamedTuple):
    """A step from stage to stage as an area sees it: inside, into it, or out of it."""

    from_stage: int
    to_stage: int
    crossing: int


@dataclass(slots=True)
class Balance:
    """One stage in one area over a period: ``opening + entered = left + unaccounted + closing``, always.

    `unaccounted` is what was lost sight of from here.
    """

    opening: Amount = NOTHING
    entered: Amount = NOTHING
    left: Amount = NOTHING
    unaccounted: Amount = NOTHING

    @property
    def closing(self) -> Amount:
        """What stands there at the end."""
        return self.opening.plus(self.entered).minus(self.left).minus(self.unaccounted)


@dataclass(slots=True)
class Steps:
    """The steps of one area, before a period and in it."""

    before: dict[Ribbon, Amount] = field(default_factory=dict)
    during: dict[Ribbon, Amount] = field(default_factory=dict)

    def balance(self) -> Mapping[int, Balance]:
        """Every stage but the outside."""
        found = {one.no: Balance() for one in at.stages().every if one.no != at.OUTSIDE}
        for ribbon, amount in self.before.items():
            if ribbon.crossing != OUT:
                found[ribbon.to_stage].opening = found[ribbon.to_stage].opening.plus(amount)
            if ribbon.crossing != INTO and ribbon.from_stage != at.OUTSIDE:
                found[ribbon.from_stage].opening = found[ribbon.from_stage].opening.minus(amount)
        for ribbon, amount in self.during.items():
            if ribbon.crossing != OUT:
                found[ribbon.to_stage].entered = found[ribbon.to_stage].entered.plus(amount)
            if ribbon.crossing != INTO and ribbon.from_stage != at.OUTSIDE:
                _leave(found[ribbon.from_stage], ribbon, amount)
        return found

    @property
    def left_use(self) -> Amount:
        """Packs that left use in this area during the period, wherever to; `arrived` of them are collected by now."""
        told = at.stages().out_of_use
        amount = NOTHING
        for ribbon, more in self.during.items():
            if ribbon.from_stage == at.IN_USE and ribbon.to_stage in told and ribbon.crossing != INTO:
                amount = amount.plus(more)
        return amount


def _leave(balance: Balance, ribbon: Ribbon, amount: Amount) -> None:
    if ribbon.to_stage == at.UNACCOUNTED != ribbon.from_stage:
        balance.unaccounted = balance.unaccounted.plus(amount)
    else:
        balance.left = balance.left.plus(amount)


def steps_of(run: psycopg.Cursor[Row], areas: Sequence[str], period: Period) -> dict[str, Steps]:
    """The steps of each of these areas (by their keys), one read; areas without any are left out."""
    found: dict[str, Steps] = {}
    asked = {"areas": list(areas), "start": period.start, "on": period.on}
    for area, from_stage, to_stage, crossing, during, *amount in run.execute(_SUMS, asked):
        steps = found.setdefault(area, Steps())
        (steps.during if during else steps.before)[Ribbon(from_stage, to_stage, crossing)] = Amount(*amount)
    return found


def months_of(run: psycopg.Cursor[Row], area: str, period: Period) -> list[Steps]:
    """The steps of one area, month by month of the period; `before` is all that went before."""
    told: dict[date, dict[Ribbon, Amount]] = {}
    for month, from_stage, to_stage, crossing, *amount in run.execute(_MONTHS, {"area": area, "on": period.on}):
        told.setdefault(month, {})[Ribbon(from_stage, to_stage, crossing)] = Amount(*amount)
    before: dict[Ribbon, Amount] = {}
    for month in sorted(month for month in told if month < period.start):
        _add(before, told[month])
    found = []
    for month in period.months:
        during = told.get(month, {})
        found.append(Steps(dict(before), during))
        _add(before, during)
    return found


def _add(total: dict[Ribbon, Amount], more: Mapping[Ribbon, Amount]) -> None:
    for ribbon, amount in more.items():
        total[ribbon] = total.get(ribbon, NOTHING).plus(amount)


class Route(NamedTuple):
    """Packs that went from one province to another; provinces as two digits."""

    from_stage: int
    from_province: str
    to_stage: int
    to_province: str
    packs: int
    energy_wh: int
    mass_g: int


def routes(run: psycopg.Cursor[Row], province: str | None, period: Period) -> list[Route]:
    """What went from province to province during the period, the most first; with one province, to and from it."""
    asked = {"province": province, "start": period.start, "on": period.on}
    return [Route(*row) for row in run.execute(_ROUTES, asked)]
