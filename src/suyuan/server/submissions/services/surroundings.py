"""What a check must be told of the world: who is registered, which sites, which codes are filed."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from suyuan.codes.columns import of_each_lot
from suyuan.events.checks.context import Context
from suyuan.events.vocabulary import FieldType, Kind
from suyuan.server.kit.clock import CHINA, Clock
from suyuan.server.kit.problems import Forbidden
from suyuan.server.kit.scope import Scope
from suyuan.server.registry import queries as registry

_PREFIX = 14  # characters of a code that are filed with its model
_VENDOR = 3


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports: the company's number and code."""

    number: int
    code: str
    site: int | None = None  # the only site it may report for


def reporter_for(company: int, kind: Kind, clock: Clock, site: int | None = None) -> Reporter:
    """The company, or one outlet of it, as a reporter of `kind`.

    Raises
    ------
    Forbidden
        ``submissions.role_may_not_report`` if none of its roles may report this kind today.
    """
    code, roles = registry.code_and_roles(company, clock.today()) or ("", frozenset())
    if not roles & set(kind.reporters):
        raise Forbidden(
            "submissions.role_may_not_report",
            kind_zh=kind.label.zh,
            kind_en=kind.label.en,
            roles=sorted(roles),
            reporters=sorted(kind.reporters),
        )
    return Reporter(company, code, site)


def _named(columns: pl.DataFrame, kind: Kind, types: tuple[FieldType, ...], cut: int | None = None) -> list[str]:
    """The different texts in the columns of these types, cut to `cut` characters."""
    names = [name for name, field in kind.fields.items() if field.type in types and name in columns.columns]
    texts: set[str] = set()
    for name in names:
        column = columns[name].cast(pl.String)
        if kind.fields[name].type is FieldType.BATTERY_CODE:  # a lot of a million cells begins once
            column = of_each_lot(column)
        texts.update((column.str.slice(0, cut) if cut else column).drop_nulls().unique().to_list())
    return sorted(texts)


def _sites(reporter: Reporter, codes: list[str], today: date) -> dict[str, int]:
    """The reporter's sites with these codes; an outlet reports for itself only."""
    known = registry.site_numbers(Scope.of_nation(), reporter.number, codes, today)
    return {code: number for code, number in known.items() if reporter.site in (None, number)}


def surroundings(columns: pl.DataFrame, kind: Kind, reporter: Reporter, clock: Clock) -> Context:
    """The context of a check, by a handful of queries for just the codes that the sheet names."""
    today = clock.today()
    nation = Scope.of_nation()
    named = _named(columns, kind, (FieldType.COMPANY,))
    sites = _named(columns, kind, (FieldType.SITE,))
    prefixes = _named(columns, kind, (FieldType.BATTERY_CODE,), _PREFIX)
    vendors = sorted({prefix[:_VENDOR] for prefix in prefixes})
    known = registry.vendors(vendors, today) if vendors else None
    return Context(
        reference=today,
        now=clock.now().astimezone(CHINA),
        reporter=reporter.code,
        companies=registry.by_uscc(nation, named, today) if named else {},
        sites=_sites(reporter, sites, today) if sites else {},
        vendors=frozenset(known["code"].to_list()) if known is not None else frozenset(),
        filings=registry.filings(nation, prefixes, today) if prefixes else None,
    )
