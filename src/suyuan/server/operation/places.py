"""Which folders of an installation a backup takes, and how they stand in it."""

import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

SECRET: Final = "secret_key"  # noqa: S105  a file's name
_FIRST = "checkpoint"
_COPIED_PROGRAMS = "postgresql-*"  # the embedded database's, see `suyuan.server.kit.binaries.copied`


@dataclass(frozen=True, slots=True)
class Part:
    """One folder: its name in the backup, where it is, and the modes of what is restored there."""

    name: str
    folder: Path
    folder_mode: int
    file_mode: int

    def place(self, name: str) -> Path:
        """Where the file `name` of the backup (it begins with the part's own name) belongs."""
        return self.folder / name.removeprefix(f"{self.name}/")


def parts(*, keys: bool) -> Sequence[Part]:
    """The folders whose files only grow; those of the log are public, the others are not."""
    home = Path(settings.HOME)
    log = Path(settings.LOG_FOLDER)
    found = [Part("received", home / "received", 0o700, 0o600), Part("log", log, 0o755, 0o644)]
    return [*found, Part("keys", Path(settings.KEY_FOLDER), 0o700, 0o600)] if keys else found


def files_of(part: Part) -> Iterator[Path]:
    """Every finished file of a part, relative to its folder, each folder's in order.

    A checkpoint comes before everything that it speaks of: what is copied after it is there whatever is
    published meanwhile. Names that begin with a dot are drafts and locks.
    """
    found = sorted(_below(part.folder, Path()))
    yield from sorted(found, key=lambda path: path.name != _FIRST)


def _below(root: Path, inside: Path) -> Iterator[Path]:
    try:
        entries = sorted((root / inside).iterdir())
    except FileNotFoundError:  # a partial tile's folder goes when the tile is full
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        try:
            mode = entry.lstat().st_mode
        except FileNotFoundError:
            continue
        if stat.S_ISDIR(mode):
            yield from _below(root, inside / entry.name)
        elif stat.S_ISREG(mode):
            yield inside / entry.name


def in_the_way(home: Path) -> Path | None:
    """The first thing in a data folder that shows that it is in use; None where an installation can be put."""
    try:
        entries = sorted(home.iterdir())
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return home
    return next((entry for entry in entries if not _is_harmless(entry)), None)


def _is_harmless(entry: Path) -> bool:
    """Copied programs, other data folders (see `suyuan.server.kit.postgres.seat`), a file system's own."""
    seat = len(entry.name) == 12 and set(entry.name) <= set("0123456789abcdef")
    return entry.match(_COPIED_PROGRAMS) or seat or entry.name in {"demo", "lost+found"}
