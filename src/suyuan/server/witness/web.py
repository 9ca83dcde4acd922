"""HTTP as a client of logs, mirrors and witnesses: bounded answers, bounded time."""

import time
from collections.abc import Callable
from ipaddress import ip_address

import httpx

from suyuan.server.witness.errors import Unreachable

TIMEOUT = httpx.Timeout(connect=5.0, read=10.0, write=10.0, pool=10.0)
"""Seconds to wait for the connection, for the next byte, for a byte to be taken."""
LONGEST_S = 60.0
"""Seconds that one answer may take from its first to its last byte."""


def http_client(address: str, transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A client for one address; redirections are not followed, and a proxy knows nothing of this machine."""
    try:
        host = httpx.URL(address).host
    except httpx.InvalidURL:
        raise Unreachable("witness.address", url=address[:200]) from None
    return httpx.Client(timeout=TIMEOUT, transport=transport, trust_env=not _is_here(host), follow_redirects=False)


def receive(http: httpx.Client, request: httpx.Request, limit: int) -> tuple[httpx.Response, bytes]:
    """Send a request; the answer and its content.

    Raises
    ------
    Unreachable
        ``witness.no_answer``; ``witness.answer_size`` above `limit` bytes; ``witness.answer_slow``.
    """
    deadline = time.monotonic() + LONGEST_S
    parts, size = [], 0
    try:
        response = http.send(request, stream=True)
        try:
            for part in response.iter_bytes(1 << 16):
                size += len(part)
                if size > limit:
                    raise Unreachable("witness.answer_size", url=str(request.url), limit=limit)
                if time.monotonic() > deadline:
                    raise Unreachable("witness.answer_slow", url=str(request.url), seconds=LONGEST_S)
                parts.append(part)
        finally:
            response.close()
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise Unreachable("witness.no_answer", url=str(request.url), said=str(error) or type(error).__name__) from None
    return response, b"".join(parts)


def patient(act: Callable[[], bytes], attempts: int = 3, pause: Callable[[float], None] = time.sleep) -> bytes:
    """Try what may be unreachable for a moment a few times, waiting longer each time."""
    for attempt in range(attempts - 1):
        try:
            return act()
        except Unreachable:
            pause(0.2 * 4**attempt)
    return act()


def _is_here(host: str) -> bool:
    """Whether a host is this very machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
