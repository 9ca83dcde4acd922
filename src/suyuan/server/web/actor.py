"""Who looks at a page: one value with language, person, role and scope; and the guards that pages are put behind."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Final, Literal, ParamSpec, TypeAlias

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from suyuan.kernel import Language
from suyuan.server.accounts.models import Permission, Person, Role
from suyuan.server.accounts.queries import Membership, Principal, memberships
from suyuan.server.kit.language import language_of
from suyuan.server.kit.problems import Forbidden, Unauthenticated
from suyuan.server.kit.scope import Scope
from suyuan.server.web.kept import known_person, remember_person, to_sign_in

LANGUAGE_COOKIE: Final = "suyuan_language"
SIZE_COOKIE: Final = "suyuan_size"
CHOSEN: Final = "membership"
"""Where the session keeps which of several memberships somebody acts in."""

Where: TypeAlias = Literal["company", "authority"]
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody before a page; nobody known has no person and no membership."""

    language: Language
    large: bool = False
    person: int | None = None
    login: str = ""
    name: str = ""
    membership: Membership | None = None
    memberships: tuple[Membership, ...] = ()

    @property
    def member(self) -> Membership:
        """What he acts as.

        Raises
        ------
        Unauthenticated
            ``web.sign_in_first``; behind a guard this cannot happen.
        """
        if self.membership is None:
            raise Unauthenticated("web.sign_in_first")
        return self.membership

    @property
    def scope(self) -> Scope:
        """What he may see; every query takes it."""
        return self.member.scope

    @property
    def role(self) -> Role:
        """His role in this scope."""
        return self.member.role

    @property
    def company(self) -> int | None:
        """Number of his company; None for authorities and for nobody known."""
        return self.membership.scope.company if self.membership else None

    @property
    def is_authority(self) -> bool:
        """Whether he acts for a supervising authority."""
        return self.membership is not None and self.membership.scope.company is None

    @property
    def is_admin(self) -> bool:
        """Whether he administers his scope."""
        return self.membership is not None and self.membership.role is Role.ADMIN

    def may(self, permission: Permission) -> bool:
        """Whether his role permits that, in the words of API keys."""
        return self.membership is not None and permission in self.membership.permissions

    @property
    def principal(self) -> Principal:
        """The same for services that ask who is asking, as they ask of a key."""
        member = self.member
        return Principal(None, self.login, member.scope, member.permissions, self.person)


class PageRequest(HttpRequest):
    """What views of pages are handed; `actor` is found when it is first looked at."""

    actor: Actor


View: TypeAlias = Callable[Concatenate[PageRequest, P], HttpResponseBase]


def find_actor(request: HttpRequest) -> Actor:
    """Who sent the request, as his session and his cookies tell."""
    language, large = asked_language(request), asked_size(request) == "large"
    user = request.user
    if not isinstance(user, Person):
        return Actor(language, large)
    held = tuple(memberships(user.pk))
    chosen = request.session.get(CHOSEN)
    acting = next((each for each in held if each.number == chosen), held[0] if held else None)
    return Actor(language, large, user.pk, user.login, user.name, acting, held)


def asked_language(request: HttpRequest) -> Language:
    """The language named in the address, else the one chosen before, else the one that the browser asks for."""
    named = request.GET.get("lang") or request.COOKIES.get(LANGUAGE_COOKIE)
    return Language.from_tag(named) if named else language_of(request)


def asked_size(request: HttpRequest) -> str:
    """``large`` or ``normal``."""
    return "large" if (request.GET.get("size") or request.COOKIES.get(SIZE_COOKIE)) == "large" else "normal"


def member(*roles: Role, at: Where | None = None) -> Callable[[View[P]], View[P]]:
    """Put a view behind a guard: only for those who signed in, have one of `roles` (none named: any) and are `at`.

    Who is not signed in gets there after signing in; a form that he sent meanwhile is kept for him.

    Raises
    ------
    Forbidden
        ``web.no_membership``, ``web.not_for_role``: the page says so.
    """

    def guard(view: View[P]) -> View[P]:
        @wraps(view)
        def guarded(request: PageRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            actor = request.actor
            if actor.person is None:
                return to_sign_in(request)
            if actor.membership is None:
                raise Forbidden("web.no_membership")
            elsewhere = at is not None and actor.is_authority != (at == "authority")
            if elsewhere or (roles and actor.role not in roles):
                raise Forbidden("web.not_for_role")
            response = view(request, *args, **kwargs)
            response.headers.setdefault("Cache-Control", "private, no-store")
            if known_person(request) != (actor.person, actor.membership.number):
                remember_person(response, actor.person, actor.membership.number)
            return response

        return guarded  # type: ignore[return-value]  # functools.wraps gives its own type

    return guard
