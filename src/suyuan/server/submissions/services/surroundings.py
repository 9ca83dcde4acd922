"""What a check must be told of the world: who is registered, which sites, which codes are filed."""

from dataclasses import dataclass

import polars as pl

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


def reporter_for(company: int, kind: Kind, clock: Clock) -> Reporter:
    """The company as a reporter of `kind`.

    Raises
    ------
    Forbidden
        ``submissions.role_may_not_report`` if none of its roles may report this kind today.
    """
    today = clock.today()
    roles = registry.company_roles(company, today)
    rows = registry.companies(Scope.of_nation(), [company], today)
    if rows.is_empty() or not roles & set(kind.reporters):
        raise Forbidden(
            "submissions.role_may_not_report",
            kind_zh=kind.label.zh,
            kind_en=kind.label.en,
            roles=sorted(roles),
            reporters=sorted(kind.reporters),
        )
    return Reporter(company, str(rows["code"][0]))


def _named(columns: pl.DataFrame, kind: Kind, types: tuple[FieldType, ...], cut: int | None = None) -> list[str]:
    """The different texts in the columns of these types, cut to `cut` characters."""
    names = [name for name, field in kind.fields.items() if field.type in types and name in columns.columns]
    texts: set[str] = set()
    for name in names:
        column = columns[name].cast(pl.String)
        texts.update((column.str.slice(0, cut) if cut else column).drop_nulls().unique().to_list())
    return sorted(texts)


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
        sites=registry.site_numbers(nation, reporter.number, sites, today) if sites else {},
        vendors=frozenset(known["code"].to_list()) if known is not None else frozenset(),
        filings=registry.filings(nation, prefixes, today) if prefixes else None,
    )
