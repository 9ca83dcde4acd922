"""What the ledger and the register tell of battery packs, as the columns from which their stays are computed."""

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Final

import polars as pl
import psycopg

from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.copied import copied
from suyuan.server.supervision.queries.history import Portion

WITHDRAWAL: Final = 36

_COLUMNS = """e.id, e.kind, e.slot, e.reporter, coalesce(e.party, 0), coalesce(e.site, 0), e.vehicle,
             (extract(epoch FROM e.occurred_at) * 1000)::bigint, coalesce(e.stands_for, e.id), e.corrects"""
# The second part: what happened to a product that a pack was made part of happened to the pack.
_PACKS = """
COPY (SELECT e.lot, e.serial, {columns}
        FROM {source} WHERE {pack} AND ((e.kind, e.slot) IN ({touches}) OR e.corrects IS NOT NULL)
       UNION ALL
      SELECT s.lot, s.serial, {columns}
        FROM (SELECT e.lot, e.serial, e.into_lot, e.into_serial FROM {source}
               WHERE {pack} AND e.kind = {product_made} AND e.into_lot IS NOT NULL) AS s
        JOIN ledger_event e ON e.lot = s.into_lot AND e.serial = s.into_serial
         AND ((e.kind, e.slot) IN ({of_product}) OR e.corrects IS NOT NULL)
       ORDER BY 1, 2) TO STDOUT (FORMAT csv)
"""
_VEHICLES = """
COPY (SELECT v.lot, v.id, v.kind, (extract(epoch FROM v.occurred_at) * 1000)::bigint, coalesce(v.stands_for, v.id),
             v.corrects, v.body ->> 'division'
        FROM (SELECT DISTINCT e.vehicle FROM {source} WHERE {pack} AND e.vehicle IS NOT NULL) AS o
        JOIN ledger_event v ON v.lot = o.vehicle AND v.serial = 0
       WHERE v.kind IN ({vehicle_sold}, {vehicle_scrapped}, {vehicle_exported}) AND v.slot = 0 OR v.corrects IS NOT NULL
       ORDER BY 1) TO STDOUT (FORMAT csv)
"""
_IN_RANGE = "ledger_event e"
_RANGE = "e.lot > %(after)s AND (%(upto)s::text IS NULL OR e.lot <= %(upto)s) AND substr(e.lot, 4, 1) = 'P'"
_NAMED = (
    "unnest(%(lots)s::text[], %(serials)s::integer[]) AS o (lot, serial)"
    " JOIN ledger_event e ON e.lot = o.lot AND e.serial = o.serial"
)
_OF_NAMED = "substr(e.lot, 4, 1) = 'P'"
_TOUCHED = """
WITH fresh AS (SELECT e.lot, e.serial, e.id, e.corrects, e.kind, e.slot FROM ledger_event e
                WHERE e.submission = ANY (%(submissions)s) AND e.kind <> 1),
     vehicle AS (SELECT DISTINCT f.lot FROM fresh f WHERE f.serial = 0 AND length(f.lot) = 17)
SELECT f.lot, f.serial FROM fresh f WHERE substr(f.lot, 4, 1) = 'P' AND NOT (f.serial = 0 AND length(f.lot) = 17)
 UNION
SELECT s.other_lot, s.other_serial FROM fresh f JOIN ledger_span s ON s.lot = f.lot AND s.serial = f.serial AND NOT s.up
 WHERE substr(s.other_lot, 4, 1) = 'P'
 UNION
SELECT p.lot, p.serial FROM vehicle v JOIN ledger_event e ON e.lot = v.lot AND e.serial = 0
  JOIN ledger_event p ON p.id = e.id WHERE substr(p.lot, 4, 1) = 'P' AND NOT (p.serial = 0 AND length(p.lot) = 17)
 ORDER BY 1, 2
"""
_OF_PREFIX = """
SELECT DISTINCT e.lot, e.serial FROM unnest(%s::text[]) AS o (prefix)
  JOIN ledger_event e ON e.lot >= o.prefix AND e.lot < o.prefix || '~' AND substr(e.lot, 4, 1) = 'P'
"""
_OF_COMPANIES = """
SELECT DISTINCT e.lot, e.serial FROM ledger_event e
 WHERE (e.reporter = ANY (%s) OR e.party = ANY (%s) OR e.site = ANY (%s)) AND substr(e.lot, 4, 1) = 'P'
"""
_PLACES = """
SELECT number, coalesce(division, '') FROM {table}
"""
_RATED = """
SELECT DISTINCT ON (prefix) prefix, round(rated_capacity_ah * nominal_voltage_v)::bigint, round(mass_kg * 1000)::bigint
  FROM registry_code_filing WHERE level = 'P' ORDER BY prefix, valid_from DESC
"""
PACK: Mapping[str, pl.DataType] = MappingProxyType(
    {
        "lot": pl.String(),
        "serial": pl.Int32(),
        "event": pl.String(),
        "kind": pl.Int16(),
        "slot": pl.Int16(),
        "reporter": pl.Int64(),
        "party": pl.Int64(),
        "site": pl.Int64(),
        "vin": pl.String(),
        "ms": pl.Int64(),
        "stands": pl.String(),
        "corrects": pl.String(),
    }
)
VEHICLE: Mapping[str, pl.DataType] = MappingProxyType(
    {
        "vin": pl.String(),
        "event": pl.String(),
        "kind": pl.Int16(),
        "ms": pl.Int64(),
        "stands": pl.String(),
        "corrects": pl.String(),
        "sold_in": pl.String(),
    }
)


