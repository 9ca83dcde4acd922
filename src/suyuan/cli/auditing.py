"""The audit of the ledger against the log, for `suyuan ledger verify`."""

from time import perf_counter
from typing import TYPE_CHECKING, Any

from suyuan.cli.speech import count, language, say
from suyuan.kernel import sentence

if TYPE_CHECKING:
    from rich.console import RenderableType

MOST_TOLD = 1000
"""Findings told one by one; the rest is counted."""


def audited() -> dict[str, Any]:
    """What an audit of this installation comes to."""
    from django.conf import settings
    from django.db import transaction

    from suyuan.server.kit.connection import cursor
    from suyuan.server.log.queries.place import here
    from suyuan.server.log.services.auditing import Audit
    from suyuan.server.submissions import queries
    from suyuan.server.witness.keys import KeyFolder

    start, findings, found = perf_counter(), [], 0
    with transaction.atomic(), cursor() as run:
        run.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        audit = Audit(run, here(), KeyFolder(settings.KEY_FOLDER), queries)
        for finding in audit.findings():
            found += 1
            if found <= MOST_TOLD:
                message = sentence(finding.code, finding.data, language())
                findings.append({"code": finding.code, "data": dict(finding.data), "message": message})
    return {
        "clean": not found,
        "logs": audit.origins,
        "entries": audit.entries,
        "submissions": audit.submissions_seen,
        "records": audit.records,
        "found": found,
        "findings": findings,
        "seconds": round(perf_counter() - start, 2),
    }


def audit_view(answer: dict[str, Any]) -> "list[RenderableType]":
    """The answer for people."""
    from rich.text import Text

    from suyuan.cli.tables import mark

    parts: list[RenderableType] = [
        Text.assemble(mark("refuse"), " ", str(finding["message"])) for finding in answer["findings"]
    ]
    told = {name: count(answer[name]) for name in ("submissions", "records", "found")}
    code = "cli.audit_clean" if answer["clean"] else "cli.audit_differs"
    sign = mark("ok" if answer["clean"] else "refuse")
    parts.append(Text.assemble(sign, " ", say(code, seconds=f"{answer['seconds']:.1f}", **told)))
    return parts
