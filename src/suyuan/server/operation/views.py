"""What machines ask that watch this one: is it alive, is it ready, how is it doing."""

import ipaddress
import json
from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from suyuan import __version__
from suyuan.kernel import Language
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.queries import authenticate
from suyuan.server.kit import problems
from suyuan.server.kit.problems import Forbidden, Refusal
from suyuan.server.kit.tally import tally
from suyuan.server.operation import exposition
from suyuan.server.operation.figures import families
from suyuan.server.operation.readiness import State, checks

_FORWARDED: Final = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA")


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is looked at, so that a slow database gets nobody restarted."""
    return _json({"status": "ok", "version": __version__})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Requests can be served: 200, else 503. Work that is late is told and does not count against it."""
    found = list(checks())
    well = all(check.state is not State.BAD for check in found)
    body = {"status": "ready" if well else "not_ready", "checks": {check.name: check.state.value for check in found}}
    return _json(body, 200 if well else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, for a program on this machine or for an official's key."""
    try:
        _admit(request)
    except Refusal as refusal:
        return _refused(request, refusal)
    response = HttpResponse(exposition.write(families(tally())), content_type=exposition.CONTENT_TYPE)
    response["Cache-Control"] = "no-store"
    return response


def _admit(request: HttpRequest) -> None:
    """Pass who asks from this machine itself, or has an official's key that may read.

    A proxy on this machine asks from here for the whole world; what it forwards is marked as forwarded.
    """
    if _is_here(request.META.get("REMOTE_ADDR", "")) and not any(name in request.META for name in _FORWARDED):
        return
    asker = authenticate(request.META.get("HTTP_AUTHORIZATION"))
    asker.require(Permission.READ)
    if asker.company is not None:
        raise Forbidden("operation.officials_only", key=asker.prefix)


def _is_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    told = problems.problem(refusal, Language.from_tag(request.headers.get("Accept-Language")))
    response = _json(told, refusal.status, problems.CONTENT_TYPE)
    if refusal.status == problems.Unauthenticated.status:
        response["WWW-Authenticate"] = 'Bearer realm="suyuan"'
    return response


def _json(body: Mapping[str, object], status: int = 200, form: str = "application/json") -> HttpResponse:
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    response = HttpResponse(content, status=status, content_type=form)
    response["Cache-Control"] = "no-store"
    return response
