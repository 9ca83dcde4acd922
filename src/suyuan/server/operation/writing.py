"""Files of a backup: written with their checksum taken on the way, brought to the disk, read back only if unchanged."""

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]

from suyuan.server.operation.errors import Damaged

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

CHUNK_BYTES = 1 << 20


class Hashed(io.RawIOBase):
    """A file for writing or reading that keeps the SHA-256 and size of what passed through it."""

    def __init__(self, inner: IO[bytes]) -> None:
        self.inner = inner
        self.hash = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        """Whether it was opened for reading."""
        return self.inner.readable()

    def writable(self) -> bool:
        """Whether it was opened for writing."""
        return self.inner.writable()

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write and count."""
        self.hash.update(data)
        self.size += memoryview(data).nbytes
        return self.inner.write(data)

    def read(self, size: int = -1, /) -> bytes:
        """Read and count."""
        data = self.inner.read(size)
        self.hash.update(data)
        self.size += len(data)
        return data

    def close(self) -> None:
        """Close; what was written is on the disk before that."""
        if not self.closed and not self.inner.closed:
            if self.inner.writable():
                self.inner.flush()
                os.fsync(self.inner.fileno())
            self.inner.close()
        super().close()


@contextmanager
def created(path: Path, mode: int = 0o600) -> Iterator[Hashed]:
    """A new file with these rights, whatever the process's mask, on the disk when the block ends."""
    make_folder(path.parent, 0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.fchmod(descriptor, mode)
    with Hashed(os.fdopen(descriptor, "wb", buffering=CHUNK_BYTES)) as stream:
        yield stream


def make_folder(folder: Path, mode: int) -> None:
    """Make a folder, and those above it that are missing, with these rights."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        each.chmod(mode)


@contextmanager
def packed(path: Path) -> Iterator[tuple[Any, Hashed]]:
    """A new file that compresses what is written into the first of the two streams with zstd."""
    with created(path) as outer, pa.CompressedOutputStream(outer, "zstd") as stream:
        yield stream, outer


@contextmanager
def unpacked(path: Path, digest: str) -> Iterator[Any]:
    """What a packed file holds; at the end of the block its checksum is compared.

    Raises
    ------
    Damaged
        ``operation.file_altered``.
    """
    with Hashed(path.open("rb")) as outer:
        yield pa.CompressedInputStream(pa.PythonFile(outer, "r"), "zstd")
        while outer.read(CHUNK_BYTES):  # what stands behind the end of the packed stream
            pass
        if outer.hash.hexdigest() != digest:
            raise Damaged("operation.file_altered", file=path.name)


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sync_folders(root: Path) -> None:
    """Bring the lists of files of `root` and every folder below it to the disk."""
    for folder, _, _ in os.walk(root, topdown=False):
        sync_folder(Path(folder))


def sync_folder(folder: Path) -> None:
    """Bring the list of files of one folder to the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
