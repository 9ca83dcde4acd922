"""Who may see what in the ledger, decided here and nowhere else.

A record may be seen by the nation; by a province or city in which its reporter or its other party is
seated, or its site lies; by its reporter and its other party; and by the outlet at whose site it
happened.

An object is opened, with all its records, by a record of it or of anything that it was ever inside of: a
container, a vehicle. For the nation and its divisions every record that they may see opens. For a company
or an outlet a record opens if it names the company as the other party, or if the company reported it and
it changed something: where the vocabulary says that the kind sets something for an object in that slot, or
that a cell was made. It opens no longer once it is withdrawn or corrected. What sets nothing, such as a
test or the vehicle that a removed pack was in, may be reported of anybody's objects by any company with a
key, and opens nothing. Of an object that is not open its reporter may read his own records alone, neither
state nor holder nor parts nor what others reported.

So whoever may see a thing may see its parts, at any date, and not the other way round. Whoever became a
holder or is awaited to be is the reporter or the other party of a record that sets it, so that nothing is
asked about holders.
"""

from collections.abc import Sequence

import psycopg
from psycopg.sql import SQL, Identifier

from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.ledger.queries.containers import Key, columns
from suyuan.server.ledger.queries.valid import VALID
from suyuan.server.registry.queries import Condition, visible_companies, visible_sites

_SEEN = SQL("""
SELECT o.place FROM unnest(%s::text[], %s::integer[]) WITH ORDINALITY AS o (lot, serial, place)
 WHERE EXISTS (SELECT FROM ledger_event e WHERE e.lot = o.lot AND e.serial = o.serial AND {condition})
""")
_SEEN_BETWEEN = SQL("""
SELECT DISTINCT e.lot, e.serial FROM unnest(%s::text[], %s::integer[], %s::integer[]) AS o (lot, low, high)
  JOIN ledger_event e ON e.lot = o.lot AND e.serial BETWEEN o.low AND o.high AND e.kind <> 1 AND {condition}
""")
_SEEN_MAKING = SQL("""
SELECT DISTINCT e.lot, e.submission FROM ledger_event e
 WHERE e.lot = ANY(%s) AND e.kind = 1 AND e.submission = ANY(%s) AND {condition}
""")
_CONCERNED = SQL("""(e.party = %s OR (e.reporter = %s AND ((e.kind = 1 AND e.slot = 0)
    OR EXISTS (SELECT FROM vocabulary_effect f WHERE f.kind = e.kind AND f.slot = e.slot))))""")
"""Cells that were made (kind 1) have no row of their own, and therefore none among the effects."""

_SEATED = SQL("EXISTS (SELECT FROM ({firms}) v WHERE v.number IN ({row}.reporter, {row}.party))")
_LYING = SQL("EXISTS (SELECT FROM ({sites}) v WHERE v.number = {row}.site)")


def visible_events(scope: Scope, alias: str = "e") -> Condition:
    """The condition that rows of `ledger_event` fulfil that a scope may see."""
    row = Identifier(alias)
    match scope.level:
        case Level.NATION:
            return Condition(SQL("TRUE"), [])
        case Level.COMPANY:
            own = SQL("({row}.reporter = %s OR {row}.party = %s)").format(row=row)
            return Condition(own, [scope.company, scope.company])
        case Level.OUTLET:
            sites = visible_sites(scope)
            return Condition(_LYING.format(sites=sites.sql, row=row), sites.params)
        case _:
            firms, sites = visible_companies(scope), visible_sites(scope)
            seated, lying = _SEATED.format(firms=firms.sql, row=row), _LYING.format(sites=sites.sql, row=row)
            return Condition(SQL("({} OR {})").format(seated, lying), [*firms.params, *sites.params])


def opening_events(scope: Scope) -> Condition:
    """The condition that rows `e` of `ledger_event` fulfil that open their object to a scope; they are visible ones."""
    visible = visible_events(scope)
    if scope.level not in (Level.COMPANY, Level.OUTLET):
        return visible
    opening = SQL("({} AND {} AND {})").format(visible.sql, _CONCERNED, SQL(VALID))
    return Condition(opening, [*visible.params, scope.company, scope.company])


def seen_keys(run: psycopg.Cursor[Row], scope: Scope, keys: Sequence[Key]) -> set[Key]:
    """Those of `keys` that have a record of their own which opens them to the scope."""
    if scope.level is Level.NATION or not keys:
        return set(keys)
    condition = opening_events(scope)
    rows = run.execute(_SEEN.format(condition=condition.sql), [*columns(keys), *condition.params])
    return {keys[place - 1] for (place,) in rows}


def seen_between(
    run: psycopg.Cursor[Row], scope: Scope, lots: Sequence[str], low: Sequence[int], high: Sequence[int]
) -> list[Key]:
    """The objects of each lot, from serial `low` to `high`, that have such a record of their own."""
    condition = opening_events(scope)
    statement = _SEEN_BETWEEN.format(condition=condition.sql)
    return run.execute(statement, [list(lots), list(low), list(high), *condition.params]).fetchall()


def seen_makings(
    run: psycopg.Cursor[Row], scope: Scope, lots: Sequence[str], submissions: Sequence[int]
) -> set[tuple[str, int]]:
    """The (lot, submission) of records of cells made that open those cells to the scope."""
    condition = opening_events(scope)
    statement = _SEEN_MAKING.format(condition=condition.sql)
    return set(run.execute(statement, [list(lots), list(submissions), *condition.params]).fetchall())
