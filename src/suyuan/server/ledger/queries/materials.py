"""Which batch of material is meant: its company may be left out where only one has a batch of that text."""

from typing import Final

import psycopg
from psycopg.sql import SQL

from suyuan.codes.keys import batch_code, split_batch
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.queries.visibility import visible_events

_NAMED: Final = SQL("""
SELECT b.code FROM (SELECT %s AS code
                     UNION SELECT c.code || ':' || %s FROM registry_company c WHERE %s) b
 WHERE EXISTS (SELECT FROM ledger_event e WHERE e.lot = b.code AND e.serial = 0 AND {visible})
 ORDER BY b.code
""")
"""Every registered company is asked for; the batch of another has to be named with its company."""


def find_batch(run: psycopg.Cursor[Row], scope: Scope, batch: str, company: str | None = None) -> str | None:
    """The code of the batch that is meant, None if no record that the scope may see names it.

    Parameters
    ----------
    batch
        The text that its company gave it, or the whole code, company and text.
    company
        Code of the company whose batch it is.

    Raises
    ------
    Refusal
        ``ledger.batch_of_several`` if several companies have batches of this text.
    """
    exact = batch_code(company, batch) if company else batch
    visible = visible_events(scope)
    statement = _NAMED.format(visible=visible.sql)
    found = [code for (code,) in run.execute(statement, [exact, batch, company is None, *visible.params])]
    if exact in found or len(found) < 2:
        return exact if exact in found else next(iter(found), None)
    companies = [named[0] for code in found if (named := split_batch(code))]
    raise Refusal("ledger.batch_of_several", batch=batch, companies=companies)
