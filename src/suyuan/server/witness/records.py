"""What a witness has cosigned, in an SQLite file of its own: one row a checkpoint, never changed.

The largest size of an origin is what the next request is held against. A row's number is its index in
the witness's own log, so numbers are dense. Whoever decides holds the write lock of the file from
reading the record to the commit, and a commit is on the disk when it returns.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from suyuan.server.witness.durable import make_folder, sync_folder
from suyuan.server.witness.errors import WitnessError
from suyuan.tlog.witness import Recorded

VERSION = 1
BUSY_S = 10.0
_TABLE = """
CREATE TABLE cosigned (
    number INTEGER PRIMARY KEY,
    origin TEXT NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    entry BLOB NOT NULL,
    UNIQUE (origin, size)
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """The record of one origin while nobody else can change it."""

    database: sqlite3.Connection
    origin: str

    @property
    def recorded(self) -> Recorded | None:
        """The latest checkpoint that was cosigned; None before the first."""
        found = "SELECT size, root, entry FROM cosigned WHERE origin = ? ORDER BY size DESC LIMIT 1"
        return _recorded(self.database.execute(found, (self.origin,)).fetchone())

    def at(self, size: int) -> Recorded | None:
        """The checkpoint of a size that was cosigned once, if there is one."""
        found = "SELECT size, root, entry FROM cosigned WHERE origin = ? AND size = ?"
        return _recorded(self.database.execute(found, (self.origin, size)).fetchone())

    def keep(self, size: int, root: bytes, entry: bytes) -> None:
        """Record a checkpoint; `entry` is its note with our cosignatures."""
        self.database.execute(
            "INSERT INTO cosigned SELECT coalesce(max(number) + 1, 0), ?, ?, ?, ? FROM cosigned",
            (self.origin, size, root, entry),
        )


class Records:
    """The file; for any number of threads and processes of one machine."""

    def __init__(self, path: Path) -> None:
        make_folder(path.parent, 0o700)
        self._path = path
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        self._prepare()
        sync_folder(path.parent)

    @contextlib.contextmanager
    def turn(self, origin: str) -> Iterator[Turn]:
        """Be the only one who decides; what was kept is on the disk when this ends, and nothing is if it fails."""
        with self._alone() as database:
            yield Turn(database, origin)

    def entries(self, start: int, limit: int) -> list[bytes]:
        """Entries of the witness's log from index `start` on."""
        query = "SELECT entry FROM cosigned WHERE number >= ? ORDER BY number LIMIT ?"
        with self._lock:
            return [row[0] for row in self._database.execute(query, (start, limit))]

    def count(self) -> int:
        """How many checkpoints were cosigned."""
        with self._lock:
            (number,) = self._database.execute("SELECT coalesce(max(number) + 1, 0) FROM cosigned").fetchone()
        return int(number)

    def close(self) -> None:
        """Let the file go, after whoever has his turn."""
        with self._lock:
            self._database.close()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    def _prepare(self) -> None:
        with self._alone() as database:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version == 0:
                database.execute(_TABLE)
                database.execute(f"PRAGMA user_version = {VERSION}")
            elif version != VERSION:
                raise WitnessError("witness.records_version", file=str(self._path), found=version, known=VERSION)


def _recorded(row: tuple[int, bytes, bytes] | None) -> Recorded | None:
    return None if row is None else Recorded(*row)
