"""Feeds: the last days of a company as a calendar, its digests, its webhooks and what became of deliveries."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID, uuid5

import psycopg
from django.conf import settings
from psycopg.sql import SQL

from suyuan.kernel import Language, sentence
from suyuan.rules import Duty, RulesError, law
from suyuan.rules.icalendar import Entry, calendar_text
from suyuan.server.kit.connection import Row
from suyuan.server.kit.paging import Page, after, decode_cursor, encode_cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.supervision.queries.visibility import visible_duties, visible_of_company

MOST_ENTRIES: Final = 2000
"""Days in one calendar, the earliest first: what is overdue comes before what is still due."""

_ENTRIES_BELOW: Final = UUID("8a3a4b7e-2f5c-5a10-8a53-5b2d5d1f6c3e")
_COMPANY_OF: Final = "SELECT company FROM supervision_feed WHERE digest = %s AND revoked_at IS NULL"
_NAMES: Final = "SELECT code, name_zh, name_en FROM registry_company WHERE number = %s"
_DAYS: Final = SQL("""
SELECT g.duty, g.version, g.started_on, g.due_on, g.official, g.duties,
       (SELECT count(*) FROM supervision_recount t
         WHERE t.rule = g.rule AND t.started_on = g.started_on AND t.new_due_on <> t.due_on)
  FROM (SELECT d.rule, r.duty, r.version, d.started_on, d.due_on, bool_and(d.official) AS official, count(*) AS duties
          FROM supervision_duty d JOIN supervision_rule r ON r.number = d.rule
         WHERE {visible} AND d.due_on IS NOT NULL AND d.fulfilled_on IS NULL AND NOT d.void
         GROUP BY d.rule, r.duty, r.version, d.started_on, d.due_on
         ORDER BY d.due_on, r.version, d.started_on LIMIT %s) AS g
 ORDER BY g.due_on, g.version, g.started_on
""")
_FEED: Final = SQL(
    "SELECT f.created_at, f.created_by FROM supervision_feed f WHERE {} AND f.revoked_at IS NULL LIMIT 1"
)
_LEADS: Final = SQL("SELECT l.days FROM supervision_lead l WHERE {} ORDER BY l.number DESC LIMIT 1")
_NOTICE: Final = """
SELECT n.number, n.id::text, n.company, n.day, n.told, n.created_at, n.read_at, n.read_by FROM supervision_notice n
"""
_NOTICES: Final = SQL(_NOTICE + " WHERE {visible} AND {unread} AND {after} ORDER BY n.number DESC LIMIT %s")
_ONE_NOTICE: Final = SQL(_NOTICE + " WHERE {} AND n.number = %s")
_WEBHOOKS: Final = SQL("""
SELECT w.number, w.url, w.created_at, w.created_by FROM supervision_webhook w
 WHERE {} AND w.ended_at IS NULL ORDER BY w.number
""")
_DELIVERIES: Final = SQL("""
SELECT n.id::text, n.day, d.state, d.attempts, d.next_at, a.at, a.status, a.trouble
  FROM supervision_delivery d JOIN supervision_webhook w ON w.number = d.webhook
  JOIN supervision_notice n ON n.number = d.notice
  LEFT JOIN supervision_attempt a ON a.delivery = d.number AND a.attempt = d.attempts
 WHERE {} AND w.number = %s ORDER BY d.number DESC LIMIT %s
""")


def company_of_feed(run: psycopg.Cursor[Row], secret: str) -> int:
    """Whose feed stands behind a secret address.

    Raises
    ------
    Missing
        ``feeds.unknown_address`` for one that never was, or works no more.
    """
    row = run.execute(_COMPANY_OF, [hashlib.sha256(secret.encode()).digest()]).fetchone()
    if row is None:
        raise Missing("feeds.unknown_address")
    return int(row[0])


def calendar_of_company(run: psycopg.Cursor[Row], company: int, language: Language, on: date, at: datetime) -> str:
    """What a company still owes, as a calendar: one entry for all duties of one version that began on one day."""
    ((code, name_zh, name_en),) = run.execute(_NAMES, [company]).fetchall()
    visible = visible_duties(Scope.of_company(company))
    rows = run.execute(_DAYS.format(visible=visible.sql), [*visible.params, MOST_ENTRIES]).fetchall()
    name = name_en if language is Language.EN and name_en else name_zh
    entries = [_entry(code, row, language, on) for row in rows]
    return calendar_text(sentence("feeds.calendar_title", {"name": name}, language), entries, at)


def _entry(code: str, row: Row, language: Language, on: date) -> Entry:
    duty, version, started_on, due_on, official, duties, moved = row
    data = {
        "title": title_of(version, duty, language),
        "count": duties,
        "started": str(started_on),
        "due": str(due_on),
        "version": version,
    }
    state = "overdue" if due_on < on else "due" if official else "provisional"
    uid = f"{uuid5(_ENTRIES_BELOW, f'{code} {version} {started_on}')}@{settings.LOG_BASE}"
    parts = [sentence("feeds.entry_about", data, language)]
    if not official:
        parts.append(sentence("feeds.entry_provisional", {"year": due_on.year}, language))
    summary = sentence(f"feeds.entry_{state}_summary", data, language)
    return Entry(uid, due_on, official, moved, summary, "\n".join(parts))


def title_of(version: str, duty: str, language: Language) -> str:
    """The title of a version of a duty; its name where this program's law has it no more."""
    try:
        rule = law().version(version)
    except RulesError:
        return duty
    return rule.title.in_language(language) if isinstance(rule, Duty) else duty


