"""What a backup says of itself: a small JSON document, written last, that holds every other file to its checksum.

The form is specified in ``specs/backup.md``.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from suyuan.kernel.canonical import canonical_json, read_json
from suyuan.server.operation.errors import Damaged, TooNew

FORMAT: Final = "suyuan-backup"
VERSION: Final = 1
NAME: Final = "manifest.json"
SUMS: Final = "SHA256SUMS"


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name, how many rows it holds, and its columns with their PostgreSQL types."""

    name: str
    rows: int
    columns: tuple[tuple[str, str], ...]

    @property
    def file(self) -> str:
        """Where its rows are, relative to the backup."""
        return f"tables/{self.name}.copy.zst"


@dataclass(frozen=True, slots=True)
class Sequence:
    """Where a sequence stands; `called` tells whether `value` was given out."""

    name: str
    value: int
    called: bool


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a backup and how it was made.

    Parameters
    ----------
    program
        Version that wrote it.
    taken_at
        ISO 8601, the moment of the database's snapshot.
    postgres
        Version number of the server it was read from, as PostgreSQL counts (150018).
    migrations
        Those applied, as ``room.name``.
    missing
        Paths of received files that the database names and that were not there, or not as received.
    sums
        SHA-256 of `SUMS`, which names every other file.
    """

    program: str
    taken_at: str
    postgres: int
    migrations: tuple[str, ...]
    tables: tuple[Table, ...]
    sequences: tuple[Sequence, ...]
    keys: bool
    missing: tuple[str, ...]
    files: int
    size_bytes: int
    sums: str

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(table.rows for table in self.tables)

    def write(self) -> bytes:
        """The document, with the digest of its own content."""
        body = {
            "format": FORMAT,
            "version": VERSION,
            "program": self.program,
            "taken_at": self.taken_at,
            "postgres": self.postgres,
            "migrations": list(self.migrations),
            "tables": [
                {"name": table.name, "rows": table.rows, "columns": [list(column) for column in table.columns]}
                for table in self.tables
            ],
            "sequences": [{"name": s.name, "value": str(s.value), "called": s.called} for s in self.sequences],
            "keys": self.keys,
            "missing": list(self.missing),
            "files": self.files,
            "size_bytes": self.size_bytes,
            "sums": self.sums,
        }
        body["digest"] = _digest(body)
        return json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n"

    @classmethod
    def read(cls, content: bytes, place: str) -> "Manifest":
        """The manifest that `content` holds.

        Raises
        ------
        Damaged
            ``operation.manifest_unreadable`` or ``operation.manifest_altered``.
        TooNew
            ``operation.backup_format_newer``.
        """
        try:
            body = read_json(content)
            if body["format"] != FORMAT:
                raise ValueError("another format")
            if body["version"] > VERSION:
                raise TooNew("operation.backup_format_newer", place=place, version=body["version"], known=VERSION)
            claimed = body.pop("digest")
            if claimed != _digest(body):
                raise Damaged("operation.manifest_altered", place=place)
            return _manifest(body)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise Damaged("operation.manifest_unreadable", place=place) from error


def _manifest(body: dict[str, Any]) -> Manifest:
    return Manifest(
        program=body["program"],
        taken_at=body["taken_at"],
        postgres=body["postgres"],
        migrations=tuple(body["migrations"]),
        tables=tuple(
            Table(table["name"], table["rows"], tuple((name, kind) for name, kind in table["columns"]))
            for table in body["tables"]
        ),
        sequences=tuple(Sequence(s["name"], int(s["value"]), s["called"]) for s in body["sequences"]),
        keys=body["keys"],
        missing=tuple(body["missing"]),
        files=body["files"],
        size_bytes=body["size_bytes"],
        sums=body["sums"],
    )


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical_json(body)).hexdigest()
