"""One's own account: signing in and out, what one is, second factors, invitations, kept forms and drafts."""

from typing import Any

from allauth.account import views as allauth_views
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import include, path, reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from suyuan.server.accounts.models import Person
from suyuan.server.accounts.queries.people import memberships
from suyuan.server.accounts.services.keeping import forget_draft, kept_form, save_draft, use_form
from suyuan.server.accounts.services.people import accept, opened
from suyuan.server.kit.problems import Missing
from suyuan.server.web.actor import CHOSEN, PageRequest, find_actor
from suyuan.server.web.kept import replay, to_sign_in
from suyuan.server.web.names import scope_names
from suyuan.server.web.signing_in import BACKEND
from suyuan.server.web.surroundings import flash, show


def account_page(request: PageRequest) -> HttpResponseBase:
    """Who one is here, and in which role one acts."""
    if request.actor.person is None:
        return to_sign_in(request)
    named = scope_names([each.scope for each in request.actor.memberships], request.actor.language)
    return show(request, "web/account.html", "web.account_title", scope_names=named)


def act_as(request: PageRequest) -> HttpResponseBase:
    """Act in another of one's roles from now on."""
    wanted = request.POST.get("membership", "")
    if wanted not in {str(each.number) for each in request.actor.memberships}:
        raise Http404
    request.session[CHOSEN] = int(wanted)
    return HttpResponseRedirect(reverse("web-home"))


def kept_page(request: PageRequest, token: str) -> HttpResponseBase:
    """A form that came when the session had ended: shown to be sent on with one click."""
    if request.actor.person is None:
        return to_sign_in(request) if request.method == "GET" else HttpResponseRedirect(reverse("account_login"))
    form = kept_form(request.actor.person, token)
    if request.method == "POST":
        use_form(request.actor.person, token)
        if request.POST.get("drop"):
            return HttpResponseRedirect(reverse("web-home"))
        _act_again(request, form.membership)
        return replay(request, form)
    return show(request, "web/kept.html", "web.kept_title", files=[file.name for file in form.files])


def _act_again(request: PageRequest, membership: int | None) -> None:
    """What somebody sent for one company is not sent for another that he also acts for."""
    if membership is None or membership == request.actor.member.number:
        return
    if membership not in {each.number for each in request.actor.memberships}:
        raise Missing("accounts.form_not_kept")
    request.session[CHOSEN] = membership
    request.actor = find_actor(request)


def draft_keep(request: PageRequest, form: str) -> HttpResponse:
    """Keep what stands in a form; nothing at all forgets it."""
    if request.actor.person is None:
        return HttpResponse(status=401)
    fields = {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"}
    if not any(value for values in fields.values() for value in values):
        forget_draft(request.actor.person, form)
        return HttpResponse(status=204)
    return HttpResponse(status=204 if save_draft(request.actor.person, form, fields) else 413)


def invitation_page(request: PageRequest, token: str) -> HttpResponseBase:
    """Accept an invitation: choose a password, or sign in as who one is already."""
    found = opened(token)
    known = Person.objects.filter(login=found.login, is_active=True).first()
    joins_as_known = known is not None and not found.recovers
    if joins_as_known and known is not None and request.actor.person != known.pk:
        return show(request, "web/invitation_known.html", "web.invitation_title", found=found, back=request.path)
    trouble: list[str] = []
    if request.method == "POST":
        password = None if joins_as_known else request.POST.get("password", "")
        trouble = _trouble(request, found.login, found.name, password)
        if not trouble:
            person = accept(token, password, request.actor.language.value)
            if not joins_as_known:
                login(request, person, backend=BACKEND)
            flash(request, "web.invitation_accepted")
            return HttpResponseRedirect(reverse("web-account"))
    names = scope_names([found.scope], request.actor.language)
    context: dict[str, Any] = {"found": found, "joins": joins_as_known, "trouble": trouble, "scope_names": names}
    status = 422 if trouble else 200
    return show(request, "web/invitation.html", "web.invitation_title", status=status, **context)


def demo_sign_in(request: PageRequest) -> HttpResponseBase:
    """Sign in as a simulated person, in a demonstration alone."""
    person = Person.objects.filter(login=request.POST.get("login", ""), simulated=True, is_active=True).first()
    if not settings.SIMULATED or person is None:
        raise Http404
    login(request, person, backend=BACKEND)
    return HttpResponseRedirect(reverse("web-home"))


def sign_in_page(request: HttpRequest) -> HttpResponseBase:
    """The page of the library; in a demonstration with one button a role."""
    people = Person.objects.filter(simulated=True, is_active=True).order_by("pk")[:30] if settings.SIMULATED else []
    held = [(each, next(iter(memberships(each.pk)), None)) for each in people]
    scopes = [first.scope for _, first in held if first is not None]
    extra = {"simulated_people": held, "scope_names": scope_names(scopes, None)}
    answer: HttpResponseBase = allauth_views.LoginView.as_view(extra_context=extra)(request)
    return answer


def lost_password(request: PageRequest) -> HttpResponse:
    """Who can help."""
    return show(request, "web/lost_password.html", "web.lost_title")


def _nobody_signs_up(request: HttpRequest) -> HttpResponseBase:
    raise Http404


def _trouble(request: PageRequest, login_name: str, name: str, password: str | None) -> list[str]:
    if password is None:
        return []
    if password != request.POST.get("again"):
        return ["web.passwords_differ"]
    try:
        validate_password(password, Person(login=login_name, name=name))
    except ValidationError as error:
        return [f"web.{each.code}" for each in error.error_list]
    return []


_get_or_post = require_http_methods(["GET", "HEAD", "POST"])

urlpatterns = [
    path("account", require_safe(account_page), name="web-account"),
    path("account/act", require_POST(act_as), name="web-act-as"),
    path("account/kept/<str:token>", _get_or_post(kept_page), name="web-kept"),
    path("account/drafts/<slug:form>", require_POST(draft_keep), name="web-draft"),
    path("account/invitations/<str:token>", _get_or_post(invitation_page), name="web-invitation"),
    path("account/demo", require_POST(demo_sign_in), name="web-demo-sign-in"),
    path("account/lost", require_safe(lost_password), name="account_reset_password"),
    path("account/sign-in", sign_in_page, name="account_login"),
    path("account/sign-out", allauth_views.logout, name="account_logout"),
    path("account/inactive", allauth_views.account_inactive, name="account_inactive"),
    path("account/sign-up", _nobody_signs_up, name="account_signup"),
    path("account/confirm", allauth_views.reauthenticate, name="account_reauthenticate"),
    path("account/password", allauth_views.password_change, name="account_change_password"),
    path("account/password/set", allauth_views.password_set, name="account_set_password"),
    path("account/factors/", include("allauth.mfa.urls")),
]
