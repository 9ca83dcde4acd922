"""Enter a dated fact of the register, or withdraw one: what starts or fulfils duties and is in no record."""

import secrets
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np
import psycopg

from suyuan.rules import Law, law
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Conflict, Missing, Refusal
from suyuan.server.kit.uuid7 import uuid7

_ENTER = """
INSERT INTO supervision_fact (id, company, kind, subject, occurred_on, recorded_at)
SELECT %s, %s, %s, %s, %s, %s
 WHERE NOT EXISTS (SELECT FROM supervision_fact f WHERE f.company = %s AND f.kind = %s AND f.subject = %s
                      AND f.occurred_on = %s AND f.withdrawn_at IS NULL)
"""
_WITHDRAW = """
UPDATE supervision_fact SET withdrawn_at = %s, reason = %s WHERE id = %s AND withdrawn_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened to a company, on which day, about what: a model, say; nothing where the company is meant."""

    company: int
    kind: str
    occurred_on: date
    subject: str = ""


def enter_fact(run: psycopg.Cursor[Row], fact: Fact, told: Law | None = None, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Enter a fact; its id.

    Raises
    ------
    Refusal
        ``supervision.no_such_fact``, ``supervision.fact_of_the_future``.
    Conflict
        ``supervision.fact_known`` if the same stands there already.
    """
    kinds = (told or law()).facts
    if fact.kind not in kinds:
        raise Refusal("supervision.no_such_fact", kind=fact.kind, known=sorted(kinds))
    if fact.occurred_on > clock.today():
        raise Refusal("supervision.fact_of_the_future", day=str(fact.occurred_on), today=str(clock.today()))
    now = clock.now()
    identity = uuid7(int(now.timestamp() * 1000), np.random.default_rng(secrets.randbits(128)))
    same = [fact.company, fact.kind, fact.subject, fact.occurred_on]
    if not run.execute(_ENTER, [identity, *same, now, *same]).rowcount:
        raise Conflict("supervision.fact_known", kind=fact.kind, day=str(fact.occurred_on), subject=fact.subject)
    return identity


def withdraw_fact(run: psycopg.Cursor[Row], identity: UUID, reason: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """A fact that was entered by mistake no longer holds; it stays, with the reason.

    Raises
    ------
    Missing
        ``supervision.fact_not_found`` if there is none, or it was withdrawn before.
    """
    if not run.execute(_WITHDRAW, [clock.now(), reason, identity]).rowcount:
        raise Missing("supervision.fact_not_found", id=str(identity))
