"""Fold the whole ledger again from its events alone: to compare, or to put the folds right.

Everything goes portion by portion, so that memory stays bounded whatever the size of the ledger.
"""

from collections.abc import Iterator, Mapping

import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.valid import VALID
from suyuan.server.ledger.services.differences import Differences, Report
from suyuan.server.ledger.services.folding import fold_spans, refold
from suyuan.server.ledger.services.locks import lock_everything
from suyuan.server.ledger.services.rebuild_blocks import rebuild_blocks

PORTION = 50_000  # rows of events folded at once

_NEXT = "SELECT lot FROM ledger_event WHERE lot > %s ORDER BY lot OFFSET %s LIMIT 1"


def _in_range(statement: str) -> str:
    """Put the condition that a lot lies in the portion where `statement` has `{x}` for a table x."""
    condition = "x.lot > %(after)s AND (%(upto)s::text IS NULL OR x.lot <= %(upto)s)"
    for table in "adesu":
        statement = statement.replace(f"{{{table}}}", condition.replace("x.lot", f"{table}.lot"))
    return statement.replace("{valid}", VALID)


_STATES = _in_range("""
WITH key AS MATERIALIZED (
        SELECT DISTINCT e.lot, e.serial FROM ledger_event e
          JOIN vocabulary_effect f ON f.kind = e.kind AND f.slot = e.slot WHERE {e}),
     fresh AS (SELECT * FROM refold_state((SELECT array_agg(lot ORDER BY lot, serial) FROM key),
                                          (SELECT array_agg(serial ORDER BY lot, serial) FROM key))),
     held AS (SELECT * FROM ledger_state s WHERE {s})
SELECT coalesce(f.lot, h.lot), coalesce(f.serial, h.serial),
       CASE WHEN h.lot IS NULL THEN 'missing' WHEN f.lot IS NULL THEN 'extra' ELSE 'different' END
  FROM fresh f FULL JOIN held h ON h.lot = f.lot AND h.serial = f.serial
 WHERE (f.stage, f.holder, f.consignee, f.site, f.vehicle, f.changed_at, f.changed_by)
       IS DISTINCT FROM (h.stage, h.holder, h.consignee, h.site, h.vehicle, h.changed_at, h.changed_by)
 ORDER BY 1, 2
""")
_SPANS = _in_range("""
WITH key AS MATERIALIZED (
        SELECT e.lot, e.serial FROM ledger_event e
          JOIN vocabulary_effect f ON f.kind = e.kind AND f.slot = e.slot AND f.leaves WHERE {e}
         UNION
        SELECT a.lot, a.block * 64 + bit FROM ledger_block a
          JOIN ledger_block b ON b.lot = a.lot AND b.block = a.block AND b.submission > a.submission
               AND b.mask & a.mask <> 0 AND b.parents IS NOT NULL
         CROSS JOIN generate_series(0, 63) AS bit
         WHERE a.parents IS NOT NULL AND a.mask & b.mask & (1::bigint << bit) <> 0 AND {a}),
     fresh AS MATERIALIZED (SELECT * FROM refold_spans((SELECT array_agg(lot ORDER BY lot, serial) FROM key),
                                                       (SELECT array_agg(serial ORDER BY lot, serial) FROM key)))
SELECT coalesce(f.lot, h.lot), coalesce(f.serial, h.serial),
       CASE WHEN h.lot IS NULL THEN 'missing' WHEN f.lot IS NULL THEN 'extra' ELSE 'different' END
  FROM fresh f
  FULL JOIN (SELECT * FROM ledger_span s WHERE s.up AND {s}) AS h
    ON h.lot = f.lot AND h.serial = f.serial AND h.other_lot = f.parent_lot AND h.other_serial = f.parent_serial
       AND h.from_at = f.from_at AND h.from_by = f.from_by
 WHERE f.lot IS NULL OR h.lot IS NULL OR f.to_at IS DISTINCT FROM h.to_at
 UNION ALL
SELECT f.lot, f.serial, CASE WHEN d.lot IS NULL THEN 'missing' ELSE 'different' END
  FROM fresh f
  LEFT JOIN ledger_span d ON NOT d.up AND d.lot = f.parent_lot AND d.serial = f.parent_serial
       AND d.from_at = f.from_at AND d.from_by = f.from_by AND d.other_lot = f.lot AND d.other_serial = f.serial
 WHERE d.lot IS NULL OR d.to_at IS DISTINCT FROM f.to_at
 ORDER BY 1, 2
""")
_MIRROR = """
  FROM ledger_span d
 WHERE NOT d.up AND NOT EXISTS (
        SELECT FROM ledger_span u WHERE u.up AND u.lot = d.other_lot AND u.serial = d.other_serial
               AND u.from_at = d.from_at AND u.from_by = d.from_by
               AND u.other_lot = d.lot AND u.other_serial = d.serial)
"""
_STRAY = "SELECT d.other_lot, d.other_serial, 'extra' {mirror} ORDER BY 1, 2".replace("{mirror}", _MIRROR)
_DROP_STRAY = "DELETE {mirror}".replace("{mirror}", _MIRROR)
_DAILY = """
WITH fresh AS (
        SELECT (e.occurred_at AT TIME ZONE 'Asia/Shanghai')::date AS day, e.kind, e.reporter AS company, e.submission,
               sum(CASE WHEN e.kind = 1 THEN octet_length(e.parts) / 4 ELSE 1 END) AS records
          FROM ledger_event e WHERE e.main_lot IS NULL AND {valid} GROUP BY 1, 2, 3, 4)
SELECT coalesce(f.day, h.day), coalesce(f.kind, h.kind), coalesce(f.company, h.company),
       coalesce(f.submission, h.submission), f.records,
       CASE WHEN h.day IS NULL THEN 'missing' WHEN f.day IS NULL THEN 'extra' ELSE 'different' END
  FROM fresh f FULL JOIN ledger_daily h USING (day, kind, company, submission)
 WHERE f.records IS DISTINCT FROM h.records ORDER BY 1, 2, 3, 4
""".replace("{valid}", VALID)


