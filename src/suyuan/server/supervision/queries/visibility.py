"""Who may see what in this room: one function a table, as SQL."""

from psycopg.sql import SQL, Identifier

from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries import Condition, visible_companies, visible_sites


def visible_duties(scope: Scope, alias: str = "d") -> Condition:
    """The condition that rows of `supervision_duty` fulfil that a scope may see.

    The nation sees all; a province or city those of the companies seated there and those that arose at a
    site there, whoever runs it; a company its own; an outlet those of its company that arose at its site.
    """
    row = Identifier(alias)
    match scope.level:
        case Level.NATION:
            return Condition(SQL("TRUE"), [])
        case Level.COMPANY:
            return Condition(SQL("{}.company = %s").format(row), [scope.company])
        case Level.OUTLET:
            return Condition(SQL("({0}.company = %s AND {0}.site = %s)").format(row), [scope.company, scope.site])
        case _:
            firms, sites = visible_companies(scope), visible_sites(scope)
            both = SQL("({0}.company IN ({1}) OR {0}.site IN ({2}))").format(row, firms.sql, sites.sql)
            return Condition(both, [*firms.params, *sites.params])


def visible_facts(scope: Scope, alias: str = "f") -> Condition:
    """The same for `supervision_fact`: a company's facts are for itself and for the authorities of its seat."""
    if scope.level is Level.OUTLET:
        return Condition(SQL("FALSE"), [])
    firms = visible_companies(scope)
    return Condition(SQL("{}.company IN ({})").format(Identifier(alias), firms.sql), firms.params)


def visible_findings(scope: Scope, alias: str = "n") -> Condition:
    """The same for `supervision_finding`: for authorities only, where one of its companies is seated, its site lies, or
    which is the place that it is about.

    A finding is a suspicion that nobody has looked into; companies hear of it when an authority writes to them.
    """
    row = Identifier(alias)
    match scope.level:
        case Level.NATION:
            return Condition(SQL("TRUE"), [])
        case Level.COMPANY | Level.OUTLET:
            return Condition(SQL("FALSE"), [])
        case _:
            firms, sites = visible_companies(scope), visible_sites(scope)
            both = SQL("({0}.company IN ({1}) OR {0}.party IN ({1}) OR {0}.site IN ({2}) OR {0}.division LIKE %s)")
            params = [*firms.params, *firms.params, *sites.params, f"{scope.division_prefix}%"]
            return Condition(both.format(row, firms.sql, sites.sql), params)


def visible_standing(scope: Scope, alias: str = "t") -> Condition:
    """The same for `supervision_standing`: the companies seated in a division, and what is missing in it.

    A company sees its own; an outlet nothing, because it is the company that owes.
    """
    row = Identifier(alias)
    if scope.level is Level.OUTLET:
        return Condition(SQL("FALSE"), [])
    firms = visible_companies(scope)
    mine = SQL("{}.company IN ({})").format(row, firms.sql)
    prefix = scope.division_prefix
    if not prefix:
        return Condition(mine, firms.params)
    return Condition(SQL("({} OR {}.division LIKE %s)").format(mine, row), [*firms.params, f"{prefix}%"])


def visible_of_company(scope: Scope, alias: str) -> Condition:
    """The same for feeds, webhooks and notices: each is for the company that it belongs to, and for nobody else.

    The nation runs the installation and sees them, too; what a company is told is no business of a province.
    """
    row = Identifier(alias)
    match scope.level:
        case Level.NATION:
            return Condition(SQL("TRUE"), [])
        case Level.COMPANY:
            return Condition(SQL("{}.company = %s").format(row), [scope.company])
        case _:
            return Condition(SQL("FALSE"), [])
