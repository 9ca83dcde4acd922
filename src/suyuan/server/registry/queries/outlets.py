"""Outlets as everybody may find them: by place, by division, one by one.

The list is public, as vendor codes are: carmakers must publish it (docs/regulation.md). What is not public takes
a scope: the history of an entry and who changed it. Only what is valid on the day asked for is shown.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, NamedTuple, TypeAlias

import psycopg
from psycopg.sql import SQL, Composed

from suyuan.codes.distances import HALF_ROUND_M, MEAN_RADIUS_M, SPHERE_ERROR, box_around, geodesic_m
from suyuan.codes.opening_hours import DAY_MINUTES, Hours, Span
from suyuan.server.kit.clock import CHINA
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Key, Page, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.registry.queries.register import visible_sites

Params: TypeAlias = dict[str, object]

_STEPS_M: Final = tuple(5_000.0 * 3**step for step in range(8))
"""How far the search reaches, step by step, until it has enough; behind the last comes the whole earth."""

_VALID: Final = """o.superseded_at IS NULL AND o.valid_from <= %(on)s
   AND coalesce(o.valid_to, 'infinity') >= %(on)s"""
_SPHERE: Final = f"""2 * {MEAN_RADIUS_M} * asin(least(1, sqrt(sin(radians(o.latitude - %(lat)s) / 2) ^ 2
   + cos(radians(%(lat)s)) * cos(radians(o.latitude)) * sin(radians(o.longitude - %(lon)s) / 2) ^ 2)))"""
_INSIDE: Final = """o.longitude IS NOT NULL
   AND point(o.longitude, o.latitude) <@ box(point(s.west, s.south), point(s.east, s.north))"""
_OPEN: Final = """CASE WHEN o.days ? %(day)s
   THEN EXISTS (SELECT FROM jsonb_array_elements(o.days -> %(day)s) AS t
                 WHERE %(clock)s >= (t ->> 0)::integer AND %(clock)s < (t ->> 1)::integer)
   ELSE o.week @> %(minute)s::integer END"""
_OF_BRAND: Final = """(o.brands && ARRAY[%(brand)s, '*'] OR o.site IN (
   SELECT m.site FROM registry_outlet_commission m JOIN registry_company c ON c.number = m.company
    WHERE m.agreed_at IS NOT NULL AND %(brand)s IN (c.code, c.name_zh, c.name_en)
      AND %(on)s BETWEEN m.valid_from AND coalesce(m.valid_to, 'infinity')))"""
_NEAR: Final = """
WITH step AS (
    SELECT s.* FROM (SELECT * FROM unnest(%(radius)s::float8[], %(west)s::float8[], %(south)s::float8[],
                                          %(east)s::float8[], %(north)s::float8[])
                     WITH ORDINALITY AS u (radius, west, south, east, north, place) ORDER BY place) AS s
     WHERE s.radius > %(most)s OR (SELECT count(*) FROM (
        SELECT FROM registry_outlet o WHERE {valid} AND {inside} AND {wanted} AND {sphere} <= s.radius
           AND {sphere} > %(sure)s LIMIT %(need)s) AS enough) = %(need)s
     LIMIT 1),
near AS MATERIALIZED (
    SELECT o.number, {sphere} AS sphere_m FROM step s JOIN registry_outlet o ON {inside}
     WHERE {valid} AND {wanted} AND {sphere} >= %(least)s),
last AS (SELECT n.sphere_m FROM near n WHERE n.sphere_m > %(sure)s ORDER BY 1 OFFSET %(need)s - 1 LIMIT 1)
SELECT n.number, o.site, o.longitude, o.latitude
  FROM near n JOIN registry_outlet o ON o.number = n.number
 WHERE n.sphere_m <= (SELECT coalesce(max(l.sphere_m) * %(widen)s, 'infinity') FROM last l)
"""
_LISTED: Final = """
SELECT o.number FROM registry_outlet o
 WHERE {valid} AND {wanted} AND (%(division_after)s::text IS NULL
       OR (o.division, o.site) > (%(division_after)s::text, %(site_after)s::integer))
 ORDER BY o.division, o.site LIMIT %(need)s
