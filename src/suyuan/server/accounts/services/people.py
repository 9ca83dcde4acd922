"""Invite people, take them in, end what they were; each act is written down."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from suyuan.server.accounts.models import IN_COMPANIES, OF_AUTHORITIES, Person, Role
from suyuan.server.accounts.queries.people import Membership, Parameter, memberships, scope_of, visible
from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Scope

VALID_FOR: Final = timedelta(days=7)
"""How long an invitation can be accepted."""

_MAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,180}\.[^@\s.]{2,63}")
_PHONE: Final = re.compile(r"\+?[0-9]{5,15}")
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Invitation:
    """Somebody wished for."""

    login: str
    name: str
    role: Role
    scope: Scope


@dataclass(frozen=True, slots=True)
class Sent:
    """An invitation that was written; `token` is shown this once and kept nowhere."""

    number: int
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """What the holder of an invitation's token may know of it."""

    number: int
    login: str
    name: str
    role: Role
    scope: Scope
    recovers: bool


def login_name(text: str) -> str:
    """An e-mail address in lower case, or a telephone number without blanks and dashes.

    Raises
    ------
    Refusal
        ``accounts.login_malformed``.

    >>> login_name(" Li.Wei@Example.com "), login_name("138-0013 8000")
    ('li.wei@example.com', '13800138000')
    """
    mail = text.strip().lower()
    if _MAIL.fullmatch(mail):
        return mail
    phone = re.sub(r"[\s()-]", "", text)
    if _PHONE.fullmatch(phone):
        return phone
    raise Refusal("accounts.login_malformed", value=text.strip()[:100])


def invite(
    by: Membership | None, order: Invitation, clock: Clock = SYSTEM_CLOCK, valid_for: timedelta = VALID_FOR
) -> Sent:
    """Invite somebody into a scope; `by` is None only for an operator at the machine itself.

    Raises
    ------
    Forbidden
        ``accounts.not_admin``, ``accounts.scope_too_wide``.
    Refusal
        ``accounts.login_malformed``, ``accounts.name_missing``, ``accounts.role_elsewhere``.
    """
    _require_admin(by, order.scope)
    login, name = login_name(order.login), order.name.strip()[:_LONGEST_NAME]
    if not name:
        raise Refusal("accounts.name_missing")
    wrong = OF_AUTHORITIES if order.scope.company is not None else IN_COMPANIES
    if order.role in wrong:
        raise Refusal("accounts.role_elsewhere", role=order.role.value, level=order.scope.level.value)
    now = clock.now()
    with transaction.atomic():
        sent = _write(by, Invitation(login, name, order.role, order.scope), now, now + valid_for, recovers=False)
        _note(by, order.scope, "person.invited", login, now)
    return sent


def recover(by: Membership | None, membership: int, clock: Clock = SYSTEM_CLOCK) -> Sent:
    """Let a member who lost password or second factor choose anew, by a link as for an invitation.

    Raises
    ------
    Forbidden
        ``accounts.not_admin``; ``accounts.member_elsewhere`` if he is also something where `by` has no say:
        the link would open that, too.
    Missing
        ``accounts.member_not_found``.
    """
    now = clock.now()
    with transaction.atomic():
        known = _member(by, membership)
        person = Person.objects.get(pk=known.person)
        if by is not None and not all(by.scope.covers(each.scope) for each in memberships(person.pk)):
            raise Forbidden("accounts.member_elsewhere", login=person.login)
        order = Invitation(person.login, person.name, known.role, known.scope)
        sent = _write(by, order, now, now + timedelta(days=1), recovers=True)
        _note(by, known.scope, "person.recovery_offered", person.login, now)
    return sent


def opened(token: str, clock: Clock = SYSTEM_CLOCK) -> Opened:
    """The invitation that a token opens.

    Raises
    ------
    Missing
        ``accounts.invitation_unknown``: never made, accepted, withdrawn or too old, which is not told apart.
    """
    return _open(token, clock.now(), "")


def accept(token: str, password: str | None, language: str, clock: Clock = SYSTEM_CLOCK) -> Person:
    """Take somebody in, or let him choose a new password; the token is used up.

    A person who is known already keeps his password and name (unless the invitation recovers) and only
    becomes one thing more: then `password` is None and must be, so that a link alone takes no account over.

    Raises
    ------
    Missing
        ``accounts.invitation_unknown``.
    Conflict
        ``accounts.person_known`` if a password came for somebody who has one.
    """
    now = clock.now()
    with transaction.atomic():
        found = _open(token, now, " FOR UPDATE")
        person = Person.objects.select_for_update().filter(login=found.login).first()
        if person is not None and not found.recovers and password is not None:
            raise Conflict("accounts.person_known", login=found.login)
        if person is None:
            person = Person(login=found.login, name=found.name, language=language, created_at=now)
        if password is not None:
            person.set_password(password)
        person.save()
        if not found.recovers:
            _join(person.pk, found, found.number, now)
            _end_recoveries(person, now)
        with cursor() as run:
            if found.recovers:
                run.execute("DELETE FROM mfa_authenticator WHERE user_id = %s", [person.pk])
            run.execute(
                "UPDATE accounts_invitation SET accepted_at = %s, accepted_by = %s WHERE number = %s",
                [now, person.pk, found.number],
            )
        act = "person.recovered" if found.recovers else "person.joined"
        note_deed(person.pk, found.scope, act, found.login, now)
    return person


