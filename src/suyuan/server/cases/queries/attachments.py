"""Attachments of a case, and their bytes for who may have them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.sql import SQL

from suyuan.server.cases.queries.cases import case
from suyuan.server.cases.queries.visibility import visible_attachments
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.submissions.services import store

COLUMNS: Final = SQL(
    "a.number, a.case_number, a.at, a.actor_name, a.actor_company, a.name, a.media_type, a.size, a.digest, a.paper"
)
_OF_CASE: Final = SQL("""
SELECT {columns} FROM cases_attachment a WHERE a.case_number = %s AND {visible} ORDER BY a.number
""")
_ONE: Final = SQL("SELECT {columns} FROM cases_attachment a WHERE a.case_number = %s AND a.number = %s AND {visible}")


@dataclass(frozen=True, slots=True)
class AttachmentRow:
    """A file of a case; `digest` is the SHA-256 of its bytes, hexadecimal; `size` in bytes."""

    number: int
    case: int
    at: datetime
    brought_by: str
    company: int | None
    name: str
    media_type: str
    size: int
    digest: str
    paper: int


def attachments(run: psycopg.Cursor[Row], scope: Scope, number: int) -> list[AttachmentRow]:
    """The attachments of a case that the scope may have; raises `Missing` (``cases.not_found``)."""
    case(run, scope, number)
    visible = visible_attachments(scope)
    statement = _OF_CASE.format(columns=COLUMNS, visible=visible.sql)
    return [attachment_of(row) for row in run.execute(statement, [number, *visible.params])]


def attachment(run: psycopg.Cursor[Row], scope: Scope, number: int, which: int) -> AttachmentRow:
    """One attachment.

    Raises
    ------
    Missing
        ``cases.not_found``, ``cases.attachment_not_found``.
    """
    case(run, scope, number)
    visible = visible_attachments(scope)
    statement = _ONE.format(columns=COLUMNS, visible=visible.sql)
    rows = run.execute(statement, [number, which, *visible.params]).fetchall()
    if not rows:
        raise Missing("cases.attachment_not_found", number=number, attachment=which)
    return attachment_of(rows[0])


def content(found: AttachmentRow) -> bytes:
    """The bytes of an attachment that was found."""
    return store.fetch(found.digest)


def attachment_of(row: Sequence[Any]) -> AttachmentRow:
    """A row of `COLUMNS`."""
    return AttachmentRow(*row)
