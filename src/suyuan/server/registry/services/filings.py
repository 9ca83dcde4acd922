"""Vendor codes and filed coding rules."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl
from django.db import transaction

from suyuan.kernel import Severity, SuyuanError
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.kit.staging import stage
from suyuan.server.registry.models import VendorStatus
from suyuan.server.registry.queries import vendors
from suyuan.server.registry.services.companies import with_numbers
from suyuan.server.registry.services.sieve import Imported, Sieve, arrange

VENDOR_CODES: Final = pl.Schema(
    {
        "code": pl.String(),
        "company": pl.String(),
        "holder": pl.String(),
        "status": pl.String(),
        "source": pl.String(),
        "valid_from": pl.Date(),
        "valid_to": pl.Date(),
    }
)
_MEASURES: Final = ("rated_capacity_ah", "nominal_voltage_v", "mass_kg", "length_mm", "width_mm", "height_mm")
_COUNTS: Final = ("modules", "cells")
FILINGS: Final = pl.Schema(
    {
        "prefix": pl.String(),
        "company": pl.String(),
        "model": pl.String(),
        "level": pl.String(),
        "chemistry": pl.String(),
        **dict.fromkeys(_MEASURES, pl.Float64()),
        **dict.fromkeys(_COUNTS, pl.Int32()),
        "details": pl.String(),
        "filed_on": pl.Date(),
        "valid_from": pl.Date(),
        "valid_to": pl.Date(),
    }
)
_PREFIX = r"^[0-9A-Z]{3}[PMC][A-GZ][0-9A-Z]{2}([0-9A-Z]{7})?$"

# When a later row of the same key begins, the one before it ends on the day before.
_SUCCEED = """
    UPDATE {table} AS earlier SET valid_to = later.begins - 1
      FROM (SELECT id, lead(valid_from) OVER (PARTITION BY {key} ORDER BY valid_from) AS begins
              FROM {table} WHERE {key} IN (SELECT {key} FROM brought)) AS later
     WHERE earlier.id = later.id AND later.begins <= coalesce(earlier.valid_to, later.begins)
"""

_INSERT_FILINGS: Final = """
    INSERT INTO registry_code_filing (
        prefix, company, model, level, chemistry, rated_capacity_ah, nominal_voltage_v, mass_kg, length_mm, width_mm,
        height_mm, modules, cells, details, filed_on, valid_from, valid_to)
    SELECT prefix, number, model, level, chemistry, rated_capacity_ah, nominal_voltage_v, mass_kg, length_mm, width_mm,
           height_mm, modules, cells, details, filed_on, valid_from, valid_to
      FROM brought ORDER BY prefix, valid_from
    ON CONFLICT (prefix, valid_from) DO UPDATE SET
        (company, model, rated_capacity_ah, nominal_voltage_v, mass_kg, length_mm, width_mm, height_mm, modules,
         cells, details, filed_on, valid_to)
        = ROW (excluded.company, excluded.model, excluded.rated_capacity_ah, excluded.nominal_voltage_v,
               excluded.mass_kg, excluded.length_mm, excluded.width_mm, excluded.height_mm, excluded.modules,
               excluded.cells, excluded.details, excluded.filed_on, excluded.valid_to)
