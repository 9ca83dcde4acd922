"""What can go wrong, by what the caller can do about it; each kind has the exit code of the command line."""

from collections.abc import Mapping
from typing import ClassVar, cast

import httpx

from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.kernel.findings import Value


class ClientError(SuyuanError):
    """An act that the server refused, or could not be asked to do.

    `code` and `data` are the server's; `detail` is its sentence, in the language that the client asks in.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, *, status: int | None = None, detail: str = "", **data: Value) -> None:
        super().__init__(code, **data)
        self.status = status
        self.detail = detail

    def message(self, language: Language = Language.EN) -> str:
        """The sentence: the server's, or our own where it never answered."""
        return self.detail or sentence(self.code, self.data, language)

    def __str__(self) -> str:
        return f"{self.code}: {self.message()}"


class NotFound(ClientError):
    """There is no such thing, or none that the key may know of."""

    exit_code = 3


class Rejected(ClientError):
    """What was sent cannot be accepted."""

    exit_code = 4


class Forbidden(ClientError):
    """The key is missing, no longer good, or does not permit it."""

    exit_code = 6


class Unavailable(ClientError):
    """The server could not be reached, or says that it cannot now; asked again later, it may."""

    exit_code = 7


class Conflict(ClientError):
    """It contradicts what is already there."""

    exit_code = 8


class Unexpected(ClientError):
    """An answer that no client can do anything about."""

    exit_code = 1


_BY_STATUS: Mapping[int, type[ClientError]] = {
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: Unavailable,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


def error_of(response: httpx.Response) -> ClientError:
    """The error for an answer that is none of success; its body must have been read."""
    status = response.status_code
    rejected = Rejected if 400 <= status < 500 else Unexpected
    kind = _BY_STATUS.get(status, rejected)
    problem = _problem(response)
    if problem is None:
        return kind("client.strange_answer", status=status, url=str(response.url), answer=status)
    error = kind(str(problem["code"]), status=status, detail=str(problem.get("detail", "")))
    error.data = cast("dict[str, Value]", problem.get("data") or {})
    return error


def _problem(response: httpx.Response) -> Mapping[str, object] | None:
    if not response.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    try:
        found = response.json()
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("code"), str) else None
