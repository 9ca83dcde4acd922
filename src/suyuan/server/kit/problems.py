"""From an error, which is a code and its data, to an HTTP answer (RFC 9457 problem details)."""

from typing import ClassVar, Final, TypedDict

from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.kernel.findings import Value

CONTENT_TYPE = "application/problem+json"
SOON_S: Final = 2
HOUR_S: Final = 3600


class Refusal(SuyuanError):
    """What the request asks for cannot be done as asked; each kind has its HTTP status."""

    status: ClassVar[int] = 422


class Unauthenticated(Refusal):
    """Nobody known is asking."""

    status = 401


class Forbidden(Refusal):
    """Somebody known asks for what he may not do or see."""

    status = 403


class Missing(Refusal):
    """There is no such thing, or none that the asker may know of."""

    status = 404


class Conflict(Refusal):
    """It contradicts what is already there."""

    status = 409


class TooLarge(Refusal):
    """More than is taken at once."""

    status = 413


class TooMany(Refusal):
    """More requests than are taken from one sender in a while."""

    status = 429


class Unavailable(Refusal):
    """Not now; later perhaps."""

    status = 503


class Problem(TypedDict):
    """A problem detail. `code` and `data` are for programs, `title` and `detail` for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    data: dict[str, Value]


def status_of(error: SuyuanError) -> int:
    """The HTTP status for an error; one from a pure room means that the content cannot be accepted."""
    return error.status if isinstance(error, Refusal) else Refusal.status


def wait_s(error: SuyuanError) -> int | None:
    """After how many seconds it may be asked again (``Retry-After``); None where waiting does not help.

    An error that knows better says so in its data (``retry_after_s``).
    """
    if not isinstance(error, TooMany | Unavailable):
        return None
    told = error.data.get("retry_after_s")
    usual = HOUR_S if isinstance(error, TooMany) else SOON_S
    return told if isinstance(told, int) else usual


def problem(error: SuyuanError, language: Language) -> Problem:
    """The problem detail for an error."""
    status = status_of(error)
    return Problem(
        type=f"urn:suyuan:problem:{error.code}",
        title=sentence(f"kit.status_{status}", language=language),
        status=status,
        detail=sentence(error.code, error.data, language),
        code=error.code,
        data=dict(error.data),
    )
