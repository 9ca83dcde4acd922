"""What a draft of law would have changed, asked of recorded history. Nothing is written."""

from collections.abc import Iterator
from datetime import date

import polars as pl
import psycopg

from suyuan.rules import Draft, Law, Trial, law, try_draft, with_draft
from suyuan.rules.history import EVENTS
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Forbidden
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.supervision.queries.calendars import known_calendar
from suyuan.server.supervision.queries.history import events_between, facts, portions, roles

_COLUMNS = (*EVENTS, "event", "object", "slot", "utiliser_kind")


def tried(run: psycopg.Cursor[Row], scope: Scope, draft: Draft, on: date) -> Trial:
    """The draft over all that is recorded; both laws are asked on the day `on`. Inside a transaction.

    Raises
    ------
    Forbidden
        ``supervision.nation_only``: the answer names companies everywhere.
    """
    if scope.level is not Level.NATION:
        raise Forbidden("supervision.nation_only", level=scope.level.value)
    return try_draft(law(), draft, known_calendar(), _batches(run, with_draft(law(), draft)), roles(run), on)


def _batches(run: psycopg.Cursor[Row], told: Law) -> Iterator[pl.DataFrame]:
    """Portions of records, each with whole histories, and the facts of the register; objects by their code."""
    yield _plain(facts(run))
    for portion in portions(run):
        yield _plain(events_between(run, told, portion))


def _plain(rows: pl.DataFrame) -> pl.DataFrame:
    code = pl.concat_str("lot", pl.lit("/"), "serial")
    return rows.with_columns(code.alias("object"), pl.col("kind").cast(pl.String)).select(_COLUMNS)
