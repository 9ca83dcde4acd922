"""Companies, sites, coding rules and vendor codes as the register holds them.

The program's own checks (is the buyer a known company?) ask with the scope of the nation.
"""

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple, TypeAlias

import polars as pl
from psycopg.sql import SQL, Composed, Identifier

from suyuan.codes.divisions import division
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope

Parameter: TypeAlias = str | int | date | list[str] | list[int] | None

COMPANY: Final = pl.Schema(
    {
        "number": pl.Int32(),
        "code": pl.String(),
        "name_zh": pl.String(),
        "name_en": pl.String(),
        "roles": pl.List(pl.String()),
        "division": pl.String(),
        "valid_from": pl.Date(),
        "valid_to": pl.Date(),
        "simulated": pl.Boolean(),
    }
)
SITE: Final = pl.Schema(
    {
        "number": pl.Int32(),
        "company": pl.Int32(),
        "code": pl.String(),
        "kind": pl.String(),
        "name": pl.String(),
        "division": pl.String(),
        "longitude": pl.Float64(),
        "latitude": pl.Float64(),
        "valid_from": pl.Date(),
        "valid_to": pl.Date(),
    }
)
_FILING: Final = pl.Schema(
    {
        "prefix": pl.String(),
        "company": pl.Int32(),
        "model": pl.String(),
        "level": pl.String(),
        "chemistry": pl.String(),
        "rated_capacity_ah": pl.Float64(),
        "nominal_voltage_v": pl.Float64(),
        "mass_kg": pl.Float64(),
        "length_mm": pl.Float64(),
        "width_mm": pl.Float64(),
        "height_mm": pl.Float64(),
        "modules": pl.Int32(),
        "cells": pl.Int32(),
        "filed_on": pl.Date(),
        "valid_from": pl.Date(),
        "valid_to": pl.Date(),
    }
)
_VENDOR: Final = pl.Schema(
    {"code": pl.String(), "company": pl.Int32(), "status": pl.String(), "valid_from": pl.Date(), "valid_to": pl.Date()}
)
_PROVINCE: Final = pl.Schema(
    {"division": pl.String(), "name": pl.String(), "companies": pl.Int64(), "sites": pl.Int64()}
)
_ON: Final = SQL(
    "(%s::date IS NULL OR %s BETWEEN coalesce(valid_from, '-infinity') AND coalesce(valid_to, 'infinity'))"
)
_COMPANIES: Final = SQL("SELECT number FROM registry_company")
_SITES: Final = SQL("SELECT number FROM registry_site")


class Condition(NamedTuple):
    """A piece of SQL, to be put into a larger one with `psycopg.sql`, and its parameters."""

    sql: SQL | Composed
    params: list[Parameter]


def visible_companies(scope: Scope) -> Condition:
    """A query for the numbers of the companies whose records a scope may see.

    An authority sees the companies seated in its division; a company, or one of its outlets, itself.
    Use as ``company IN ({visible})``.
    """
    prefix = scope.division_prefix
    if prefix is None:
        return Condition(_COMPANIES + SQL(" WHERE number = %s"), [scope.company])
    if not prefix:
        return Condition(_COMPANIES, [])
    return Condition(_COMPANIES + SQL(" WHERE division LIKE %s"), [f"{prefix}%"])


def visible_sites(scope: Scope) -> Condition:
    """A query for the numbers of the sites that a scope may see.

    An authority sees the sites that lie in its division, whoever runs them; a company sees its own
    wherever they lie, an outlet itself.
    """
    prefix = scope.division_prefix
    if prefix is None and scope.site is not None:
        return Condition(_SITES + SQL(" WHERE company = %s AND number = %s"), [scope.company, scope.site])
    if prefix is None:
        return Condition(_SITES + SQL(" WHERE company = %s"), [scope.company])
    if not prefix:
        return Condition(_SITES, [])
    return Condition(_SITES + SQL(" WHERE division LIKE %s"), [f"{prefix}%"])


def companies(scope: Scope, numbers: Sequence[int] | None = None, on: date | None = None) -> pl.DataFrame:
    """Companies in the scope, by number; those `numbers` and those registered on a day if given."""
    visible = visible_companies(scope)
    statement = SQL(
        "SELECT {columns} FROM registry_company WHERE number IN ({visible})"
        " AND (%s::int[] IS NULL OR number = ANY(%s)) AND {on} ORDER BY number"
    ).format(columns=_columns(COMPANY), visible=visible.sql, on=_ON)
    return pl.DataFrame(_rows(statement, [*visible.params, *_twice(numbers), on, on]), COMPANY, orient="row")


def code_and_roles(number: int, on: date) -> tuple[str, frozenset[str]] | None:
    """The code of a company and its roles on a day; None if it is not registered then."""
    statement = SQL("SELECT code, roles FROM registry_company WHERE number = %s AND {on}").format(on=_ON)
    rows = _rows(statement, [number, on, on])
    return (rows[0][0], frozenset(rows[0][1])) if rows else None


