"""Who may see what in this room: one function a table, as SQL."""

from psycopg.sql import SQL, Identifier

from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries import Condition


def visible_cases(scope: Scope, alias: str = "c") -> Condition:
    """The condition that rows of `cases_case` fulfil that a scope may see.

    The nation sees all; a province or city those of its place, those that an authority there leads, and those
    shared with one there; a company those about it from the first letter on; an outlet those about its site.
    """
    row = Identifier(alias)
    match scope.level:
        case Level.NATION:
            return Condition(SQL("TRUE"), [])
        case Level.COMPANY:
            return Condition(SQL("({0}.company = %s AND {0}.told)").format(row), [scope.company])
        case Level.OUTLET:
            own = SQL("({0}.company = %s AND {0}.site = %s AND {0}.told)")
            return Condition(own.format(row), [scope.company, scope.site])
        case _:
            inside = SQL(
                "({0}.place LIKE %s OR {0}.division LIKE %s OR EXISTS (SELECT FROM cases_share h"
                " WHERE h.case_number = {0}.number AND h.division LIKE %s))"
            )
            return Condition(inside.format(row), [f"{scope.division_prefix}%"] * 3)


def visible_steps(scope: Scope, alias: str = "s") -> Condition:
    """The same for `cases_step`, within a case that the scope may see: a company reads what is addressed to it."""
    if scope.company is None:
        return Condition(SQL("TRUE"), [])
    return Condition(SQL("{}.seen").format(Identifier(alias)), [])


def visible_attachments(scope: Scope, alias: str = "a") -> Condition:
    """The same for `cases_attachment`: what a step that one may read cites, and what one's own side brought."""
    row, steps = Identifier(alias), visible_steps(scope)
    cited = SQL(
        "EXISTS (SELECT FROM cases_citation q JOIN cases_step s USING (case_number, version)"
        " WHERE q.attachment = {}.number AND {})"
    ).format(row, steps.sql)
    if scope.company is None:
        own = SQL("{}.actor_company IS NULL").format(row)
        return Condition(SQL("({} OR {})").format(own, cited), [*steps.params])
    own = SQL("{}.actor_company = %s").format(row)
    return Condition(SQL("({} OR {})").format(own, cited), [scope.company, *steps.params])