"""
_TOLD: Final = """
SELECT o.site, c.number, c.code, c.name_zh, c.name_en, t.code, o.version, o.valid_from, o.valid_to, o.kind, o.name,
       o.operator_name, o.division, o.address, o.phone, o.longitude, o.latitude, o.week::text, o.days::text,
       o.chemistries, o.brands, o.conditions, o.capacity_kg, o.area_m2, o.capacity_packs,
       (SELECT array_agg(ARRAY[d.code, d.name_zh, d.name_en, (m.agreed_at IS NOT NULL)::text] ORDER BY d.code)
          FROM registry_outlet_commission m JOIN registry_company d ON d.number = m.company
         WHERE m.site = o.site AND %(on)s BETWEEN m.valid_from AND coalesce(m.valid_to, 'infinity')),
       v.verified_on, v.way, v.correct, v.level
  FROM registry_outlet o JOIN registry_site t ON t.number = o.site JOIN registry_company c ON c.number = t.company
  LEFT JOIN LATERAL (SELECT r.verified_on, r.way, r.correct, r.level FROM registry_outlet_verification r
                      WHERE r.site = o.site AND r.verified_on <= %(on)s
                      ORDER BY r.verified_on DESC, r.number DESC LIMIT 1) AS v ON true
 WHERE o.number = ANY (%(numbers)s)
"""
_COUNTED: Final = "SELECT count(*) FROM registry_outlet o WHERE {valid} AND {wanted}"
_ONE: Final = f"SELECT o.number FROM registry_outlet o WHERE o.site = %(site)s AND {_VALID}"  # noqa: S608  a constant
_VERSIONS: Final = SQL("""
SELECT o.version, o.valid_from, o.valid_to, o.recorded_at, o.superseded_at, o.author, o.kind, o.name, o.division,
       o.address, o.phone
  FROM registry_outlet o WHERE o.site = %s AND o.site IN ({visible}) ORDER BY o.version
""")
_ACTS: Final = SQL("""
SELECT a.number, a.act, a.on_day, a.at, a.author, a.level, c.code, a.version, a.reason
  FROM registry_outlet_act a LEFT JOIN registry_company c ON c.number = a.company
 WHERE a.site = %s AND a.site IN ({visible}) ORDER BY a.number
""")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an outlet must be; None asks for nothing. Where nothing was filed of it, it does not count as fulfilled.

    Parameters
    ----------
    division
        GB/T 2260 code of a province, prefecture or county.
    brand
        A brand as filed, or the code or name of a maker that the outlet acts for.
    open_at
        A moment at which it must be open.
    """

    division: str | None = None
    kind: str | None = None
    brand: str | None = None
    chemistry: str | None = None
    condition: str | None = None
    open_at: datetime | None = None


class Place(NamedTuple):
    """Where somebody is (degrees, WGS 84)."""

    longitude: float
    latitude: float


@dataclass(frozen=True, slots=True)
class Verification:
    """When an entry was last looked at, how, whether it was right, and by what level."""

    on: date
    way: str
    correct: bool
    level: str


@dataclass(frozen=True, slots=True)
class Maker:
    """A maker that an outlet acts for; `agreed` when it, or an authority, said so itself."""

    code: str
    name_zh: str
    name_en: str
    agreed: bool


@dataclass(frozen=True, slots=True)
class Outlet:
    """An outlet as filed for a day; degrees on WGS 84, `hours` None where none were filed, distance in metres."""

    site: int
    company: int
    company_code: str
    company_name_zh: str
    company_name_en: str
    code: str
    version: int
    valid_from: date
    valid_to: date | None
    kind: str
    name: str
    operator_name: str
    division: str
    address: str
    phone: str
    longitude: float | None
    latitude: float | None
    chemistries: Sequence[str] | None
    brands: Sequence[str] | None
    conditions: Sequence[str] | None
    capacity_kg: float | None
    area_m2: float | None
    capacity_packs: int | None
    hours: Hours | None = None
    makers: Sequence[Maker] = ()
    verified: Verification | None = None
    distance_m: float | None = None

    @property
    def shared(self) -> bool:
        """Whether it acts for several makers."""
        return sum(maker.agreed for maker in self.makers) > 1

    def open_at(self, moment: datetime) -> bool | None:
        """Whether it is open at a moment; None where no hours were filed."""
        return None if self.hours is None else self.hours.open_at(moment.astimezone(CHINA))


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an entry, with who filed it and when."""

    version: int
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    superseded_at: datetime | None
    author: str
    kind: str
    name: str
    division: str
    address: str
    phone: str


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done to an entry."""

    number: int
    act: str
    on: date
    at: datetime
    author: str
    level: str
    company: str | None
    version: int | None
    reason: str


