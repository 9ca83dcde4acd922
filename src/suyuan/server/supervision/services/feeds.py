"""Secret addresses of calendar feeds, lead times, and digests that were read."""

import hashlib
import secrets
from collections.abc import Sequence

import psycopg

from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Missing, Refusal
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.feeds import notice

LONGEST_LEAD = 60  # working days
MOST_LEADS = 10
_SECRET_BYTES = 32

_REVOKE = "UPDATE supervision_feed SET revoked_at = %s, revoked_by = %s WHERE company = %s AND revoked_at IS NULL"
_CREATE = "INSERT INTO supervision_feed (company, digest, created_at, created_by) VALUES (%s, %s, %s, %s)"
_LOCK = "SELECT FROM registry_company WHERE number = %s FOR UPDATE"
_LEADS = "INSERT INTO supervision_lead (company, days, set_at, set_by) VALUES (%s, %s, %s, %s)"
_READ = "UPDATE supervision_notice SET read_at = %s, read_by = %s WHERE number = %s AND read_at IS NULL"


def digest_of_secret(secret: str) -> bytes:
    """What is kept of the secret of a feed, which has 256 bits of its own."""
    return hashlib.sha256(secret.encode()).digest()


def open_feed(run: psycopg.Cursor[Row], company: int, who: str, clock: Clock = SYSTEM_CLOCK) -> str:
    """A new secret for the feed of a company; the one before it works no more. It is shown this once."""
    secret, now = secrets.token_urlsafe(_SECRET_BYTES), clock.now()
    run.execute(_LOCK, [company])
    run.execute(_REVOKE, [now, who, company])
    run.execute(_CREATE, [company, digest_of_secret(secret), now, who])
    return secret


def close_feed(run: psycopg.Cursor[Row], company: int, who: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """The address of a company's feed works no more.

    Raises
    ------
    Missing
        ``feeds.no_feed``.
    """
    if not run.execute(_REVOKE, [clock.now(), who, company]).rowcount:
        raise Missing("feeds.no_feed")


def set_leads(
    run: psycopg.Cursor[Row], company: int, days: Sequence[int], who: str, clock: Clock = SYSTEM_CLOCK
) -> list[int]:
    """From now on, tell a company so many working days before each last day; 0 is the last day itself.

    Raises
    ------
    Refusal
        ``feeds.leads_impossible``.
    """
    wanted = sorted(set(days))
    if not wanted or len(wanted) > MOST_LEADS or wanted[0] < 0 or wanted[-1] > LONGEST_LEAD:
        raise Refusal("feeds.leads_impossible", most=MOST_LEADS, longest=LONGEST_LEAD)
    run.execute(_LEADS, [company, wanted, clock.now(), who])
    return wanted


def mark_read(run: psycopg.Cursor[Row], scope: Scope, number: int, who: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """Note that a digest was read, and by whom; the first reader stays.

    Raises
    ------
    Missing
        ``feeds.notice_not_found`` if there is none in the scope.
    """
    notice(run, scope, number)
    run.execute(_READ, [clock.now(), who, number])
