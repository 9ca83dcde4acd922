"""The evidence queries of findings, by name: which records speak for a finding, under which key similar ones merge.

Each gives ``key``, ``company`` (whom it concerns), ``party`` (the other company or null), ``site``, ``lot``,
``serial`` and ``record``. What they are asked with stands in ``findings.toml``.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from suyuan.events.vocabulary import vocabulary
from suyuan.server.ledger.queries.valid import VALID

_DAY = "(e.occurred_at AT TIME ZONE 'Asia/Shanghai')::date"
_CONTRADICTIONS = """
SELECT e.lot || '/' || e.serial AS key, e.reporter AS company, e.party, e.site, e.lot, e.serial, e.id AS record
  FROM ledger_finding f
  JOIN ledger_event e ON e.lot = f.lot AND e.serial = f.serial AND e.id = f.id AND e.slot >= 0
 WHERE f.code = ANY (%(codes)s) AND NOT f.void
"""
_WITHOUT_RECEIPT = """
SELECT e.reporter || '>' || e.party AS key, e.reporter AS company, e.party, e.site, e.lot, e.serial, e.id AS record
  FROM ledger_event e
 WHERE e.kind IN ({outs}) AND e.slot = 0 AND e.main_lot IS NULL AND e.party <> e.reporter AND {valid}
   AND {day} + %(days)s::integer < %(on)s::date AND NOT EXISTS (
        SELECT FROM ledger_event b WHERE b.lot = e.lot AND b.serial = e.serial AND b.kind IN ({ins}, {outlet_received})
           AND b.slot = 0 AND b.reporter = e.party AND {valid_b} AND {day_b} >= {day} - %(days)s::integer)
"""
_MASS = """
SELECT t.given_by || '>' || t.reporter AS key, t.reporter AS company, t.given_by AS party, t.site, t.lot, t.serial,
       unnest(ARRAY[t.given, t.id]) AS record
  FROM (SELECT e.lot, e.serial, e.id, e.kind, e.reporter, e.site, (e.body ->> 'mass_kg')::float8 AS mass_kg,
               lag(e.id) OVER life AS given, lag(e.kind) OVER life AS given_kind, lag(e.reporter) OVER life AS given_by,
               lag((e.body ->> 'mass_kg')::float8) OVER life AS given_kg
          FROM ledger_event e
         WHERE e.kind IN ({transferred_out}, {outlet_handed_over}, {retired}, {outlet_received}, {utiliser_received})
           AND e.main_lot IS NULL AND e.slot = 0 AND {valid}
        WINDOW life AS (PARTITION BY e.lot, e.serial ORDER BY e.occurred_at, coalesce(e.stands_for, e.id))) AS t
 WHERE t.kind IN ({outlet_received}, {utiliser_received}) AND t.given_by <> t.reporter
   AND t.given_kind IN ({transferred_out}, {outlet_handed_over}, {retired})
   AND abs(t.mass_kg - t.given_kg) > %(share)s::float8 * greatest(t.mass_kg, t.given_kg)
"""
# The first part: a contradiction; the second: a record dated before its object was made; the third: a receipt dated
# before the first hand-over to its reporter.
_BROKEN_ORDER = f"""{_CONTRADICTIONS.strip()}
 UNION
SELECT e.lot || '/' || e.serial, e.reporter, e.party, e.site, e.lot, e.serial, e.id FROM ledger_event e
  JOIN ledger_event b ON b.lot = e.lot AND b.serial = e.serial AND b.id <> e.id AND (b.kind, b.slot) IN ({{births}})
 WHERE e.slot >= 0 AND e.kind NOT IN (35, 36) AND {{valid}} AND {{valid_b}} AND {{day}} < {{day_b}}
 UNION
SELECT e.lot || '/' || e.serial, e.reporter, e.party, e.site, e.lot, e.serial, e.id FROM ledger_event e
  JOIN (SELECT b.lot, b.serial, b.party, min({{day_b}}) AS day FROM ledger_event b
         WHERE b.kind IN ({{outs}}) AND b.slot = 0 AND b.party IS NOT NULL AND {{valid_b}} GROUP BY 1, 2, 3) AS o
    ON o.lot = e.lot AND o.serial = e.serial AND o.party = e.reporter
 WHERE e.kind IN ({{ins}}) AND e.slot = 0 AND {{valid}} AND {{day}} < o.day
