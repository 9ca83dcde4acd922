"""What the public reports: taken as it comes, without a login, and decided by an authority.

A report names an outlet, a company or a battery. Whether there is such a battery is told to nobody. How to reach
the reporter is encrypted and stands apart; of the address that it came from only a keyed digest is kept, for an
hour, to slow down floods.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np
import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from suyuan.codes import CodeError, parse, split_code
from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Conflict, Missing, Refusal, TooMany, Unavailable
from suyuan.server.kit.scope import Scope
from suyuan.server.kit.uuid7 import uuid7
from suyuan.server.registry.queries import by_uscc
from suyuan.server.supervision.queries.complaints import OUTCOMES, SUBJECTS, complaint

A_SENDER_AN_HOUR: Final = 10
ALL_AN_HOUR: Final = 2000
FILES: Final = 3
LARGEST_FILE: Final = 2 << 20  # bytes
LONGEST_WORDS: Final = 4000  # characters
_FORMS: Final = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_EVERYBODY: Final = b"*"
_NONCE_BYTES: Final = 12

_RATE: Final = """
INSERT INTO supervision_complaint_rate (hour, mark, reports) VALUES (%s, %s, 1), (%s, %s, 1)
    ON CONFLICT (hour, mark) DO UPDATE SET reports = supervision_complaint_rate.reports + 1 RETURNING mark, reports
"""
_PAST: Final = "DELETE FROM supervision_complaint_rate WHERE hour < %s"
_OUTLET: Final = """
SELECT t.number, t.company, t.division FROM registry_site t
 WHERE t.number = %s AND t.kind IN ('outlet_collection', 'outlet_central')
"""
_HOLDER: Final = """
SELECT coalesce((SELECT s.holder FROM ledger_state s WHERE s.lot = %(lot)s AND s.serial = %(serial)s),
                (SELECT v.company FROM registry_vendor_code v WHERE v.code = left(%(lot)s, 3)
                  ORDER BY v.valid_from DESC LIMIT 1))
"""
_SEAT: Final = "SELECT division FROM registry_company WHERE number = %s"
_ENTER: Final = """
INSERT INTO supervision_complaint (id, subject, about, site, company, lot, serial, division, place, happened_on, words,
       face, recorded_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING number
"""
_FILE: Final = """
INSERT INTO supervision_complaint_file (complaint, place, name, form, digest, body)
SELECT %s, * FROM unnest(%s::smallint[], %s::text[], %s::text[], %s::bytea[], %s::bytea[])
"""
_CONTACT: Final = "INSERT INTO supervision_complaint_contact (complaint, sealed) VALUES (%s, %s)"
_SEALED: Final = "SELECT sealed FROM supervision_complaint_contact WHERE complaint = %s"
_ACT: Final = """
INSERT INTO supervision_complaint_act (complaint, act, outcome, note, at, author) VALUES (%s, %s, %s, %s, %s, %s)
"""
_DECIDE: Final = "UPDATE supervision_complaint SET outcome = %s, decided_at = %s WHERE number = %s AND outcome IS NULL"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file that came with a report."""

    name: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What somebody reports. `about` is the number of an outlet, the code of a company, or that of a battery."""

    subject: str
    about: str
    words: str
    happened_on: date | None = None
    division: str | None = None
    place: str = ""
    contact: str = ""
    evidence: Sequence[Evidence] = ()


@dataclass(frozen=True, slots=True)
class _Meant:
    site: int | None = None
    company: int | None = None
    lot: str | None = None
    serial: int | None = None
    division: str | None = None


def admit_report(run: psycopg.Cursor[Row], sender: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """Count a report of one sender (its address) in this hour; commit it whatever becomes of the report.

    Raises
    ------
    TooMany
        ``complaints.too_many`` after `A_SENDER_AN_HOUR` of one sender or `ALL_AN_HOUR` of all.
    """
    now = clock.now()
    hour = now.replace(minute=0, second=0, microsecond=0)
    mark = hmac.digest(_key(b"complaint sender"), f"{hour:%Y%m%d%H}:{sender}".encode(), hashlib.sha256)
    run.execute(_PAST, [hour - timedelta(hours=1)])
    counts = {bytes(name): count for name, count in run.execute(_RATE, [hour, _EVERYBODY, hour, mark])}
    if counts[mark] > A_SENDER_AN_HOUR or counts[_EVERYBODY] > ALL_AN_HOUR:
        rest_s = int((hour + timedelta(hours=1) - now).total_seconds()) + 1
        raise TooMany("complaints.too_many", limit=A_SENDER_AN_HOUR, retry_after_s=rest_s)


def complain(run: psycopg.Cursor[Row], report: Report, face: str, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Take a report, inside the caller's transaction; the id under which the reporter may refer to it.

    Raises
    ------
    Refusal
        ``complaints.subject_unknown``, ``words_missing``, ``too_long``, ``file_form``, ``file_too_large``,
        ``too_many_files``, ``battery_code``, ``day_ahead``.
    Missing
        ``complaints.outlet_unknown``.
    """
    _check(report, clock.today())
    forms = [_form(one) for one in report.evidence]
    meant = _meant(run, report, clock.today())
    now = clock.now()
    identity = uuid7(int(now.timestamp() * 1000), np.random.default_rng(secrets.randbits(128)))
    entry = [identity, report.subject, report.about, meant.site, meant.company, meant.lot, meant.serial]
    entry += [meant.division or report.division, report.place, report.happened_on, report.words, face, now]
    ((number,),) = run.execute(_ENTER, entry).fetchall()
    if report.evidence:
        names, bodies = [one.name for one in report.evidence], [one.body for one in report.evidence]
        digests = [hashlib.sha256(body).digest() for body in bodies]
        run.execute(_FILE, [number, list(range(len(bodies))), names, forms, digests, bodies])
    if report.contact:
        run.execute(_CONTACT, [number, _sealed(identity, report.contact)])
    run.execute(_ACT, [number, "received", None, "", now, face])
    return identity


def decide(
    run: psycopg.Cursor[Row], scope: Scope, number: int, outcome: str, why: tuple[str, str], at: datetime
) -> None:
    """An authority says what came of a report; `why` is its note and the author's name.

    Raises
    ------
    Missing
        ``complaints.not_found``.
    Conflict
        ``complaints.decided_before``.
    Refusal
        ``complaints.outcome_unknown``, ``complaints.not_for_companies``.
    """
    if outcome not in OUTCOMES:
        raise Refusal("complaints.outcome_unknown", value=outcome, known=list(OUTCOMES))
    found = complaint(run, scope, number)
    if scope.company is not None:
        raise Refusal("complaints.not_for_companies", number=number)
    if found.outcome is not None or not run.execute(_DECIDE, [outcome, at, number]).rowcount:
        raise Conflict("complaints.decided_before", number=number)
    note, author = why
    run.execute(_ACT, [number, "decided", outcome, note, at, author])


def open_contact(run: psycopg.Cursor[Row], scope: Scope, number: int, author: str, at: datetime) -> str:
    """How to reach who reported; that it was opened, and by whom, is kept. Empty where nothing was left.

    Raises
    ------
    Missing
        ``complaints.not_found``; also for a company, which never learns who reported.
    Unavailable
        ``complaints.contact_unreadable`` where the installation's secret is another one now.
    """
    found = complaint(run, scope, number)
    if scope.company is not None:
        raise Missing("complaints.not_found", number=number)
    row = run.execute(_SEALED, [number]).fetchone()
    run.execute(_ACT, [number, "contact_opened", None, "", at, author])
    if row is None:
        return ""
    sealed = bytes(row[0])
    cipher = AESGCM(_key(b"complaint contact"))
    try:
        opened = cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], found.id.bytes)
    except InvalidTag:
        raise Unavailable("complaints.contact_unreadable", number=number) from None
    return opened.decode()


