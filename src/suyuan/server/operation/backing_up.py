"""Take a backup while the installation runs: first one moment of the database, then the files, which only grow."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from django.conf import settings

from suyuan import __version__
from suyuan.server.kit.clock import Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.schema import applied
from suyuan.server.operation import catalogue, manifest, places
from suyuan.server.operation.errors import NotEmpty
from suyuan.server.operation.manifest import Manifest
from suyuan.server.operation.rows import snapshot, write_table
from suyuan.server.operation.writing import CHUNK_BYTES, Hashed, created, sync_folder, sync_folders

LAST: Final = "last_backup.json"
"""In the data folder: when the last whole backup was taken, for monitoring."""

_LARGE_BODIES = "SELECT digest FROM submissions_received WHERE body IS NULL ORDER BY digest"
_STRANGE = re.compile(r"[\x00-\x1f\\\x7f]")  # sha256sum would write such names in another way


@dataclass(slots=True)
class _Draft:
    """A backup that is being written."""

    root: Path
    sums: list[tuple[str, str]] = field(default_factory=list)
    size_bytes: int = 0
    damaged: set[str] = field(default_factory=set)

    def count(self, name: str, written: Hashed) -> None:
        self.sums.append((written.hash.hexdigest(), name))
        self.size_bytes += written.size


def back_up(target: Path, clock: Clock, *, keys: bool = False) -> Manifest:
    """Write a backup to the new folder `target`; it stands under that name only when it is whole.

    Raises
    ------
    NotEmpty
        ``operation.target_not_empty``.
    """
    if target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir()))):
        raise NotEmpty("operation.target_not_empty", folder=str(target))
    with _draft(target) as draft:
        made = _write(draft, clock, keys=keys)
        _seal(draft.root, made)
        draft.root.rename(target)
        sync_folder(target.parent)
    _note(made)
    return made


@contextmanager
def _draft(target: Path) -> Iterator[_Draft]:
    """A folder beside `target`, gone at the end unless it was moved to its place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    root = target.with_name(f".{target.name}.unfinished.{os.getpid()}")
    root.mkdir(mode=0o700)
    try:
        yield _Draft(root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _write(draft: _Draft, clock: Clock, *, keys: bool) -> Manifest:
    with snapshot() as run:
        taken_at = clock.now().isoformat(timespec="seconds")
        migrations, version = tuple(applied()), run.connection.info.server_version
        tables = []
        for name, columns in catalogue.tables(run).items():
            table, written = write_table(run, name, columns, draft.root)
            draft.count(table.file, written)
            tables.append(table)
        sequences, named = catalogue.sequences(run), _named(run)
    for part in places.parts(keys=keys):
        for path in places.files_of(part):
            _copy(part, path, draft)
    _copy_secret(draft)
    there = {name for _, name in draft.sums}
    return Manifest(
        program=__version__,
        taken_at=taken_at,
        postgres=version,
        migrations=migrations,
        tables=tuple(tables),
        sequences=sequences,
        keys=keys,
        missing=tuple(name for name in named if name not in there or name in draft.damaged),
        files=len(draft.sums),
        size_bytes=draft.size_bytes,
        sums=_write_sums(draft),
    )


def _named(run: psycopg.Cursor[Row]) -> list[str]:
    """The files that the database says were received."""
    return [f"received/{digest[:2]}/{digest}" for (digest,) in run.execute(_LARGE_BODIES).fetchall()]


def _copy(part: places.Part, path: Path, draft: _Draft) -> None:
    """Copy one file; one that is gone by now was a partial tile, which is in its full one."""
    name = f"{part.name}/{path.as_posix()}"
    if _STRANGE.search(name):
        raise OSError(f"a file has a name that no file of ours has: {name!r}")
    try:
        source = (part.folder / path).open("rb")
    except FileNotFoundError:
        return
    with source, created(draft.root / name) as target:
        while block := source.read(CHUNK_BYTES):
            target.write(block)
    draft.count(name, target)
    if part.name == "received" and target.hash.hexdigest() != path.name:
        draft.damaged.add(name)


def _copy_secret(draft: _Draft) -> None:
    """The secret, where it is kept in the data folder and not in the environment."""
    try:
        secret = (Path(settings.HOME) / places.SECRET).read_bytes()
    except FileNotFoundError:
        return
    with created(draft.root / places.SECRET) as target:
        target.write(secret)
    draft.count(places.SECRET, target)


def _write_sums(draft: _Draft) -> str:
    """Write the list of all files in the form of ``sha256sum``; its own checksum."""
    with created(draft.root / manifest.SUMS) as stream:
        for digest, name in sorted(draft.sums, key=lambda entry: entry[1]):
            stream.write(f"{digest}  {name}\n".encode())
    return stream.hash.hexdigest()


def _seal(root: Path, made: Manifest) -> None:
    """Write the manifest, once everything else is on the disk."""
    sync_folders(root)
    with created(root / manifest.NAME) as stream:
        stream.write(made.write())
    sync_folder(root)


def _note(made: Manifest) -> None:
    path = Path(settings.HOME) / LAST
    path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    draft = path.with_name(f".{LAST}.{os.getpid()}")
    draft.write_text(json.dumps({"taken_at": made.taken_at, "size_bytes": made.size_bytes}), encoding="ascii")
    draft.chmod(0o644)  # an administrator writes it, the web server reads it
    draft.replace(path)
