"""Where there are outlets at all, and what brands they take: for lists to choose from. Outlets are public: no scope."""

from datetime import date

import psycopg

from suyuan.server.kit.connection import Row

_CITIES = """
SELECT DISTINCT left(division, 4) || '00' FROM registry_outlet
 WHERE superseded_at IS NULL AND valid_from <= %(on)s AND coalesce(valid_to, 'infinity') >= %(on)s
 ORDER BY 1
"""
_BRANDS = """
SELECT b.name FROM (
    SELECT unnest(o.brands) AS name, 1 AS outlets FROM registry_outlet o
     WHERE o.superseded_at IS NULL AND o.valid_from <= %(on)s AND coalesce(o.valid_to, 'infinity') >= %(on)s
     UNION ALL
    SELECT c.name_zh, m.outlets FROM (
        SELECT company, count(*) AS outlets FROM registry_outlet_commission
         WHERE agreed_at IS NOT NULL AND %(on)s BETWEEN valid_from AND coalesce(valid_to, 'infinity')
         GROUP BY company) AS m JOIN registry_company c ON c.number = m.company) AS b
 WHERE b.name <> '*' GROUP BY b.name ORDER BY sum(b.outlets) DESC, b.name LIMIT %(most)s
"""


def outlet_cities(run: psycopg.Cursor[Row], on: date) -> list[str]:
    """Division codes of the cities with a valid outlet on a day, in order."""
    return [code for (code,) in run.execute(_CITIES, {"on": on})]


def outlet_brands(run: psycopg.Cursor[Row], on: date, most: int = 200) -> list[str]:
    """Brands as filed, and the names of makers that outlets act for: those with the most outlets first."""
    return [name for (name,) in run.execute(_BRANDS, {"on": on, "most": most})]
