"""Errors that only HTTP knows, and every error as an answer (RFC 9457 problem details)."""

import json
import logging
from http import HTTPStatus
from uuid import uuid4

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja.errors import ValidationError

from suyuan.kernel import Language, SuyuanError, sentence
from suyuan.server.kit import problems
from suyuan.server.kit.language import language_of
from suyuan.server.kit.observing import route_of
from suyuan.server.kit.problems import Missing, Refusal, Unavailable

log = logging.getLogger("suyuan.api")


class Malformed(Refusal):
    """The request cannot be read."""

    status = 400


class MethodNotAllowed(Refusal):
    """There is such an address, but not for this method."""

    status = 405


class NotAcceptable(Refusal):
    """No form of the answer is one that is accepted."""

    status = 406


class LengthRequired(Refusal):
    """A body came without its length, and the server cannot find its end."""

    status = 411


class UnsupportedMedia(Refusal):
    """The body has a form that is not taken."""

    status = 415


class Broken(Refusal):
    """Our fault; the cause stands in the server's log under the same id."""

    status = 500


# The room below knows the titles of the statuses that every face uses; these are for HTTP alone.
_OWN_TITLES = frozenset({400, 405, 406, 411, 415, 500})


def problem_answer(error: SuyuanError, language: Language) -> HttpResponse:
    """The answer for an error."""
    detail = problems.problem(error, language)
    if detail["status"] in _OWN_TITLES:
        detail["title"] = sentence(f"api.status_{detail['status']}", language=language)
    body = json.dumps(detail, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    response = HttpResponse(body, status=detail["status"], content_type=problems.CONTENT_TYPE)
    if detail["status"] == HTTPStatus.UNAUTHORIZED:
        response["WWW-Authenticate"] = 'Bearer realm="suyuan"'
    wait_s = problems.wait_s(error)
    if wait_s is not None:
        response["Retry-After"] = str(wait_s)
    return response


def answer_to(request: HttpRequest, error: Exception) -> HttpResponse:
    """The answer for whatever went wrong; what nobody foresaw is logged under an id and says no more than that."""
    language = language_of(request)
    if isinstance(error, SuyuanError):
        return problem_answer(error, language)
    if isinstance(error, ValidationError):
        return problem_answer(invalid_parameter(error), language)
    if isinstance(error, Http404):
        return problem_answer(Missing("api.no_such_address", path=request.path[:200]), language)
    if isinstance(error, SuspiciousOperation):  # more parameters than anybody needs, a strange host
        return problem_answer(Malformed("api.request_unreadable"), language)
    if isinstance(error, OperationalError | InterfaceError):
        log.warning("database not available: %s", error)
        return problem_answer(Unavailable("api.database_unavailable"), language)
    reference = uuid4().hex[:12]
    log.error("error %s at %s %s", reference, request.method, route_of(request), exc_info=error)
    return problem_answer(Broken("api.broken", error=reference), language)


def invalid_parameter(error: ValidationError) -> Refusal:
    """The first thing wrong with the parameters of a request."""
    first = error.errors[0] if error.errors else {}
    where, *path = [str(part) for part in first.get("loc", ("",))]
    return Refusal("api.parameter_invalid", name=".".join(path) or "-", where=where, reason=str(first.get("type", "")))
