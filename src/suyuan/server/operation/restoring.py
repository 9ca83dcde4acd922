"""Put a backup into an empty place. Nothing is overwritten, and nothing begins before every checksum was compared."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction

from suyuan.server.kit.connection import OWNER_ALIAS, cursor
from suyuan.server.kit.postgres import seat
from suyuan.server.kit.schema import known, migrate, migrate_to
from suyuan.server.ledger.services import Report, rebuild
from suyuan.server.operation import catalogue, places
from suyuan.server.operation.errors import Damaged, NotEmpty, TooNew
from suyuan.server.operation.examining import Examined
from suyuan.server.operation.rows import load
from suyuan.server.operation.writing import CHUNK_BYTES, Hashed, created, make_folder, sync_folders

_SKIP = """
SELECT setval(name::regclass, nextval(name::regclass) + %s)
  FROM pg_get_serial_sequence('submissions_submission', 'number') AS name
"""
SKIPPED: Final = 1_000_000
"""Numbers of submissions that are passed over after a restore."""

UNFINISHED: Final = "restore.unfinished"
"""Stands in the data folder while a restore is under way, and stays where one was cut short."""


def check_program(found: Examined) -> None:
    """Refuse what a later version wrote: it may hold what this one does not know.

    Raises
    ------
    TooNew
        ``operation.backup_newer``.
    """
    unknown = sorted(set(found.manifest.migrations) - known())
    if unknown:
        raise TooNew("operation.backup_newer", program=found.manifest.program, migrations=unknown[:5])


def check_place(found: Examined) -> None:
    """Refuse a data folder or a place of the log or the keys that holds anything; touches nothing.

    Raises
    ------
    NotEmpty
        ``operation.home_not_empty``.
    """
    home = Path(settings.HOME)
    if settings.EMBEDDED_DATABASE and (seat(home) / "postgres").exists():
        raise NotEmpty("operation.home_not_empty", folder=str(seat(home)), entry="postgres")
    for folder in (home, *(part.folder for part in places.parts(keys=found.manifest.keys))):
        entry = places.in_the_way(folder)
        if entry is not None:
            raise NotEmpty("operation.home_not_empty", folder=str(folder), entry=entry.name)


def check_database() -> None:
    """Refuse a database that holds a table, whoever made it; it must answer by now.

    Raises
    ------
    NotEmpty
        ``operation.database_not_empty``.
    """
    with cursor(OWNER_ALIAS) as run:
        name = catalogue.any_table(run)
    if name is not None:
        raise NotEmpty("operation.database_not_empty", table=name)


@contextlib.contextmanager
def under_way() -> Iterator[None]:
    """Mark the data folder as unfinished; the mark goes only when all went well."""
    mark = Path(settings.HOME) / UNFINISHED
    make_folder(mark.parent, 0o711)  # the account of an embedded database passes through
    mark.touch(mode=0o600, exist_ok=False)
    yield
    mark.unlink()


def restore(found: Examined) -> Report:
    """Restore into the empty place that was checked, bring the tables up to date, and compare the folds.

    The tables are made by the migrations that the backup names, so that owner and rights are those of any
    installation; then they are filled in one transaction; then the later migrations run.
    """
    copy_files(found)
    migrate_to(found.manifest.migrations)
    load(found.manifest, found.root, found.digests)
    migrate()
    skip_numbers()
    with transaction.atomic(), cursor() as run:
        run.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return rebuild(run, check=True)


def skip_numbers() -> None:
    """Let the numbers of submissions go on far behind: those given after the backup stand in the log for ever."""
    with cursor(OWNER_ALIAS) as run:
        run.execute(_SKIP, [SKIPPED])


def copy_files(found: Examined) -> None:
    """Copy received files, the log, the keys where there are some, and the secret."""
    for part in places.parts(keys=found.manifest.keys):
        names = found.names(part.name)
        for name in names:
            target = part.place(name)
            make_folder(target.parent, part.folder_mode)
            _copy(found, name, target, part.file_mode)
        if names:
            sync_folders(part.folder)
    if places.SECRET in found.digests:
        _copy(found, places.SECRET, Path(settings.HOME) / places.SECRET, 0o600)


def _copy(found: Examined, name: str, target: Path, mode: int) -> None:
    with Hashed((found.root / name).open("rb")) as source, created(target, mode) as written:
        while block := source.read(CHUNK_BYTES):
            written.write(block)
    if source.hash.hexdigest() != found.digests[name]:
        raise Damaged("operation.file_altered", file=name)