def by_uscc(scope: Scope, codes: Sequence[str], on: date | None = None) -> dict[str, int]:
    """Numbers of the companies with these codes (credit codes or DUNS); unknown ones are left out."""
    visible = visible_companies(scope)
    statement = SQL(
        "SELECT code, number FROM registry_company WHERE code = ANY(%s) AND number IN ({visible}) AND {on}"
        " ORDER BY code"
    ).format(visible=visible.sql, on=_ON)
    return dict(_rows(statement, [list(codes), *visible.params, on, on]))


def company_number(scope: Scope, code: str) -> int:
    """Number of the company with this code.

    Raises
    ------
    Missing
        ``registry.company_not_found`` if there is none in the scope.
    """
    found = by_uscc(scope, [code])
    if code not in found:
        raise Missing("registry.company_not_found", value=code)
    return found[code]


def sites(scope: Scope, numbers: Sequence[int] | None = None, on: date | None = None) -> pl.DataFrame:
    """Sites in the scope, by number; those `numbers` and those valid on a day if given."""
    visible = visible_sites(scope)
    statement = SQL(
        "SELECT {columns} FROM registry_site WHERE number IN ({visible})"
        " AND (%s::int[] IS NULL OR number = ANY(%s)) AND {on} ORDER BY number"
    ).format(columns=_columns(SITE), visible=visible.sql, on=_ON)
    return pl.DataFrame(_rows(statement, [*visible.params, *_twice(numbers), on, on]), SITE, orient="row")


def site_numbers(scope: Scope, company: int, codes: Sequence[str], on: date | None = None) -> dict[str, int]:
    """Numbers of a company's sites with these codes; unknown ones are left out."""
    visible = visible_sites(scope)
    statement = SQL(
        "SELECT code, number FROM registry_site WHERE company = %s AND code = ANY(%s) AND number IN ({visible})"
        " AND {on} ORDER BY code"
    ).format(visible=visible.sql, on=_ON)
    return dict(_rows(statement, [company, list(codes), *visible.params, on, on]))


def filings(scope: Scope, prefixes: Sequence[str], on: date | None = None) -> pl.DataFrame:
    """Filed rules for these prefixes, by prefix and first day, ready to be joined with a column of codes.

    With `on`, at most one row a prefix: the rule that holds on that day.
    """
    visible = visible_companies(scope)
    statement = SQL(
        "SELECT {columns} FROM registry_code_filing WHERE prefix = ANY(%s) AND company IN ({visible})"
        " AND {on} ORDER BY prefix, valid_from"
    ).format(columns=_columns(_FILING), visible=visible.sql, on=_ON)
    return pl.DataFrame(_rows(statement, [list(prefixes), *visible.params, on, on]), _FILING, orient="row")


def vendors(codes: Sequence[str], on: date | None = None) -> pl.DataFrame:
    """Whom these vendor codes were issued to; the company is null where it is not registered.

    Vendor codes are printed on every battery: they have no scope.
    """
    statement = SQL(
        "SELECT {columns} FROM registry_vendor_code WHERE code = ANY(%s) AND {on} ORDER BY code, valid_from"
    ).format(columns=_columns(_VENDOR), on=_ON)
    return pl.DataFrame(_rows(statement, [list(codes), on, on]), _VENDOR, orient="row")


def provinces(scope: Scope, on: date) -> pl.DataFrame:
    """Provinces with something to see in the scope: how many companies are seated and sites lie there."""
    firms, places = visible_companies(scope), visible_sites(scope)
    statement = SQL(
        """
        SELECT left(division, 2) || '0000', sum(firm), sum(place)
          FROM (SELECT division, 1 AS firm, 0 AS place FROM registry_company
                 WHERE number IN ({firms}) AND {on} AND division IS NOT NULL
                UNION ALL
                SELECT division, 0, 1 FROM registry_site WHERE number IN ({places}) AND {on}) AS all_of_them
         GROUP BY 1 ORDER BY 1
        """
    ).format(firms=firms.sql, places=places.sql, on=_ON)
    rows = _rows(statement, [*firms.params, on, on, *places.params, on, on])
    named = [(code, _name(code, on), firms_there, sites_there) for code, firms_there, sites_there in rows]
    return pl.DataFrame(named, _PROVINCE, orient="row")


def _columns(schema: pl.Schema) -> Composed:
    return SQL(", ").join(Identifier(name) for name in schema)


def _name(code: str, on: date) -> str:
    found = division(code, on)
    return found.name if found else code


def _twice(numbers: Sequence[int] | None) -> list[Parameter]:
    wanted = None if numbers is None else list(numbers)
    return [wanted, wanted]


def _rows(statement: SQL | Composed, params: Sequence[Parameter]) -> list[Row]:
    with cursor() as reading:
        return reading.execute(statement, params).fetchall()
