"""Where companies have sold: a fold over the ledger, kept with the duties.

Carmakers sell vehicles, in the division that the record of the sale names. A battery maker's sale is seen where
somebody else than a vehicle maker takes its product into after-sales or swap stock, at the division of that site, or
of the company where no site is named: our own deduction, because no record tells of the sale of a battery.
"""

from collections.abc import Sequence

import psycopg

from suyuan.events.vocabulary import vocabulary
from suyuan.server.kit.connection import Row
from suyuan.server.ledger.queries.valid import VALID

_KINDS = ("vehicle_sold", "after_sales_stocked", "swap_in")
_DAY = "(e.occurred_at AT TIME ZONE 'Asia/Shanghai')::date"
_SALES = """
SELECT s.company, s.division, min(s.day) AS first_on FROM (
    SELECT e.reporter AS company, e.body ->> 'division' AS division, {day} AS day FROM ledger_event e
     WHERE e.kind = {vehicle_sold} AND e.main_lot IS NULL AND e.slot = 0 AND {valid} AND {which}
     UNION ALL
    SELECT v.company, coalesce(p.division, c.division), {day} FROM ledger_event e
      JOIN registry_vendor_code v ON v.code = left(e.lot, 3) AND {day} >= v.valid_from
                                 AND {day} <= coalesce(v.valid_to, 'infinity')
      JOIN registry_company c ON c.number = e.reporter
      LEFT JOIN registry_site p ON p.number = e.site
     WHERE e.kind IN ({after_sales_stocked}, {swap_in}) AND e.main_lot IS NULL AND e.slot = 0 AND {valid} AND {which}
       AND v.company <> e.reporter AND NOT c.roles && ARRAY['carmaker', 'importer']) AS s
 WHERE s.company IS NOT NULL AND s.division ~ '^[0-9]{6}$' GROUP BY 1, 2
"""


def _filled(which: str) -> str:
    pieces = {"day": _DAY, "valid": VALID, "which": which}
    pieces |= {name: str(vocabulary().kinds[name].no) for name in _KINDS}
    statement = _SALES
    for name, piece in pieces.items():
        statement = statement.replace(f"{{{name}}}", piece)
    return statement


_ADD = f"""
INSERT INTO supervision_sold AS t (company, division, first_on) {_filled("e.submission = ANY (%s)")}
    ON CONFLICT (company, division) DO UPDATE SET first_on = excluded.first_on WHERE excluded.first_on < t.first_on
"""
_AMENDS = """
SELECT EXISTS (SELECT FROM ledger_event e
                 JOIN ledger_event b ON b.lot = e.lot AND b.serial = e.serial AND b.id = e.corrects
                WHERE e.submission = ANY (%s) AND e.corrects IS NOT NULL AND b.kind = ANY (%s))
"""
_EMPTY = "DELETE FROM supervision_sold"
_ALL = f"INSERT INTO supervision_sold (company, division, first_on) {_filled('TRUE')}"


def add_sales(run: psycopg.Cursor[Row], submissions: Sequence[int]) -> bool:
    """Take up the sales that came in some submissions; whether a first day may have changed.

    What was corrected or withdrawn may have been the first sale somewhere: then everything is counted anew.
    """
    if not submissions:
        return False
    kinds = [vocabulary().kinds[name].no for name in _KINDS]
    ((amends,),) = run.execute(_AMENDS, [list(submissions), kinds]).fetchall()
    if amends:
        recount_sales(run)
        return True
    return bool(run.execute(_ADD, [list(submissions)] * 2).rowcount)


def recount_sales(run: psycopg.Cursor[Row]) -> None:
    """Count all sales anew."""
    run.execute(_EMPTY)
    run.execute(_ALL)
