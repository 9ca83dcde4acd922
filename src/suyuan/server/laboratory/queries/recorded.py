"""Which batteries have a recorded life: the gate before anything is reused."""

from collections.abc import Sequence

import psycopg
from psycopg.sql import SQL

from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.containers import Key, columns
from suyuan.server.ledger.queries.valid import VALID
from suyuan.server.ledger.queries.visibility import visible_events

_ASSESSED = 23  # a test says nothing of the life before it
_RECORDED = SQL("""
SELECT o.place FROM unnest(%s::text[], %s::integer[]) WITH ORDINALITY AS o (lot, serial, place)
 WHERE EXISTS (SELECT FROM ledger_event e WHERE e.lot = o.lot AND e.serial = o.serial AND e.kind <> %s AND {valid}
                  AND {visible})
    OR EXISTS (SELECT FROM ledger_block b WHERE b.lot = o.lot AND b.block = o.serial / 64
                  AND b.mask & (1::bigint << (o.serial %% 64)) <> 0
                  AND EXISTS (SELECT FROM ledger_event e WHERE e.submission = b.submission AND {visible}))
""")


def recorded(run: psycopg.Cursor[Row], scope: Scope, keys: Sequence[Key]) -> set[Key]:
    """Those of `keys` of which the scope sees a record besides tests: made, held, handed over, or part of a pack.

    Whether a battery has a recorded life is asked with the nation's scope, as the program does when it checks records.
    """
    if not keys:
        return set()
    visible = visible_events(scope)
    statement = _RECORDED.format(valid=SQL(VALID), visible=visible.sql)
    rows = run.execute(statement, [*columns(keys), _ASSESSED, *visible.params, *visible.params])
    return {keys[place - 1] for (place,) in rows}
