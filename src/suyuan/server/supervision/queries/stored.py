"""The table of duties as it stands, for comparison; and the versions of rules by number."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType

import polars as pl
import psycopg

from suyuan.server.kit.connection import Row
from suyuan.server.supervision.queries.copied import copied
from suyuan.server.supervision.queries.history import FIRST, Portion

KEY = ("lot", "serial", "event", "rule")
DUTY: Mapping[str, pl.DataType] = MappingProxyType(
    {
        "lot": pl.String(),
        "serial": pl.Int32(),
        "event": pl.String(),
        "rule": pl.Int16(),
        "company": pl.Int32(),
        "site": pl.Int32(),
        "started_on": pl.Date(),
        "due_on": pl.Date(),
        "official": pl.Boolean(),
        "fulfilled_by": pl.String(),
        "fulfilled_on": pl.Date(),
        "void": pl.Boolean(),
    }
)
"""The columns of `supervision_duty`; ids as text with dashes."""

DONE = "findings"
"""The name in `supervision_reckoned` of the day and the rules of the last look at everything."""

_COPIED = """
COPY (SELECT d.lot, d.serial, d.event, d.rule, d.company, d.site, d.started_on, d.due_on,
             CASE WHEN d.official THEN 'true' WHEN NOT d.official THEN 'false' END, d.fulfilled_by, d.fulfilled_on,
             CASE WHEN d.void THEN 'true' ELSE 'false' END
        FROM {source} ORDER BY d.lot, d.serial, d.event, d.rule) TO STDOUT (FORMAT csv)
"""
_IN_RANGE = _COPIED.replace(
    "{source}", "supervision_duty d WHERE d.lot > %(after)s AND (%(upto)s::text IS NULL OR d.lot <= %(upto)s)"
)
_OF_OBJECTS = _COPIED.replace(
    "{source}",
    "unnest(%(lots)s::text[], %(serials)s::integer[]) AS o (lot, serial)"
    " JOIN supervision_duty d ON d.lot = o.lot AND d.serial = o.serial",
)
_OF_COMPANIES = _COPIED.replace("{source}", "supervision_duty d WHERE d.lot <= %(upto)s")
_RULES = "SELECT version, number FROM supervision_rule ORDER BY number"
_RECKONED = "SELECT name, digest FROM supervision_reckoned"


def stored_between(run: psycopg.Cursor[Row], portion: Portion) -> pl.DataFrame:
    """The duties of all objects in a range of lots, by key."""
    return copied(run, _IN_RANGE, {"after": portion.after, "upto": portion.upto}, DUTY)


def stored_of(run: psycopg.Cursor[Row], lots: Sequence[str], serials: Sequence[int]) -> pl.DataFrame:
    """The duties of some distinct objects, by key."""
    return copied(run, _OF_OBJECTS, {"lots": list(lots), "serials": list(serials)}, DUTY)


def stored_of_companies(run: psycopg.Cursor[Row]) -> pl.DataFrame:
    """The duties that no record starts, by key."""
    return copied(run, _OF_COMPANIES, {"upto": FIRST}, DUTY)


def rule_numbers(run: psycopg.Cursor[Row]) -> dict[str, int]:
    """The number of each version of a duty under which something arose."""
    return dict(run.execute(_RULES).fetchall())


def reckoned(run: psycopg.Cursor[Row]) -> dict[str, str]:
    """Under which ``law`` and ``calendar`` the table was computed; empty if it never was."""
    return dict(run.execute(_RECKONED).fetchall())


def looked_on(run: psycopg.Cursor[Row]) -> date | None:
    """The day of the last look of all detectors at everything; None before the first."""
    mark = reckoned(run).get(DONE)
    return None if mark is None else date.fromisoformat(mark.partition(" ")[0])
