"""Who may see what in this room: one function a table, as SQL.

A test record may besides be seen by everybody to whom its battery is open; see `records`.
"""

from psycopg.sql import SQL, Identifier

from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries import Condition, visible_companies


def visible_tests(scope: Scope, alias: str = "t") -> Condition:
    """Rows of `laboratory_test` of the scope's own: who attached them, and the authorities of its seat."""
    return _own(scope, alias)


def visible_lots(scope: Scope, alias: str = "l") -> Condition:
    """The same for `laboratory_lot`, and through it for its cells."""
    return _own(scope, alias)


def visible_models(scope: Scope, alias: str = "m") -> Condition:
    """The same for `laboratory_model`; an outlet uses those of its company."""
    return _own(Scope.of_company(scope.company) if scope.company is not None else scope, alias)


def _own(scope: Scope, alias: str) -> Condition:
    row = Identifier(alias)
    match scope.level:
        case Level.NATION:
            return Condition(SQL("TRUE"), [])
        case Level.OUTLET:
            return Condition(SQL("({0}.company = %s AND {0}.site = %s)").format(row), [scope.company, scope.site])
        case _:
            firms = visible_companies(scope)
            return Condition(SQL("{}.company IN ({})").format(row, firms.sql), firms.params)
