"""Papers of a case: the document of a step or the bytes of an attachment, for who may read the one or the other."""

from dataclasses import dataclass

import psycopg

from suyuan.server.cases.queries.attachments import attachments, content
from suyuan.server.cases.queries.documents import document
from suyuan.server.cases.queries.thread import thread
from suyuan.server.kit.connection import Row
from suyuan.server.kit.problems import Missing
from suyuan.server.kit.scope import Scope


@dataclass(frozen=True, slots=True)
class CasePaper:
    """Exactly the bytes whose SHA-256 the log has a commitment to."""

    name: str
    bytes: bytes


def paper(run: psycopg.Cursor[Row], scope: Scope, number: int, which: int) -> CasePaper:
    """The bytes of a paper of a case.

    Raises
    ------
    Missing
        ``cases.not_found``, ``cases.paper_not_found``.
    """
    for step in thread(run, scope, number):
        if step.paper == which:
            return CasePaper(f"case-{number}-step-{step.version}.json", document(step))
    for file in attachments(run, scope, number):
        if file.paper == which:
            return CasePaper(file.name, content(file))
    raise Missing("cases.paper_not_found", number=number, paper=which)
