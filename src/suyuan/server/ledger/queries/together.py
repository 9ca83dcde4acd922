"""Several statements in one round trip."""

from collections.abc import Sequence

import psycopg
from psycopg.sql import Composed

from suyuan.server.kit.connection import Row

Ask = tuple[str | Composed, Sequence[object]]
"""A statement and its parameters."""


def together(run: psycopg.Cursor[Row], *asks: Ask) -> list[list[Row]]:
    """The rows of each statement; they are sent at once, so that only one waiting time is paid."""
    cursors = [psycopg.Cursor(run.connection) for _ in asks]
    with run.connection.pipeline():
        for one, (statement, parameters) in zip(cursors, asks, strict=True):
            one.execute(statement, parameters)
    return [one.fetchall() for one in cursors]
