"""The thread of a case: its steps in order, as far as the reader may read them, with what each cites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
import psycopg
from psycopg.sql import SQL

from suyuan.server.cases.queries.attachments import COLUMNS, AttachmentRow, attachment_of
from suyuan.server.cases.queries.cases import case
from suyuan.server.cases.queries.visibility import visible_steps
from suyuan.server.kit.connection import Row
from suyuan.server.kit.scope import Level, Scope

_STEPS: Final = SQL("""
SELECT s.case_number, s.version, s.kind, s.at, s.actor_kind, s.actor_id, s.actor_name, s.actor_level, s.actor_division,
       s.actor_company, s.actor_site, s.seen, s.note, s.body::text, s.digest, s.paper
  FROM cases_step s WHERE {visible} AND s.case_number = %s AND s.version > %s ORDER BY s.version
""")
_CITED: Final = SQL("""
SELECT q.version, {columns} FROM cases_citation q JOIN cases_attachment a ON a.number = q.attachment
 WHERE q.case_number = %s ORDER BY q.version, a.number
""").format(columns=COLUMNS)


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step as it was taken: by whom, when, with what; `seen` says that the company reads it."""

    case: int
    version: int
    kind: str
    at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    actor_scope: Scope
    seen: bool
    note: str
    body: Mapping[str, Any]
    digest: bytes
    paper: int
    attachments: Sequence[AttachmentRow] = ()


def thread(run: psycopg.Cursor[Row], scope: Scope, number: int, after: int = 0) -> list[StepRow]:
    """The steps behind number `after` that the scope may read.

    Raises
    ------
    Missing
        ``cases.not_found``.
    """
    case(run, scope, number)
    visible = visible_steps(scope)
    rows = run.execute(_STEPS.format(visible=visible.sql), [*visible.params, number, after]).fetchall()
    cited: dict[int, list[AttachmentRow]] = {}
    for version, *row in run.execute(_CITED, [number]):
        cited.setdefault(version, []).append(attachment_of(row))
    return [step_of(row, cited.get(row[1], ())) for row in rows]


def step_of(row: Row, attachments: Sequence[AttachmentRow] = ()) -> StepRow:
    """A row of `cases_step`, in the order of its columns."""
    number, version, kind, at, actor_kind, actor_id, name, level, division, company, site, seen, note, body, *rest = row
    digest, paper = rest
    scope = Scope(Level(level), division, company, site)
    told = orjson.loads(body)
    return StepRow(
        number,
        version,
        kind,
        at,
        actor_kind,
        actor_id,
        name,
        scope,
        seen,
        note,
        told,
        bytes(digest),
        paper,
        attachments,
    )
