"""File outlets: a first entry, or a new version of one that is known. One outlet and ten thousand go the same way."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl
import psycopg
from django.db import transaction

from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.scope import Scope
from suyuan.server.kit.staging import stage
from suyuan.server.registry.queries import by_uscc
from suyuan.server.registry.services.companies import with_numbers
from suyuan.server.registry.services.outlet_rows import TEMPLATE, judged, texts
from suyuan.server.registry.services.sieve import Imported, Sieve
from suyuan.sheets import Limits, findings, read

LIMITS: Final = Limits(max_bytes=64 << 20, max_rows=200_000, max_sheet_rows=200_000, max_columns=100)
_LOCK: Final = "SELECT pg_advisory_xact_lock(7725, 3)"
_TYPES: Final = {
    **dict.fromkeys(("code", "kind", "name", "operator_name", "division", "address", "phone", "datum"), "text"),
    **{"number": "integer", "longitude_value": "float8", "latitude_value": "float8", "week": "int4multirange"},
    **{"days_value": "jsonb", "chemistries_value": "text[]", "conditions_value": "text[]", "brands_json": "jsonb"},
    **{"capacity_kg_value": "float8", "area_m2_value": "float8", "capacity_packs_value": "float8", "from_day": "date"},
}
_STANDING: Final = """
SELECT t.company, t.code, t.division, o.valid_from, t.kind NOT LIKE 'outlet_%%' AS stranger
  FROM unnest(%s::integer[], %s::text[]) AS a (company, code)
  JOIN registry_site t ON t.company = a.company AND t.code = a.code
  LEFT JOIN registry_outlet o ON o.site = t.number AND o.superseded_at IS NULL AND o.valid_to IS NULL
"""
_SITES: Final = """
INSERT INTO registry_site (company, code, kind, name, division, longitude, latitude, valid_from)
SELECT number, code, kind, name, division, longitude_value, latitude_value, from_day FROM brought ORDER BY number, code
    ON CONFLICT (company, code) DO UPDATE SET (kind, name, division, longitude, latitude, valid_from, valid_to)
        = ROW (excluded.kind, excluded.name, excluded.division, excluded.longitude, excluded.latitude,
               CASE WHEN registry_site.valid_from > excluded.valid_from THEN excluded.valid_from
                    ELSE registry_site.valid_from END, NULL)
"""
_FRESH: Final = """
CREATE TEMPORARY TABLE fresh ON COMMIT DROP AS
SELECT t.number AS site, b.from_day AS valid_from, b.kind, b.name, coalesce(b.operator_name, '') AS operator_name,
       b.division, b.address, coalesce(b.phone, '') AS phone, b.longitude_value AS longitude,
       b.latitude_value AS latitude, CASE WHEN b.longitude_value IS NOT NULL THEN b.datum END AS datum, b.week,
       coalesce(b.days_value, '{}') AS days, b.chemistries_value AS chemistries,
       (SELECT array_agg(v ORDER BY v COLLATE "C") FROM jsonb_array_elements_text(b.brands_json) AS v) AS brands,
       b.conditions_value AS conditions, b.capacity_kg_value AS capacity_kg, b.area_m2_value AS area_m2,
       b.capacity_packs_value::integer AS capacity_packs
  FROM brought b JOIN registry_site t ON t.company = b.number AND t.code = b.code
 WHERE NOT EXISTS (
    SELECT FROM registry_outlet o WHERE o.site = t.number AND o.superseded_at IS NULL AND o.valid_to IS NULL
       AND o.valid_from <= b.from_day
       AND (o.kind, o.name, o.operator_name, o.division, o.address, o.phone) = (b.kind, b.name,
            coalesce(b.operator_name, ''), b.division, b.address, coalesce(b.phone, ''))
       AND (o.longitude, o.latitude, o.week, o.days, o.chemistries, o.conditions, o.capacity_kg, o.area_m2,
            o.capacity_packs, o.brands) IS NOT DISTINCT FROM (b.longitude_value, b.latitude_value, b.week,
            coalesce(b.days_value, '{}'), b.chemistries_value, b.conditions_value, b.capacity_kg_value,
            b.area_m2_value, b.capacity_packs_value::integer,
            (SELECT array_agg(v ORDER BY v COLLATE "C") FROM jsonb_array_elements_text(b.brands_json) AS v)))
"""
_SUPERSEDE: Final = """
UPDATE registry_outlet o SET superseded_at = %s FROM fresh f
 WHERE o.site = f.site AND o.superseded_at IS NULL AND o.valid_from >= f.valid_from
"""
_CLOSE: Final = """
UPDATE registry_outlet o SET valid_to = f.valid_from - 1 FROM fresh f
 WHERE o.site = f.site AND o.superseded_at IS NULL AND coalesce(o.valid_to, 'infinity') >= f.valid_from