def withdraw_invitation(by: Membership, number: int, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take an invitation back.

    Raises
    ------
    Forbidden
        ``accounts.not_admin``.
    Missing
        ``accounts.invitation_unknown``.
    """
    _require_admin(by, by.scope)
    now = clock.now()
    condition, params = visible(by.scope)
    with transaction.atomic(), cursor() as run:
        row = run.execute(
            "UPDATE accounts_invitation SET withdrawn_at = %s, withdrawn_by = %s WHERE number = %s"  # noqa: S608 - ours
            f" AND accepted_at IS NULL AND withdrawn_at IS NULL AND {condition.as_string()} RETURNING login",
            [now, by.person, number, *params],
        ).fetchone()
        if row is None:
            raise Missing("accounts.invitation_unknown")
        note_deed(by.person, by.scope, "person.invitation_withdrawn", row[0], now)


def end_membership(by: Membership, number: int, clock: Clock = SYSTEM_CLOCK) -> None:
    """End what somebody is; his other memberships stay.

    Raises
    ------
    Forbidden
        ``accounts.not_admin``.
    Missing
        ``accounts.member_not_found``.
    Conflict
        ``accounts.own_membership``: somebody else has to do that, so that nobody locks himself out.
    """
    now = clock.now()
    with transaction.atomic():
        known = _member(by, number)
        if known.person == by.person:
            raise Conflict("accounts.own_membership")
        with cursor() as run:
            run.execute(
                "UPDATE accounts_membership SET ended_at = %s, ended_by = %s WHERE number = %s",
                [now, by.person, number],
            )
        note_deed(by.person, known.scope, "person.membership_ended", str(known.person), now)


def furnish(login: str, name: str, role: Role, scope: Scope, clock: Clock = SYSTEM_CLOCK) -> Person:
    """A person of a demonstration, marked as simulated and without a password; there already: as it is."""
    now = clock.now()
    with transaction.atomic():
        known = Person.objects.filter(login=login).first()
        if known is not None:
            return known
        person = Person(login=login, name=name, simulated=True, created_at=now)
        person.set_unusable_password()
        person.save()
        _join(person.pk, Invitation(login, name, role, scope), None, now)
        note_deed(None, scope, "person.furnished", login, now)
    return person


def _require_admin(by: Membership | None, scope: Scope) -> None:
    if by is None:
        return
    if by.role is not Role.ADMIN:
        raise Forbidden("accounts.not_admin")
    if not by.scope.covers(scope):
        raise Forbidden("accounts.scope_too_wide", wanted=scope.level.value, own=by.scope.level.value)


def _note(by: Membership | None, scope: Scope, act: str, subject: str, now: datetime) -> None:
    note_deed(by.person if by else None, scope, act, subject, now)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _columns(scope: Scope) -> list[Parameter]:
    return [scope.level.value, scope.division, scope.company, scope.site]


def _write(by: Membership | None, order: Invitation, now: datetime, until: datetime, *, recovers: bool) -> Sent:
    token = secrets.token_urlsafe(24)
    values = [
        *(_digest(token), order.login, order.name, order.role.value, *_columns(order.scope)),
        *(recovers, now, by.person if by else None, until),
    ]
    with cursor() as run:
        row = run.execute(
            "INSERT INTO accounts_invitation (digest, login, name, role, level, division, company, site, recovers,"
            " made_at, made_by, expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING number",
            values,
        ).fetchone()
    return Sent(int((row or (0,))[0]), token, until)


def _open(token: str, now: datetime, lock: str) -> Opened:
    with cursor() as run:
        row: Row | None = run.execute(
            "SELECT number, login, name, role, level, division, company, site, recovers FROM accounts_invitation"  # noqa: S608
            " WHERE digest = %s AND accepted_at IS NULL AND withdrawn_at IS NULL AND expires_at > %s" + lock,
            [_digest(token), now],
        ).fetchone()
    if row is None:
        raise Missing("accounts.invitation_unknown")
    return Opened(row[0], row[1], row[2], Role(row[3]), scope_of(*row[4:8]), row[8])


def _join(person: int, order: Invitation | Opened, invitation: int | None, now: datetime) -> None:
    """One membership more, granted by whoever sent the invitation."""
    with cursor() as run:
        run.execute(
            "INSERT INTO accounts_membership (person, role, level, division, company, site, granted_at, granted_by)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, (SELECT made_by FROM accounts_invitation WHERE number = %s))",
            [person, order.role.value, *_columns(order.scope), now, invitation],
        )


def _end_recoveries(person: Person, now: datetime) -> None:
    """Whoever offered a new password had a say in all that somebody was then, but not in what he is from now on."""
    with cursor() as run:
        run.execute(
            "UPDATE accounts_invitation SET withdrawn_at = %s, withdrawn_by = %s"
            " WHERE login = %s AND recovers AND accepted_at IS NULL AND withdrawn_at IS NULL",
            [now, person.pk, person.login],
        )


def _member(by: Membership | None, number: int) -> Membership:
    """A membership of today that `by` may change, locked."""
    _require_admin(by, by.scope if by else Scope.of_nation())
    condition, params = visible(by.scope if by else Scope.of_nation())
    with cursor() as run:
        row = run.execute(
            "SELECT number, person, role, level, division, company, site FROM accounts_membership"  # noqa: S608 - ours
            f" WHERE number = %s AND ended_at IS NULL AND {condition.as_string()} FOR UPDATE",
            [number, *params],
        ).fetchone()
    if row is None:
        raise Missing("accounts.member_not_found")
    return Membership(row[0], row[1], Role(row[2]), scope_of(*row[3:]))
