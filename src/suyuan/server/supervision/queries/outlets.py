"""Outlets as the ledger shows them: stock on site against limits, and where a maker sells without an outlet.

Stock is every battery whose place is the outlet's site. Its mass is the last one that a valid record gives, else
what was filed for its design; what has neither is counted as unweighed. The limit of the law is a dated value of
the law room; where none is in force, only what the outlet itself filed as its capacity is compared.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import psycopg
from psycopg.sql import SQL

from suyuan.rules import InForce, Law, check_standing, law
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.ledger.queries.valid import VALID
from suyuan.server.registry.models import SiteKind
from suyuan.server.registry.queries import visible_companies, visible_sites
from suyuan.server.supervision.queries.standing import register_of

STOCK: Final = f"""
SELECT t.number AS site, t.company, t.kind, t.division, s.lot, s.serial, s.changed_by AS record,
       coalesce(
           (SELECT (e.body ->> 'mass_kg')::float8 FROM ledger_event e
             WHERE e.lot = s.lot AND e.serial = s.serial AND e.body ? 'mass_kg' AND {VALID}
             ORDER BY e.occurred_at DESC, e.id DESC LIMIT 1),
           (SELECT f.mass_kg FROM registry_code_filing f
             WHERE f.prefix = left(s.lot, CASE length(s.lot) WHEN 17 THEN 14 ELSE 7 END)
             ORDER BY f.valid_from DESC LIMIT 1)) AS mass_kg
  FROM registry_site t JOIN ledger_state s ON s.site = t.number
 WHERE t.kind IN ('outlet_collection', 'outlet_central')
"""  # noqa: S608  a constant
"""One row a battery that lies at an outlet, with the record that put it there and its mass (kg, null if unknown)."""

_OF_SITES: Final = SQL("""
SELECT k.site, k.company, c.code, t.code, coalesce(o.name, t.name), k.kind, k.division, k.batteries, k.mass_kg,
       k.unweighed, o.capacity_kg, o.capacity_packs
  FROM (SELECT b.site, b.company, b.kind, b.division, count(*) AS batteries,
               coalesce(sum(b.mass_kg), 0)::float8 AS mass_kg, count(*) FILTER (WHERE b.mass_kg IS NULL) AS unweighed
          FROM ({stock} AND t.number IN ({visible}) {some}) AS b GROUP BY 1, 2, 3, 4) AS k
  JOIN registry_company c ON c.number = k.company
  JOIN registry_site t ON t.number = k.site
  LEFT JOIN registry_outlet o ON o.site = k.site AND o.superseded_at IS NULL
       AND %s BETWEEN o.valid_from AND coalesce(o.valid_to, 'infinity')
 ORDER BY k.site
""")
_LIMITS: Final[Mapping[str, str]] = {SiteKind.OUTLET_COLLECTION.value: "outlet.collection.stock"}
"""The value of the law that limits the stock of a kind; for a central outlet it only asks for a capacity."""

_KG: Final[Mapping[str, float]] = {"t": 1000.0, "kg": 1.0}
_CROWDED: Final = """
SELECT DISTINCT n.site FROM supervision_finding n JOIN registry_site t ON t.number = n.site AND t.company = n.company
 WHERE n.site = ANY (%s) AND n.company IN (SELECT company FROM registry_site WHERE number = ANY (%s))
   AND n.detector = 'outlet.over_limit' AND n.gone_at IS NULL AND n.judgement IS DISTINCT FROM 'false_positive'
"""
_COVERED: Final = SQL("""
SELECT v.company, rpad(left(v.division, 4), 6, '0') AS prefecture, count(*) FILTER (WHERE v.how = 'own'),
       count(*) FILTER (WHERE v.how = 'commissioned'), count(*) FILTER (WHERE v.how = 'shared')
  FROM (SELECT t.company, t.division, 'own' AS how FROM registry_site t WHERE {valid}
         UNION ALL
        SELECT m.company, t.division,
               CASE WHEN count(*) OVER (PARTITION BY m.site) > 1 THEN 'shared' ELSE 'commissioned' END
          FROM registry_outlet_commission m JOIN registry_site t ON t.number = m.site
         WHERE {valid} AND m.agreed_at IS NOT NULL
           AND %(on)s BETWEEN m.valid_from AND coalesce(m.valid_to, 'infinity')) AS v
 GROUP BY 1, 2 ORDER BY 1, 2
""")
_VALID: Final = SQL("""t.kind IN ('outlet_collection', 'outlet_central')
   AND %(on)s BETWEEN coalesce(t.valid_from, '-infinity') AND coalesce(t.valid_to, 'infinity')""")
_CHECK: Final = "outlet_in_prefecture"


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of stock by the law on a day (kg), with the version it stands under and how sure it is."""

    limit_kg: float
    version: str
    status: str


