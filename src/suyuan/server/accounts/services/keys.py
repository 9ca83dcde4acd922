"""Issue, revoke and rotate API keys; note who read restricted records."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from suyuan.server.accounts.models import OF_COMPANIES, Access, ApiKey, Permission
from suyuan.server.accounts.queries.keys import Principal, memory, visible_keys
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.kit.token import Token, mint

OVERLAP: Final = timedelta(days=7)
"""How long the old key still works after a rotation."""


@dataclass(frozen=True, slots=True)
class KeyOrder:
    """A key wished for."""

    label: str
    scope: Scope
    permissions: frozenset[Permission]
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key; `token.text` is shown this once and kept nowhere."""

    number: int
    token: Token


@dataclass(frozen=True, slots=True)
class Reading:
    """A restricted record that was read: the act (``battery.trace``) and what it was about."""

    act: str
    subject: str


def issue_key(by: Scope, order: KeyOrder, clock: Clock = SYSTEM_CLOCK) -> IssuedKey:
    """Issue a key, inside the scope of who issues it.

    Raises
    ------
    Forbidden
        ``accounts.scope_too_wide`` if the key would see what the issuer may not.
    Refusal
        ``accounts.no_permissions``, ``accounts.officials_only_read``, ``accounts.expired_at_birth``.
    """
    if not by.covers(order.scope):
        raise Forbidden("accounts.scope_too_wide", wanted=order.scope.level.value, own=by.level.value)
    if not order.permissions:
        raise Refusal("accounts.no_permissions")
    reserved = sorted(permission.value for permission in order.permissions & OF_COMPANIES)
    if order.scope.company is None and reserved:
        raise Refusal("accounts.officials_only_read", permissions=reserved)
    now = clock.now()
    if order.expires_at is not None and order.expires_at <= now:
        raise Refusal("accounts.expired_at_birth", at=order.expires_at.isoformat("T", "seconds"))
    return _write(order, now)


def _write(order: KeyOrder, now: datetime) -> IssuedKey:
    token = mint()
    row = ApiKey.objects.create(
        prefix=token.prefix,
        digest=token.digest,
        label=order.label,
        permissions=sorted(permission.value for permission in order.permissions),
        level=order.scope.level.value,
        division=order.scope.division,
        company=order.scope.company,
        site=order.scope.site,
        created_at=now,
        expires_at=order.expires_at,
    )
    return IssuedKey(row.pk, token)


def revoke_key(by: Scope, prefix: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """Revoke a key for ever; revoking twice changes nothing.

    Other processes honour it within `suyuan.server.accounts.queries.REMEMBERED`.

    Raises
    ------
    Missing
        ``accounts.key_not_found`` if there is no such key in the scope.
    """
    with transaction.atomic():
        key = _locked(by, prefix)
        if key.revoked_at is None:
            key.revoked_at = clock.now()
            key.save(update_fields=["revoked_at"])
    memory.forget(prefix)


def rotate_key(by: Scope, prefix: str, clock: Clock = SYSTEM_CLOCK, overlap: timedelta = OVERLAP) -> IssuedKey:
    """Issue a successor with the same rights; the old key ends after `overlap`.

    The successor lives as long as its predecessor was meant to, counted from now.

    Raises
    ------
    Missing
        ``accounts.key_not_found`` if there is no such key in the scope.
    Conflict
        ``accounts.key_ended`` if it is revoked or expired, ``accounts.key_rotated`` if it already
        has a successor: no more than two keys are alive at once.
    """
    now = clock.now()
    with transaction.atomic():
        old = _locked(by, prefix)
        if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
            raise Conflict("accounts.key_ended", key=prefix)
        if old.successor_id is not None:
            raise Conflict("accounts.key_rotated", key=prefix)
        life = None if old.expires_at is None else now + (old.expires_at - old.created_at)
        permissions = frozenset(Permission(name) for name in old.permissions)
        issued = _write(KeyOrder(old.label, old.scope, permissions, life), now)
        old.successor_id = issued.number
        old.expires_at = min(now + overlap, old.expires_at or now + overlap)
        old.save(update_fields=["successor", "expires_at"])
    memory.forget(prefix)
    return issued


def _locked(by: Scope, prefix: str) -> ApiKey:
    key = ApiKey.objects.select_for_update().filter(visible_keys(by), prefix=prefix).first()
    if key is None:
        raise Missing("accounts.key_not_found", key=prefix)
    return key


def log_reads(who: Principal, reads: Sequence[Reading], clock: Clock = SYSTEM_CLOCK) -> int:
    """Note that somebody read restricted records, all in one write; how many were noted."""
    now = clock.now()
    asker = {"at": now, "key_id": who.key, "person": who.person, "company": who.company}
    rows = [Access(**asker, act=read.act, subject=read.subject) for read in reads]
    return len(Access.objects.bulk_create(rows))
