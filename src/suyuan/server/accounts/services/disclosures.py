"""Exports of personal data: one asks, another of the same scope approves, then the first may fetch it once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from psycopg.sql import SQL

from suyuan.server.accounts.models import Role
from suyuan.server.accounts.queries.people import Membership, scope_of, visible
from suyuan.server.accounts.services.deeds import note_deed
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Missing, Refusal
from suyuan.server.kit.scope import Scope

OPEN_FOR: Final = timedelta(days=7)
"""From the request: after it nothing is decided or fetched any more."""

_COLUMNS: Final = (
    "x.number, x.what, x.level, x.division, x.company, x.site, x.purpose, x.requested_at, x.requested_by,"
    " (SELECT name FROM accounts_person WHERE id = x.requested_by), x.decided_at, x.decided_by,"
    " (SELECT name FROM accounts_person WHERE id = x.decided_by), x.granted, x.expires_at, x.used_at"
)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A request for an export of personal data, and what became of it."""

    number: int
    what: str
    scope: Scope
    purpose: str
    requested_at: datetime
    requested_by: int
    requester: str
    decided_at: datetime | None
    decided_by: int | None
    decider: str | None
    granted: bool | None
    expires_at: datetime
    used_at: datetime | None

    def state(self, now: datetime) -> str:
        """``used``, ``refused``, ``expired``, ``granted`` or ``open``."""
        if self.used_at is not None:
            return "used"
        if self.granted is False:
            return "refused"
        if self.expires_at <= now:
            return "expired"
        return "granted" if self.granted else "open"


def request_disclosure(by: Membership, what: str, purpose: str, clock: Clock = SYSTEM_CLOCK) -> int:
    """Ask for an export of `what`, saying what for; its number.

    Raises
    ------
    Refusal
        ``accounts.purpose_missing``.
    """
    if not purpose.strip():
        raise Refusal("accounts.purpose_missing")
    now = clock.now()
    with transaction.atomic(), cursor() as run:
        row = run.execute(
            "INSERT INTO accounts_disclosure (what, level, division, company, site, purpose, requested_at,"
            " requested_by, expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING number",
            [
                *(what, by.scope.level.value, by.scope.division, by.scope.company, by.scope.site),
                *(purpose.strip()[:500], now, by.person, now + OPEN_FOR),
            ],
        ).fetchone()
        number = int((row or (0,))[0])
        note_deed(by.person, by.scope, "disclosure.requested", str(number), now, {"what": what})
    return number


def decide_disclosure(by: Membership, number: int, *, granted: bool, clock: Clock = SYSTEM_CLOCK) -> None:
    """Approve or refuse what another asked for.

    Raises
    ------
    Forbidden
        ``accounts.not_admin``, ``accounts.own_disclosure``.
    Missing
        ``accounts.disclosure_not_found``.
    Conflict
        ``accounts.disclosure_closed``: decided already, or too old.
    """
    if by.role is not Role.ADMIN:
        raise Forbidden("accounts.not_admin")
    now = clock.now()
    with transaction.atomic(), cursor() as run:
        found = _one(by.scope, number, lock=True)
        if found.requested_by == by.person:
            raise Forbidden("accounts.own_disclosure")
        if found.state(now) != "open":
            raise Conflict("accounts.disclosure_closed", number=number)
        run.execute(
            "UPDATE accounts_disclosure SET decided_at = %s, decided_by = %s, granted = %s WHERE number = %s",
            [now, by.person, granted, number],
        )
        act = "disclosure.granted" if granted else "disclosure.refused"
        note_deed(by.person, found.scope, act, str(number), now)


def use_disclosure(
    by: Membership, number: int, clock: Clock = SYSTEM_CLOCK, *, of: Collection[str] | None = None
) -> Disclosure:
    """Fetch what was approved, once; by who asked for it, and only while he still belongs to the scope.

    Parameters
    ----------
    of
        What it may be about, so that an approval is not used up where something else is fetched.

    Raises
    ------
    Missing
        ``accounts.disclosure_not_found``, also for somebody else's.
    Conflict
        ``accounts.disclosure_closed`` unless it is approved, fresh and not fetched yet.
    """
    now = clock.now()
    with transaction.atomic(), cursor() as run:
        found = _one(by.scope, number, lock=True)
        if found.requested_by != by.person or (of is not None and found.what not in of):
            raise Missing("accounts.disclosure_not_found", number=number)
        if found.state(now) != "granted":
            raise Conflict("accounts.disclosure_closed", number=number)
        run.execute("UPDATE accounts_disclosure SET used_at = %s WHERE number = %s", [now, number])
        note_deed(by.person, found.scope, "disclosure.used", str(number), now, {"what": found.what})
    return found


def disclosures(scope: Scope, most: int = 200) -> list[Disclosure]:
    """Requests of the scope, newest first."""
    condition, params = visible(scope)
    statement = SQL("SELECT {columns} FROM accounts_disclosure x WHERE {visible} ORDER BY x.number DESC LIMIT %s")
    with cursor() as run:
        rows = run.execute(statement.format(columns=SQL(_COLUMNS), visible=condition), [*params, most]).fetchall()
    return [_read(row) for row in rows]


def _one(scope: Scope, number: int, *, lock: bool) -> Disclosure:
    condition, params = visible(scope)
    statement = SQL("SELECT {columns} FROM accounts_disclosure x WHERE x.number = %s AND {visible}{lock}").format(
        columns=SQL(_COLUMNS), visible=condition, lock=SQL(" FOR UPDATE" if lock else "")
    )
    with cursor() as run:
        row = run.execute(statement, [number, *params]).fetchone()
    if row is None:
        raise Missing("accounts.disclosure_not_found", number=number)
    return _read(row)


def _read(row: Row) -> Disclosure:
    return Disclosure(row[0], row[1], scope_of(*row[2:6]), *row[6:])
