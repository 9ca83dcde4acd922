"""Evidence that is added up: for a company, for a site, or over everything. These also give ``figures``."""

from collections.abc import Mapping
from types import MappingProxyType

from suyuan.server.supervision.queries.evidence.pieces import filled

_SILENT = """
SELECT t.company::text AS key, t.company, NULL::integer AS party, NULL::integer AS site, NULL AS division,
       jsonb_build_object('last_on', t.last) AS figures, e.lot, e.serial, e.id AS record
  FROM (SELECT d.company, max(d.day) AS last, max(d.submission) AS submission
          FROM ledger_daily d WHERE {company d.company}
         GROUP BY d.company HAVING count(DISTINCT d.day) >= %(busy_days)s::integer) AS t
  JOIN registry_company c ON c.number = t.company AND coalesce(c.valid_to, 'infinity') >= %(on)s::date
 CROSS JOIN LATERAL (SELECT e.lot, e.serial, e.id FROM ledger_event e
                      WHERE e.submission = t.submission AND e.main_lot IS NULL
                      ORDER BY e.id DESC, e.lot, e.serial LIMIT 1) AS e
 WHERE t.last + %(days)s::integer < %(on)s::date
"""
# Of each treatment whose every source has a filed mass and composition, and that took in nothing without a code: what
# went in by material, how much of it must come out on that day, and what was reported. By company and calendar year.
_MASS_BALANCE = """
WITH treatment AS MATERIALIZED (
    SELECT m.reporter, m.id, m.lot, m.serial, m.site, m.body -> 'lines' AS lines, {day_m} AS day
      FROM ledger_event m
     WHERE m.kind = {treated} AND m.slot = 0 AND m.main_lot IS NULL AND {company m.reporter} AND {valid_m}
), source AS (
    SELECT t.id, f.mass_kg, f.composition
      FROM treatment t JOIN ledger_event s ON s.id = t.id AND s.slot = 1
      LEFT JOIN {filed} AS f ON f.prefix = {prefix s}
), whole AS (
    SELECT s.id FROM source s GROUP BY s.id
    HAVING bool_and(coalesce(s.mass_kg > 0 AND jsonb_typeof(s.composition) = 'object', false))
), weighed AS MATERIALIZED (
    SELECT t.*, extract(year FROM t.day)::integer AS year FROM treatment t JOIN whole w ON w.id = t.id
     WHERE NOT EXISTS (SELECT FROM jsonb_array_elements(t.lines) AS l (line) WHERE l.line ? 'uncoded_mass_kg')
), fed AS (
    SELECT t.reporter, t.year, c.key AS material, sum(s.mass_kg * c.value::text::float8) AS fed_kg,
           sum(s.mass_kg * c.value::text::float8 * h.least) AS least_kg
      FROM weighed t JOIN source s ON s.id = t.id
     CROSS JOIN LATERAL jsonb_each(s.composition) AS c
      LEFT JOIN unnest(%(names)s::text[], %(least)s::float8[], %(from)s::date[], %(to)s::date[])
             AS h (name, least, since, until)
        ON h.name = c.key AND t.day BETWEEN h.since AND coalesce(h.until, 'infinity')
     WHERE jsonb_typeof(c.value) = 'number'
     GROUP BY 1, 2, 3
), made AS (
    SELECT b.reporter, b.year, b.material, sum(b.made_kg) AS made_kg
      FROM (SELECT t.reporter, t.year, t.id, l.line ->> 'material' AS material, l.line ->> 'material_batch' AS batch,
                   max((l.line ->> 'mass_kg')::float8) AS made_kg
              FROM weighed t CROSS JOIN LATERAL jsonb_array_elements(t.lines) AS l (line)
             GROUP BY 1, 2, 3, 4, 5) AS b
     GROUP BY 1, 2, 3
)
SELECT f.reporter || ' ' || f.year || ' ' || f.material AS key, f.reporter AS company, NULL::integer AS party,
       NULL::integer AS site, NULL AS division,
       jsonb_build_object('year', f.year, 'material', f.material, 'fed_kg', round(f.fed_kg::numeric, 3),
                          'least_kg', round(f.least_kg::numeric, 3),
                          'made_kg', round(coalesce(m.made_kg, 0)::numeric, 3)) AS figures,
       t.lot, t.serial, t.id AS record
  FROM fed f
  LEFT JOIN made m ON m.reporter = f.reporter AND m.year = f.year AND m.material = f.material
  JOIN weighed t ON t.reporter = f.reporter AND t.year = f.year
 WHERE coalesce(m.made_kg, 0) < f.least_kg * (1 - %(share)s::float8)
    OR coalesce(m.made_kg, 0) > f.fed_kg * (1 + %(share)s::float8)
"""
# Stock day by day at every site of a kind that has a limit, while that holds; a battery leaves with its next record
# that says where it is, or that it is nowhere. Its mass is that of its receipt, or the filed one.
_OUTLET_STOCK = """
WITH arrived AS MATERIALIZED (
    SELECT DISTINCT e.lot, e.serial
      FROM ledger_event e JOIN registry_site s ON s.number = e.site AND s.kind = ANY (%(names)s)
     WHERE e.kind IN ({outlet_received}, {transferred_in}) AND e.slot = 0 AND {site e.site}
), placed AS (
    SELECT e.lot, e.serial, e.id, e.site, e.kind, {day} AS day, (e.body ->> 'mass_kg')::float8 AS mass_kg,
           lead({day}) OVER (PARTITION BY e.lot, e.serial
                             ORDER BY e.occurred_at, coalesce(e.stands_for, e.id), e.slot) AS gone
      FROM arrived a JOIN ledger_event e ON e.lot = a.lot AND e.serial = a.serial
      JOIN vocabulary_effect f ON f.kind = e.kind AND f.slot = e.slot AND f.site IS NOT NULL
     WHERE {valid}
), stay AS MATERIALIZED (
    SELECT p.lot, p.serial, p.id, p.site, s.company, s.kind, p.day, p.gone, coalesce(p.mass_kg, c.mass_kg, 0) AS mass_kg
      FROM placed p JOIN registry_site s ON s.number = p.site AND s.kind = ANY (%(names)s)
      LEFT JOIN {filed} AS c ON c.prefix = {prefix p}
     WHERE p.kind IN ({outlet_received}, {transferred_in}) AND {site p.site}
), change AS (
    SELECT c.site, c.kind, c.day, sum(c.kg) AS kg
      FROM (SELECT y.site, y.kind, y.day, y.mass_kg AS kg FROM stay y
             UNION ALL SELECT y.site, y.kind, y.gone, -y.mass_kg FROM stay y WHERE y.gone IS NOT NULL) AS c
     GROUP BY 1, 2, 3
), level AS (
    SELECT c.site, c.kind, c.day, sum(c.kg) OVER life AS stock_kg, lead(c.day) OVER life AS next
      FROM change c WINDOW life AS (PARTITION BY c.site ORDER BY c.day)
), full_ AS (
    SELECT DISTINCT ON (v.site) v.site, v.day, v.stock_kg, h.most * 1000 AS limit_kg
      FROM level v
      JOIN unnest(%(names)s::text[], %(least)s::float8[], %(from)s::date[], %(to)s::date[])
             AS h (name, most, since, until)
        ON h.name = v.kind AND v.day <= coalesce(h.until, 'infinity') AND coalesce(v.next, %(on)s::date + 1) > h.since
     WHERE v.stock_kg > h.most * 1000 + 0.001
     ORDER BY v.site, v.stock_kg DESC, v.day
)
SELECT o.site::text AS key, y.company, NULL::integer AS party, o.site, NULL AS division,
       jsonb_build_object('on', o.day, 'stock_kg', round(o.stock_kg::numeric, 1), 'limit_kg', o.limit_kg) AS figures,
       y.lot, y.serial, y.id AS record
  FROM full_ o JOIN stay y ON y.site = o.site AND y.day <= o.day AND coalesce(y.gone, 'infinity') > o.day
"""
# What was announced to a company, or waits with it since its removal, and never came on, beside what came to or from it
# and was never announced, where the two codes differ in one character and at least one of them was never made. Both
# codes with each of their characters covered in turn: equal covered codes meet in a hash join.
_NEAR_DUPLICATE = """
WITH announced AS (
    SELECT g.lot, g.serial, g.changed_by AS id, g.consignee IS NULL AS waits,
           coalesce(g.consignee, g.holder) AS company, {code g} AS code
      FROM ledger_state g
     WHERE (g.consignee IS NOT NULL OR g.stage = {stage removed}) AND strpos(g.lot, ':') = 0
), came AS (
    SELECT t.lot, t.serial, t.id, t.reporter, c.number AS giver, {code t} AS code
      FROM ledger_event t LEFT JOIN registry_company c ON c.code = t.body ->> 'from_company'
     WHERE t.kind IN ({ins}, {outlet_received}) AND t.slot = 0 AND t.main_lot IS NULL AND {valid_t}
       AND (t.reporter IN (SELECT g.company FROM announced g) OR c.number IN (SELECT g.company FROM announced g))
       AND NOT EXISTS (SELECT FROM ledger_event b WHERE b.lot = t.lot AND b.serial = t.serial
                          AND b.kind IN ({outs}, {replaced}) AND b.slot = 0 AND b.party = t.reporter AND {valid_b})
), pair AS (
    SELECT DISTINCT a.lot, a.serial, a.id, t.lot AS lot_t, t.serial AS serial_t, t.id AS id_t, a.company
      FROM (SELECT g.*, overlay(g.code PLACING '_' FROM n FOR 1) AS covered
              FROM announced g CROSS JOIN LATERAL generate_series(1, length(g.code)) AS n) AS a
      JOIN (SELECT c.*, overlay(c.code PLACING '_' FROM n FOR 1) AS covered
              FROM came c CROSS JOIN LATERAL generate_series(1, length(c.code)) AS n) AS t
        ON a.company = CASE WHEN a.waits THEN t.giver ELSE t.reporter END
       AND t.covered = a.covered AND t.code <> a.code
), strange AS (
    SELECT p.*, q.reporter AS other
      FROM pair p JOIN ledger_event q ON q.lot = p.lot AND q.serial = p.serial AND q.id = p.id
     WHERE NOT ({born p} AND EXISTS (SELECT FROM (SELECT p.lot_t AS lot, p.serial_t AS serial) AS r WHERE {born r}))
)
SELECT DISTINCT k.lot_t || '/' || k.serial_t AS key, k.company, nullif(k.other, k.company) AS party,
       NULL::integer AS site, NULL AS division, NULL::jsonb AS figures, o.lot, o.serial, o.id AS record
  FROM strange k
 CROSS JOIN LATERAL (VALUES (k.lot, k.serial, k.id), (k.lot_t, k.serial_t, k.id_t)) AS o (lot, serial, id)
"""
# Expected: of the vehicles sold in a province in each month, the share that a survival curve lets end within the last
# year. Reported: packs of which a first record of their end falls into that year, at a place or company there.
_RETIREMENT = """
WITH fleet AS (
    SELECT left(e.body ->> 'division', 2) AS province, (%(on)s::date - {day}) / 365.25 AS age, count(*) AS vehicles
      FROM ledger_event e
     WHERE e.kind = {vehicle_sold} AND e.main_lot IS NULL AND e.slot = 0 AND e.body ? 'division'
       AND {day} <= %(on)s::date AND {valid}
     GROUP BY 1, 2
), curve AS (
    SELECT c.age - 1 AS age, c.share, coalesce(lead(c.share) OVER (ORDER BY c.age), c.share) AS next
      FROM unnest(%(survival)s::float8[]) WITH ORDINALITY AS c (share, age)
), expected AS (
    SELECT f.province, sum(f.vehicles) AS fleet,
           sum(f.vehicles * (b.share + (greatest(f.age - 1, 0) - b.age) * (b.next - b.share)
                             - c.share - (f.age - c.age) * (c.next - c.share))) AS expected
      FROM fleet f
      JOIN curve c ON c.age = least(floor(f.age), (SELECT max(age) FROM curve))
      JOIN curve b ON b.age = least(floor(greatest(f.age - 1, 0)), (SELECT max(age) FROM curve))
     GROUP BY 1
), ended AS (
    SELECT DISTINCT ON (e.lot, e.serial) e.lot, e.serial, e.id, {day} AS day,
           left(coalesce(s.division, c.division), 2) AS province
      FROM ledger_event e JOIN registry_company c ON c.number = e.reporter
      LEFT JOIN registry_site s ON s.number = e.site
     WHERE (e.kind, e.slot) IN (({vehicle_scrapped}, 1), ({battery_removed}, 0), ({retired}, 0), ({outlet_received}, 0))
       AND substr(e.lot, 4, 1) = 'P' AND {valid}
     ORDER BY e.lot, e.serial, e.occurred_at, coalesce(e.stands_for, e.id)
), reported AS MATERIALIZED (
    SELECT * FROM ended d WHERE d.day > %(on)s::date - 365 AND d.day <= %(on)s::date
)
SELECT x.province AS key, NULL::integer AS company, NULL::integer AS party, NULL::integer AS site,
       rpad(x.province, 6, '0') AS division,
       jsonb_build_object('fleet_vehicles', x.fleet, 'expected', round(x.expected::numeric, 1),
                          'reported', n.packs, 'on', %(on)s::date) AS figures,
       d.lot, d.serial, d.id AS record
  FROM expected x
 CROSS JOIN LATERAL (SELECT count(*) AS packs FROM reported r WHERE r.province = x.province) AS n
  LEFT JOIN reported d ON d.province = x.province
 WHERE x.expected >= %(least)s::float8 AND n.packs < x.expected * %(share)s::float8
"""

# What the public reported and no authority found wrong; it rests on words, so that there is no record to show.
_COMPLAINTS = """
SELECT n.subject || ' ' || coalesce(n.site::text, n.lot || '/' || n.serial, n.company::text, n.about) AS key,
       n.company, NULL::integer AS party, n.site,
       CASE WHEN n.company IS NULL AND n.site IS NULL THEN n.division END AS division,
       jsonb_build_object('complaints', count(*) OVER same, 'last_on',
                          max((n.recorded_at AT TIME ZONE 'Asia/Shanghai')::date) OVER same) AS figures,
       NULL::text AS lot, NULL::integer AS serial, NULL::uuid AS record
  FROM supervision_complaint n WHERE n.outcome IS NULL OR n.outcome = 'founded'
WINDOW same AS (PARTITION BY n.subject, coalesce(n.site::text, n.lot || '/' || n.serial, n.company::text, n.about))
"""

GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "silent": filled(_SILENT),
        "mass_balance": filled(_MASS_BALANCE),
        "outlet_stock": filled(_OUTLET_STOCK),
        "near_duplicate": filled(_NEAR_DUPLICATE),
        "retirement": filled(_RETIREMENT),
        "complaints": filled(_COMPLAINTS),
    }
)