"""
_VERSIONS: Final = """
WITH entered AS (
    INSERT INTO registry_outlet (site, version, valid_from, recorded_at, author, filed_by, kind, name, operator_name,
           division, address, phone, longitude, latitude, datum, week, days, chemistries, brands, conditions,
           capacity_kg, area_m2, capacity_packs)
    SELECT f.site, 1 + coalesce((SELECT max(o.version) FROM registry_outlet o WHERE o.site = f.site), 0),
           f.valid_from, %(now)s, %(author)s, %(company)s::integer, f.kind, f.name, f.operator_name, f.division,
           f.address, f.phone, f.longitude, f.latitude, f.datum, f.week, f.days, f.chemistries, f.brands,
           f.conditions, f.capacity_kg, f.area_m2, f.capacity_packs
      FROM fresh f ORDER BY f.site RETURNING site, version, valid_from)
INSERT INTO registry_outlet_act (site, act, on_day, at, author, level, company, version, reason)
SELECT e.site, CASE e.version WHEN 1 THEN 'filed' ELSE 'changed' END, e.valid_from, %(now)s, %(author)s, %(level)s,
       %(company)s::integer, e.version, %(reason)s FROM entered e ORDER BY e.site
"""
_COMMISSIONS: Final = """
WITH entered AS (
    INSERT INTO registry_outlet_commission (site, company, valid_from, recorded_at, author, agreed_at, agreed_by)
    SELECT t.number, c.maker, c.from_day, %(now)s, %(author)s,
           CASE WHEN %(trusted)s OR c.maker = %(company)s::integer THEN %(now)s::timestamptz END,
           CASE WHEN %(trusted)s OR c.maker = %(company)s::integer THEN %(author)s END
      FROM commissions c JOIN registry_site t ON t.company = c.number AND t.code = c.code
     WHERE c.maker <> c.number AND NOT EXISTS (
        SELECT FROM registry_outlet_commission m WHERE m.site = t.number AND m.company = c.maker
           AND c.from_day BETWEEN m.valid_from AND coalesce(m.valid_to, 'infinity'))
     ORDER BY 1, 2 ON CONFLICT DO NOTHING RETURNING site, company, valid_from)
INSERT INTO registry_outlet_act (site, act, on_day, at, author, level, company)
SELECT site, 'commissioned', valid_from, %(now)s, %(author)s, %(level)s, company FROM entered ORDER BY site, company
"""


@dataclass(frozen=True, slots=True)
class Author:
    """Who files, verifies or withdraws: the scope that it may act in, and the name that is kept of it."""

    scope: Scope
    name: str

    @property
    def is_authority(self) -> bool:
        """Whether it acts for an authority, not for a company."""
        return self.scope.company is None


@dataclass(frozen=True, slots=True)
class FiledOutlets(Imported):
    """What became of a table: `entered` rows stand in the register, `changed` of them with a new version."""

    rows: int
    changed: int
    numbers: pl.Series
    """For each row of the table the number under which a spreadsheet program shows it."""


def import_outlets(
    by: Author, source: bytes | Path, name: str | None = None, *, dry: bool = False, clock: Clock = SYSTEM_CLOCK
) -> FiledOutlets:
    """File the outlets of a table (xlsx, csv, Parquet, NDJSON or JSON); a bad row does not cost a good one.

    Raises
    ------
    SheetError
        The file cannot be read at all.
    """
    data = source if isinstance(source, bytes) else source.read_bytes()
    sheet = read(data, [TEMPLATE], name, template=TEMPLATE.kind, limits=LIMITS)
    if not sheet.readable:
        return FiledOutlets(0, sheet.findings, sheet.height, 0, sheet.row_numbers)
    refused = findings.refused_rows(sheet.findings).to_list()
    kept = sheet.columns.with_row_index("place").filter(~pl.col("place").is_in(refused))
    done = file_outlets(by, kept.drop("place"), dry=dry, clock=clock)
    moved = done.findings.with_columns(
        pl.col("row").replace_strict(dict(enumerate(kept["place"])), default=None, return_dtype=pl.UInt32)
    )
    told = findings.concat([sheet.findings, moved]).sort("row", maintain_order=True)
    return FiledOutlets(done.entered, told, sheet.height, done.changed, sheet.row_numbers)


def file_outlet(
    by: Author, values: Mapping[str, str | None], reason: str = "", clock: Clock = SYSTEM_CLOCK
) -> FiledOutlets:
    """File one outlet, as one row of the template.

    Raises
    ------
    Refusal
        With the first thing found wrong in it; Forbidden where the author may not file it.
    """
    done = file_outlets(by, pl.DataFrame([dict(values)], dict.fromkeys(values, pl.String)), reason, clock=clock)
    done.or_raise()
    return done


def file_outlets(
    by: Author, rows: pl.DataFrame, reason: str = "", *, dry: bool = False, clock: Clock = SYSTEM_CLOCK
) -> FiledOutlets:
    """File rows of the template's columns, as text. A row that says what is known already makes no new version."""
    today = clock.today()
    sieve = judged(with_numbers(texts(rows)), today)
    with transaction.atomic(), cursor() as run:
        run.execute(_LOCK)
        _judge_entitled(run, sieve, by, today)
        passed, changed = sieve.passed, 0
        if passed.height and not dry:
            changed = _write(run, passed, by, reason, clock)
    numbers = pl.Series(range(1, rows.height + 1), dtype=pl.UInt32)
    return FiledOutlets(passed.height, sieve.findings, rows.height, changed, numbers)


