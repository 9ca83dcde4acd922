"""Companies and their sites."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

import polars as pl
from django.db import transaction

from suyuan.codes.columns import check_companies, check_divisions
from suyuan.codes.divisions import check_division
from suyuan.codes.uscc import check_company
from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict
from suyuan.server.kit.scope import Scope
from suyuan.server.kit.staging import stage
from suyuan.server.registry.models import SiteKind
from suyuan.server.registry.queries import COMPANY, SITE, by_uscc, site_numbers
from suyuan.server.registry.services.sieve import Imported, Sieve, arrange

COMPANIES: Final = pl.Schema({name: kind for name, kind in COMPANY.items() if name != "number"})
SITES: Final = pl.Schema({name: kind for name, kind in SITE.items() if name != "number"} | {"company": pl.String()})
"""Columns of what is registered: those of the answers, without the number; a company stands by its code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyEntry:
    """A company to register; `code` is a unified social credit code or a DUNS number."""

    code: str
    name_zh: str
    roles: Sequence[str]
    division: str | None = None
    name_en: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEntry:
    """A site to register; `company` is the company's code, longitude and latitude are WGS 84 degrees."""

    company: str
    code: str
    kind: SiteKind
    division: str
    name: str = ""
    longitude: float | None = None
    latitude: float | None = None
    valid_from: date | None = None
    valid_to: date | None = None


def register_company(by: Scope, entry: CompanyEntry, clock: Clock = SYSTEM_CLOCK) -> int:
    """Register one company; its number.

    Raises
    ------
    Conflict
        ``registry.company_exists`` if its code is registered.
    Forbidden
        ``registry.outside_scope`` if it does not lie in the scope of the authority.
    Refusal
        With the first thing found wrong in it.
    """
    known = by_uscc(Scope.of_nation(), [entry.code])
    if known:
        raise Conflict("registry.company_exists", value=entry.code)
    register_companies(by, [asdict(entry)], clock).or_raise()
    return by_uscc(Scope.of_nation(), [entry.code])[entry.code]


def register_companies(
    by: Scope, rows: pl.DataFrame | Sequence[Mapping[str, object]], clock: Clock = SYSTEM_CLOCK
) -> Imported:
    """Register companies (columns `COMPANIES`), or bring what is known of them up to date."""
    frame = arrange(rows, COMPANIES).with_columns(pl.col("name_en").fill_null(""), pl.col("simulated").fill_null(False))
    today = clock.today()
    sieve = Sieve(frame)
    sieve.require("code", "name_zh", "roles")
    sieve.judge("code", check_companies(frame["code"]), check_company)
    sieve.note("division", "registry.value_missing", _missing_division(), {"field": "division"})
    sieve.judge("division", check_divisions(frame["division"], today), lambda text: check_division(text, today))
    strange = pl.col("roles").list.eval(~pl.element().is_in(list(vocabulary().roles))).list.any()
    sieve.note("roles", "registry.role_unknown", strange, {"known": list(vocabulary().roles)})
    sieve.once("code")
    sieve.valid_period()
    sieve.note("code", "registry.outside_scope", ~_inside(by))
    types = dict.fromkeys(COMPANIES, "text") | {"roles": "text[]", "valid_from": "date", "valid_to": "date"}
    statement = """
        INSERT INTO registry_company (code, name_zh, name_en, roles, division, valid_from, valid_to, simulated)
        SELECT code, name_zh, name_en, roles, division, valid_from, valid_to, simulated FROM brought ORDER BY code
        ON CONFLICT (code) DO UPDATE SET
            (name_zh, name_en, roles, division, valid_from, valid_to)
            = ROW (excluded.name_zh, excluded.name_en, excluded.roles, excluded.division, excluded.valid_from,
                   excluded.valid_to)
    """
    return _enter(sieve, types | {"simulated": "boolean"}, statement)


def _missing_division() -> pl.Expr:
    return pl.col("division").is_null() & (pl.col("code").str.len_chars() != 9)


