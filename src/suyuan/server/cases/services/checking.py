"""Compare what is kept of cases with itself and with what the log was told: steps, folds, bytes of attachments."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import file_digest, sha256
from itertools import groupby
from operator import attrgetter
from typing import Final

import orjson

from suyuan.kernel import Finding
from suyuan.server.cases.queries.actors import Authority
from suyuan.server.cases.queries.attachments import AttachmentRow
from suyuan.server.cases.queries.documents import document
from suyuan.server.cases.queries.folding import Fold, Taken, folded
from suyuan.server.cases.queries.thread import StepRow, step_of
from suyuan.server.kit.connection import APP_ALIAS, Row, stream
from suyuan.server.kit.scope import Level
from suyuan.server.submissions.services import store

PORTION: Final = 500
_STEPS: Final = """
SELECT s.case_number, s.version, s.kind, s.at, s.actor_kind, s.actor_id, s.actor_name, s.actor_level, s.actor_division,
       s.actor_company, s.actor_site, s.seen, s.note, s.body::text, s.digest, s.paper, p.digest,
       (SELECT coalesce(json_agg(json_build_array(a.number, a.name, a.media_type, a.digest) ORDER BY a.number),
                        '[]')::text
          FROM cases_citation q JOIN cases_attachment a ON a.number = q.attachment
         WHERE q.case_number = s.case_number AND q.version = s.version)
  FROM cases_step s JOIN log_paper p ON p.number = s.paper ORDER BY s.case_number, s.version
"""
_FOLDS: Final = """
SELECT c.number, c.version, c.state, c.level, c.division,
       ARRAY(SELECT h.division FROM cases_share h WHERE h.case_number = c.number ORDER BY 1),
       c.told, c.planned, c.due_on, c.due_official, c.outcome, c.changed_at, c.closed_at
  FROM cases_case c ORDER BY c.number
"""
_ATTACHMENTS: Final = """
SELECT a.number, a.case_number, a.digest, p.digest, r.body FROM cases_attachment a
  JOIN log_paper p ON p.number = a.paper JOIN submissions_received r ON r.digest = a.digest ORDER BY a.number
"""


@dataclass(slots=True)
class Check:
    """One check of all cases: iterate over `findings`, then read the counts.

    Parameters
    ----------
    alias
        The connection to read with, inside a transaction.
    """

    alias: str = APP_ALIAS
    cases: int = 0
    steps: int = 0
    attachments: int = 0

    def findings(self) -> Iterator[Finding]:
        """Everything that does not agree."""
        with stream("cases_folds", self.alias) as folds, stream("cases_steps", self.alias) as steps:
            folds.itersize = steps.itersize = PORTION
            kept = _by_case(steps.execute(_STEPS))
            number, rows = next(kept, (None, []))
            for row in folds.execute(_FOLDS):
                self.cases += 1
                while number is not None and number < row[0]:
                    number, rows = next(kept, (None, []))
                yield from self._case(row, rows if number == row[0] else [])
        yield from self._attachments()

    def _case(self, row: Row, kept: list[tuple[StepRow, bytes]]) -> Iterator[Finding]:
        number, version, state, level, division, shares, *rest = row
        self.steps += len(kept)
        for place, (step, logged) in enumerate(kept, start=1):
            if not sha256(document(step)).digest() == step.digest == logged or step.version != place:
                yield Finding("cases.step_differs", {"number": number, "step": step.version})
        steps = [Taken(step.version, step.kind, step.at, step.seen, step.body) for step, _ in kept]
        fold = Fold(version, state, Authority(Level(level), division), frozenset(shares), *rest)
        if not steps or _fold_of(steps) != fold:
            yield Finding("cases.fold_differs", {"number": number})

    def _attachments(self) -> Iterator[Finding]:
        with stream("cases_attachments", self.alias) as reading:
            reading.itersize = PORTION
            for which, number, digest, logged, body in reading.execute(_ATTACHMENTS):
                self.attachments += 1
                if not bytes.fromhex(digest) == bytes(logged) == _digest_kept(digest, body):
                    yield Finding("cases.attachment_differs", {"number": number, "attachment": which})


def _by_case(rows: Iterable[Row]) -> Iterator[tuple[int | None, list[tuple[StepRow, bytes]]]]:
    read = (_step(row) for row in rows)
    for number, some in groupby(read, lambda pair: attrgetter("case")(pair[0])):
        yield number, list(some)


def _step(row: Row) -> tuple[StepRow, bytes]:
    *plain, logged, cited = row
    at = plain[3]
    attachments = [
        AttachmentRow(number, plain[0], at, "", None, name, media, 0, digest, 0)
        for number, name, media, digest in orjson.loads(cited)
    ]
    return step_of(tuple(plain), attachments), bytes(logged)


def _fold_of(steps: list[Taken]) -> Fold | None:
    """The fold of steps; None where somebody altered them so that they make none."""
    try:
        return folded(steps)
    except (KeyError, ValueError, TypeError):
        return None


def _digest_kept(digest: str, body: bytes | None) -> bytes:
    """The SHA-256 of the bytes that are kept under a digest: the `body`, or a file; empty where there is none."""
    if body is not None:
        return sha256(body).digest()
    try:
        with store.place(digest).open("rb") as content:
            return file_digest(content, "sha256").digest()
    except OSError:
        return b""
