"""What every answer of the API passes through: no error leaves it but as a problem, no answer without its headers."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Final, TypeAlias

from django.http import HttpRequest, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from suyuan.kernel import SuyuanError
from suyuan.server.api.problems import MethodNotAllowed, answer_to, problem_answer
from suyuan.server.kit.language import language_of, tag_of
from suyuan.server.kit.problems import Refusal

View: TypeAlias = Callable[..., HttpResponseBase]

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "private, no-cache",
}
"""On every answer that does not say otherwise."""


def door(view: View) -> View:
    """`view` behind the door."""

    @wraps(view)
    def answer(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        try:
            refuse_nul(request)
            response = view(request, *args, **kwargs)
        except Exception as error:
            response = answer_to(request, error)
        if isinstance(response, HttpResponseNotAllowed):
            response = not_allowed(request, response)
        return dress(request, response)

    return answer


def refuse_nul(request: HttpRequest) -> None:
    """Refuse an address with the character NUL in it, which no text in the database can hold."""
    if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
        raise Refusal("api.nul_character")


def not_allowed(request: HttpRequest, response: HttpResponseNotAllowed) -> HttpResponseBase:
    """The answer for a method that an address does not know."""
    allowed = sorted(method.strip() for method in response["Allow"].split(","))
    error: SuyuanError = MethodNotAllowed("api.method_not_allowed", method=request.method or "-", allowed=allowed)
    made = problem_answer(error, language_of(request))
    made["Allow"] = ", ".join(allowed)
    return made


def dress(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The answer with the headers that all have."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.status_code != HTTPStatus.NOT_MODIFIED:
        response.headers.setdefault("Content-Language", tag_of(language_of(request)))
    patch_vary_headers(response, ("Accept-Language", "Authorization"))
    return response
