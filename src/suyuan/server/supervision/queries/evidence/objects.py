"""Evidence about what an object is: packs of one vehicle, chemistry, use, batches of material. One object at a time."""

from collections.abc import Mapping
from types import MappingProxyType

from suyuan.server.supervision.queries.evidence.pieces import filled

# The first part: a vehicle scrapped with a pack that no record put into it, though records did put others there. The
# second: scrapped without a pack, which somebody else took out shortly before and replaced by none.
_CHANGED_BEFORE_SCRAP = """
SELECT s.lot AS key, s.reporter AS company, NULL::integer AS party, s.site, s.lot, s.serial, s.id AS record
  FROM ledger_event s JOIN ledger_event p ON p.id = s.id AND p.slot = 1
 WHERE s.kind = {vehicle_scrapped} AND s.main_lot IS NULL AND s.slot = 0 AND {here s} AND {valid_s}
   AND EXISTS (SELECT FROM ledger_event b WHERE b.lot = s.lot AND b.serial = s.serial AND {valid_b}
                  AND b.kind IN ({vehicle_produced}, {replaced}, {swapped}))
   AND NOT EXISTS (SELECT FROM ledger_event q WHERE q.lot = p.lot AND q.serial = p.serial AND q.vehicle = s.lot
                      AND {valid_q} AND (q.kind, q.slot) IN (({vehicle_produced}, 0), ({replaced}, 1), ({swapped}, 1)))
 UNION
SELECT s.lot, s.reporter, r.reporter, s.site, s.lot, s.serial, unnest(ARRAY[r.id, s.id])
  FROM ledger_event s
  JOIN ledger_event r ON r.lot = s.lot AND r.serial = s.serial AND r.kind = {battery_removed}
       AND r.reporter <> s.reporter AND {day_r} BETWEEN {day_s} - %(days)s::integer AND {day_s}
 WHERE s.kind = {vehicle_scrapped} AND s.main_lot IS NULL AND s.slot = 0 AND {here s} AND {valid_s} AND {valid_r}
   AND coalesce(s.body ->> 'missing_reason', '') <> 'swap_model'
   AND NOT EXISTS (SELECT FROM ledger_event p WHERE p.id = s.id AND p.slot = 1)
   AND NOT EXISTS (SELECT FROM ledger_event b WHERE b.lot = s.lot AND b.serial = s.serial AND {valid_b}
                      AND b.kind IN ({replaced}, {swapped}) AND b.occurred_at BETWEEN r.occurred_at AND s.occurred_at)
"""
# More packs than the vehicle was built with, or more replaced over its life than is usual; swaps are no replacements.
_TOO_MANY_PACKS = """
SELECT t.lot AS key, t.reporter AS company, NULL::integer AS party, t.site, t.lot, t.serial, t.id AS record
  FROM (SELECT x.*, count(*) FILTER (WHERE x.kind = {replaced}) OVER life AS replaced,
               count(*) FILTER (WHERE x.kind = {vehicle_produced} AND x.day = x.built) OVER life AS built_with,
               count(*) FILTER (WHERE x.kind = {vehicle_produced} AND x.day > x.built) OVER life AS later
          FROM (SELECT e.lot, e.serial, e.id, e.kind, e.reporter, e.site, {day} AS day,
                       min({day}) FILTER (WHERE e.kind = {vehicle_produced}) OVER (PARTITION BY e.lot) AS built
                  FROM ledger_event e
                 WHERE (e.kind, e.slot) IN (({vehicle_produced}, 1), ({replaced}, 2)) AND substr(e.main_lot, 4, 1) = 'P'
                   AND {here e} AND {valid}) AS x
        WINDOW life AS (PARTITION BY x.lot)) AS t
 WHERE t.replaced > %(replacements)s::integer
    OR (t.later > 0 AND t.built_with < (SELECT count(*) FROM ledger_state g
                                         WHERE g.vehicle = t.lot AND substr(g.lot, 4, 1) = 'P'))
"""
_LETTERED = "'^[0-9A-Z]{3}[PMC][A-GZ]'"
# What a dismantler states against the code; parts against what they were built into; parts put in later.
_CHEMISTRY = f"""
SELECT p.lot || '/' || p.serial AS key, p.reporter AS company, p.party, p.site, p.lot, p.serial, p.id AS record
  FROM ledger_event p
  JOIN ledger_event s ON s.lot = p.main_lot AND s.serial = p.main_serial AND s.id = p.id AND s.slot = 0
 WHERE p.kind = {{vehicle_scrapped}} AND p.slot = 1 AND p.serial > 0 AND {{here p}} AND {{valid_p}}
   AND s.body ->> 'chemistry' <> substr(p.lot, 5, 1)
 UNION
SELECT e.lot || '/' || e.serial, e.reporter, e.party, e.site, e.lot, e.serial, e.id
  FROM ledger_event e
 WHERE e.part_lots IS NOT NULL AND e.serial > 0 AND {{here e}} AND {{valid}}
   AND EXISTS (SELECT FROM unnest(e.part_lots) AS part (lot)
                WHERE part.lot ~ {_LETTERED} AND length(part.lot) < 20
                  AND substr(part.lot, 5, 1) <> substr(e.lot, 5, 1))
 UNION
SELECT e.lot || '/' || e.serial, e.reporter, e.party, e.site, e.lot, e.serial, e.id
  FROM ledger_event e
 WHERE e.into_lot IS NOT NULL AND e.serial > 0 AND e.into_serial > 0 AND {{here e}} AND {{valid}}
   AND substr(e.into_lot, 5, 1) <> substr(e.lot, 5, 1)
"""  # noqa: S608  constants
_PROHIBITED_USE = """
SELECT e.reporter || ':' || w.name AS key, e.reporter AS company, e.party, e.site, e.lot, e.serial, e.id AS record
  FROM ledger_event e
  JOIN unnest(%(names)s::text[], %(words)s::text[], %(from)s::date[], %(to)s::date[]) AS w (name, word, since, until)
    ON strpos(lower(e.body ->> 'field_note'), w.word) > 0 AND {day} BETWEEN w.since AND coalesce(w.until, 'infinity')
 WHERE e.kind = {product_delivered} AND e.main_lot IS NULL AND e.slot = 0 AND {here e} AND {valid}
"""
_MORE_THAN_MADE = """
SELECT t.lot AS key, t.reporter AS company, t.party, t.site, t.lot, t.serial, t.id AS record
  FROM (SELECT e.*, sum(e.made_kg) OVER batch AS all_made_kg, sum(e.delivered_kg) OVER batch AS all_delivered_kg
          FROM (SELECT e.lot, e.serial, e.id, e.reporter, e.party, e.site,
                       CASE e.kind WHEN {material_delivered} THEN (e.body ->> 'mass_kg')::float8 END AS delivered_kg,
                       (SELECT max((l.line ->> 'mass_kg')::float8)
                          FROM ledger_event m CROSS JOIN LATERAL jsonb_array_elements(m.body -> 'lines') AS l (line)
                         WHERE e.kind = {treated} AND m.id = e.id AND m.slot = 0
                           AND m.lot = coalesce(e.main_lot, e.lot) AND m.serial = coalesce(e.main_serial, e.serial)
                           AND l.line ->> 'material_batch' = substr(e.lot, strpos(e.lot, ':') + 1)) AS made_kg
                  FROM ledger_event e
                 WHERE e.kind IN ({treated}, {material_delivered}) AND e.slot = 0 AND {here e} AND {valid}) AS e
        WINDOW batch AS (PARTITION BY e.lot, e.serial)) AS t
 WHERE t.all_delivered_kg > t.all_made_kg * (1 + %(share)s::float8)
"""

OBJECTS: Mapping[str, str] = MappingProxyType(
    {
        "changed_before_scrap": filled(_CHANGED_BEFORE_SCRAP),
        "too_many_packs": filled(_TOO_MANY_PACKS),
        "chemistry": filled(_CHEMISTRY),
        "prohibited_use": filled(_PROHIBITED_USE),
        "more_than_made": filled(_MORE_THAN_MADE),
    }
)