"""  # noqa: S608  constants
_WITHOUT_HANDOVER = f"""{_CONTRADICTIONS.strip()}
   AND e.kind IN ({{ins}}) AND NOT EXISTS (
        SELECT FROM ledger_event b WHERE b.lot = e.lot AND b.serial = e.serial AND b.kind IN ({{outs}})
           AND b.slot = 0 AND b.party = e.reporter AND {{valid_b}})
"""
_IN_FORCE = """EXISTS (SELECT FROM unnest(%(since)s::date[], %(until)s::date[]) AS i (since, until)
                WHERE {day} BETWEEN i.since AND coalesce(i.until, 'infinity'))"""
_WITHOUT_PACK = """
SELECT e.lot || '/' || e.serial AS key, e.reporter AS company, e.party, e.site, e.lot, e.serial, e.id AS record
  FROM ledger_event e
 WHERE e.kind = {vehicle_scrapped} AND e.main_lot IS NULL AND e.slot = 0 AND {valid} AND {in_force}
   AND coalesce(e.body ->> 'missing_reason', '') <> 'swap_model'
   AND NOT EXISTS (SELECT FROM ledger_event p WHERE p.id = e.id AND p.slot = 1)
"""
_NOT_ENTITLED = """
SELECT e.reporter || '>' || e.party AS key, e.reporter AS company, e.party, e.site, e.lot, e.serial, e.id AS record
  FROM ledger_event e JOIN registry_company c ON c.number = e.party
 WHERE e.kind IN ({retired}, {outlet_handed_over}) AND e.main_lot IS NULL AND e.slot = 0 AND {valid} AND {in_force}
   AND NOT (c.roles && %(roles)s::text[]
            AND {day} BETWEEN coalesce(c.valid_from, '-infinity') AND coalesce(c.valid_to, 'infinity'))
"""
_SILENT = """
SELECT t.company::text AS key, t.company, NULL::integer AS party, NULL::integer AS site, e.lot, e.serial, e.id AS record
  FROM (SELECT d.company, max(d.day) AS last, max(d.submission) AS submission
          FROM ledger_daily d GROUP BY d.company HAVING count(DISTINCT d.day) >= %(busy_days)s::integer) AS t
  JOIN registry_company c ON c.number = t.company AND coalesce(c.valid_to, 'infinity') >= %(on)s::date
 CROSS JOIN LATERAL (SELECT e.lot, e.serial, e.id FROM ledger_event e
                      WHERE e.submission = t.submission AND e.main_lot IS NULL ORDER BY e.id DESC LIMIT 1) AS e
 WHERE t.last + %(days)s::integer < %(on)s::date
"""


def _filled(statement: str) -> str:
    """The statement with the numbers of kinds, and the conditions that several share."""
    births = [
        f"({kind.no}, {number})"
        for kind in vocabulary().kinds.values()
        for number, slot in enumerate(kind.slots)
        if slot.before == {"unknown"}
    ]
    pieces = {
        "in_force": _IN_FORCE,
        "valid": VALID,
        "day": _DAY,
        "valid_b": re.sub(r"\be\.", "b.", VALID),
        "day_b": re.sub(r"\be\.", "b.", _DAY),
        "births": ", ".join(births),
        "outs": "{transferred_out}, {outlet_handed_over}, {retired}",
        "ins": "{transferred_in}, {utiliser_received}",
    }
    for name, piece in pieces.items():
        statement = statement.replace(f"{{{name}}}", piece)
    for kind in vocabulary().kinds.values():
        statement = statement.replace(f"{{{kind.name}}}", str(kind.no))
    return statement


EVIDENCE: Mapping[str, str] = MappingProxyType(
    {
        "contradictions": _filled(_CONTRADICTIONS),
        "broken_order": _filled(_BROKEN_ORDER),
        "receipt_without_handover": _filled(_WITHOUT_HANDOVER),
        "handover_without_receipt": _filled(_WITHOUT_RECEIPT),
        "mass_differs": _filled(_MASS),
        "scrapped_without_pack": _filled(_WITHOUT_PACK),
        "not_entitled": _filled(_NOT_ENTITLED),
        "silent": _filled(_SILENT),
    }
)
