"""What somebody typed is not lost: forms that came after the session ended, and drafts; encrypted, for him alone."""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import transaction

from suyuan.server.kit.clock import SYSTEM_CLOCK, Clock
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing

KEPT_FOR: Final = timedelta(days=1)
MOST_KEPT: Final = 5
"""Forms of one person at a time; the oldest give way."""

LARGEST_KEPT_BYTES: Final = 32 << 20
_LARGEST_DRAFT_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of a form."""

    field: str
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it was sent: where to, the fields encoded as in an address, its files, and as what its sender acted."""

    path: str
    fields: str
    files: Sequence[SentFile] = ()
    membership: int | None = None


def keep_form(person: int, form: Form, clock: Clock = SYSTEM_CLOCK) -> str | None:
    """Keep a form until its sender has signed in again; the token that brings it back, None if it is too large."""
    if len(form.fields) + sum(len(file.content) for file in form.files) > LARGEST_KEPT_BYTES:
        return None
    token, now = secrets.token_urlsafe(24), clock.now()
    with transaction.atomic(), cursor() as run:
        run.execute(
            "UPDATE accounts_kept SET sealed = NULL WHERE sealed IS NOT NULL AND (expires_at < %s OR digest IN ("
            "SELECT digest FROM accounts_kept WHERE person = %s AND sealed IS NOT NULL"
            " ORDER BY kept_at DESC OFFSET %s))",
            [now, person, MOST_KEPT - 1],
        )
        run.execute(
            "INSERT INTO accounts_kept (digest, person, sealed, kept_at, expires_at) VALUES (%s, %s, %s, %s, %s)",
            [_digest(token), person, _sealed(_plain(form)), now, now + KEPT_FOR],
        )
    return token


def kept_form(person: int, token: str, clock: Clock = SYSTEM_CLOCK) -> Form:
    """The form that a token brings back, to its sender only.

    Raises
    ------
    Missing
        ``accounts.form_not_kept``.
    """
    with cursor() as run:
        row = run.execute(
            "SELECT sealed FROM accounts_kept WHERE digest = %s AND person = %s AND sealed IS NOT NULL"
            " AND expires_at > %s",
            [_digest(token), person, clock.now()],
        ).fetchone()
    if row is None:
        raise Missing("accounts.form_not_kept")
    try:
        told = json.loads(_cipher().decrypt(bytes(row[0])))
    except InvalidToken:  # the installation's secret was changed since
        raise Missing("accounts.form_not_kept") from None
    files = [
        SentFile(one["field"], one["name"], one["content_type"], base64.b64decode(one["content"]))
        for one in told["files"]
    ]
    return Form(told["path"], told["fields"], files, told["membership"])


def use_form(person: int, token: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """Forget a form that is sent on or thrown away, once.

    Raises
    ------
    Missing
        ``accounts.form_not_kept``, also where somebody was quicker.
    """
    with cursor() as run:
        done = run.execute(
            "UPDATE accounts_kept SET sealed = NULL, used_at = %s"
            " WHERE digest = %s AND person = %s AND sealed IS NOT NULL",
            [clock.now(), _digest(token), person],
        ).rowcount
    if not done:
        raise Missing("accounts.form_not_kept")


def save_draft(person: int, form: str, fields: Mapping[str, Sequence[str]], clock: Clock = SYSTEM_CLOCK) -> bool:
    """Keep what stands in a form that is not sent yet; whether it was small enough."""
    plain = json.dumps({name: list(values) for name, values in fields.items()}, ensure_ascii=False).encode()
    if len(plain) > _LARGEST_DRAFT_BYTES:
        return False
    with cursor() as run:
        run.execute(
            "INSERT INTO accounts_draft (person, form, sealed, saved_at) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (person, form) DO UPDATE SET sealed = excluded.sealed, saved_at = excluded.saved_at",
            [person, form, _sealed(plain), clock.now()],
        )
    return True


def draft(person: int, form: str) -> dict[str, list[str]]:
    """What stood in a form; nothing if it was never begun, or was sent."""
    with cursor() as run:
        row = run.execute(
            "SELECT sealed FROM accounts_draft WHERE person = %s AND form = %s AND sealed IS NOT NULL", [person, form]
        ).fetchone()
    if row is None:
        return {}
    try:
        found: dict[str, list[str]] = json.loads(_cipher().decrypt(bytes(row[0])))
    except InvalidToken:
        return {}
    return found


def forget_draft(person: int, form: str, clock: Clock = SYSTEM_CLOCK) -> None:
    """The form was sent."""
    with cursor() as run:
        run.execute(
            "UPDATE accounts_draft SET sealed = NULL, saved_at = %s WHERE person = %s AND form = %s",
            [clock.now(), person, form],
        )


def _plain(form: Form) -> bytes:
    files: list[dict[str, Any]] = [
        {
            "field": file.field,
            "name": file.name,
            "content_type": file.content_type,
            "content": base64.b64encode(file.content).decode(),
        }
        for file in form.files
    ]
    told = {"path": form.path, "fields": form.fields, "files": files, "membership": form.membership}
    return json.dumps(told, ensure_ascii=False).encode()


def _sealed(plain: bytes) -> bytes:
    return _cipher().encrypt(plain)


def _cipher() -> Fernet:
    """A key of its own, made from the installation's secret."""
    key = hashlib.sha256(b"suyuan kept forms\0" + str(settings.SECRET_KEY).encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