def feed_there_is(run: psycopg.Cursor[Row], scope: Scope) -> tuple[datetime, str] | None:
    """When and by whom the address that works was made; None if there is none."""
    visible = visible_of_company(scope, "f")
    row = run.execute(_FEED.format(visible.sql), visible.params).fetchone()
    return None if row is None else (row[0], row[1])


def leads_of(run: psycopg.Cursor[Row], scope: Scope) -> list[int]:
    """How many working days before a last day the company is told."""
    visible = visible_of_company(scope, "l")
    row = run.execute(_LEADS.format(visible.sql), visible.params).fetchone()
    return list(settings.NOTICE_LEADS if row is None else row[0])


# ---------------------------------------------------------------- digests


@dataclass(frozen=True, slots=True)
class Notice:
    """The digest of a company and day; `told` has the lines ``due`` and ``lapsed``."""

    number: int
    id: str
    company: int
    day: date
    told: Mapping[str, Sequence[Mapping[str, Any]]]
    created_at: datetime
    read_at: datetime | None
    read_by: str | None


def notices(
    run: psycopg.Cursor[Row], scope: Scope, *, unread: bool = False, limit: int = 100, cursor: str | None = None
) -> Page[Notice]:
    """Digests, the newest first."""
    visible = visible_of_company(scope, "n")
    listing = f"notices:{unread}"
    behind, last = after(("n.number",), decode_cursor(listing, cursor), descending=True)
    only = SQL("n.read_at IS NULL" if unread else "TRUE")
    statement = _NOTICES.format(visible=visible.sql, unread=only, after=behind)
    rows = run.execute(statement, [*visible.params, *last, limit + 1]).fetchall()
    found = [_notice(row) for row in rows[:limit]]
    return Page(found, encode_cursor(listing, [found[-1].number]) if len(rows) > limit else None)


def notice(run: psycopg.Cursor[Row], scope: Scope, number: int) -> Notice:
    """One digest.

    Raises
    ------
    Missing
        ``feeds.notice_not_found`` if there is none in the scope.
    """
    visible = visible_of_company(scope, "n")
    row = run.execute(_ONE_NOTICE.format(visible.sql), [*visible.params, number]).fetchone()
    if row is None:
        raise Missing("feeds.notice_not_found", number=number)
    return _notice(row)


def _notice(row: Row) -> Notice:
    number, identity, company, day, told, *rest = row
    return Notice(number, identity, company, day, told if isinstance(told, dict) else json.loads(told), *rest)


def notice_json(found: Notice, language: Language) -> dict[str, object]:
    """A digest as plain values with its sentences, the same for every face."""
    sums = {name: sum(int(line["count"]) for line in found.told[name]) for name in ("due", "lapsed")}
    return {
        "number": found.number,
        "id": found.id,
        "day": str(found.day),
        "message": sentence("feeds.digest", {"day": str(found.day), **sums}, language),
        "due": [_line_json(line, "coming", language) for line in found.told["due"]],
        "lapsed": [_line_json(line, "lapsed", language) for line in found.told["lapsed"]],
        "created_at": found.created_at.isoformat(timespec="seconds"),
        "read_at": None if found.read_at is None else found.read_at.isoformat(timespec="seconds"),
        "read_by": found.read_by,
    }


def _line_json(line: Mapping[str, Any], kind: str, language: Language) -> dict[str, object]:
    title = title_of(line["version"], line["duty"], language)
    data = {"title": title, "count": line["count"], "due": line["due_on"]}
    sure = "" if line["official"] else "_provisional"
    return {
        "duty": line["duty"],
        "version": line["version"],
        "title": title,
        "due_on": line["due_on"],
        "due_status": "official" if line["official"] else "provisional",
        "count": line["count"],
        "lead_working_days": line.get("lead_working_days"),
        "message": sentence(f"feeds.line_{kind}{sure}", data, language),
    }


# ---------------------------------------------------------------- webhooks


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where digests are sent."""

    number: int
    url: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a digest at a webhook: its state, and the last attempt."""

    id: str
    day: date
    state: str
    attempts: int
    next_at: datetime
    tried_at: datetime | None
    status: int | None
    trouble: str | None


def webhooks(run: psycopg.Cursor[Row], scope: Scope) -> list[Webhook]:
    """The webhooks in use."""
    visible = visible_of_company(scope, "w")
    return [Webhook(*row) for row in run.execute(_WEBHOOKS.format(visible.sql), visible.params)]


def deliveries(run: psycopg.Cursor[Row], scope: Scope, webhook: int, *, limit: int = 100) -> list[Delivery]:
    """What was sent to a webhook, the newest first."""
    visible = visible_of_company(scope, "w")
    return [Delivery(*row) for row in run.execute(_DELIVERIES.format(visible.sql), [*visible.params, webhook, limit])]