"""


def load_vendor_codes(by: Scope, csv: str | bytes) -> Imported:
    """Load vendor codes from csv text (columns `VENDOR_CODES`, UTF-8); only for the nation.

    A code may be loaded without a company where its holder is known by name only.

    Raises
    ------
    SuyuanError
        ``registry.csv_unreadable``, ``registry.column_unknown`` or ``registry.column_type``.
    """
    text = csv.encode() if isinstance(csv, str) else csv
    try:
        frame = pl.read_csv(io.BytesIO(text), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise SuyuanError("registry.csv_unreadable", said=str(error).splitlines()[0][:200]) from error
    frame = with_numbers(arrange(frame, VENDOR_CODES).with_columns(pl.col("holder", "source").fill_null("")))
    sieve = Sieve(frame)
    sieve.require("code", "valid_from")
    sieve.note("code", "registry.vendor_code_form", ~pl.col("code").str.contains("^[0-9A-Z]{3}$"))
    states = [status.value for status in VendorStatus]
    sieve.note("status", "registry.vendor_status_unknown", ~pl.col("status").is_in(states).fill_null(value=False))
    sieve.note("company", "registry.company_unknown", pl.col("number").is_null() & pl.col("company").is_not_null())
    sieve.once("code", "valid_from")
    sieve.valid_period()
    sieve.note("code", "registry.outside_scope", pl.lit(by.level is not Level.NATION))
    types = dict.fromkeys(VENDOR_CODES, "text") | {"valid_from": "date", "valid_to": "date", "number": "integer"}
    statement = """
        INSERT INTO registry_vendor_code (code, company, holder, status, source, valid_from, valid_to)
        SELECT code, number, holder, status, source, valid_from, valid_to FROM brought ORDER BY code, valid_from
        ON CONFLICT (code, valid_from) DO UPDATE SET
            (company, holder, status, source, valid_to)
            = ROW (excluded.company, excluded.holder, excluded.status, excluded.source, excluded.valid_to)
    """
    return _enter(sieve, types, statement, _SUCCEED.format(table="registry_vendor_code", key="code"))


def file_code(by: Scope, filing: Mapping[str, object]) -> None:
    """File one coding rule (fields `FILINGS`); a company files for itself.

    Raises
    ------
    Forbidden
        ``registry.outside_scope``.
    Refusal
        With the first thing found wrong in it.
    """
    import_filings(by, [filing]).or_raise()


def import_filings(by: Scope, rows: pl.DataFrame | Sequence[Mapping[str, object]]) -> Imported:
    """File coding rules in bulk (columns `FILINGS`); rows that pass are entered, the others named.

    `company` is the company's code. Level and chemistry may be left out: the prefix says them. A
    rule holds from `valid_from`, or from the day it was filed; a later one for the same prefix
    ends it.
    """
    frame = with_numbers(arrange(rows, FILINGS)).with_columns(
        pl.col("level").fill_null(pl.col("prefix").str.slice(3, 1)),
        pl.col("chemistry").fill_null(pl.col("prefix").str.slice(4, 1)),
        pl.col("valid_from").fill_null(pl.col("filed_on")),
        pl.col("details").fill_null("{}"),
    )
    sieve = Sieve(frame)
    sieve.require("prefix", "company", "model", "filed_on")
    sieve.note("prefix", "registry.prefix_form", ~pl.col("prefix").str.contains(_PREFIX))
    sieve.note("level", "registry.prefix_level", pl.col("level") != pl.col("prefix").str.slice(3, 1))
    sieve.note("chemistry", "registry.prefix_chemistry", pl.col("chemistry") != pl.col("prefix").str.slice(4, 1))
    sieve.note("company", "registry.company_unknown", pl.col("number").is_null() & pl.col("company").is_not_null())
    for field in (*_MEASURES, *_COUNTS):
        lowest = 0 if field in _COUNTS else 1e-9
        sound = pl.col(field).is_finite() & (pl.col(field) >= lowest)
        sieve.note(field, "registry.measure_impossible", ~sound, {"field": field})
    sieve.note("details", "registry.details_form", ~_is_object(frame["details"]))
    sieve.once("prefix", "valid_from")
    sieve.valid_period()
    _check_vendor(sieve)
    if by.level is not Level.NATION:
        own = pl.col("number") == pl.lit(by.company if by.level is Level.COMPANY else None, dtype=pl.Int32)
        sieve.note("company", "registry.outside_scope", ~own.fill_null(value=False))
    types = dict.fromkeys(FILINGS, "text") | dict.fromkeys(_MEASURES, "float8") | dict.fromkeys(_COUNTS, "integer")
    types |= dict.fromkeys(("filed_on", "valid_from", "valid_to"), "date") | {"number": "integer", "details": "jsonb"}
    return _enter(sieve, types, _INSERT_FILINGS, _SUCCEED.format(table="registry_code_filing", key="prefix"))


def _is_object(details: pl.Series) -> pl.Expr:
    """Whether each text is a JSON object; there are few distinct ones."""

    def sound(text: str) -> bool:
        try:
            return isinstance(json.loads(text), dict)
        except ValueError:
            return False

    good = [text for text in details.drop_nulls().unique().to_list() if sound(text)]
    return pl.col("details").is_in(good)


def _check_vendor(sieve: Sieve) -> None:
    """The vendor code of a prefix must be the company's that day; an unknown one is only remarked on."""
    rows = sieve.frame.select("row", "number", day="valid_from", code=pl.col("prefix").str.slice(0, 3))
    known = vendors(rows["code"].drop_nulls().unique().to_list())
    begun = pl.col("valid_from") <= pl.col("day")
    held = rows.join(known, on="code").filter(
        begun & (pl.col("valid_to").is_null() | (pl.col("day") <= pl.col("valid_to")))
    )
    of_other = held.filter(pl.col("company") != pl.col("number"))["row"]
    sieve.note("prefix", "registry.vendor_of_other", pl.col("row").is_in(of_other.implode()))
    unknown = ~pl.col("row").is_in(held["row"].implode()) & pl.col("prefix").str.contains(_PREFIX)
    sieve.note("prefix", "registry.vendor_unknown", unknown, severity=Severity.WARNING)


def _enter(sieve: Sieve, types: Mapping[str, str], statement: str, succeed: str) -> Imported:
    passed = sieve.passed
    if passed.height:
        with transaction.atomic(), cursor() as bulk:
            stage(bulk, "brought", passed, types)
            bulk.execute(statement)
            bulk.execute(succeed)
            bulk.execute("DROP TABLE brought")
    return Imported(passed.height, sieve.findings)
