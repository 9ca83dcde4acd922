"""The records of a batch, each beside the report that it followed."""

from datetime import datetime
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from suyuan.events.vocabulary import Kind, vocabulary
from suyuan.kernel import Language, sentence
from suyuan.server.accounts.services import Reading, log_reads
from suyuan.server.kit.clock import CHINA, SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.ledger.queries.previous import Told, differences, record_of, records, told
from suyuan.server.submissions import queries
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.components.table import Column, Linked, Row, Table, read_state
from suyuan.server.web.pages.submissions.shown import kind_name
from suyuan.server.web.surroundings import show

COLUMNS = (
    Column("code", "web_submissions.object", "code"),
    Column("kind", "web_submissions.kind"),
    Column("before", "web_submissions.before"),
)


@member()
def records_page(request: PageRequest, number: int) -> HttpResponse:
    """What was taken in from a batch, page by page; that it was read is noted."""
    actor = request.actor
    queries.get(actor.scope, number)
    state = read_state(request, COLUMNS)
    with cursor() as run:
        found = records(run, number, state.size, state.after)
    log_reads(actor.principal, [Reading("submission.records", str(number))])
    first = sentence("web_submissions.first_report", language=actor.language)
    rows = []
    for one in found.rows:
        address = reverse("web-submission-record", args=[number, one.id])
        words = sentence("web_submissions.compare_with", {"number": str(one.before_submission)}, actor.language)
        before = Linked(words, address) if one.before else first
        values = {"code": one.code, "kind": kind_name(one.kind, actor.language), "before": before}
        rows.append(Row(one.id, values, address))
    table = Table("records", COLUMNS, state, rows, found.following, empty="web_submissions.no_records")
    return show(
        request,
        "web/submission_records.html",
        "web_submissions.records_of",
        title_data={"number": str(number)},
        crumbs=_crumbs(number),
        as_of=SYSTEM_CLOCK.now(),
        table=table,
    )


@member()
def difference_page(request: PageRequest, number: int, record: UUID) -> HttpResponse:
    """One record field by field, beside what was reported of the same battery before."""
    actor = request.actor
    queries.get(actor.scope, number)
    with cursor() as run:
        known = record_of(run, number, str(record))
        now = told(run, str(record)) if known else None
        old = told(run, known.before) if known and known.before else None
    if known is None or now is None:
        raise Missing("web.no_such_page", path=request.path[:200])
    log_reads(actor.principal, [Reading("submission.record", str(record))])
    kind = vocabulary().kinds.get(now.kind)
    changed = differences(old, now) if old else []
    names = {pair.field for pair in changed}
    return show(
        request,
        "web/submission_record.html",
        "web_submissions.record_of",
        crumbs=(*_crumbs(number), ("web_submissions.records", reverse("web-submission-records", args=[number]))),
        as_of=SYSTEM_CLOCK.now(),
        record=now,
        old=old,
        kind=kind_name(now.kind, actor.language),
        happened=_moment(now),
        happened_before=_moment(old) if old else None,
        changed=[(label(kind, one.field, actor.language), one.before, one.now) for one in changed],
        same=[
            (label(kind, name, actor.language), value)
            for name, value in sorted(now.fields.items())
            if name not in names
        ],
    )


def label(kind: Kind | None, name: str, language: Language) -> str:
    """A field in words."""
    known = kind.fields.get(name) if kind else None
    if known is not None:
        return known.label.in_language(language)
    beside = ("vehicle", "party", "site", "parts")
    return sentence(f"web_submissions.field_{name}", language=language) if name in beside else name


def _moment(one: Told) -> datetime | None:
    return None if one.occurred_ms is None else datetime.fromtimestamp(one.occurred_ms / 1000, CHINA)


def _crumbs(number: int) -> tuple[tuple[str, str], ...]:
    return (
        ("web_submissions.title", reverse("web-submissions")),
        (f"#{number}", reverse("web-submission", args=[number])),
    )
