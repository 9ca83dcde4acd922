"""A step as a document: the canonical bytes that its digest is made from."""

from datetime import UTC

from suyuan.kernel import canonical_json
from suyuan.server.cases.queries.thread import StepRow
from suyuan.server.kit.scope import Scope


def scope_columns(scope: Scope) -> list[str | int | None]:
    """Level, division, company and site."""
    return [scope.level.value, scope.division, scope.company, scope.site]


def document(step: StepRow) -> bytes:
    """The canonical document of a step: all that was done, with the digest of every attachment it cites."""
    level, division, company, site = scope_columns(step.actor_scope)
    return canonical_json(
        {
            "case": step.case,
            "step": step.version,
            "kind": step.kind,
            "at": step.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": {
                **{"kind": step.actor_kind, "id": step.actor_id, "name": step.actor_name},
                **{"level": level, "division": division, "company": company, "site": site},
            },
            "company_reads": step.seen,
            "note": step.note,
            "body": step.body,
            "attachments": [
                {"number": one.number, "name": one.name, "media_type": one.media_type, "sha256": one.digest}
                for one in sorted(step.attachments, key=lambda one: one.number)
            ],
        }
    )
