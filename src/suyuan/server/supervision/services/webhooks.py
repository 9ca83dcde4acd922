"""Webhooks: where a company wants its digests sent, signed; sent at least once, always under the same id.

Form and signature are those of Standard Webhooks 1.0 (https://www.standardwebhooks.com): the headers ``webhook-id``,
``webhook-timestamp``, ``webhook-signature``, and HMAC-SHA-256 over id, timestamp and body joined by points.
"""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import psycopg
from django.conf import settings
from psycopg.sql import SQL

from suyuan import __version__
from suyuan.rules import Duty, RulesError, law
from suyuan.server.kit import outward
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.outward import AddressRefused
from suyuan.server.kit.problems import Conflict, Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.visibility import visible_of_company

PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440))
"""Before each further attempt; after the last one the delivery is given up."""

MOST_WEBHOOKS: Final = 5  # a company
_GOOD: Final = range(200, 300)
_COUNT = "SELECT count(*) FROM supervision_webhook WHERE company = %s AND ended_at IS NULL"
_LOCK = "SELECT FROM registry_company WHERE number = %s FOR UPDATE"
_ADD = """
INSERT INTO supervision_webhook (company, url, salt, created_at, created_by)
VALUES (%s, %s, %s, %s, %s) RETURNING number
"""
_END = "UPDATE supervision_webhook w SET ended_at = %s, ended_by = %s WHERE w.number = %s AND w.ended_at IS NULL AND {}"
_NEXT = """
SELECT d.number, d.attempts, w.url, w.salt, w.ended_at IS NOT NULL, n.id::text, c.code, n.day, n.told
  FROM supervision_delivery d JOIN supervision_webhook w ON w.number = d.webhook
  JOIN supervision_notice n ON n.number = d.notice JOIN registry_company c ON c.number = n.company
 WHERE d.state = 'waiting' AND d.next_at <= %s ORDER BY d.next_at, d.number LIMIT 1 FOR UPDATE OF d SKIP LOCKED
"""
_TRIED = "INSERT INTO supervision_attempt (delivery, attempt, at, status, trouble) VALUES (%s, %s, %s, %s, %s)"
_STATE = "UPDATE supervision_delivery SET state = %s, attempts = %s, next_at = %s WHERE number = %s"

Send = Callable[[str, bytes, Mapping[str, str]], int]
"""Sends a body to a URL; the HTTP status that came back."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A new webhook and the secret that its receiver checks signatures with."""

    number: int
    secret: str


def secret_of(salt: bytes) -> str:
    """The secret of a webhook: made from its salt and the secret of the installation."""
    key = hmac.digest(str(settings.SECRET_KEY).encode(), b"webhook " + salt, "sha256")
    return "whsec_" + base64.b64encode(key).decode()


def signature(secret: str, identity: str, timestamp: int, body: bytes) -> str:
    """The value of the header ``webhook-signature``."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = b".".join((identity.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def add_webhook(run: psycopg.Cursor[Row], company: int, url: str, who: str, clock: Clock = SYSTEM_CLOCK) -> Registered:
    """Send the digests of a company to `url` from now on.

    Raises
    ------
    AddressRefused
        Nothing is sent to such an address; see `suyuan.server.kit.outward.destination`.
    Conflict
        ``feeds.too_many_webhooks``.
    """
    outward.destination(url, outward.networks(settings.WEBHOOK_NETWORKS))
    run.execute(_LOCK, [company])
    ((known,),) = run.execute(_COUNT, [company]).fetchall()
    if known >= MOST_WEBHOOKS:
        raise Conflict("feeds.too_many_webhooks", most=MOST_WEBHOOKS)
    salt = secrets.token_bytes(32)
    ((number,),) = run.execute(_ADD, [company, url, salt, clock.now(), who]).fetchall()
    return Registered(number, secret_of(salt))


def end_webhook(run: psycopg.Cursor[Row], scope: Scope, number: int, who: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """Send nothing to a webhook any more.

    Raises
    ------
    Missing
        ``feeds.webhook_not_found`` if none in the scope is in use.
    """
    visible = visible_of_company(scope, "w")
    statement = SQL(_END).format(visible.sql)
    if not run.execute(statement, [clock.now(), who, number, *visible.params]).rowcount:
        raise Missing("feeds.webhook_not_found", number=number)


def send_out(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send over the network, never to addresses that are not public unless the installation allows them."""
    return outward.post(outward.destination(url, outward.networks(settings.WEBHOOK_NETWORKS)), body, headers)


def deliver_next(run: psycopg.Cursor[Row], clock: Clock = SYSTEM_CLOCK, send: Send = send_out) -> bool:
    """Try the delivery that has waited longest, inside the caller's transaction; False if none waits.

    A crash after sending and before the commit sends it again, under the same id.
    """
    now = clock.now()
    row = run.execute(_NEXT, [now]).fetchone()
    if row is None:
        return False
    number, attempts, url, salt, ended, identity, company, day, told = row
    if ended:
        run.execute(_STATE, ["given_up", attempts, now, number])
        return True
    body = body_of(identity, company, str(day), told if isinstance(told, dict) else json.loads(told))
    status, trouble = _try(send, url, body, secret_of(bytes(salt)), identity, int(now.timestamp()))
    run.execute(_TRIED, [number, attempts + 1, now, status, trouble])
    if status in _GOOD:
        run.execute(_STATE, ["delivered", attempts + 1, now, number])
    elif attempts >= len(PAUSES):
        run.execute(_STATE, ["given_up", attempts + 1, now, number])
    else:
        run.execute(_STATE, ["waiting", attempts + 1, now + PAUSES[attempts], number])
    return True


def _try(
    send: Send, url: str, body: bytes, secret: str, identity: str, timestamp: int
) -> tuple[int | None, str | None]:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"suyuan/{__version__}",
        "webhook-id": identity,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, identity, timestamp, body),
    }
    try:
        return send(url, body, headers), None
    except AddressRefused as refused:
        return None, refused.code
    except (OSError, http.client.HTTPException) as error:
        return None, type(error).__name__


def body_of(identity: str, company: str, day: str, told: dict[str, Any]) -> bytes:
    """The digest as it is sent: titles in both languages, no sentences."""
    lines = {name: [{**line, **_titles(line["version"])} for line in told[name]] for name in ("due", "lapsed")}
    value = {
        "type": "duties.digest",
        "id": identity,
        "timestamp": day,
        "data": {"company": company, "day": day, **lines},
    }
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _titles(version: str) -> dict[str, str]:
    try:
        rule = law().version(version)
    except RulesError:  # told under a law file that this program no longer has
        return {}
    return {"title_zh": rule.title.zh, "title_en": rule.title.en} if isinstance(rule, Duty) else {}