@cache
def touches() -> tuple[tuple[int, int], ...]:
    """(kind, slot) of everything that sets something for a battery."""
    return tuple(
        (kind.no, number)
        for kind in vocabulary().kinds.values()
        for number, slot in enumerate(kind.slots)
        if slot.object == "battery" and any((slot.sets.stage, slot.sets.holder, slot.sets.consignee, slot.sets.site))
    )


def _filled(statement: str, source: str, pack: str) -> str:
    kinds = vocabulary().kinds
    pairs = {
        "touches": touches(),
        "of_product": tuple(pair for pair in touches() if pair[0] != kinds["product_made"].no),
    }
    for name, several in pairs.items():
        statement = statement.replace(f"{{{name}}}", ", ".join(map(str, several)))
    for name, piece in (("columns", _COLUMNS), ("source", source), ("pack", pack)):
        statement = statement.replace(f"{{{name}}}", piece)
    for kind in kinds.values():
        statement = statement.replace(f"{{{kind.name}}}", str(kind.no))
    return statement


def packs_between(run: psycopg.Cursor[Row], portion: Portion) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records of all packs in a range of lots, and those of the vehicles that they were in."""
    wanted = {"after": portion.after, "upto": portion.upto}
    return _read(run, _IN_RANGE, _RANGE, wanted)


def packs_of(
    run: psycopg.Cursor[Row], lots: Sequence[str], serials: Sequence[int]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The same for some distinct packs."""
    return _read(run, _NAMED, _OF_NAMED, {"lots": list(lots), "serials": list(serials)})


def _read(
    run: psycopg.Cursor[Row], source: str, pack: str, wanted: Mapping[str, object]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    packs = valid(copied(run, _filled(_PACKS, source, pack), wanted, PACK), ("lot", "serial"))
    vehicles = valid(copied(run, _filled(_VEHICLES, source, pack), wanted, VEHICLE), ("vin",))
    return packs, vehicles


def valid(rows: pl.DataFrame, about: tuple[str, ...]) -> pl.DataFrame:
    """The records that were neither corrected nor withdrawn; withdrawing a correction restores what it corrected."""
    amending = rows.filter(pl.col("corrects").is_not_null()).select(*about, "event", "corrects", "kind")
    if amending.height:
        withdrawn = amending.filter(pl.col("kind") == WITHDRAWAL).select(*about, event="corrects")
        holding = amending.join(withdrawn, on=[*about, "event"], how="anti").select(*about, event="corrects").unique()
        rows = rows.join(holding, on=[*about, "event"], how="anti", maintain_order="left")
    return rows.filter(~pl.col("kind").is_in([35, WITHDRAWAL])).drop("corrects")


def touched(
    run: psycopg.Cursor[Row], submissions: Sequence[int], entries: Mapping[str, Sequence[str]]
) -> list[tuple[str, int]]:
    """The packs whose stays may have changed with these submissions and entries of the register, in order."""
    found: set[tuple[str, int]] = set()
    if submissions:
        found.update(run.execute(_TOUCHED, {"submissions": list(submissions)}).fetchall())
    if prefixes := entries.get("prefix"):
        found.update(run.execute(_OF_PREFIX, [list(prefixes)]).fetchall())
    firms, sites = ([int(key) for key in entries.get(kind, ())] for kind in ("company", "site"))
    if firms or sites:
        found.update(run.execute(_OF_COMPANIES, [firms, firms, sites]).fetchall())
    return sorted(found)


def divisions(run: psycopg.Cursor[Row]) -> tuple[dict[int, str], dict[int, str]]:
    """Where companies are seated and where sites lie, by their numbers; empty where that is not known."""
    firms: dict[int, str] = dict(run.execute(_PLACES.replace("{table}", "registry_company")).fetchall())
    sites: dict[int, str] = dict(run.execute(_PLACES.replace("{table}", "registry_site")).fetchall())
    return firms, sites


def ratings(run: psycopg.Cursor[Row]) -> pl.DataFrame:
    """Rated energy [Wh] and mass [g] of the packs of each filed prefix, as filed last."""
    schema = {"prefix": pl.String(), "energy_wh": pl.Int64(), "mass_g": pl.Int64()}
    return pl.DataFrame(run.execute(_RATED).fetchall(), schema, orient="row")
