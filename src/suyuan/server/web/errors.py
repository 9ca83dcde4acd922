"""Errors as pages: what happened, what to do, and the number under which the log has it."""

import logging
from typing import Final

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string

from suyuan.kernel import SuyuanError, sentence
from suyuan.server.kit import journal
from suyuan.server.kit.problems import Forbidden, Missing, Refusal, Unavailable, status_of, wait_s
from suyuan.server.web.actor import asked_language
from suyuan.server.web.surroundings import surroundings

log = logging.getLogger("suyuan.page")

_KNOWN_STATUS: Final = (401, 403, 404, 409, 413, 422, 429, 503)


class Broken(Refusal):
    """Something nobody foresaw."""

    status = 500


def error_page(request: HttpRequest, error: Exception) -> HttpResponse:
    """The page for an error; for a part of a page (htmx) only the notice."""
    told = _told(request, error)
    language = asked_language(request)
    status = status_of(told)
    head = sentence(f"web.status_{status if status in (*_KNOWN_STATUS, 500) else 422}", language=language)
    context = {
        "title": head,
        "notice": sentence(told.code, told.data, language),
        "error_id": journal.request_number(),
        "status": status,
        "kind": "lock" if status in (401, 403) else "alert-triangle",
    }
    template = "web/parts/error.html" if request.headers.get("HX-Request") else "web/error.html"
    try:
        content = render_to_string(template, context, request)
    except (OperationalError, InterfaceError):  # without a database nobody is known: the notice alone
        content = render_to_string("web/bare.html", {**context, **surroundings(request, bare=True)})
    response = HttpResponse(content, status=status)
    wait = wait_s(told)
    if wait is not None:
        response["Retry-After"] = str(wait)
    return response


def _told(request: HttpRequest, error: Exception) -> SuyuanError:
    """The error in the words of our catalogue; what nobody foresaw is written down."""
    if isinstance(error, SuyuanError):
        return error
    if isinstance(error, Http404):
        return Missing("web.no_such_page", path=request.path[:200])
    if isinstance(error, PermissionDenied):
        return Forbidden("web.not_for_role")
    if isinstance(error, SuspiciousOperation):
        return Refusal("web.request_unreadable")
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("database not available: %s", error)
        return Unavailable("web.database_unavailable")
    log.error("page broken", exc_info=error)
    return Broken("web.broken")
