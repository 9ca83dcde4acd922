"""One connection to the server: addresses, the key, patience, and asking again."""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Final, TypeAlias, TypedDict, Unpack

import httpx

from suyuan.client.errors import ClientError, Unavailable, Unexpected, error_of
from suyuan.kernel import Language

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Parameters: TypeAlias = Mapping[str, str | int | bool | Sequence[str] | None]
Content: TypeAlias = bytes | Callable[[], Iterable[bytes]] | None

ROOT: Final = "/api/v1"
TIMEOUT: Final = httpx.Timeout(connect=5.0, read=60.0, write=60.0, pool=5.0)
"""Seconds to wait: for the connection, for the next byte, for a byte to be taken."""

ATTEMPTS: Final = 5
_FIRST_PAUSE_S: Final = 0.2
_LONGEST_PAUSE_S: Final = 10.0
_ASK_AGAIN: Final = frozenset({429, 503})
_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long to try; `pause` and `chance` are handed in so that a test needs no time."""

    attempts: int = ATTEMPTS
    pause: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random

    def before(self, attempt: int, named: str | None) -> float:
        """Seconds to wait before asking again: what the server named, else twice as long each time, with jitter."""
        if named is not None and named.isascii() and named.isdigit():
            return min(float(named), _LONGEST_PAUSE_S) * (1 + self.chance() / 4)
        longest = min(_FIRST_PAUSE_S * 2.0**attempt, _LONGEST_PAUSE_S)
        return longest * (0.5 + self.chance() / 2)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked. One that is `repeatable` may be sent again when nobody knows whether it arrived."""

    method: str
    path: str
    parameters: Parameters = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Content = None
    json: Json = None
    repeatable: bool = False

    @property
    def safe(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        return self.repeatable or self.method == "GET"


class Ways(TypedDict, total=False):
    """How a connection works where it shall not work as usual.

    `timeout` in seconds, see `TIMEOUT`; `transport` is for tests: how requests travel; `patience` says how often
    it asks again when the server cannot be reached or says that it cannot now.
    """

    timeout: httpx.Timeout
    transport: httpx.BaseTransport | None
    patience: Patience | None


class Connection:
    """Sends requests and turns what is no success into errors."""

    def __init__(
        self, base_url: str, key: str | None = None, language: Language = Language.EN, **ways: Unpack[Ways]
    ) -> None:
        headers = {"Accept-Language": "zh-Hans" if language is Language.ZH else "en"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self.language = language
        self.patience = ways.get("patience") or Patience()
        self._http = httpx.Client(
            base_url=base_url.rstrip("/") + ROOT,
            headers=headers,
            timeout=ways.get("timeout", TIMEOUT),
            transport=ways.get("transport"),
            trust_env=not _is_here(base_url),  # a proxy knows nothing of this machine
        )

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def json(self, request: Request) -> Json:
        """The JSON that is answered."""
        response = self.send(request)
        try:
            value: Json = response.json()
        except ValueError:
            raise Unexpected("client.strange_answer", url=str(response.url), answer=response.status_code) from None
        return value

    def send(self, request: Request) -> httpx.Response:
        """The whole answer, if it is a success.

        Raises
        ------
        ClientError
            Of the kind that the answer calls for; `Unavailable` where there was none.
        """
        with self.stream(request) as response:
            response.read()
            return response

    @contextmanager
    def stream(self, request: Request) -> Iterator[httpx.Response]:
        """The answer while it comes in, if it is a success; asks again until there is one."""
        response = self._open(request)
        try:
            yield response
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        finally:
            response.close()

    def _open(self, request: Request) -> httpx.Response:
        for attempt in range(self.patience.attempts):
            last = attempt + 1 == self.patience.attempts
            try:
                response = self._http.send(self._build(request), stream=True)
                if response.is_success:
                    return response
                response.read()
                response.close()
            except httpx.TransportError as error:
                again = request.safe or isinstance(error, _NEVER_SENT)
                if last or not again:
                    raise self._unreachable(error) from error
                self.patience.pause(self.patience.before(attempt, None))
                continue
            if last or response.status_code not in _ASK_AGAIN:
                raise error_of(response)
            self.patience.pause(self.patience.before(attempt, response.headers.get("retry-after")))
        raise AssertionError("patience of no attempts")

    def _build(self, request: Request) -> httpx.Request:
        content = request.content() if callable(request.content) else request.content
        return self._http.build_request(
            request.method,
            request.path,
            params={name: _text(value) for name, value in request.parameters.items() if value is not None},
            headers=dict(request.headers),
            content=content,
            json=request.json,
        )

    def _unreachable(self, error: httpx.TransportError) -> ClientError:
        said = str(error) or type(error).__name__
        return Unavailable("client.unreachable", url=str(self._http.base_url), said=said)


def _text(value: str | int | bool | Sequence[str] | None) -> str | list[str]:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else list(value or ())


def _is_here(url: str) -> bool:
    """Whether an address is of this very machine."""
    host = httpx.URL(url).host
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
