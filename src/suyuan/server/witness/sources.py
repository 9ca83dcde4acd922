"""Where a log can be read: under a URL, or in a folder that is a copy of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

import httpx

from suyuan.server.witness.errors import NotFound, Unreachable
from suyuan.server.witness.folder import CHECKPOINT, LogFolder
from suyuan.server.witness.web import http_client, patient, receive
from suyuan.tlog.notes import LARGEST_NOTE_BYTES
from suyuan.tlog.tiles import ENTRIES, LARGEST_ENTRY_BYTES, TILE_BYTES, WIDTH, parse_path

LARGEST_BUNDLE_BYTES = WIDTH * (2 + LARGEST_ENTRY_BYTES)
_GONE = frozenset({404, 410})


class Source(Protocol):
    """A place that has the files of one log."""

    @property
    def name(self) -> str:
        """What it is called in messages and evidence."""
        ...

    def read(self, path: str) -> bytes:
        """A tile, a bundle or the checkpoint; FileNotFoundError where it is not there, Unreachable for the rest."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A log's files in a folder."""

    folder: LogFolder

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.folder.root)

    def read(self, path: str) -> bytes:
        """A file."""
        return self.folder.read(path)

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True)
class WebSource:
    """A log, or a mirror of one, under a URL prefix."""

    prefix: str
    http: httpx.Client

    @property
    def name(self) -> str:
        """The prefix."""
        return self.prefix

    def read(self, path: str) -> bytes:
        """A resource below the prefix, asked for again where the answer fails to come."""
        return patient(lambda: self._read(path))

    def close(self) -> None:
        """End the connections."""
        self.http.close()

    def _read(self, path: str) -> bytes:
        url = f"{self.prefix}/{path}"
        response, content = receive(self.http, self.http.build_request("GET", url), _limit(path))
        if response.status_code in _GONE:
            raise FileNotFoundError(url)
        if response.status_code != 200:
            raise Unreachable("witness.answer_status", url=url, status=response.status_code)
        return content


def open_source(place: str, transport: httpx.BaseTransport | None = None) -> Source:
    """The source at an http(s) or file URL, or in a folder.

    Raises
    ------
    NotFound
        ``witness.no_such_folder``.
    Unreachable
        ``witness.address``: a URL of another kind.
    """
    parts = urlsplit(place)
    if parts.scheme in ("http", "https"):
        prefix = place.rstrip("/")
        return WebSource(prefix, http_client(prefix, transport))
    if parts.scheme not in ("", "file") or (parts.scheme == "file" and parts.netloc not in ("", "localhost")):
        raise Unreachable("witness.address", url=place[:200])
    folder = Path(unquote(parts.path) if parts.scheme == "file" else place)
    if not folder.is_dir():
        raise NotFound("witness.no_such_folder", folder=str(folder))
    return FolderSource(LogFolder(folder))


def _limit(path: str) -> int:
    """How many bytes a resource may have."""
    if path == CHECKPOINT:
        return LARGEST_NOTE_BYTES
    return LARGEST_BUNDLE_BYTES if parse_path(path).level == ENTRIES else TILE_BYTES
