"""Bodies of requests: their form and size are looked at before a byte of them is read."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol, TypeVar

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from pydantic import BaseModel, ValidationError

from suyuan.server.api.problems import LengthRequired, Malformed, UnsupportedMedia
from suyuan.server.kit.problems import Refusal, TooLarge

Model = TypeVar("Model", bound=BaseModel)

JSON: Final = "application/json"
SHEETS: Final = (
    JSON,
    "application/x-ndjson",
    "application/vnd.apache.parquet",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "text/csv",
    "text/plain",
    "application/octet-stream",
)
"""Forms that records may come in. What a file really is, its bytes tell."""

IN_MEMORY: Final = 1 << 20  # a longer body goes to a file while it is read
_PORTION: Final = 1 << 18
_MEBIBYTE: Final = 1 << 20


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Body:
    """The bytes of a request, as far as it may go."""

    def __init__(self, request: HttpRequest, limit: int) -> None:
        self._limit = limit
        self._left: int | None = _length(request)
        if self._left is not None and self._left > limit:
            raise TooLarge("api.body_too_large", limit=_shown(limit))
        self._stream: _Stream = request
        if self._left is None:
            self._stream = _chunks(request)

    def portions(self) -> Iterator[bytes]:
        """The bytes in portions; refuses a body that turns out to be too long, or shorter than it said."""
        read = 0
        while portion := self._stream.read(_PORTION):
            read += len(portion)
            if read > self._limit:
                raise TooLarge("api.body_too_large", limit=_shown(self._limit))
            yield portion
        if self._left is not None and read < self._left:
            raise Malformed("api.body_cut_short", expected=self._left, received=read)


def _length(request: HttpRequest) -> int | None:
    """The length that the request names; None for a body in chunks."""
    if "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower():
        return None
    named = request.META.get("CONTENT_LENGTH") or "0"
    if not named.isascii() or not named.isdigit():
        raise Malformed("api.length_unreadable", value=named[:40])
    return int(named)


def _chunks(request: HttpRequest) -> _Stream:
    """The stream of a body in chunks, where the server in front of us tells where it ends."""
    if not isinstance(request, WSGIRequest) or not request.environ.get("wsgi.input_terminated"):
        raise LengthRequired("api.length_required")
    stream: _Stream = request.environ["wsgi.input"]
    return stream


def _shown(size: int) -> str:
    return f"{size // _MEBIBYTE} MiB" if size >= _MEBIBYTE else f"{size >> 10} KiB"


def check_form(request: HttpRequest, *taken: str) -> None:
    """Refuse a body of another form than those `taken`, and one that is compressed.

    A request that does not name the form of its body is taken.
    """
    form = (request.content_type or "").lower()
    if form and form not in taken:
        raise UnsupportedMedia("api.form_not_taken", form=form[:100], taken=list(taken))
    encoding = request.headers.get("Content-Encoding", "identity").lower()
    if encoding != "identity":
        raise UnsupportedMedia("api.encoding_not_taken", encoding=encoding[:40])


@contextmanager
def received(request: HttpRequest, limit: int) -> Iterator[bytes | Path]:
    """The whole body: bytes where it is short, else a file that is gone when the block ends."""
    portions = _Body(request, limit).portions()
    start = bytearray()
    for portion in portions:
        start += portion
        if len(start) > IN_MEMORY:
            break
    else:
        yield bytes(start)
        return
    folder = Path(settings.HOME) / "incoming"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        file.write(start)
        file.writelines(portions)
        file.flush()
        yield Path(file.name)


def json_body(request: HttpRequest, limit: int) -> object:
    """The body as JSON.

    Raises
    ------
    Malformed
        ``api.body_not_json``.
    Refusal
        ``api.nul_character`` or ``api.half_character`` for text that cannot be kept.
    """
    check_form(request, JSON)
    body = b"".join(_Body(request, limit).portions())
    try:
        value: object = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("api.body_not_json") from None
    if b"\\u0000" in body:
        raise Refusal("api.nul_character")
    if b"\\ud" in body.lower():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise Refusal("api.half_character") from None
    return value


def taken(request: HttpRequest, model: type[Model], limit: int) -> Model:
    """The body as a `model`.

    Raises
    ------
    Refusal
        ``api.parameter_invalid`` with the first field that is not as it should be.
    """
    return shaped(json_body(request, limit), model)


def shaped(value: object, model: type[Model]) -> Model:
    """A JSON value as a `model`; raises as `taken`."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise Refusal("api.parameter_invalid", name=name or "-", where="body", reason=first["type"]) from None
