"""Who asks: the key that came with a request, and what it may do."""

from typing import ClassVar, Final, cast

from django.http import HttpRequest

from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.queries import Principal, authenticate
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.kit.problems import Forbidden


class Key:
    """Takes the key of a request; the framework keeps what it returns as ``request.auth``."""

    openapi_security_schema: ClassVar[dict[str, str]] = {"type": "http", "scheme": "bearer"}

    def __call__(self, request: HttpRequest) -> Principal:
        """Whose key the request brings; raises `Unauthenticated`."""
        return authenticate(request.META.get("HTTP_AUTHORIZATION"))


KEY: Final = Key()

LONGEST_CODE: Final = 250
"""Characters of a code in an address at most: a batch of material is a company and a text of up to 200."""


def who(request: HttpRequest) -> Principal:
    """Who sent the request; only for operations that ask for a key."""
    return cast(Principal, request.auth)  # type: ignore[attr-defined]  # set by the framework


def reader(request: HttpRequest) -> Principal:
    """Who sent the request, if the key may read."""
    asker = who(request)
    asker.require(Permission.READ)
    return asker


def follower(request: HttpRequest) -> Principal:
    """Who sent the request, if the key may read submissions: also one that only reports, to see what became of it."""
    asker = who(request)
    if Permission.SUBMIT not in asker.permissions:
        asker.require(Permission.READ)
    return asker


def company_with(request: HttpRequest, permission: Permission) -> tuple[Principal, int]:
    """Who sent the request and the number of its company, if the key has `permission`."""
    asker = who(request)
    asker.require(permission)
    if asker.company is None:
        raise Forbidden("accounts.not_permitted", key=asker.prefix, permission=permission.value)
    return asker, asker.company


def note(asker: Principal, act: str, *subjects: str) -> None:
    """Note that restricted records were read, all in one write."""
    log_reads(asker, [Reading(act, subject) for subject in subjects])
