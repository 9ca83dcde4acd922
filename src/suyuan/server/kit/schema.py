"""Bringing the database's tables up to date, or to an earlier state, and emptying them in tests."""

from collections.abc import Iterable

from django.apps import apps
from django.core.management import call_command
from psycopg import sql

from suyuan.server.kit.connection import APP_ALIAS, OWNER_ALIAS, cursor
from suyuan.server.kit.roles import grant_app

# tables of libraries, whose migrations know nothing of our roles
_BORROWED = ("procrastinate_", "django_session", "account_", "mfa_")
_OURS = "suyuan.server."


def migrate() -> None:
    """Apply every migration as the owner. The server must run and the roles must exist."""
    call_command("migrate", database=OWNER_ALIAS, interactive=False, verbosity=0)
    tables = [table for table in _tables() if table.startswith(_BORROWED)]
    if tables:
        with cursor(OWNER_ALIAS) as statement:
            statement.execute(grant_app(*tables))


def pending() -> list[str]:
    """Names of migrations that are not applied yet, as `room.name`; the application may ask, too."""
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections[APP_ALIAS])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def applied() -> list[str]:
    """Names of the migrations that are applied, as `room.name`, sorted."""
    from django.db import connections
    from django.db.migrations.recorder import MigrationRecorder

    done = MigrationRecorder(connections[OWNER_ALIAS]).applied_migrations()
    return sorted(f"{room}.{name}" for room, name in done)


def known() -> set[str]:
    """Names of the migrations that this version of the program knows."""
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None)
    return {f"{room}.{name}" for room, name in {*loader.disk_migrations, *loader.graph.nodes}}


def migrate_to(names: Iterable[str]) -> None:
    """In a database without tables, apply these migrations (each with those before it) and no others."""
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections[OWNER_ALIAS])
    wanted = {(room, name) for room, _, name in (each.partition(".") for each in names)}
    graph = executor.loader.graph
    ends = [
        key
        for key in sorted(wanted & graph.nodes.keys())
        if not any(child.key in wanted for child in graph.node_map[key].children)
    ]
    executor.migrate(ends)


def empty_tables() -> None:
    """Empty every table of ours and start numbering anew. For tests; as the owner."""
    rooms = [config.label for config in apps.get_app_configs() if config.name.startswith(_OURS)]
    prefixes = (*(f"{label}_" for label in rooms), *_BORROWED)
    names = [sql.Identifier(table) for table in _tables() if table.startswith(prefixes)]
    if names:
        with cursor(OWNER_ALIAS) as statement:
            statement.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(sql.SQL(", ").join(names)))


def _tables() -> list[str]:
    with cursor(OWNER_ALIAS) as statement:
        rows = statement.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace"
            " AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1"
        ).fetchall()
    return [str(name) for (name,) in rows]