def _judge_entitled(run: psycopg.Cursor[Row], sieve: Sieve, by: Author, today: date) -> None:
    """Rows of unknown companies, outside the author's scope, or dated as they cannot be."""
    strange = pl.col("number").is_null() & pl.col("company").is_not_null()
    sieve.note("company", "registry.company_unknown", strange)
    asked = sieve.frame.select("number", "code").drop_nulls()
    rows = run.execute(_STANDING, [asked["number"].to_list(), asked["code"].to_list()]).fetchall()
    schema = {"number": pl.Int32, "code": pl.String, "standing_in": pl.String, "standing_from": pl.Date}
    schema |= {"stranger": pl.Boolean}
    known = pl.DataFrame(rows, schema, orient="row")
    sieve.frame = sieve.frame.join(known, on=["number", "code"], how="left", maintain_order="left").with_columns(
        from_day=pl.col("valid_from_value").fill_null(pl.lit(today))
    )
    sieve.note("code", "outlets.site_of_other_kind", pl.col("stranger"))
    ahead = pl.col("standing_from").is_not_null() & (pl.col("from_day") > today)
    sieve.note("valid_from", "outlets.change_ahead", ahead, {"today": str(today)})
    sieve.note("company", "registry.outside_scope", ~_entitled(by))
    makers = sieve.frame["commissioned_by_value"].explode().drop_nulls().unique().to_list()
    registered = list(by_uscc(Scope.of_nation(), makers))
    unknown = pl.col("commissioned_by_value").list.eval(~pl.element().is_in(registered)).list.any()
    sieve.note("commissioned_by", "outlets.maker_unknown", unknown)


def _entitled(by: Author) -> pl.Expr:
    """Rows that the author may file: a company its own, an authority those that lie in its division, and did before."""
    prefix = by.scope.division_prefix
    if prefix is None:
        own = by.scope.company if by.scope.site is None else None
        return (pl.col("number") == pl.lit(own, pl.Int32)).fill_null(value=False)
    from_here = pl.col("standing_in").str.starts_with(prefix).fill_null(value=True)
    return pl.col("division").str.starts_with(prefix).fill_null(value=False) & from_here


def _write(run: psycopg.Cursor[Row], passed: pl.DataFrame, by: Author, reason: str, clock: Clock) -> int:
    brands = pl.col("brands_value").map_elements(_json_list, return_dtype=pl.String)
    stage(run, "brought", passed.with_columns(brands.alias("brands_json")), _TYPES)
    run.execute(_SITES)
    run.execute(_FRESH)
    now = clock.now()
    run.execute(_SUPERSEDE, [now])
    run.execute(_CLOSE)
    told = {"now": now, "author": by.name, "company": by.scope.company, "level": by.scope.level.value, "reason": reason}
    changed = run.execute(_VERSIONS, told).rowcount
    _commission(run, passed, {**told, "trusted": by.is_authority})
    run.execute("DROP TABLE brought, fresh")
    return changed


def _commission(run: psycopg.Cursor[Row], passed: pl.DataFrame, told: Mapping[str, object]) -> None:
    named = passed.select("number", "code", "from_day", maker_code="commissioned_by_value").explode("maker_code")
    named = named.drop_nulls("maker_code")
    if named.is_empty():
        return
    makers = by_uscc(Scope.of_nation(), named["maker_code"].unique().to_list())
    known = named.with_columns(maker=pl.col("maker_code").replace_strict(makers, return_dtype=pl.Int32))
    types = {"number": "integer", "code": "text", "from_day": "date", "maker": "integer"}
    stage(run, "commissions", known, types)
    run.execute(_COMMISSIONS, {name: value for name, value in told.items() if name != "reason"})
    run.execute("DROP TABLE commissions")


def _json_list(values: pl.Series) -> str:
    return json.dumps(values.to_list(), ensure_ascii=False)
