"""The bytes received, under their SHA-256: nothing that was sent is ever lost.

Small bodies stand in the database, in the transaction of their submission. Larger ones are files in
the data folder, written beside their place, forced to disk and moved there, before a submission that
names them is written.
"""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from suyuan.server.kit.connection import cursor

INLINE_BYTES = 256 << 10
_CHUNK_BYTES = 1 << 20

_KEEP = """
INSERT INTO submissions_received (digest, size, body) VALUES (%s, %s, %s) ON CONFLICT (digest) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Body:
    """Bytes as they came: in memory, or a file that stays until they are kept."""

    digest: str
    size: int
    data: bytes | None
    path: Path | None

    @classmethod
    def of(cls, source: bytes | Path) -> "Body":
        """Measure `source` without reading a file into memory."""
        if isinstance(source, bytes):
            return cls(hashlib.sha256(source).hexdigest(), len(source), source, None)
        with source.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return cls(digest, source.stat().st_size, None, source)

    @property
    def small(self) -> bool:
        """Whether it goes into the database."""
        return self.size <= INLINE_BYTES


def folder() -> Path:
    """Where the large bodies are."""
    return Path(settings.HOME) / "received"


def place(digest: str) -> Path:
    """The file of a large body."""
    return folder() / digest[:2] / digest


def keep(body: Body) -> None:
    """Keep `body`; once this returns (and, for a small one, the transaction is committed) it is safe."""
    if not body.small:
        _keep_file(body)
    data = (body.data if body.data is not None else _read(body)) if body.small else None
    with cursor() as run:
        run.execute(_KEEP, [body.digest, body.size, data])


def _read(body: Body) -> bytes:
    return body.path.read_bytes() if body.path is not None else b""


def _keep_file(body: Body) -> None:
    target = place(body.digest)
    if target.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(f".{body.digest}.{uuid4().hex}")
    with draft.open("wb") as stream:
        if body.data is not None:
            stream.write(body.data)
        elif body.path is not None:
            with body.path.open("rb") as source:
                shutil.copyfileobj(source, stream, _CHUNK_BYTES)
        stream.flush()
        os.fsync(stream.fileno())
    draft.rename(target)
    handle = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def fetch(digest: str) -> bytes:
    """The bytes kept under `digest`; KeyError if there are none."""
    with cursor(binary=True) as run:
        row = run.execute("SELECT body FROM submissions_received WHERE digest = %s", [digest]).fetchone()
    if row is None:
        raise KeyError(digest)
    return bytes(row[0]) if row[0] is not None else place(digest).read_bytes()
