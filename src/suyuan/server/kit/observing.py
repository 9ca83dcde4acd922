"""Each request has a number, is counted, and leaves a line: what middleware does before and after everything else.

The number comes from the header ``X-Request-Id`` where a proxy or client set a sensible one, else it is made
here; the answer carries it, and so does everything that is written down meanwhile.
"""

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver

from suyuan.server.kit import journal
from suyuan.server.kit.tally import ROUTES, tally

HEADER: Final = "X-Request-Id"
NO_ROUTE: Final = "-"
"""Stands for every address that there is not."""

_SENSIBLE = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SUBMISSION = re.compile(r"/submissions/([0-9]{1,19})(?:/|$)")

log = logging.getLogger("suyuan.request")


def observing(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """The middleware; it stands first."""

    def observe(request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        number = given if _SENSIBLE.fullmatch(given) else secrets.token_hex(8)
        with journal.about(request=number):
            response = get_response(request)
            response.headers[HEADER] = number
            took_s = time.perf_counter() - began
            route = route_of(request)
            tally().add(routes().get(route, 0), request.method or "", response.status_code, took_s)
            if log.isEnabledFor(logging.INFO):
                _write(request, response, route, took_s)
        return response

    return observe


def _write(request: HttpRequest, response: HttpResponseBase, route: str, took_s: float) -> None:
    facts = {
        "method": request.method,
        "route": route,
        "status": response.status_code,
        "ms": round(took_s * 1000, 1),
        "submission": _submission_of(request, response, route),
    }
    log.info("answered", extra={"facts": facts})


def _submission_of(request: HttpRequest, response: HttpResponseBase, route: str) -> int | None:
    """The submission that was asked for, or that came of the request."""
    if "/submissions" not in route:
        return None
    named = _SUBMISSION.search(response.headers.get("Location", "")) or _SUBMISSION.search(request.path)
    return int(named[1]) if named else None


def route_of(request: HttpRequest) -> str:
    """The route that the address was resolved to: its pattern, not what stood in its places."""
    match = request.resolver_match
    return match.route if match is not None else NO_ROUTE


@cache
def routes() -> dict[str, int]:
    """Every route and its number in the tally; 0 is for those that are none. The same in every process."""
    found = sorted(set(_below(get_resolver(), "")))
    return {NO_ROUTE: 0, **{route: number for number, route in enumerate(found[: ROUTES - 1], start=1)}}


def _below(resolver: URLResolver, before: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from _below(entry, route)