def _check(report: Report, today: date) -> None:
    if report.subject not in SUBJECTS:
        raise Refusal("complaints.subject_unknown", value=report.subject, known=list(SUBJECTS))
    if not report.words.strip():
        raise Refusal("complaints.words_missing")
    for name, text, limit in (
        ("words", report.words, LONGEST_WORDS),
        ("about", report.about, 250),
        ("place", report.place, 300),
        ("contact", report.contact, 300),
    ):
        if len(text) > limit:
            raise Refusal("complaints.too_long", field=name, limit=limit)
    if report.happened_on is not None and report.happened_on > today:
        raise Refusal("complaints.day_ahead", day=str(report.happened_on), today=str(today))
    if len(report.evidence) > FILES:
        raise Refusal("complaints.too_many_files", limit=FILES)


def _form(evidence: Evidence) -> str:
    """The form of a file by its first bytes: a picture or a PDF."""
    if len(evidence.body) > LARGEST_FILE:
        raise Refusal("complaints.file_too_large", name=evidence.name[:80], limit=f"{LARGEST_FILE >> 20} MiB")
    for start, form in _FORMS.items():
        if evidence.body.startswith(start):
            return form
    raise Refusal("complaints.file_form", name=evidence.name[:80])


def _meant(run: psycopg.Cursor[Row], report: Report, today: date) -> _Meant:
    """Whom a report concerns, as far as the register and the ledger know."""
    about = report.about.strip()
    if report.subject in ("outlet", "outlet_entry"):
        row = run.execute(_OUTLET, [int(about)]).fetchone() if about.isascii() and about.isdigit() else None
        if row is None:
            raise Missing("complaints.outlet_unknown", value=about[:40])
        return _Meant(site=row[0], company=row[1], division=row[2])
    if report.subject == "company":
        company = by_uscc(Scope.of_nation(), [about]).get(about)
        return _Meant(company=company, division=_seat(run, company))
    try:
        parse(about, today)
    except CodeError:
        raise Refusal("complaints.battery_code", value=about[:40]) from None
    lot, serial = split_code(about)
    ((company,),) = run.execute(_HOLDER, {"lot": lot, "serial": serial}).fetchall()
    return _Meant(company=company, lot=lot, serial=serial, division=_seat(run, company))


def _seat(run: psycopg.Cursor[Row], company: int | None) -> str | None:
    row = run.execute(_SEAT, [company]).fetchone()
    return None if row is None else row[0]


def _key(purpose: bytes) -> bytes:
    """A key for one purpose, from the installation's secret."""
    return HKDF(SHA256(), 32, salt=None, info=b"suyuan " + purpose).derive(str(settings.SECRET_KEY).encode())


def _sealed(identity: UUID, contact: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_key(b"complaint contact")).encrypt(nonce, contact.encode(), identity.bytes)
