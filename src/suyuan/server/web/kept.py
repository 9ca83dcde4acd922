"""No form is lost: one that comes after the session has ended waits, encrypted, for its sender to sign in again."""

from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.urls import resolve, reverse
from django.utils.datastructures import MultiValueDict

from suyuan.server.accounts.models import Person
from suyuan.server.accounts.services.keeping import LARGEST_KEPT_BYTES, Form, SentFile, keep_form

KNOWN_COOKIE: Final = "suyuan_known"
"""Says, signed, who was last signed in on this browser, and as what; it only lets a form be kept for him."""

KNOWN_FOR_S: Final = 30 * 86_400
_SALT: Final = "suyuan.known"


def remember_person(response: HttpResponseBase, person: int, membership: int) -> None:
    """Note in the browser whose forms may be kept, and as what he acts."""
    value = signing.dumps([person, membership], salt=_SALT)
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(KNOWN_COOKIE, value, max_age=KNOWN_FOR_S, httponly=True, secure=secure, samesite="Lax")


def known_person(request: HttpRequest) -> tuple[int, int] | None:
    """Who was last signed in on this browser, and his membership; None if nobody or too long ago."""
    try:
        person, membership = signing.loads(request.COOKIES.get(KNOWN_COOKIE, ""), salt=_SALT, max_age=KNOWN_FOR_S)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(person), int(membership)


def to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """To the sign-in page and back; a form is kept on the way where it is known whose it is."""
    following = request.get_full_path()
    if request.method == "POST":
        known = known_person(request)
        kept = _keep(request, *known) if known else None
        following = kept or reverse("web-home")
    address = f"{reverse('account_login')}?{urlencode({'next': following})}"
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = address
        return response
    return HttpResponseRedirect(address)


def strange_form(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """A form without the right mark: sent from our own page before a new sign-in, or from a stranger's.

    The first is shown again to be sent with one click; of the second nothing is kept.
    """
    from suyuan.server.kit.problems import Forbidden  # noqa: PLC0415 - the module of errors needs this one
    from suyuan.server.web.errors import error_page  # noqa: PLC0415

    if _from_here(request) and isinstance(request.user, Person):
        known = known_person(request)
        acting = known[1] if known and known[0] == request.user.pk else None
        address = _keep(request, request.user.pk, acting)
        if address:
            return HttpResponseRedirect(address)
    if _from_here(request) and known_person(request) is not None:
        get_token(request)
        return to_sign_in(request)
    return error_page(request, Forbidden("web.form_from_elsewhere"))


def replay(request: HttpRequest, form: Form) -> HttpResponseBase:
    """Answer a kept form as if it were sent now."""
    match = resolve(urlsplit(form.path).path)
    made: Any = request
    made.path = made.path_info = urlsplit(form.path).path
    made.META["QUERY_STRING"] = urlsplit(form.path).query
    made.GET = QueryDict(urlsplit(form.path).query)
    made.POST = QueryDict(form.fields)
    made._files = MultiValueDict()  # what `request.FILES` reads
    for file in form.files:
        made._files.appendlist(file.field, SimpleUploadedFile(file.name, file.content, file.content_type))
    made.resolver_match = match
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    return response


def _keep(request: HttpRequest, person: int, membership: int | None) -> str | None:
    """Keep the form; the address that offers to send it on."""
    if not Person.objects.filter(pk=person, is_active=True).exists():
        return None
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_KEPT_BYTES:
        return None
    fields = request.POST.copy()
    fields.pop("csrfmiddlewaretoken", None)
    files = [
        SentFile(field, file.name or "", file.content_type or "", file.read())
        for field, listed in request.FILES.lists()
        for file in listed
    ]
    token = keep_form(person, Form(request.get_full_path(), fields.urlencode(), files, membership))
    return reverse("web-kept", args=[token]) if token else None


def _from_here(request: HttpRequest) -> bool:
    """Whether the browser says that the form stood on a page of ours."""
    origin = request.headers.get("Origin") or request.headers.get("Referer") or ""
    try:
        return urlsplit(origin).netloc == request.get_host()
    except ValueError:
        return False
