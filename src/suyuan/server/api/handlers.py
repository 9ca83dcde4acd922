"""Answers to what never reached an operation: unknown addresses, strange hosts, faults before the door."""

import sys

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from suyuan.server.api.door import dress
from suyuan.server.api.problems import Malformed, answer_to, problem_answer
from suyuan.server.kit.language import language_of


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """400."""
    return dress(request, problem_answer(Malformed("api.request_unreadable"), language_of(request)))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponseBase:
    """404."""
    return dress(request, answer_to(request, Http404()))


def broken(request: HttpRequest) -> HttpResponseBase:
    """500."""
    error = sys.exc_info()[1]
    return dress(request, answer_to(request, error if isinstance(error, Exception) else RuntimeError()))
