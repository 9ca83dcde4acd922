"""Tables out of the database and back, by COPY in text form, which every version of PostgreSQL reads alike."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg
from django.db import transaction
from psycopg import sql

from suyuan.server.kit.connection import OWNER_ALIAS, Row, cursor
from suyuan.server.operation import catalogue
from suyuan.server.operation.catalogue import Columns
from suyuan.server.operation.errors import Damaged
from suyuan.server.operation.manifest import Manifest, Table
from suyuan.server.operation.writing import CHUNK_BYTES, Hashed, packed, unpacked

_FORMS = (
    "SET LOCAL datestyle = 'ISO, YMD'",
    "SET LOCAL intervalstyle = 'postgres'",
    "SET LOCAL timezone = 'UTC'",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL extra_float_digits = 1",
    "SET LOCAL client_encoding = 'UTF8'",
)


@contextmanager
def snapshot() -> Iterator[psycopg.Cursor[Row]]:
    """One moment of the whole database, as the owner; nobody is kept from writing.

    The tables are locked against being changed in shape before the moment is fixed, so that a migration that
    begins meanwhile waits, and one under way is waited for.
    """
    with transaction.atomic(using=OWNER_ALIAS), cursor(OWNER_ALIAS) as run:
        names = list(catalogue.tables(run))
    with transaction.atomic(using=OWNER_ALIAS), cursor(OWNER_ALIAS) as run:
        run.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for setting in _FORMS:
            run.execute(setting)
        if names:
            listed = sql.SQL(", ").join(map(sql.Identifier, names))
            run.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(listed))
        yield run


def write_table(run: psycopg.Cursor[Row], name: str, columns: Columns, folder: Path) -> tuple[Table, Hashed]:
    """Write the rows of one table below `folder`."""
    path = folder / Table(name, 0, columns).file
    listed = sql.SQL(", ").join(sql.Identifier(column) for column, _ in columns)
    statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(listed, sql.Identifier(name))
    with packed(path) as (stream, outer), run.copy(statement) as copy:
        portion = bytearray()
        for block in copy:
            portion += block
            if len(portion) >= CHUNK_BYTES:
                stream.write(bytes(portion))
                portion.clear()
        stream.write(bytes(portion))
    return Table(name, run.rowcount, columns), outer


def load(manifest: Manifest, folder: Path, digests: Mapping[str, str]) -> None:
    """Fill the tables, which have the shape they had then, in one transaction: all of them, or none.

    Raises
    ------
    Damaged
        ``operation.tables_differ`` if the database does not have these tables, ``operation.rows_differ`` or
        ``operation.file_altered`` if a file does not hold what it held.
    """
    with transaction.atomic(using=OWNER_ALIAS), cursor(OWNER_ALIAS) as run:
        for setting in _FORMS:
            run.execute(setting)
        _check_shape(manifest, catalogue.tables(run))
        tables = {table.name: table for table in manifest.tables}
        names = catalogue.filling_order(run, tables)
        run.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, names))))
        for name in names:
            _switch_triggers(run, name, "DISABLE")
            _fill(run, tables[name], folder, digests)
        run.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in names:
            _switch_triggers(run, name, "ENABLE")
        for sequence in manifest.sequences:
            name_of = sql.Identifier(sequence.name).as_string(run)
            run.execute("SELECT setval(%s::regclass, %s, %s)", [name_of, sequence.value, sequence.called])
    with cursor(OWNER_ALIAS) as run:
        for name in names:
            run.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name)))


def _check_shape(manifest: Manifest, found: Mapping[str, Columns]) -> None:
    wanted = {table.name: dict(table.columns) for table in manifest.tables}
    here = {name: dict(columns) for name, columns in found.items()}
    differing = sorted(name for name in wanted.keys() | here.keys() if wanted.get(name) != here.get(name))
    if differing:
        raise Damaged("operation.tables_differ", tables=differing, program=manifest.program)


def _switch_triggers(run: psycopg.Cursor[Row], name: str, verb: str) -> None:
    """Triggers would write anew what the backup holds already."""
    run.execute(sql.SQL("ALTER TABLE {} {} TRIGGER USER").format(sql.Identifier(name), sql.SQL(verb)))


def _fill(run: psycopg.Cursor[Row], table: Table, folder: Path, digests: Mapping[str, str]) -> None:
    listed = sql.SQL(", ").join(sql.Identifier(column) for column, _ in table.columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), listed)
    with unpacked(folder / table.file, digests[table.file]) as stream, run.copy(statement) as copy:
        while portion := stream.read(CHUNK_BYTES):
            copy.write(portion)
    if run.rowcount != table.rows:
        raise Damaged("operation.rows_differ", table=table.name, wanted=table.rows, found=run.rowcount)
