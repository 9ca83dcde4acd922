"""Fold batteries again for the lists: what is true of each now, since when, where, and to whom it is open.

Set by set: the ledger is asked once for a portion of keys, whatever their number. Whom a battery is open to
follows `suyuan.server.ledger.queries.visibility`: by its own records, those of its vehicles and of what it was
directly inside of. Nobody finds a battery in a list that he could not open.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import psycopg

from suyuan.codes.battery import parse
from suyuan.codes.errors import CodeError
from suyuan.codes.keys import compose_code
from suyuan.events.vocabulary import vocabulary
from suyuan.server.answers.queries import stages as at
from suyuan.server.answers.queries.areas import UNKNOWN
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.containers import Key
from suyuan.server.ledger.queries.valid import VALID
from suyuan.server.supervision.queries.history import Portion

FINE, NOT_FILED, NO_CODE = range(3)
PORTION: Final = 50_000  # batteries folded at once

_ASSESSED: Final = vocabulary().kinds["assessed"].no
_PRODUCT_MADE: Final = vocabulary().kinds["product_made"].no
_BATTERY_TOUCHES: Final = ", ".join(
    f"({kind.no}, {number})"
    for kind in vocabulary().kinds.values()
    for number, slot in enumerate(kind.slots)
    if slot.object == "battery"
)
_PAIRS: Final = "unnest(%(lots)s::text[], %(serials)s::integer[])"

_FOLD: Final = f"""
WITH o AS MATERIALIZED (
        SELECT s.* FROM (SELECT DISTINCT lot, serial FROM {_PAIRS} AS o (lot, serial)) AS o
          JOIN ledger_state s ON s.lot = o.lot AND s.serial = o.serial
         WHERE NOT EXISTS (SELECT FROM ledger_span p
                            WHERE p.lot = o.lot AND p.serial = o.serial AND p.up AND p.to_at IS NULL)
           AND (EXISTS (SELECT FROM ledger_span p WHERE p.lot = o.lot AND p.serial = o.serial AND p.up)
                OR NOT EXISTS (SELECT FROM ledger_block b WHERE b.lot = o.lot AND b.block = o.serial / 64
                       AND b.mask & (1::bigint << (o.serial %% 64)) <> 0 AND b.parents IS NOT NULL))),
     own AS MATERIALIZED (
        SELECT e.lot, e.serial, e.id, e.kind, e.slot, e.reporter, e.party, e.site, e.vehicle, e.occurred_at,
               coalesce(e.stands_for, e.id) AS stands, f.stage, f.kind IS NOT NULL AS sets, {VALID} AS valid,
               CASE WHEN e.kind = {_ASSESSED} THEN (e.body ->> 'soh')::real END AS soh
          FROM o JOIN ledger_event e ON e.lot = o.lot AND e.serial = o.serial
          LEFT JOIN vocabulary_effect f ON f.kind = e.kind AND f.slot = e.slot),
     around AS (
        SELECT lot, serial, vehicle AS in_lot, 0 AS in_serial FROM own
         WHERE valid AND vehicle IS NOT NULL AND vehicle <> lot
         UNION
        SELECT o.lot, o.serial, p.other_lot, p.other_serial FROM o
          JOIN ledger_span p ON p.lot = o.lot AND p.serial = o.serial AND p.up),
     told AS (
        SELECT lot, serial, reporter, party, site, sets, valid FROM own
         UNION ALL
        SELECT a.lot, a.serial, e.reporter, e.party, e.site, f.kind IS NOT NULL, {VALID}
          FROM around a JOIN ledger_event e ON e.lot = a.in_lot AND e.serial = a.in_serial
          LEFT JOIN vocabulary_effect f ON f.kind = e.kind AND f.slot = e.slot),
     viewer AS (
        SELECT v.lot, v.serial, array_agg(DISTINCT v.viewer ORDER BY v.viewer) AS viewers FROM (
            SELECT lot, serial, reporter AS viewer FROM told WHERE valid AND sets
             UNION ALL
            SELECT lot, serial, party FROM told WHERE valid AND party IS NOT NULL
             UNION ALL
            SELECT t.lot, t.serial, -t.site FROM told t JOIN registry_site r ON r.number = t.site
             WHERE t.valid AND (r.company = t.party OR (t.sets AND r.company = t.reporter))) AS v
         GROUP BY v.lot, v.serial),
     area AS (
        SELECT d.lot, d.serial, array_agg(DISTINCT part ORDER BY part) AS areas FROM (
            SELECT t.lot, t.serial, c.division FROM told t JOIN registry_company c ON c.number IN (t.reporter, t.party)
             UNION ALL
            SELECT t.lot, t.serial, r.division FROM told t JOIN registry_site r ON r.number = t.site) AS d
         CROSS JOIN LATERAL (VALUES (substr(d.division, 1, 2)), (substr(d.division, 1, 4))) AS p (part)
         WHERE d.division IS NOT NULL GROUP BY d.lot, d.serial),
     began AS (
        SELECT lot, serial, min(occurred_at) AS at FROM (
            SELECT lot, serial, occurred_at, bool_or(stage <> latest) OVER (
                       PARTITION BY lot, serial ORDER BY occurred_at DESC, stands DESC, slot DESC) AS before
              FROM (SELECT w.*, first_value(stage) OVER (
                               PARTITION BY lot, serial ORDER BY occurred_at DESC, stands DESC, slot DESC) AS latest
                      FROM own w WHERE valid AND stage IS NOT NULL) AS staged) AS marked
         WHERE NOT before GROUP BY lot, serial),
     more AS (
        SELECT lot, serial, bool_or(valid AND kind = {_PRODUCT_MADE} AND slot = 0) AS product,
               bool_or((kind, slot) IN ({_BATTERY_TOUCHES})) AS battery,
               (array_agg(soh ORDER BY occurred_at DESC, stands DESC)
                    FILTER (WHERE valid AND soh IS NOT NULL))[1] AS soh
          FROM own GROUP BY lot, serial),
     fresh AS MATERIALIZED (
SELECT o.lot, o.serial, o.stage, (coalesce(g.at, o.changed_at) AT TIME ZONE 'Asia/Shanghai')::date AS since,
       coalesce(o.holder, 0) AS holder, coalesce(o.consignee, 0) AS consignee, coalesce(o.site, 0) AS site, o.vehicle,
       coalesce(nullif(y.division, '{UNKNOWN}'), r.division, c.division, '{UNKNOWN}') AS division,
       CASE WHEN m.product THEN 'product' WHEN substr(o.lot, 4, 1) = 'M' THEN 'module'
            WHEN substr(o.lot, 4, 1) = 'C' THEN 'cell' ELSE 'pack' END AS kind,
       l.chemistry, l.made_on,
       CASE WHEN l.odd > 0 THEN l.odd WHEN EXISTS (SELECT FROM registry_code_filing q
                 WHERE q.prefix IN (substr(o.lot, 1, 14), substr(o.lot, 1, 7)))
            THEN {FINE} ELSE {NOT_FILED} END::smallint AS odd,
       (SELECT least(count(*), 32767)::smallint FROM ledger_finding k
         WHERE k.lot = o.lot AND k.serial = o.serial AND NOT k.void) AS contradictions,
       m.soh, z.from_on AS lapses_on, coalesce(v.viewers, ARRAY[]::integer[]) AS viewers,
       coalesce(a.areas, ARRAY[]::text[]) AS areas
  FROM o
  JOIN more m ON m.lot = o.lot AND m.serial = o.serial AND m.battery
  JOIN unnest(%(named)s::text[], %(chemistry)s::text[], %(made)s::date[], %(odd)s::smallint[])
       AS l (lot, chemistry, made_on, odd) ON l.lot = o.lot
  LEFT JOIN began g ON g.lot = o.lot AND g.serial = o.serial
  LEFT JOIN viewer v ON v.lot = o.lot AND v.serial = o.serial
  LEFT JOIN area a ON a.lot = o.lot AND a.serial = o.serial
  LEFT JOIN registry_site r ON r.number = o.site
  LEFT JOIN registry_company c ON c.number = o.holder
  LEFT JOIN LATERAL (SELECT t.division FROM answers_stay t WHERE t.lot = o.lot AND t.serial = o.serial
                        AND t.stage <> {at.UNACCOUNTED} ORDER BY t.place DESC LIMIT 1) AS y ON true
  LEFT JOIN LATERAL (SELECT t.from_on FROM answers_stay t WHERE t.lot = o.lot AND t.serial = o.serial
                        AND t.stage = {at.UNACCOUNTED} AND t.until_on IS NULL LIMIT 1) AS z ON true)"""  # noqa: S608
_COLUMNS: Final = (
    *("stage", "since", "holder", "consignee", "site", "vehicle", "division", "kind", "chemistry", "made_on"),
    *("odd", "contradictions", "soh", "lapses_on", "viewers", "areas"),
)
_HELD: Final = f"""
     held AS MATERIALIZED (
        SELECT b.* FROM answers_battery b JOIN (SELECT DISTINCT lot, serial FROM {_PAIRS} AS k (lot, serial)) AS k
            ON b.lot = k.lot AND b.serial = k.serial)"""  # noqa: S608
_COMPARE: Final = f"""{_FOLD}, {_HELD}
SELECT count(*) FROM fresh f FULL JOIN held h ON h.lot = f.lot AND h.serial = f.serial
 WHERE ({", ".join(f"f.{name}" for name in _COLUMNS)}) IS DISTINCT FROM ({", ".join(f"h.{name}" for name in _COLUMNS)})
