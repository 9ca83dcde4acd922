"""A log's files in a folder: tiles, bundles and the checkpoint under the paths of C2SP tlog-tiles.

Nothing here knows a database. Whoever writes holds the folder's lock; a second one waits.
"""

import contextlib
import fcntl
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from suyuan.server.witness.durable import make_folder, write_all, write_whole
from suyuan.tlog.tiles import Tile, parse_path

CHECKPOINT = "checkpoint"
_LOCK = ".lock"


@dataclass(frozen=True, slots=True)
class LogFolder:
    """The files of one log.

    Parameters
    ----------
    root
        The folder that stands behind the log's URL prefix.
    """

    root: Path

    def read(self, path: str) -> bytes:
        """The content of a tile, bundle or the checkpoint; FileNotFoundError where there is none."""
        if path != CHECKPOINT:
            parse_path(path)
        return (self.root / path).read_bytes()

    def checkpoint(self) -> bytes | None:
        """The published checkpoint, if there is one."""
        with contextlib.suppress(FileNotFoundError):
            return self.read(CHECKPOINT)
        return None

    def write(self, files: Iterable[tuple[str, bytes]]) -> None:
        """Bring tiles and bundles to the disk; when this returns they survive a loss of power."""
        write_all((self._target(path), content) for path, content in files)

    def publish(self, note: bytes) -> None:
        """Replace the checkpoint, after everything that it speaks of."""
        make_folder(self.root)
        write_whole(self.root / CHECKPOINT, note)

    def drop_partials(self, tiles: Iterable[Tile]) -> None:
        """Remove the partial forms of tiles that are full now; readers take the full one instead."""
        for tile in tiles:
            shutil.rmtree(self.root / f"{tile.full.path}.p", ignore_errors=True)

    @contextlib.contextmanager
    def locked(self, *, wait: bool = True) -> Iterator[None]:
        """Be the only writer; BlockingIOError where another is and `wait` is off."""
        self.root.mkdir(mode=0o755, parents=True, exist_ok=True)
        with (self.root / _LOCK).open("a") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            yield

    def _target(self, path: str) -> Path:
        parse_path(path)
        return self.root / path
