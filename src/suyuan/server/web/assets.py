"""Scripts, styles and pictures of the pages: one address for all of one release, so that browsers keep them for ever.

The address holds a digest over all files (``/static/<digest>/theme.css``); a style sheet finds its pictures beside it.
Text is compressed once a process. Another digest, of a page still open from the release before, gets the file of
today, and the browser asks again next time.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse

PREFIX: Final = "/static/"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_TEXT: Final = (".css", ".js", ".svg", ".json", ".wasm", ".txt")
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    packed: bytes | None
    kind: str


def asset_url(name: str) -> str:
    """The address of a file below ``static``.

    Raises
    ------
    LookupError
        If there is none, so that a page with a wrong name fails in its test.
    """
    if name not in _files():
        raise LookupError(f"no file {name} below static")
    return f"{PREFIX}{release_digest()}/{name}"


@cache
def release_digest() -> str:
    """Twelve hexadecimal digits over the names and contents of all files."""
    whole = hashlib.sha256()
    for name, path in _files().items():
        whole.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()[:12]


def serve_asset(request: HttpRequest, digest: str, name: str) -> HttpResponse:
    """One file."""
    if name not in _files():
        raise Http404
    asset = _asset(name)
    packed = asset.packed is not None and "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", "")
    response = HttpResponse(asset.packed if packed else asset.content, content_type=asset.kind)
    if packed:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = _FOR_EVER if digest == release_digest() else "no-cache"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


@cache
def _asset(name: str) -> _Asset:
    content = _files()[name].read_bytes()
    ending = name[name.rfind(".") :]
    kind = _TYPES.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    packed = gzip.compress(content, 9, mtime=0) if ending in _TEXT else None
    return _Asset(content, packed, kind)


@cache
def _files() -> dict[str, Traversable]:
    """Every file below ``static`` by its name, sorted."""
    found = dict(_below(files("suyuan.server.web") / "static", ""))
    return dict(sorted(found.items()))


def _below(folder: Traversable, before: str) -> list[tuple[str, Traversable]]:
    found = []
    for entry in folder.iterdir():
        name = before + entry.name
        found += _below(entry, f"{name}/") if entry.is_dir() else [(name, entry)]
    return found