def rebuild(run: psycopg.Cursor[Row], *, check: bool) -> Report:
    """Fold everything again; replace what differs, or with `check` only say what does.

    Parameters
    ----------
    run
        A cursor inside a transaction. A check beside writers needs one of REPEATABLE READ, so that
        it sees one moment; a rebuild keeps every writer out until the transaction ends.
    """
    if not check:
        lock_everything(run)
    blocks = rebuild_blocks(run, check=check)  # spans are folded from blocks
    states, spans = Differences("state"), _strays(run, check=check)
    for portion in _portions(run):
        _states(run, portion, states, check=check)
        _spans(run, portion, spans, check=check)
    return Report(states, blocks, spans, _daily(run, check=check))


def _strays(run: psycopg.Cursor[Row], *, check: bool) -> Differences:
    """Spans on a parent's side of which the part's side knows nothing."""
    found = Differences("span")
    stray = run.execute(_STRAY).fetchall()
    found.add((what, f"{lot} {serial}") for lot, serial, what in stray)
    if stray and not check:
        run.execute(_DROP_STRAY)
    return found


def _portions(run: psycopg.Cursor[Row]) -> Iterator[Mapping[str, str | None]]:
    """Ranges of lots with about as many rows of events each; the last one is open."""
    after: str | None = ""
    while after is not None:
        row = run.execute(_NEXT, [after, PORTION]).fetchone()
        upto = None if row is None else str(row[0])
        yield {"after": after, "upto": upto}
        after = upto


def _states(run: psycopg.Cursor[Row], portion: Mapping[str, str | None], found: Differences, *, check: bool) -> None:
    rows = run.execute(_STATES, portion).fetchall()
    found.add((what, f"{lot} {serial}") for lot, serial, what in rows)
    if rows and not check:
        refold(run, [row[0] for row in rows], [row[1] for row in rows])


def _spans(run: psycopg.Cursor[Row], portion: Mapping[str, str | None], found: Differences, *, check: bool) -> None:
    rows = run.execute(_SPANS, portion).fetchall()
    found.add((what, f"{lot} {serial}") for lot, serial, what in rows)
    if rows and not check:
        fold_spans(run, [row[0] for row in rows], [row[1] for row in rows])


def _daily(run: psycopg.Cursor[Row], *, check: bool) -> Differences:
    found = Differences("daily")
    rows = run.execute(_DAILY).fetchall()
    found.add((row[5], f"{row[0]} kind {row[1]} company {row[2]} submission {row[3]}") for row in rows)
    if check:
        return found
    run.executemany(
        "DELETE FROM ledger_daily WHERE day = %s AND kind = %s AND company = %s AND submission = %s",
        [row[:4] for row in rows],
    )
    run.executemany(
        "INSERT INTO ledger_daily (day, kind, company, submission, records) VALUES (%s, %s, %s, %s, %s)",
        [row[:5] for row in rows if row[4] is not None],
    )
    return found
