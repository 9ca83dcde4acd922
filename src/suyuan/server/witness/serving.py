"""A log's files over HTTP, with the headers that C2SP tlog-tiles asks for; who serves them is not said here."""

import contextlib
import re
from dataclasses import dataclass, field
from pathlib import Path

from suyuan.server.witness.folder import CHECKPOINT, LogFolder
from suyuan.tlog.errors import TlogError
from suyuan.tlog.tiles import parse_path

TEXT = "text/plain; charset=utf-8"
OCTETS = "application/octet-stream"
FRESH = "public, max-age=2, must-revalidate"
"""A checkpoint changes: kept for a moment only."""
FOR_EVER = "public, max-age=31536000, immutable"
"""Tiles and bundles never change."""
NEVER_KEPT = "no-store"
"""What is missing now may be there the next second."""


_BELOW = re.compile(r"((?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*?)(checkpoint|tile/.+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Served:
    """An HTTP answer; `Content-Length` is for whoever sends it."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def serve(folder: LogFolder, path: str) -> Served:
    """The answer to GET for a path below the log's prefix, without a leading slash, percent signs decoded.

    Only paths that tlog-tiles has a meaning for are looked up; every other one is 404.
    """
    if path != CHECKPOINT:
        try:
            parse_path(path)
        except TlogError:
            return not_found()
    with contextlib.suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        body = folder.read(path)
        kind, kept = (TEXT, FRESH) if path == CHECKPOINT else (OCTETS, FOR_EVER)
        return Served(200, _headers(kind, kept), body)
    return not_found()


def serve_below(root: Path, path: str) -> Served:
    """The answer for a path in any of the logs in the folders below `root`.

    What stands before ``checkpoint`` or ``tile/`` names the log's folder; no part of it begins with a dot.
    """
    match = _BELOW.fullmatch(path)
    return serve(LogFolder(root / match[1]), match[2]) if match else not_found()


def not_found() -> Served:
    """There is no such thing in the log."""
    return Served(404, _headers(TEXT, NEVER_KEPT), b"not found\n")


def _headers(kind: str, kept: str) -> dict[str, str]:
    return {"Content-Type": kind, "Cache-Control": kept, "X-Content-Type-Options": "nosniff"}
