"""What stands around every page: language, menu, notices, marks of a demonstration."""

from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.template.loader import render_to_string

from suyuan.kernel import Language
from suyuan.kernel.findings import Value
from suyuan.server.kit.language import tag_of
from suyuan.server.web.actor import Actor, PageRequest, asked_language, asked_size
from suyuan.server.web.menu import menu_for

FLASH: Final = "flash"


def surroundings(request: HttpRequest, *, bare: bool = False) -> dict[str, Any]:
    """The context of every template; `bare` is for when the database cannot be asked."""
    language = asked_language(request)
    other = Language.EN if language is Language.ZH else Language.ZH
    large = asked_size(request) == "large"
    context: dict[str, Any] = {
        "language": language,
        "language_tag": tag_of(language),
        "other_language": tag_of(other),
        "other_language_url": _changed(request, lang=tag_of(other)),
        "large": large,
        "size_url": _changed(request, size="normal" if large else "large"),
        "simulated": settings.SIMULATED,
        "menu": [],
    }
    if bare:
        return {**context, "actor": Actor(language, large)}
    actor: Actor = request.actor  # type: ignore[attr-defined]  # see PageRequest
    return {
        **context,
        "actor": actor,
        "menu": menu_for(actor, request.path),
        "flashes": request.session.pop(FLASH, []) if request.session.get(FLASH) else [],
    }


def flash(request: HttpRequest, code: str, kind: str = "success", **data: Value) -> None:
    """Say something on the next page: a code of the catalogue with its data; kind as Bootstrap's alerts."""
    request.session[FLASH] = [*request.session.get(FLASH, []), {"code": code, "data": data, "kind": kind}]


def show(
    request: PageRequest,
    template: str,
    title: str,
    *,
    crumbs: tuple[tuple[str, str], ...] = (),
    as_of: datetime | None = None,
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Answer with a page.

    Parameters
    ----------
    template
        Its file; extends ``web/base.html``.
    title
        Code of its title.
    crumbs
        The way to it: pairs of a code (or plain text) and an address.
    as_of
        The moment that its figures are of, shown at its foot.
    """
    told = {"title_code": title, "crumbs": crumbs, "as_of": as_of, **context}
    return HttpResponse(render_to_string(template, told, request), status=status)


def _changed(request: HttpRequest, **changes: str) -> str:
    """The address of this page with other parameters."""
    query = QueryDict(mutable=True) if request.method == "POST" else request.GET.copy()
    for name, value in changes.items():
        query[name] = value
    return f"{request.path}?{query.urlencode()}"
