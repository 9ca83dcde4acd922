"""Records that are announced as the real door announces them, and the table of duties that follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db import transaction

from suyuan.rules import Law
from suyuan.server.kit.clock import FixedClock
from suyuan.server.kit.connection import cursor
from suyuan.server.ledger.services import Filing
from suyuan.server.ledger.services.append import Appended
from suyuan.server.supervision.services import Followed, Report, follow, rebuild
from tests.server.cast import NOW, Actor
from tests.server.ledger.acting import Acting, Row

_ANNOUNCE = """
INSERT INTO ledger_outbox (submission, company, kind, digest, received_at, secret)
VALUES (%s, %s, 'kind', %s, %s, %s)
"""
_DUTIES = """
SELECT d.lot || d.serial AS object, d.event::text, r.version, d.company, d.site, d.started_on, d.due_on, d.official,
       d.fulfilled_by::text, d.fulfilled_on, d.void
  FROM supervision_duty d JOIN supervision_rule r ON r.number = d.rule ORDER BY d.lot, d.serial, d.event, r.version
"""
Told = dict[str, Any]


@dataclass
class Watched(Acting):
    """Appends and announces; what amends arrives `later_ms` after everything else."""

    later_ms: int = 0

    def filing(self, actor: Actor) -> Filing:
        plain = super().filing(actor)
        return replace(plain, received_ms=plain.received_ms + self.later_ms)

    def report(self, kind: str, actor: Actor, rows: Sequence[Row], record: Sequence[int] | None = None) -> Appended:
        done = super().report(kind, actor, rows, record)
        self.announce(actor)
        return done

    def announce(self, actor: Actor) -> None:
        """Say that the latest submission is in the ledger."""
        with transaction.atomic(), cursor() as run:
            run.execute(_ANNOUNCE, [self.submission, actor.number, b"", NOW, b""])


def following(clock: FixedClock, told: Law | None = None) -> Followed:
    """One round of the worker."""
    with transaction.atomic(), cursor() as run:
        return follow(run, told, clock)


def rebuilt(clock: FixedClock, *, check: bool = True, told: Law | None = None) -> Report:
    """Everything computed anew, or compared."""
    with transaction.atomic(), cursor() as run:
        return rebuild(run, check=check, told=told, clock=clock)


def duties(**wanted: object) -> list[Told]:
    """The table, or the rows that have these values."""
    with cursor() as run:
        asked = run.execute(_DUTIES)
        names = [column.name for column in asked.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in asked]
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def of_rule(name: str) -> list[Told]:
    """The duties of one rule, whatever its version."""
    return [row for row in duties() if str(row["version"]).startswith(f"{name}@")]


def received(code: str, on: date, **more: object) -> Mapping[str, object]:
    """A battery that a utiliser took in."""
    return {"code": code, "received_on": on, **more}


def executed(statement: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """What a statement gives, committed."""
    with transaction.atomic(), cursor() as run:
        asked = run.execute(statement, params)
        return asked.fetchall() if asked.description else []
