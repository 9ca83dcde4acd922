"""The proof that one record stands in the log, as a file."""

from uuid import UUID

from django.http import HttpResponse

from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.ledger.queries.life import life
from suyuan.server.log.queries.place import here
from suyuan.server.log.queries.receipts import record_proof, submission_of
from suyuan.server.submissions import queries
from suyuan.server.web.actor import PageRequest, member


@member()
def proof_file(request: PageRequest, code: str, record: UUID) -> HttpResponse:
    """The proof of a record of this battery, for who may see its submission."""
    actor, name = request.actor, str(record)
    with cursor() as run:
        found = life(run, actor.scope, code)
        if found is None or name not in {event.id for event in found.events}:
            raise Missing("log.record_not_found", record=name)
        try:
            queries.get(actor.scope, submission_of(run, name))
        except Missing:
            raise Missing("log.record_not_found", record=name) from None
        content = bytes(record_proof(run, here(), name))
    log_reads(actor.principal, [Reading("record_proof", name)])
    response = HttpResponse(content, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="suyuan-record-{name}.json"'
    return response