@dataclass(frozen=True, slots=True)
class Stock:
    """What lies at one outlet now. `limit` is None where the law has none in force on the day."""

    site: int
    company: int
    company_code: str
    code: str
    name: str
    kind: str
    division: str
    batteries: int
    mass_kg: float
    unweighed: int
    capacity_kg: float | None
    capacity_packs: int | None
    limit: Limit | None = None

    @property
    def over_limit(self) -> bool:
        """Whether it is more than the law allows."""
        return self.limit is not None and self.mass_kg > self.limit.limit_kg

    @property
    def over_capacity(self) -> bool:
        """Whether it is more than the outlet filed that it can hold."""
        heavy = self.capacity_kg is not None and self.mass_kg > self.capacity_kg
        return heavy or (self.capacity_packs is not None and self.batteries > self.capacity_packs)


@dataclass(frozen=True, slots=True)
class Covered:
    """How many valid outlets a company has in one prefecture on a day: its own, and those that act for it."""

    company: int
    prefecture: str
    own: int
    commissioned: int
    shared: int


@dataclass(frozen=True, slots=True)
class OutletGap:
    """A prefecture in which a maker has sold vehicles and no outlet of it or for it is valid on the day."""

    company: int
    prefecture: str
    since: date
    duty: str
    version: str


def stock_limits(on: date, told: Law | None = None) -> dict[str, Limit]:
    """The limits of stock that are in force on a day, by kind of site; none for a kind that has none."""
    rules = told or law()
    found: dict[str, Limit] = {}
    for kind, name in _LIMITS.items():
        answer = rules.value(name, on)
        if isinstance(answer, InForce) and isinstance(answer.told, int | float) and answer.value.unit in _KG:
            limit_kg = float(answer.told) * _KG[answer.value.unit]
            found[kind] = Limit(limit_kg, answer.value.version, answer.value.weakest.value)
    return found


def outlet_stock(
    run: psycopg.Cursor[Row],
    scope: Scope,
    on: date,
    told: Law | None = None,
    *,
    over: bool = False,
    sites: Sequence[int] | None = None,
) -> list[Stock]:
    """What lies at the outlets in the scope, by site; with `over` only those above a limit or their capacity.

    With `sites` only these are counted, as far as they are in the scope.

    Outlets where nothing lies are left out. `on` chooses the law and the filing, the stock is that of now.
    """
    limits, visible = stock_limits(on, told), visible_sites(scope)
    some = SQL("" if sites is None else "AND t.number = ANY (%s)")
    statement = _OF_SITES.format(stock=SQL(STOCK), visible=visible.sql, some=some)
    asked = [*visible.params, *([] if sites is None else [list(sites)]), on]
    rows = run.execute(statement, asked).fetchall()
    found = [replace(one, limit=limits.get(one.kind)) for one in (Stock(*row) for row in rows)]
    return [one for one in found if not over or one.over_limit or one.over_capacity]


def crowded_outlets(run: psycopg.Cursor[Row], sites: Sequence[int]) -> frozenset[int]:
    """Which of some outlets hold more than they may, by the findings that stand. That alone is said to the public."""
    return frozenset(site for (site,) in run.execute(_CROWDED, [list(sites), list(sites)]))


def covered_prefectures(run: psycopg.Cursor[Row], scope: Scope, on: date) -> list[Covered]:
    """Where the companies in the scope have outlets on a day; an authority also sees outlets in its division."""
    prefix = scope.division_prefix
    firms = _firms(run, scope)
    found = [Covered(*row) for row in run.execute(_COVERED.format(valid=_VALID), {"on": on})]
    return [one for one in found if one.company in firms or (prefix and one.prefecture.startswith(prefix))]


def gaps(run: psycopg.Cursor[Row], scope: Scope, on: date, told: Law | None = None) -> list[OutletGap]:
    """Prefectures of sale without an outlet, under the duty in force on the day; none where no such duty is.

    An authority sees the gaps of makers seated, and the gaps that lie, in its division; a company its own.
    """
    rules = told or law()
    asked = {rule.version for rule in rules.every_duty() if rule.check == _CHECK}
    firms, prefix = _firms(run, scope), scope.division_prefix
    return [
        OutletGap(gap.company, gap.division, gap.since, gap.duty, gap.version)
        for gap in check_standing(rules, register_of(run), on)
        if gap.version in asked and (gap.company in firms or (prefix and gap.division.startswith(prefix)))
    ]


def _firms(run: psycopg.Cursor[Row], scope: Scope) -> set[int]:
    if scope.level is Level.OUTLET:
        return set()
    visible = visible_companies(scope)
    return {number for (number,) in run.execute(visible.sql, visible.params)}