def _inside(by: Scope) -> pl.Expr:
    """Rows whose division lies in the scope of an authority; a company is no authority."""
    prefix = by.division_prefix
    if prefix is None:
        return pl.lit(value=False)
    return pl.lit(value=True) if not prefix else pl.col("division").str.starts_with(prefix).fill_null(value=False)


def register_site(by: Scope, entry: SiteEntry, clock: Clock = SYSTEM_CLOCK) -> int:
    """Register one site; its number. A company may register sites of its own.

    Raises
    ------
    Conflict
        ``registry.site_exists`` if the company has a site of that code.
    Forbidden
        ``registry.outside_scope``.
    Refusal
        With the first thing found wrong in it.
    """
    nation = Scope.of_nation()
    number = by_uscc(nation, [entry.company]).get(entry.company)
    if number is not None and site_numbers(nation, number, [entry.code]):
        raise Conflict("registry.site_exists", value=entry.code)
    register_sites(by, [asdict(entry) | {"kind": str(entry.kind)}], clock).or_raise()
    owner = by_uscc(nation, [entry.company])[entry.company]
    return site_numbers(nation, owner, [entry.code])[entry.code]


def register_sites(
    by: Scope, rows: pl.DataFrame | Sequence[Mapping[str, object]], clock: Clock = SYSTEM_CLOCK
) -> Imported:
    """Register sites (columns `SITES`; `company` is the company's code), or bring them up to date."""
    frame = with_numbers(arrange(rows, SITES).with_columns(pl.col("name").fill_null("")))
    today = clock.today()
    sieve = Sieve(frame)
    sieve.require("company", "code", "kind", "division")
    sieve.note("company", "registry.company_unknown", pl.col("number").is_null() & pl.col("company").is_not_null())
    kinds = [kind.value for kind in SiteKind]
    sieve.note("kind", "registry.site_kind_unknown", ~pl.col("kind").is_in(kinds), {"known": kinds})
    sieve.judge("division", check_divisions(frame["division"], today), lambda text: check_division(text, today))
    longitude, latitude = pl.col("longitude"), pl.col("latitude")
    off = ~longitude.is_between(-180, 180) | ~latitude.is_between(-90, 90)
    sieve.note("longitude", "registry.place_impossible", off | (longitude.is_null() != latitude.is_null()))
    sieve.once("company", "code")
    sieve.valid_period()
    own = pl.col("number") == by.company if by.company is not None and by.site is None else pl.lit(value=False)
    sieve.note("company", "registry.outside_scope", ~(_inside(by) | own.fill_null(value=False)))
    types = dict.fromkeys(SITES, "text") | {"longitude": "float8", "latitude": "float8"}
    statement = """
        INSERT INTO registry_site (company, code, kind, name, division, longitude, latitude, valid_from, valid_to)
        SELECT number, code, kind, name, division, longitude, latitude, valid_from, valid_to FROM brought
        ORDER BY number, code
        ON CONFLICT (company, code) DO UPDATE SET
            (kind, name, division, longitude, latitude, valid_from, valid_to)
            = ROW (excluded.kind, excluded.name, excluded.division, excluded.longitude, excluded.latitude,
                   excluded.valid_from, excluded.valid_to)
    """
    return _enter(sieve, types | {"valid_from": "date", "valid_to": "date", "number": "integer"}, statement)


def with_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with the column `number`: of the company whose code stands in `company`, null if unknown."""
    codes = frame["company"].drop_nulls().unique().to_list()
    known = by_uscc(Scope.of_nation(), codes)
    return frame.with_columns(
        number=pl.col("company").replace_strict(list(known), list(known.values()), default=None, return_dtype=pl.Int32)
        if known
        else pl.lit(None, dtype=pl.Int32)
    )


def _enter(sieve: Sieve, types: Mapping[str, str], statement: str) -> Imported:
    passed = sieve.passed
    if passed.height:
        with transaction.atomic(), cursor() as bulk:
            stage(bulk, "brought", passed, types)
            bulk.execute(statement)
            bulk.execute("DROP TABLE brought")
    return Imported(passed.height, sieve.findings)