"""  # noqa: S608
_WRITE: Final = f"""{_FOLD}, {_HELD},
     gone AS (
        DELETE FROM answers_battery b USING held h WHERE b.lot = h.lot AND b.serial = h.serial
           AND NOT EXISTS (SELECT FROM fresh f WHERE f.lot = h.lot AND f.serial = h.serial) RETURNING 1),
     written AS (
        INSERT INTO answers_battery AS b (lot, serial, {", ".join(_COLUMNS)})
        SELECT lot, serial, {", ".join(_COLUMNS)} FROM fresh ORDER BY lot, serial
            ON CONFLICT (lot, serial) DO UPDATE
           SET ({", ".join(_COLUMNS)}) = ({", ".join(f"excluded.{name}" for name in _COLUMNS)})
         WHERE ({", ".join(f"b.{name}" for name in _COLUMNS)})
               IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in _COLUMNS)}) RETURNING 1)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM written)
"""  # noqa: S608
_TOUCHED: Final = """
WITH fresh AS MATERIALIZED (
        SELECT e.lot, e.serial, e.part_lots FROM ledger_event e WHERE e.submission = ANY (%(submissions)s))
SELECT f.lot, f.serial FROM fresh f
 UNION
SELECT b.lot, b.serial FROM (SELECT DISTINCT unnest(f.part_lots) AS lot FROM fresh f) AS p
  JOIN answers_battery b ON b.lot = p.lot
 UNION
