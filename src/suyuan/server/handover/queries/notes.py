"""Hand-overs as their two sides and the authorities above them may read them."""

import hashlib
import hmac
import json
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from django.conf import settings
from psycopg.sql import SQL

from suyuan.codes.keys import compose_code
from suyuan.server.kit.connection import Row, cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Level, Scope
from suyuan.server.registry.queries import visible_companies

CODE_LENGTH: Final = 16
_COLUMNS: Final = (
    "n.number, n.id, n.giver, n.giver_site, n.receiver, n.receiver_site, n.made_at, n.made_by, n.handed_over_on,"
    " n.mass_kg, n.remark, n.expires_at, n.state, n.accepted_at, n.accepted_by, n.received_on, n.received_mass_kg,"
    " n.received_remark, n.outcomes, (SELECT count(*) FROM handover_pack p WHERE p.note = n.number AND p.listed)"
)
_PACKS: Final = "SELECT lot, serial, listed, outcome FROM handover_pack WHERE note = %s ORDER BY place"
_STEPS: Final = "SELECT step, at, person, company, remark FROM handover_step WHERE note = %s ORDER BY number"
_SIDES: Final = SQL("SELECT count(*) FROM unnest(%s::integer[]) AS n WHERE n IN ({visible})")
_PAGE: Final = f"""
SELECT {_COLUMNS} FROM handover_note n
  JOIN ((SELECT number FROM handover_note WHERE giver = %(company)s AND number < %(before)s
            AND (%(site)s::integer IS NULL OR giver_site = %(site)s) ORDER BY number DESC LIMIT %(limit)s)
        UNION
        (SELECT number FROM handover_note WHERE receiver = %(company)s AND number < %(before)s
            AND (%(site)s::integer IS NULL OR receiver_site IS NULL OR receiver_site = %(site)s)
          ORDER BY number DESC LIMIT %(limit)s)) AS mine USING (number)
 ORDER BY n.number DESC LIMIT %(limit)s
"""  # noqa: S608  constants
_PARTNERS: Final = """
SELECT receiver FROM handover_note WHERE giver = %s AND receiver IS NOT NULL
 GROUP BY receiver ORDER BY max(number) DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one report: which side's, of which kind, under which number of submission."""

    side: str
    kind: str
    submission: int | None
    state: str
    admitted: int
    refused: int
    causes: Sequence[Mapping[str, Any]] = ()

    @property
    def good(self) -> bool:
        """Whether every record of it is in the ledger."""
        return self.state == "accepted"


@dataclass(frozen=True, slots=True)
class Note:
    """A hand-over; masses in kg, of all packs together."""

    number: int
    id: UUID
    giver: int
    giver_site: int | None
    receiver: int | None
    receiver_site: int | None
    made_at: datetime
    made_by: int | None
    handed_over_on: date
    mass_kg: float | None
    remark: str
    expires_at: datetime
    state: str
    accepted_at: datetime | None
    accepted_by: int | None
    received_on: date | None
    received_mass_kg: float | None
    received_remark: str
    outcomes: Sequence[Outcome]
    packs: int

    @property
    def code(self) -> str:
        """What the giver shows and the receiver brings: 80 bits that only this server can make from the note's id."""
        made = hmac.new(settings.SECRET_KEY.encode(), b"handover" + self.id.bytes, hashlib.sha256).digest()
        return b32encode(made)[:CODE_LENGTH].decode()

    @property
    def document_no(self) -> str:
        """The number of its paper, which both reports carry."""
        return f"T{self.number:08d}"

    def stands(self, now: datetime) -> str:
        """Its state, or ``expired``."""
        return "expired" if self.state == "open" and self.expires_at <= now else self.state


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack of a hand-over: whether the giver listed it, and what the receiver says of it."""

    code: str
    listed: bool
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """Who did what, when."""

    step: str
    at: datetime
    person: int | None
    company: int | None
    remark: str


def note(scope: Scope, number: int, code: str | None = None) -> Note:
    """One hand-over: for its sides, for those above them, and for a company that brings the code of an open one.

    Raises
    ------
    Missing
        ``handovers.not_found``, also for what the scope may not see.
    """
    with cursor() as run:
        found = one(run, number)
    if found is None or not (_is_side(scope, found) or _is_above(scope, found) or _brings(scope, found, code)):
        raise Missing("handovers.not_found", number=number)
    return found


def one(run: psycopg.Cursor[Row], number: int, *, lock: bool = False) -> Note | None:
    """A hand-over for the room's own services."""
    statement = f"SELECT {_COLUMNS} FROM handover_note n WHERE n.number = %s{' FOR UPDATE OF n' if lock else ''}"  # noqa: S608
    row = run.execute(statement, [number]).fetchone()
    return _made(row) if row else None


def _made(row: Row) -> Note:
    *others, outcomes, packs = row
    told = json.loads(outcomes) if isinstance(outcomes, str) else outcomes
    values = [*others, tuple(Outcome(**each) for each in told), packs]
    return Note(*values)


def _is_side(scope: Scope, found: Note) -> bool:
    if scope.company is None:
        return False
    if scope.company == found.giver:
        return scope.site in (None, found.giver_site)
    return scope.company == found.receiver and (scope.site is None or found.receiver_site in (None, scope.site))


def _is_above(scope: Scope, found: Note) -> bool:
    if scope.company is not None:
        return False
    if scope.level is Level.NATION:
        return True
    visible = visible_companies(scope)
    sides = [number for number in (found.giver, found.receiver) if number is not None]
    with cursor() as run:
        row = run.execute(_SIDES.format(visible=visible.sql), [sides, *visible.params]).fetchone()
    return bool(row and row[0])


def _brings(scope: Scope, found: Note, code: str | None) -> bool:
    """Whether a company holds the code of an open hand-over that names no receiver."""
    if scope.company is None or found.receiver is not None or found.state != "open" or not code:
        return False
    return hmac.compare_digest(code.upper().encode(), found.code.encode())


def packs(scope: Scope, number: int, code: str | None = None) -> list[Pack]:
    """The packs of a hand-over that the scope may see, in the order in which they were scanned."""
    note(scope, number, code)
    with cursor() as run:
        return packs_of(run, number)


def packs_of(run: psycopg.Cursor[Row], number: int) -> list[Pack]:
    """The same for the room's own services."""
    rows = run.execute(_PACKS, [number])
    return [Pack(compose_code(lot, serial), listed, outcome) for lot, serial, listed, outcome in rows]


def steps(scope: Scope, number: int) -> list[Step]:
    """What was done to a hand-over, the oldest first."""
    note(scope, number)
    with cursor() as run:
        return [Step(*row) for row in run.execute(_STEPS, [number])]


def notes(scope: Scope, before: int | None = None, limit: int = 50) -> list[Note]:
    """Hand-overs of a company as giver or receiver, the newest first; those older than number `before` if given."""
    if scope.company is None:
        return []
    given = {"company": scope.company, "site": scope.site, "before": before or (1 << 62), "limit": limit}
    with cursor() as run:
        return [_made(row) for row in run.execute(_PAGE, given)]


def partners(scope: Scope, most: int = 8) -> list[int]:
    """To whom a company handed over before, the latest first."""
    with cursor() as run:
        return [number for (number,) in run.execute(_PARTNERS, [scope.company, most])]
