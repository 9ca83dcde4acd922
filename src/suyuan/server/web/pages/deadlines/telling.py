"""How deadlines come to the company: the calendar's secret address, lead times, webhooks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from suyuan.kernel import SuyuanError
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.services import note_deed
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Forbidden, Refusal, status_of
from suyuan.server.supervision.queries import feeds as reads
from suyuan.server.supervision.services import feeds, webhooks
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.surroundings import flash, show

_DELIVERIES: Final = 10
_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class _Done:
    """What a form did: what it was about, and what is shown this once."""

    subject: str
    once: Mapping[str, Any] = field(default_factory=dict)


@member(at="company")
def telling_page(request: PageRequest) -> HttpResponseBase:
    """What there is; a form changes one thing. Secrets are shown on the answer to their form and never again."""
    if request.actor.scope.site is not None:
        raise Forbidden("feeds.company_only")
    if request.method != "POST":
        return _show(request)
    request.actor.principal.require(Permission.FILE)
    act = _ACTS.get(request.POST.get("act", ""))
    if act is None:
        raise Refusal("web_deadlines.act_unknown")
    try:
        with transaction.atomic():
            done = act(request)
            deed = f"deadlines.{request.POST['act']}"
            note_deed(request.actor.person, request.actor.scope, deed, done.subject, SYSTEM_CLOCK.now())
    except SuyuanError as trouble:
        return _show(request, trouble, typed=request.POST)
    if done.once:
        return _show(request, **done.once)
    flash(request, "web_deadlines.saved")
    return HttpResponseRedirect(reverse("web-deadlines-telling"))


def _open(request: PageRequest) -> _Done:
    with cursor() as run:
        secret = feeds.open_feed(run, _company(request), request.actor.login)
    path = f"/api/v1/deadline-feeds/{secret}.ics"
    public = f"{settings.PUBLIC_URL.rstrip('/')}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)
    return _Done("", {"address": public})


def _close(request: PageRequest) -> _Done:
    with cursor() as run:
        feeds.close_feed(run, _company(request), request.actor.login)
    return _Done("")


def _leads(request: PageRequest) -> _Done:
    typed = request.POST.get("days", "").replace("，", ",").replace("、", ",").split(",")
    days = [_number(part.strip()) if part.strip() else -1 for part in typed]
    with cursor() as run:
        kept = feeds.set_leads(run, _company(request), days, request.actor.login)
    return _Done(",".join(map(str, kept)))


def _add(request: PageRequest) -> _Done:
    with cursor() as run:
        made = webhooks.add_webhook(run, _company(request), request.POST.get("url", "").strip(), request.actor.login)
    return _Done(str(made.number), {"secret": made.secret})


def _end(request: PageRequest) -> _Done:
    number = _number(request.POST.get("number", ""))
    with cursor() as run:
        webhooks.end_webhook(run, request.actor.scope, number, request.actor.login)
    return _Done(str(number))


def _number(text: str) -> int:
    """A number as typed; -1, which is nobody's, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < _DIGITS else -1


_ACTS: Final = {"feed_open": _open, "feed_close": _close, "leads": _leads, "webhook_add": _add, "webhook_end": _end}


def _company(request: PageRequest) -> int:
    company = request.actor.company
    if company is None:
        raise Forbidden("feeds.company_only")
    return company


def _show(request: PageRequest, trouble: SuyuanError | None = None, **told: Any) -> HttpResponse:
    scope = request.actor.scope
    with cursor() as run:
        hooks = [
            (hook, reads.deliveries(run, scope, hook.number, limit=_DELIVERIES)) for hook in reads.webhooks(run, scope)
        ]  # as many queries as there are webhooks: a company has a handful at most
        context: dict[str, Any] = {
            "feed": reads.feed_there_is(run, scope),
            "leads": reads.leads_of(run, scope),
            "hooks": hooks,
        }
    return show(
        request,
        "web/deadlines_telling.html",
        "web_deadlines.telling",
        crumbs=(("web_deadlines.title", reverse("web-deadlines")),),
        status=status_of(trouble) if trouble else 200,
        trouble=trouble,
        may_file=request.actor.may(Permission.FILE),
        **context,
        **told,
    )
