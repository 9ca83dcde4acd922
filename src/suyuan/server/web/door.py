"""What every page passes through: session, sign-in, language, security headers; the API and its neighbours pass by.

Sessions cost reads and the API needs none: `Door` builds the chain of middleware once and sends only pages through it.
"""

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.gzip import GZipMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject

from suyuan.kernel import Language
from suyuan.server.accounts.services.keeping import LARGEST_KEPT_BYTES
from suyuan.server.kit.language import tag_of
from suyuan.server.kit.problems import TooLarge
from suyuan.server.web.actor import LANGUAGE_COOKIE, SIZE_COOKIE, asked_language, asked_size, find_actor
from suyuan.server.web.errors import error_page
from suyuan.server.web.kept import to_sign_in

NOT_PAGES: Final = ("/api/", "/log/", "/static/", "/health", "/ready", "/metrics")
POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; worker-src 'self';"
    " connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
WASM_POLICY: Final = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
"""For the scan page alone, whose decoder is WebAssembly: set it as the header of the response."""

LARGEST_FORM: Final = 80 << 20
"""Bytes of a form whose view does not name its own ``largest_body``: six photos, and the words around them."""

_YEAR_S: Final = 365 * 86_400

Answer = Callable[[HttpRequest], HttpResponseBase]


def is_page(path: str) -> bool:
    """Whether an address is one for people.

    >>> is_page("/w/team"), is_page("/api/v1/batteries")
    (True, False)
    """
    return not path.startswith(NOT_PAGES)


class Door:
    """The middleware."""

    def __init__(self, get_response: Answer) -> None:
        self._plain = get_response
        self._csrf = CsrfViewMiddleware(_introduced(get_response))
        chain: Any = AuthenticationMiddleware(self._csrf)
        chain = SessionMiddleware(chain)
        self._pages: Any = GZipMiddleware(chain)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        answer: Answer = self._pages if is_page(request.path) else self._plain
        return answer(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: Any, kwargs: Any
    ) -> HttpResponseBase | None:
        """Let forms pass that come from our own pages."""
        if not is_page(request.path):
            return None
        return _unread(request, view) or self._csrf.process_view(request, view, args, kwargs)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """Turn an error into its page."""
        return error_page(request, exception) if is_page(request.path) else None


def _unread(request: HttpRequest, view: Callable[..., Any]) -> HttpResponseBase | None:
    """The answer to a body of which nothing should be read: larger than its view takes, or long and of a stranger."""
    if getattr(view, "csrf_exempt", False):  # of the public: nothing is read before they have looked themselves
        return None
    largest = getattr(view, "largest_body", LARGEST_FORM)
    named = request.META.get("CONTENT_LENGTH") or "0"
    length = int(named) if named.isascii() and named.isdigit() else largest + 1
    if length > largest:
        return error_page(request, TooLarge("web.upload_too_large", most=largest >> 20))
    if length > LARGEST_KEPT_BYTES and not request.user.is_authenticated:
        return to_sign_in(request)
    return None


def _introduced(get_response: Answer) -> Answer:
    """Puts the actor on the request and the headers on the answer."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        language = asked_language(request)
        request.actor = SimpleLazyObject(lambda: find_actor(request))  # type: ignore[attr-defined]  # see PageRequest
        with translation.override("zh-hans" if language is Language.ZH else "en"):
            response = get_response(request)
        _dress(request, response, language)
        return response

    return answer


def _dress(request: HttpRequest, response: HttpResponseBase, language: Language) -> None:
    response.headers.setdefault("Content-Security-Policy", POLICY)
    response.headers.setdefault("Content-Language", tag_of(language))
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    chosen = {}
    if request.GET.get("lang"):
        chosen[LANGUAGE_COOKIE] = tag_of(language)
    if request.GET.get("size"):
        chosen[SIZE_COOKIE] = asked_size(request)
    for name, value in chosen.items():
        response.set_cookie(name, value, max_age=_YEAR_S, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)