def outlets_near(
    run: psycopg.Cursor[Row],
    place: Place,
    wanted: Wanted,
    on: date,
    *,
    limit: int = 20,
    cursor: str | None = None,
) -> Page[Outlet]:
    """The nearest outlets, by geodesic distance and then by number.

    Notes
    -----
    An index over the points (GiST) gives those inside a box; the box grows until it holds enough by the
    distance on the sphere. Everything that is at most a little farther than the last of these is then
    measured on the ellipsoid, so that the order is exact: the two distances differ by at most
    `suyuan.codes.distances.SPHERE_ERROR`.
    """
    longitude, latitude = place
    listing = f"outlets:{longitude!r},{latitude!r}:{_name(wanted)}:{on}"
    last = decode_cursor(listing, cursor)
    condition, params = _conditions(wanted, on)
    params |= _reach(longitude, latitude) | _behind(last) | {"lon": longitude, "lat": latitude, "need": limit + 1}
    statement = SQL(_NEAR).format(valid=SQL(_VALID), inside=SQL(_INSIDE), sphere=SQL(_SPHERE), wanted=condition)
    measured = sorted(
        (geodesic_m(longitude, latitude, east, north), site, number)
        for number, site, east, north in run.execute(statement, params)
    )
    rest = measured if last is None else [one for one in measured if (one[0], one[1]) > (last[0], last[1])]
    shown = rest[:limit]
    told = told_of(run, [number for _, _, number in shown], on)
    found = [replace(told[site], distance_m=distance_m) for distance_m, site, _ in shown]
    following = encode_cursor(listing, list(shown[-1][:2])) if len(rest) > limit else None
    return Page(found, following)


def outlets_listed(
    run: psycopg.Cursor[Row], wanted: Wanted, on: date, *, limit: int = 100, cursor: str | None = None
) -> Page[Outlet]:
    """Outlets by division and number, for who does not say where he is."""
    listing = f"outlets::{_name(wanted)}:{on}"
    last: list[Key] = decode_cursor(listing, cursor) or [None, None]
    condition, params = _conditions(wanted, on)
    params |= {"division_after": last[0], "site_after": last[1], "need": limit + 1}
    statement = SQL(_LISTED).format(valid=SQL(_VALID), wanted=condition)
    numbers = [number for (number,) in run.execute(statement, params)]
    told = told_of(run, numbers[:limit], on)
    found = sorted(told.values(), key=lambda one: (one.division, one.site))
    more = len(numbers) > limit
    return Page(found, encode_cursor(listing, [found[-1].division, found[-1].site]) if more else None)


def outlets_counted(run: psycopg.Cursor[Row], wanted: Wanted, on: date) -> int:
    """How many outlets there are of what is wanted."""
    condition, params = _conditions(wanted, on)
    ((number,),) = run.execute(SQL(_COUNTED).format(valid=SQL(_VALID), wanted=condition), params).fetchall()
    return int(number)


def outlet(run: psycopg.Cursor[Row], site: int, on: date) -> Outlet:
    """One outlet as it is valid on a day.

    Raises
    ------
    Missing
        ``outlets.not_found``: there is none, or it is withdrawn or not yet open on that day.
    """
    row = run.execute(_ONE, {"site": site, "on": on}).fetchone()
    if row is None:
        raise Missing("outlets.not_found", outlet=site, day=str(on))
    return told_of(run, [row[0]], on)[site]


def outlet_versions(run: psycopg.Cursor[Row], scope: Scope, site: int) -> list[Version]:
    """Every version of an entry, also those that were replaced; empty outside the scope."""
    visible = visible_sites(scope)
    rows = run.execute(_VERSIONS.format(visible=visible.sql), [site, *visible.params])
    return [Version(*row) for row in rows]


