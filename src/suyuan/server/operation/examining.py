"""Is this a backup, whole and as it was written? Read-only, and before anything is restored from it."""

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from suyuan.server.operation import manifest, places
from suyuan.server.operation.errors import Damaged
from suyuan.server.operation.manifest import Manifest
from suyuan.server.operation.writing import digest_of

_LINE = re.compile(r"([0-9a-f]{64})  ([^\x00-\x1f\\\x7f]+)")
_ROOTS = frozenset({"tables", "received", "log", "keys"})


@dataclass(frozen=True, slots=True)
class Examined:
    """A backup that is whole: where it is, what it says of itself, and the checksum of every file by its name."""

    root: Path
    manifest: Manifest
    digests: dict[str, str]

    def names(self, part: str) -> list[str]:
        """The files of one part."""
        return [name for name in self.digests if name.startswith(f"{part}/")]


def examine(root: Path) -> Examined:
    """Read every byte of a backup and compare it with its checksum.

    Raises
    ------
    Damaged
        ``operation.not_a_backup``, ``manifest_unreadable``, ``manifest_altered``, ``sums_altered``,
        ``file_missing``, ``file_altered`` or ``file_unknown``.
    TooNew
        ``operation.backup_format_newer``.
    """
    try:
        content = (root / manifest.NAME).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise Damaged("operation.not_a_backup", folder=str(root)) from None
    found = Manifest.read(content, str(root / manifest.NAME))
    digests = _read_sums(root, found)
    _check_names(root, found, digests)
    for name, digest in digests.items():
        if digest_of(root / name) != digest:
            raise Damaged("operation.file_altered", file=name)
    return Examined(root, found, digests)


def _read_sums(root: Path, found: Manifest) -> dict[str, str]:
    path = root / manifest.SUMS
    if not path.is_file() or digest_of(path) != found.sums:
        raise Damaged("operation.sums_altered", file=str(path))
    matches = [_LINE.fullmatch(line) for line in path.read_text(encoding="utf-8").splitlines()]
    digests = {match[2]: match[1] for match in matches if match and _is_ours(match[2])}
    if len(digests) != len(matches) or len(digests) != found.files:
        raise Damaged("operation.sums_altered", file=str(path))
    return digests


def _is_ours(name: str) -> bool:
    """Whether a name stays inside the backup and belongs to something that we restore."""
    steps = PurePosixPath(name).parts
    inside = "/".join(steps) == name and ".." not in steps
    return inside and (name == places.SECRET or (len(steps) > 1 and steps[0] in _ROOTS))


def _check_names(root: Path, found: Manifest, digests: dict[str, str]) -> None:
    """Every file named is there, and every file there is named; nothing is a link out of the folder."""
    here = set()
    for folder, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(folder) / name
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                here.add(path.relative_to(root).as_posix())
            elif not stat.S_ISDIR(mode):
                raise Damaged("operation.file_unknown", file=path.relative_to(root).as_posix())
    needed = {*digests, *(table.file for table in found.tables)}
    for name in sorted(needed - here):
        raise Damaged("operation.file_missing", file=name)
    for name in sorted(here - digests.keys() - {manifest.NAME, manifest.SUMS}):
        raise Damaged("operation.file_unknown", file=name)
