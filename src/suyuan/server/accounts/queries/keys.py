"""Whose key a request brings, and which keys and readings a scope may see."""

import hmac
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from suyuan.server.accounts.models import Access, ApiKey, Permission
from suyuan.server.accounts.queries.people import visible_people
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.problems import Forbidden, Unauthenticated
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.kit.token import Token, parse

REMEMBERED: Final = timedelta(seconds=5)
"""How long a process goes by what it read of a key; a revocation is honoured after at most this."""

_NOTED_EVERY: Final = timedelta(hours=1)  # how exactly the last use of a key is kept
_LARGEST_MEMORY: Final = 10_000  # keys


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody known, by a key or by having signed in, and what that permits.

    `prefix` names him in messages: that of the key, or the login name.
    """

    key: int | None
    prefix: str
    scope: Scope
    permissions: frozenset[Permission]
    person: int | None = None

    @property
    def company(self) -> int | None:
        """Number of the company the key belongs to; None for officials."""
        return self.scope.company

    def require(self, permission: Permission) -> None:
        """Pass only if the key permits it.

        Raises
        ------
        Forbidden
            ``accounts.not_permitted``.
        """
        if permission not in self.permissions:
            raise Forbidden("accounts.not_permitted", key=self.prefix, permission=permission.value)


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    digest: bytes = field(repr=False)
    expires_at: datetime | None
    revoked_at: datetime | None
    read_at: datetime


class _Memory:
    """What this process read of keys in the last few seconds."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._lock = threading.Lock()

    def recall(self, prefix: str, now: datetime) -> _Known | None:
        known = self._known.get(prefix)
        return known if known and timedelta(0) <= now - known.read_at < REMEMBERED else None

    def keep(self, known: _Known) -> None:
        with self._lock:
            if len(self._known) >= _LARGEST_MEMORY:
                self._known.clear()
            self._known[known.principal.prefix] = known

    def forget(self, prefix: str | None = None) -> None:
        with self._lock:
            if prefix is None:
                self._known.clear()
            else:
                self._known.pop(prefix, None)


memory = _Memory()


def authenticate(header: str | None, clock: Clock = SYSTEM_CLOCK) -> Principal:
    """Who sends the HTTP header ``Authorization: Bearer sy_…``.

    A key is read from the database once in `REMEMBERED` per process, not once a request. Why a key
    is refused (revoked, expired) is told only to who knows its secret.

    Raises
    ------
    Unauthenticated
        ``accounts.key_missing``, ``key_malformed``, ``key_unknown``, ``key_revoked`` or
        ``key_expired``.
    """
    token = _token(header)
    now = clock.now()
    known = memory.recall(token.prefix, now) or _read(token.prefix, now)
    same = hmac.compare_digest(token.digest, known.digest if known else bytes(32))
    if known is None or not same:
        raise Unauthenticated("accounts.key_unknown", key=token.prefix)
    if known.revoked_at is not None:
        raise Unauthenticated("accounts.key_revoked", key=token.prefix, at=known.revoked_at.isoformat("T", "seconds"))
    if known.expires_at is not None and known.expires_at <= now:
        raise Unauthenticated("accounts.key_expired", key=token.prefix, at=known.expires_at.isoformat("T", "seconds"))
    return known.principal


def _token(header: str | None) -> Token:
    if not header:
        raise Unauthenticated("accounts.key_missing")
    kind, _, text = header.strip().partition(" ")
    token = parse(text) if kind.lower() == "bearer" else None
    if token is None:
        raise Unauthenticated("accounts.key_malformed")
    return token


def _read(prefix: str, now: datetime) -> _Known | None:
    row = ApiKey.objects.filter(prefix=prefix).first()
    if row is None:
        return None
    if row.last_used_at is None or now - row.last_used_at >= _NOTED_EVERY:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    permissions = frozenset(Permission(name) for name in row.permissions)
    principal = Principal(row.pk, row.prefix, row.scope, permissions)
    known = _Known(principal, bytes(row.digest), row.expires_at, row.revoked_at, now)
    memory.keep(known)
    return known


def visible_keys(scope: Scope) -> Q:
    """Which keys a scope may see: its own and those of narrower scopes that it contains."""
    match scope.level:
        case Level.NATION:
            return Q()
        case Level.PROVINCE | Level.CITY:
            levels = [Level.PROVINCE, Level.CITY] if scope.level is Level.PROVINCE else [Level.CITY]
            return Q(level__in=levels, division__startswith=scope.division_prefix)
        case Level.COMPANY:
            return Q(company=scope.company)
        case _:
            return Q(company=scope.company, site=scope.site)


def keys(scope: Scope) -> Sequence[ApiKey]:
    """The keys that a scope may see, newest first."""
    return list(ApiKey.objects.filter(visible_keys(scope)).order_by("-created_at", "-pk"))


def readings(scope: Scope, subject: str) -> Sequence[Access]:
    """Who read one restricted record, newest first: as far as the reader is visible."""
    visible = ApiKey.objects.filter(visible_keys(scope)).values("pk")
    seen = Q(key__in=visible) | Q(person__in=visible_people(scope))
    return list(Access.objects.filter(seen, subject=subject).order_by("-at", "-pk"))