def outlet_acts(run: psycopg.Cursor[Row], scope: Scope, site: int) -> list[Act]:
    """Everything that was done to an entry, in order; empty outside the scope."""
    visible = visible_sites(scope)
    return [Act(*row) for row in run.execute(_ACTS.format(visible=visible.sql), [site, *visible.params])]


def _conditions(wanted: Wanted, on: date) -> tuple[Composed, Params]:
    """What is asked for as SQL: only the conditions that are used, so that each has its own plan."""
    parts: list[str] = ["TRUE"]
    params: Params = {"on": on}
    if wanted.division is not None:
        parts.append("o.division LIKE %(division)s")
        params["division"] = f"{_stem(wanted.division)}%"
    if wanted.kind is not None:
        parts.append("o.kind = %(kind)s")
        params["kind"] = wanted.kind
    if wanted.brand is not None:
        parts.append(_OF_BRAND)
        params["brand"] = wanted.brand
    for name, value in (("chemistries", wanted.chemistry), ("conditions", wanted.condition)):
        if value is not None:
            parts.append(f"o.{name} && ARRAY[%({name})s, '*']")
            params[name] = value
    if wanted.open_at is not None:
        local = wanted.open_at.astimezone(CHINA)
        clock = local.hour * 60 + local.minute
        parts.append(_OPEN)
        params |= {"day": local.date().isoformat(), "clock": clock, "minute": local.weekday() * DAY_MINUTES + clock}
    return SQL(" AND ").join(SQL(part) for part in parts), params


def _stem(division: str) -> str:
    """What the codes inside a division begin with."""
    if division.endswith("0000"):
        return division[:2]
    return division[:4] if division.endswith("00") else division


def _name(wanted: Wanted) -> str:
    opened = "open" if wanted.open_at is not None else None  # pages that follow are asked for a little later
    parts = (wanted.division, wanted.kind, wanted.brand, wanted.chemistry, wanted.condition, opened)
    return ":".join(part or "" for part in parts)


def _reach(longitude: float, latitude: float) -> Params:
    """The boxes of the search, each a list: radius (m), west, south, east, north."""
    wider = 1 + 3 * SPHERE_ERROR  # what is measured afterwards reaches a little behind the radius
    boxes = [(radius, *box_around(longitude, latitude, radius * wider)) for radius in _STEPS_M]
    boxes.append((2 * HALF_ROUND_M, -180.0, -90.0, 180.0, 90.0))
    names = ("radius", "west", "south", "east", "north")
    columns = zip(names, zip(*boxes, strict=True), strict=True)
    return {name: list(column) for name, column in columns} | {"most": HALF_ROUND_M}


def _behind(last: list[Any] | None) -> Params:
    """From which distance on the sphere rows may come (`least`), and from where none was shown (`sure`)."""
    widen = (1 + SPHERE_ERROR) / (1 - SPHERE_ERROR)
    if last is None:
        return {"least": 0.0, "sure": -1.0, "widen": widen}
    return {"least": last[0] * (1 - SPHERE_ERROR), "sure": last[0] * (1 + SPHERE_ERROR), "widen": widen}


def told_of(run: psycopg.Cursor[Row], numbers: Sequence[int], on: date) -> Mapping[int, Outlet]:
    """Outlets by site, of these versions (`registry_outlet.number`), with their makers and verification on a day."""
    if not numbers:
        return {}
    rows = run.execute(_TOLD, {"numbers": list(numbers), "on": on})
    return {row[0]: _outlet(row) for row in rows}


def _outlet(row: Row) -> Outlet:
    makers = [Maker(code, zh, en, agreed == "true") for code, zh, en, agreed in row[25] or ()]
    verified = None if row[26] is None else Verification(*row[26:30])
    hours = _hours(row[17], row[18])
    return replace(Outlet(*row[:17], *row[19:25]), hours=hours, makers=makers, verified=verified)


def _hours(week: str | None, days: str) -> Hours | None:
    single: Mapping[str, list[list[int]]] = json.loads(days)
    if week is None and not single:
        return None
    spans: list[Span] = []
    for piece in (week or "{}").strip("{}").replace("),", ")|").split("|"):
        if piece:
            start, end = piece.strip("[)").split(",")
            spans.append((int(start), int(end)))
    named = {date.fromisoformat(day): tuple((start, end) for start, end in times) for day, times in single.items()}
    return Hours(tuple(spans), named)
