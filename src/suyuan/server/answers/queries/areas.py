"""The areas that answers are about, and who may ask about which: one function a table, as SQL."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from psycopg.sql import SQL, Identifier

from suyuan.codes.divisions import division as division_of
from suyuan.kernel import Language, sentence
from suyuan.server.kit.problems import Forbidden, Missing
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries import Condition, companies, company_number, visible_companies

NATION: Final = "CN"
UNKNOWN: Final = "000000"
_CHILDREN: Final = {Level.NATION: 2, Level.PROVINCE: 4}
_BEHIND: Final = ":"  # sorts behind every digit


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the whole: the nation, a province, a city, or a company with all that it holds.

    `key` is its name in the folds; `code` the division code, or the code of the company.
    """

    scope: Scope
    key: str
    code: str

    @property
    def is_company(self) -> bool:
        """Whether it is a company."""
        return self.scope.level is Level.COMPANY

    @property
    def child_keys(self) -> list[str]:
        """Keys that the areas one level below may have; none below a city or a company."""
        size = _CHILDREN.get(self.scope.level)
        head = "" if self.scope.level is Level.NATION else self.key
        return [f"{head}{number:02d}" for number in range(100)] if size else []

    def name(self, language: Language, on: date) -> str:
        """What it is called."""
        return area_name(self.key, self.code, language, on)


def area_of(scope: Scope, division: str | None = None, company: str | None = None) -> Area:
    """The area that is asked about, the scope's own if nothing is named.

    Raises
    ------
    Forbidden
        ``answers.not_for_outlets``; ``answers.outside_scope`` for a division that the scope does not cover.
    Missing
        ``registry.company_not_found`` for a company that is not in the scope.
    """
    if scope.level is Level.OUTLET:
        raise Forbidden("answers.not_for_outlets")
    if company is not None:
        return company_area(company_number(scope, company), company)
    if division is None:
        return _own(scope)
    asked = Scope.of_province(division) if division.endswith("0000") else Scope.of_city(division)
    if not scope.covers(asked):
        raise Forbidden("answers.outside_scope", division=division)
    return _own(asked)


def company_area(number: int, code: str) -> Area:
    """The area of a company."""
    return Area(Scope.of_company(number), f"#{number}", code)


def _own(scope: Scope) -> Area:
    if scope.company is not None:
        found = companies(Scope.of_company(scope.company), [scope.company])
        if not found.height:
            raise Missing("registry.company_not_found", value=str(scope.company))
        return company_area(scope.company, found["code"].item())
    prefix = scope.division_prefix or ""
    return Area(scope, prefix or NATION, prefix.ljust(len(UNKNOWN), "0") if prefix else NATION)


def division_area(key: str) -> Area:
    """The area of a province or city by its key; for those below one that was allowed."""
    code = key.ljust(len(UNKNOWN), "0")
    return _own(Scope.of_province(code) if len(key) == 2 else Scope.of_city(code))


def area_name(key: str, code: str, language: Language, on: date) -> str:
    """What a nation, province or city is called; a company by its code."""
    if key == NATION:
        return sentence("answers.nation", language=language)
    if code.endswith("0" * 6) or key.endswith("00"):
        return sentence("answers.place_unknown", language=language)
    if key.startswith("#"):
        return code
    found = division_of(code, on)
    return found.name if found else code


def place_name(division: str, language: Language, on: date) -> str:
    """What the division of a row is called; the code of one that the register of divisions does not have."""
    if division == UNKNOWN:
        return sentence("answers.place_unknown", language=language)
    found = division_of(division, on)
    return found.name if found else division


def within(area: Area, alias: str = "s", *, came: bool = False) -> Condition:
    """The condition that rows of `answers_stay` fulfil that lie in an area; with `came`, that came from it."""
    row, side = Identifier(alias), Identifier("came_division" if came else "division")
    if area.scope.level is Level.NATION:
        return Condition(SQL("TRUE"), [])
    if area.is_company:
        column = Identifier("came_company" if came else "company")
        return Condition(SQL("{}.{} = %s").format(row, column), [area.scope.company])
    condition = SQL("({0}.{1} >= %s AND {0}.{1} < %s)").format(row, side)
    return Condition(condition, [area.key, area.key + _BEHIND])


def visible_stays(scope: Scope, alias: str = "s") -> Condition:
    """The condition that rows of `answers_stay` fulfil that a scope may see.

    The nation sees all; a province or city the stays of packs there, those that came from there, and those with
    companies seated there; a company its own and those that left it.
    """
    row = Identifier(alias)
    match scope.level:
        case Level.NATION:
            return Condition(SQL("TRUE"), [])
        case Level.OUTLET:
            return Condition(SQL("FALSE"), [])
        case Level.COMPANY:
            own = SQL("({0}.company = %s OR {0}.came_company = %s)").format(row)
            return Condition(own, [scope.company, scope.company])
        case _:
            area, firms = _own(scope), visible_companies(scope)
            here, came = within(area, alias), within(area, alias, came=True)
            seated = SQL("({0}.company IN ({1}) OR {0}.came_company IN ({1}))").format(row, firms.sql)
            both = SQL("({} OR {} OR {})").format(here.sql, came.sql, seated)
            return Condition(both, [*here.params, *came.params, *firms.params, *firms.params])


def visible_reports(scope: Scope, alias: str = "r") -> Condition:
    """The same for `answers_report`: reports about an area inside the scope."""
    row = Identifier(alias)
    if scope.level is Level.NATION:
        return Condition(SQL("TRUE"), [])
    if scope.level is Level.OUTLET:
        return Condition(SQL("FALSE"), [])
    firms = visible_companies(scope)
    of_company = SQL("{}.company IN ({})").format(row, firms.sql)
    if scope.level is Level.COMPANY:
        return Condition(of_company, firms.params)
    there = SQL("({0}.area LIKE %s OR {1})").format(row, of_company)
    return Condition(there, [f"{scope.division_prefix}%", *firms.params])
