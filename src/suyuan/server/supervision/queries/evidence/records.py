"""Evidence in the records of one object: contradictions, hand-overs, scrapping, destinations."""

from collections.abc import Mapping
from types import MappingProxyType

from suyuan.server.supervision.queries.evidence.pieces import filled

_CONTRADICTIONS = """
SELECT e.lot || '/' || e.serial AS key, e.reporter AS company, e.party, e.site, e.lot, e.serial, e.id AS record
  FROM ledger_finding f
  JOIN ledger_event e ON e.lot = f.lot AND e.serial = f.serial AND e.id = f.id AND e.slot >= 0
 WHERE f.code = ANY (%(codes)s) AND NOT f.void AND {here f}
"""
_WITHOUT_RECEIPT = """
SELECT e.reporter || '>' || e.party AS key, e.reporter AS company, e.party, e.site, e.lot, e.serial, e.id AS record
  FROM ledger_event e
 WHERE e.kind IN ({outs}) AND e.slot = 0 AND e.main_lot IS NULL AND e.party <> e.reporter AND {here e} AND {valid}
   AND {day} + %(days)s::integer < %(on)s::date AND NOT EXISTS (
        SELECT FROM ledger_event b WHERE b.lot = e.lot AND b.serial = e.serial AND b.kind IN ({ins}, {outlet_received})
           AND b.slot = 0 AND b.reporter = e.party AND {valid_b} AND {day_b} >= {day} - %(days)s::integer)
"""
# A receipt beside the hand-over next before it: first those whose masses differ, which are few, then that nothing of
# the kind lies between.
_MASS = """
SELECT g.reporter || '>' || r.reporter AS key, r.reporter AS company, g.reporter AS party, r.site, r.lot, r.serial,
       unnest(ARRAY[g.id, r.id]) AS record
  FROM ledger_event r
  JOIN ledger_event g ON g.lot = r.lot AND g.serial = r.serial AND g.reporter <> r.reporter AND g.kind IN ({outs})
       AND g.main_lot IS NULL AND g.slot = 0
       AND (g.occurred_at, coalesce(g.stands_for, g.id)) < (r.occurred_at, coalesce(r.stands_for, r.id))
       AND abs((r.body ->> 'mass_kg')::float8 - (g.body ->> 'mass_kg')::float8)
           > %(share)s::float8 * greatest((r.body ->> 'mass_kg')::float8, (g.body ->> 'mass_kg')::float8)
 WHERE r.kind IN ({outlet_received}, {utiliser_received}) AND r.main_lot IS NULL AND r.slot = 0 AND r.body ? 'mass_kg'
   AND {here r} AND {valid_r} AND {valid_g}
   AND NOT EXISTS (
        SELECT FROM ledger_event x WHERE x.lot = r.lot AND x.serial = r.serial AND x.main_lot IS NULL AND x.slot = 0
           AND x.kind IN ({outs}, {outlet_received}, {utiliser_received}) AND {valid_x}
           AND (x.occurred_at, coalesce(x.stands_for, x.id)) > (g.occurred_at, coalesce(g.stands_for, g.id))
           AND (x.occurred_at, coalesce(x.stands_for, x.id)) < (r.occurred_at, coalesce(r.stands_for, r.id)))
"""
# The first part: a contradiction; the second: a record dated before its object was made; the third: a receipt dated
# before the first hand-over to its reporter.
_BROKEN_ORDER = f"""{_CONTRADICTIONS.strip()}
 UNION
SELECT e.lot || '/' || e.serial, e.reporter, e.party, e.site, e.lot, e.serial, e.id FROM ledger_event e
  JOIN ledger_event b ON b.lot = e.lot AND b.serial = e.serial AND b.id <> e.id AND (b.kind, b.slot) IN ({{births}})
 WHERE e.slot >= 0 AND e.kind NOT IN (35, 36) AND {{here e}} AND {{valid}} AND {{valid_b}} AND {{day}} < {{day_b}}
 UNION
SELECT e.lot || '/' || e.serial, e.reporter, e.party, e.site, e.lot, e.serial, e.id FROM ledger_event e
  JOIN (SELECT b.lot, b.serial, b.party, min({{day_b}}) AS day FROM ledger_event b
         WHERE b.kind IN ({{outs}}) AND b.slot = 0 AND b.party IS NOT NULL AND {{here b}} AND {{valid_b}}
         GROUP BY 1, 2, 3) AS o
    ON o.lot = e.lot AND o.serial = e.serial AND o.party = e.reporter
 WHERE e.kind IN ({{ins}}) AND e.slot = 0 AND {{here e}} AND {{valid}} AND {{day}} < o.day
"""  # noqa: S608  constants
_WITHOUT_HANDOVER = f"""{_CONTRADICTIONS.strip()}
   AND e.kind IN ({{ins}}) AND NOT EXISTS (
        SELECT FROM ledger_event b WHERE b.lot = e.lot AND b.serial = e.serial AND b.kind IN ({{outs}})
           AND b.slot = 0 AND b.party = e.reporter AND {{valid_b}})
"""
# What was listed and, says the receiver, did not come or came damaged; all of a note whose two masses differ.
_DISPUTED = """
SELECT n.giver || '>' || n.receiver AS key, n.receiver AS company, n.giver AS party, n.receiver_site AS site,
       e.lot, e.serial, e.id AS record
  FROM handover_pack p
  JOIN handover_note n ON n.number = p.note AND n.accepted_at IS NOT NULL
  JOIN ledger_event e ON e.lot = p.lot AND e.serial = p.serial AND e.reporter = n.giver AND e.kind IN ({outs})
       AND e.slot = 0 AND e.main_lot IS NULL AND e.body ->> 'document_no' = 'T' || lpad(n.number::text, 8, '0')
 WHERE p.listed AND {here e} AND {valid}
   AND (p.outcome IN ('missing', 'damaged')
        OR abs(n.received_mass_kg - n.mass_kg) > %(share)s::float8 * greatest(n.received_mass_kg, n.mass_kg))
"""
_WITHOUT_PACK = """
SELECT e.lot || '/' || e.serial AS key, e.reporter AS company, e.party, e.site, e.lot, e.serial, e.id AS record
  FROM ledger_event e
 WHERE e.kind = {vehicle_scrapped} AND e.main_lot IS NULL AND e.slot = 0 AND {here e} AND {valid} AND {in_force}
   AND coalesce(e.body ->> 'missing_reason', '') <> 'swap_model'
   AND NOT EXISTS (SELECT FROM ledger_event p WHERE p.id = e.id AND p.slot = 1)
"""
_NOT_ENTITLED = """
SELECT e.reporter || '>' || e.party AS key, e.reporter AS company, e.party, e.site, e.lot, e.serial, e.id AS record
  FROM ledger_event e JOIN registry_company c ON c.number = e.party
 WHERE e.kind IN ({retired}, {outlet_handed_over}) AND e.main_lot IS NULL AND e.slot = 0 AND {here e} AND {valid}
   AND {in_force} AND NOT (c.roles && %(roles)s::text[]
            AND {day} BETWEEN coalesce(c.valid_from, '-infinity') AND coalesce(c.valid_to, 'infinity')
            AND (c.roles && array_remove(%(roles)s::text[], 'utiliser') OR NOT EXISTS (
                 SELECT FROM unnest(%(need)s::text[], %(need_since)s::date[], %(need_until)s::date[])
                        AS n (class, since, until)
                  WHERE {day} BETWEEN n.since AND coalesce(n.until, 'infinity')
                    AND EXISTS (SELECT FROM registry_qualification k
                                 WHERE k.class = n.class AND k.withdrawn_at IS NULL)
                    AND NOT EXISTS (SELECT FROM registry_qualification q
                                     WHERE q.class = n.class AND q.company = e.party AND q.withdrawn_at IS NULL
                                       AND {day} BETWEEN q.valid_from AND coalesce(q.valid_to, 'infinity')))))
"""

RECORDS: Mapping[str, str] = MappingProxyType(
    {
        "contradictions": filled(_CONTRADICTIONS),
        "broken_order": filled(_BROKEN_ORDER),
        "receipt_without_handover": filled(_WITHOUT_HANDOVER),
        "handover_without_receipt": filled(_WITHOUT_RECEIPT),
        "mass_differs": filled(_MASS),
        "disputed": filled(_DISPUTED),
        "scrapped_without_pack": filled(_WITHOUT_PACK),
        "not_entitled": filled(_NOT_ENTITLED),
    }
)
