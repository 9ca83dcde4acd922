"""Append a step: row, citations, paper for the log, and the fold, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import psycopg
from psycopg.types.json import Jsonb

from suyuan.kernel.canonical import Json
from suyuan.server.cases.queries.actors import Actor
from suyuan.server.cases.queries.attachments import AttachmentRow
from suyuan.server.cases.queries.documents import document, scope_columns
from suyuan.server.cases.queries.folding import Fold, Taken
from suyuan.server.cases.queries.thread import StepRow
from suyuan.server.kit.connection import Row
from suyuan.server.log.services.papers import NewPaper, announce_papers

STEP_PAPER: Final = "case_step"
ATTACHMENT_PAPER: Final = "case_attachment"

_STEP: Final = """
INSERT INTO cases_step (case_number, version, kind, at, actor_kind, actor_id, actor_name, actor_level, actor_division,
                        actor_company, actor_site, seen, note, body, digest, paper)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_CITE: Final = """
INSERT INTO cases_citation (case_number, version, attachment) SELECT %s, %s, unnest(%s::bigint[])
"""
_FOLD: Final = """
UPDATE cases_case SET version = %s, state = %s, level = %s, division = %s, told = %s, planned = %s,
       due_on = %s, due_official = %s, outcome = %s, changed_at = %s, closed_at = %s WHERE number = %s
"""
_UNSHARE: Final = "DELETE FROM cases_share WHERE case_number = %s AND division <> ALL (%s)"
_SHARE: Final = """
INSERT INTO cases_share (case_number, division) SELECT %s, unnest(%s::text[]) ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step that was found in order."""

    kind: str
    note: str
    seen: bool
    body: Mapping[str, Json]
    attachments: Sequence[AttachmentRow] = ()


def taken(new: NewStep, version: int, at: datetime) -> Taken:
    """The step as the fold needs it."""
    return Taken(version, new.kind, at, new.seen, new.body)


def write_step(run: psycopg.Cursor[Row], number: int, actor: Actor, new: NewStep, after: Fold) -> None:
    """Write a step of a case and the fold `after` it."""
    scope, version, at = actor.scope, after.version, after.changed_at
    by = [actor.kind.value, actor.id, actor.name, *scope_columns(scope)]
    step = StepRow(
        *(number, version, new.kind, at, actor.kind.value, actor.id, actor.name, scope),
        *(new.seen, new.note, new.body, b"", 0, new.attachments),
    )
    digest = sha256(document(step)).digest()
    (paper,) = announce_papers(run, [NewPaper(after.lead.seat, subject(number), STEP_PAPER, digest, at)])
    plain = [new.seen, new.note, Jsonb(dict(new.body)), digest, paper]
    run.execute(_STEP, [number, version, new.kind, at, *by, *plain])
    if new.attachments:
        run.execute(_CITE, [number, version, [one.number for one in new.attachments]])
    _write_fold(run, number, after)


def _write_fold(run: psycopg.Cursor[Row], number: int, fold: Fold) -> None:
    plain = [fold.version, fold.state, fold.lead.level.value, fold.lead.division, fold.told, fold.planned]
    rest = [fold.due_on, fold.due_official, fold.outcome, fold.changed_at, fold.closed_at]
    run.execute(_FOLD, [*plain, *rest, number])
    run.execute(_UNSHARE, [number, sorted(fold.shares)])
    run.execute(_SHARE, [number, sorted(fold.shares)])


def subject(number: int) -> str:
    """What the papers of a case belong to, in the log."""
    return f"case-{number}"
