"""Signing in: who may, where it leads, and what is written down about it."""

from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.contrib.sessions.models import Session
from django.dispatch import receiver
from django.http import HttpRequest
from django.urls import reverse

from suyuan.kernel import SuyuanError
from suyuan.server.accounts.models import Person
from suyuan.server.accounts.queries import memberships
from suyuan.server.accounts.services import note_deed
from suyuan.server.accounts.services.people import login_name
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.scope import Scope

BACKEND: Final = "allauth.account.auth_backends.AuthenticationBackend"
"""How people are known whom we sign in ourselves."""


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library has no types
    """Nobody signs up by himself: people come by invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """No."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """To the page that knows whose home is where."""
        return reverse("web-home")


class SignInForm(LoginForm):  # type: ignore[misc]  # the library has no types
    """Takes a telephone number as people write it."""

    def clean_login(self) -> str:
        """The login name as it is kept; what is none is looked for as it stands, and not found."""
        typed = str(self.cleaned_data["login"])
        try:
            return login_name(typed)
        except SuyuanError:
            return typed.strip()


@receiver(user_logged_in)
def _signed_in(sender: object, request: HttpRequest, user: Person, **_: Any) -> None:
    held, now = memberships(user.pk), SYSTEM_CLOCK.now()
    note_deed(user.pk, held[0].scope if held else Scope.of_nation(), "person.signed_in", user.login, now)
    Session.objects.filter(expire_date__lt=now).delete()  # an index finds them; nobody else cleans up


@receiver(user_login_failed)
def _failed(sender: object, credentials: dict[str, Any], **_: Any) -> None:
    """A failed attempt against somebody known; what else was typed may be a password and is not kept."""
    login = str(credentials.get("username") or "")
    person = Person.objects.filter(login=login).first()
    if person is not None:
        held = memberships(person.pk)
        scope = held[0].scope if held else Scope.of_nation()
        note_deed(person.pk, scope, "person.sign_in_failed", person.login, SYSTEM_CLOCK.now())
