"""The psycopg connection under Django's, for COPY, server-side cursors and set-based SQL.

The two share one transaction: open it with `django.db.transaction.atomic`. Django's connection
returns jsonb columns as text; parse them where they are needed.
"""

from typing import Any

import psycopg
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from suyuan.server.kit import arrays

arrays.install()

APP_ALIAS = "default"  # acts as the application's role
OWNER_ALIAS = "owner"  # acts as the owner's role; migrations and maintenance only

Row = tuple[Any, ...]


def database(alias: str = APP_ALIAS) -> BaseDatabaseWrapper:
    """Django's connection of this thread."""
    return connections[alias]


def raw(alias: str = APP_ALIAS) -> psycopg.Connection[Row]:
    """The open psycopg connection of this thread."""
    wrapper = connections[alias]
    wrapper.ensure_connection()
    connection = wrapper.connection
    if not isinstance(connection, psycopg.Connection):  # a pool proxies it, a test may close it
        raise TypeError(f"{alias} is {type(connection).__name__}, not a psycopg connection")
    return connection


def cursor(alias: str = APP_ALIAS, *, binary: bool = False) -> psycopg.Cursor[Row]:
    """A plain psycopg cursor (parameters are bound by the server); `binary` asks for binary results."""
    made: psycopg.Cursor[Row] = psycopg.Cursor(raw(alias))
    made.format = psycopg.pq.Format.BINARY if binary else psycopg.pq.Format.TEXT
    return made


def stream(name: str, alias: str = APP_ALIAS) -> psycopg.ServerCursor[Row]:
    """A cursor that keeps its rows on the server and sends them in portions; needs a transaction."""
    return psycopg.ServerCursor(raw(alias), name)