SELECT s.other_lot, s.other_serial FROM fresh f JOIN ledger_span s ON s.lot = f.lot AND s.serial = f.serial AND NOT s.up
 UNION
SELECT p.lot, p.serial FROM (SELECT DISTINCT lot FROM fresh WHERE serial = 0 AND length(lot) = 17) AS v
  JOIN ledger_event e ON e.lot = v.lot AND e.serial = 0 JOIN ledger_event p ON p.id = e.id
 ORDER BY 1, 2
"""
_OF_PREFIX: Final = """
SELECT b.lot, b.serial FROM unnest(%s::text[]) AS o (prefix)
  JOIN answers_battery b ON b.lot >= o.prefix AND b.lot < o.prefix || '~' ORDER BY 1, 2
"""
_OF_REGISTER: Final = """
SELECT b.lot, b.serial FROM answers_battery b WHERE b.viewers && %s::integer[] OR b.holder = ANY (%s)
    OR b.site = ANY (%s) OR EXISTS (SELECT FROM ledger_event e WHERE e.lot = b.lot AND e.serial = b.serial
                  AND (e.reporter = ANY (%s) OR e.party = ANY (%s) OR e.site = ANY (%s)))
 ORDER BY 1, 2
"""
_IN_RANGE: Final = """
SELECT lot, serial FROM ledger_state WHERE lot > %(after)s AND (%(upto)s::text IS NULL OR lot <= %(upto)s)
 UNION
SELECT lot, serial FROM answers_battery WHERE lot > %(after)s AND (%(upto)s::text IS NULL OR lot <= %(upto)s)
 ORDER BY 1, 2
"""


def touched_batteries(
    run: psycopg.Cursor[Row], submissions: Sequence[int], entries: Mapping[str, Sequence[str]]
) -> list[Key]:
    """The objects whose row in the lists may have changed with these submissions and entries of the register."""
    found: set[Key] = set()
    if submissions:
        found.update(run.execute(_TOUCHED, {"submissions": list(submissions)}).fetchall())
    if prefixes := entries.get("prefix"):
        found.update(run.execute(_OF_PREFIX, [list(prefixes)]).fetchall())
    firms, sites = ([int(key) for key in entries.get(kind, ())] for kind in ("company", "site"))
    if firms or sites:
        found.update(run.execute(_OF_REGISTER, [firms, firms, sites, firms, firms, sites]).fetchall())
    return sorted(found)


def list_batteries(run: psycopg.Cursor[Row], keys: Sequence[Key], clock: Clock, *, check: bool = False) -> int:
    """Fold these objects again; how many rows were not as computed. With `check` nothing is written."""
    statement, changed, today = _COMPARE if check else _WRITE, 0, clock.today()
    for start in range(0, len(keys), PORTION):
        ((count,),) = run.execute(statement, _params(keys[start : start + PORTION], today)).fetchall()
        changed += count
    return changed


def keys_between(run: psycopg.Cursor[Row], portion: Portion) -> list[Key]:
    """Every object in a range of lots that has a state, or a row in the lists."""
    return run.execute(_IN_RANGE, {"after": portion.after, "upto": portion.upto}).fetchall()


def _params(keys: Sequence[Key], today: date) -> dict[str, list[object]]:
    """The keys as columns, and once a lot what its code says."""
    said = {lot: (lot, serial) for lot, serial in keys}
    told = [_said(lot, serial, today) for lot, serial in said.values()]
    return {
        "lots": [lot for lot, _ in keys],
        "serials": [serial for _, serial in keys],
        "named": list(said),
        "chemistry": [chemistry for chemistry, _, _ in told],
        "made": [made for _, made, _ in told],
        "odd": [odd for _, _, odd in told],
    }


def _said(lot: str, serial: int, today: date) -> tuple[str, date | None, int]:
    """Chemistry letter, day made, and whether it is a code: the same for all of a lot, since they differ by serial."""
    try:
        code = parse(compose_code(lot, serial), today)
    except CodeError:
        return "", None, NO_CODE
    return code.chemistry, code.produced_on, FINE
