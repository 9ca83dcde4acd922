"""People as they are known: what each is for a company or authority, who was invited, who did what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from django.db.models.expressions import RawSQL
from psycopg.sql import SQL, Composed

from suyuan.server.accounts.models import Permission, Role
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.scope import Level, Scope

Parameter: TypeAlias = str | int | datetime | list[int] | None
MOST_SHOWN: Final = 500

_READ: Final = frozenset({Permission.READ})
_REPORT: Final = _READ | {Permission.SUBMIT}
_COMPANY: Final = _REPORT | {Permission.FILE}


@dataclass(frozen=True, slots=True)
class Membership:
    """What a person is, and for whom."""

    number: int
    person: int
    role: Role
    scope: Scope

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the role permits, in the words of keys."""
        match self.role:
            case Role.ADMIN if self.scope.company is None:
                return _READ | {Permission.ADMINISTER}
            case Role.ADMIN | Role.DATA_OFFICER:
                return _COMPANY
            case Role.CLERK:
                return _REPORT
            case _:
                return _READ


@dataclass(frozen=True, slots=True)
class Member:
    """A membership with the person's names and whether it still holds."""

    membership: Membership
    login: str
    name: str
    granted_at: datetime
    ended_at: datetime | None
    last_login: datetime | None
    factors: int


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that nobody has accepted yet."""

    number: int
    login: str
    name: str
    role: Role
    scope: Scope
    recovers: bool
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Deed:
    """One change: who made it and when."""

    at: datetime
    name: str
    act: str
    subject: str


def visible(scope: Scope) -> tuple[SQL, list[Parameter]]:
    """The condition for rows with the columns of a scope that `scope` may see, and its parameters."""
    match scope.level:
        case Level.NATION:
            return SQL("TRUE"), []
        case Level.PROVINCE:
            return SQL("(level IN ('province', 'city') AND division LIKE %s)"), [f"{scope.division_prefix}%"]
        case Level.CITY:
            return SQL("(level = 'city' AND division LIKE %s)"), [f"{scope.division_prefix}%"]
        case Level.COMPANY:
            return SQL("company = %s"), [scope.company]
        case _:
            return SQL("(company = %s AND site = %s)"), [scope.company, scope.site]


def visible_people(scope: Scope) -> RawSQL:
    """The numbers of the people that a scope may see, for Django's ``__in``."""
    condition, params = visible(scope)
    statement = SQL("SELECT person FROM accounts_membership WHERE {visible}").format(visible=condition)
    return RawSQL(statement.as_string(), params)  # noqa: S611 - put together here, with parameters


def scope_of(level: str, division: str | None, company: int | None, site: int | None) -> Scope:
    """The scope that four columns tell."""
    return Scope(Level(level), division, company, site)


def memberships(person: int) -> list[Membership]:
    """What a person is today, in the order in which it was granted; nothing for somebody inactive."""
    statement = SQL(
        "SELECT m.number, m.person, m.role, m.level, m.division, m.company, m.site FROM accounts_membership m"
        " JOIN accounts_person p ON p.id = m.person"
        " WHERE m.person = %s AND m.ended_at IS NULL AND p.is_active ORDER BY m.number"
    )
    return [Membership(row[0], row[1], Role(row[2]), scope_of(*row[3:])) for row in _rows(statement, [person])]


def members(scope: Scope) -> list[Member]:
    """Who is or was something in the scope: those of today first."""
    condition, params = visible(scope)
    statement = SQL(
        "SELECT m.number, m.person, m.role, m.level, m.division, m.company, m.site, p.login, p.name, m.granted_at,"
        " m.ended_at, p.last_login, (SELECT count(*) FROM mfa_authenticator a WHERE a.user_id = p.id"
        " AND a.type <> 'recovery_codes')"
        " FROM accounts_membership m JOIN accounts_person p ON p.id = m.person WHERE {visible}"
        " ORDER BY m.ended_at IS NOT NULL, m.number LIMIT %s"
    ).format(visible=condition)
    return [
        Member(Membership(row[0], row[1], Role(row[2]), scope_of(*row[3:7])), *row[7:])
        for row in _rows(statement, [*params, MOST_SHOWN])
    ]


def names_of(scope: Scope, persons: Sequence[int]) -> dict[int, str]:
    """What these people are called: those who are or were something in the scope."""
    condition, params = visible(scope)
    statement = SQL(
        "SELECT DISTINCT p.id, p.name FROM accounts_membership m JOIN accounts_person p ON p.id = m.person"
        " WHERE p.id = ANY (%s) AND {visible} ORDER BY p.id"
    ).format(visible=condition)
    return dict(_rows(statement, [list(persons), *params]))


def invitations(scope: Scope, now: datetime) -> list[Invited]:
    """Invitations of the scope that can still be accepted, newest first."""
    condition, params = visible(scope)
    statement = SQL(
        "SELECT number, login, name, role, level, division, company, site, recovers, made_at, expires_at"
        " FROM accounts_invitation WHERE {visible} AND accepted_at IS NULL AND withdrawn_at IS NULL"
        " AND expires_at > %s ORDER BY number DESC LIMIT %s"
    ).format(visible=condition)
    return [
        Invited(row[0], row[1], row[2], Role(row[3]), scope_of(*row[4:8]), *row[8:])
        for row in _rows(statement, [*params, now, MOST_SHOWN])
    ]


def deeds(scope: Scope, before: int | None = None, most: int = 100) -> list[tuple[int, Deed]]:
    """Who changed what in the scope, newest first, with the numbers that continue the list."""
    condition, params = visible(scope)
    statement = SQL(
        "SELECT d.number, d.at, coalesce(p.name, ''), d.act, d.subject FROM accounts_deed d"
        " LEFT JOIN accounts_person p ON p.id = d.person"
        " WHERE {visible} AND (%s::bigint IS NULL OR d.number < %s) ORDER BY d.number DESC LIMIT %s"
    ).format(visible=condition)
    return [(row[0], Deed(*row[1:])) for row in _rows(statement, [*params, before, before, most])]


def _rows(statement: SQL | Composed, params: Sequence[Parameter]) -> list[tuple[Any, ...]]:
    with cursor() as run:
        return run.execute(statement, params).fetchall()
