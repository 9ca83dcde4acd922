"""The two database roles: the owner migrates, the application may add but not rewrite.

A table is append-only for the application unless a migration says otherwise: the owner's default
privileges give SELECT and INSERT, and `grant_app` gives the rest where a table needs it.
"""

from typing import Final

import psycopg
from psycopg import sql

OWNER: Final = "suyuan_owner"
APP: Final = "suyuan_app"

GRANT_APP: Final = f"GRANT {{verbs}} ON {{tables}} TO {APP};"


def grant_app(*tables: str, verbs: str = "UPDATE, DELETE") -> str:
    """SQL for a migration that lets the application also `verbs` the `tables`.

    >>> grant_app("ledger_state", verbs="UPDATE")
    'GRANT UPDATE ON ledger_state TO suyuan_app;'
    """
    return GRANT_APP.format(verbs=verbs, tables=", ".join(tables))


def prepare(admin_dsn: str, database: str) -> None:
    """Make the roles and the database where they are missing; safe to repeat.

    Parameters
    ----------
    admin_dsn
        A connection, to any database of the server, that may create roles and databases.
    database
        Name of the database to make.
    """
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        for role in (OWNER, APP):
            _make_role(connection, role)
        exists = connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).fetchone()
        if exists is None:
            statement = "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
            connection.execute(sql.SQL(statement).format(sql.Identifier(database), sql.Identifier(OWNER)))
    with psycopg.connect(admin_dsn, dbname=database, autocommit=True) as connection:
        _set_defaults(connection)


def _make_role(connection: psycopg.Connection[tuple[object, ...]], role: str) -> None:
    """Make one role, with us as a member so that we may act as it."""
    name = sql.Identifier(role)
    exists = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if exists is None:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
    member = connection.execute("SELECT pg_has_role(%s, 'MEMBER')", [role]).fetchone()
    if member != (True,):
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(name))


def _set_defaults(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    owner, app = sql.Identifier(OWNER), sql.Identifier(APP)
    for statement in (
        "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
        "GRANT USAGE ON SCHEMA public TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT, INSERT ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE ON SEQUENCES TO {app}",
    ):
        connection.execute(sql.SQL(statement).format(owner=owner, app=app))
