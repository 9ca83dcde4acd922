"""Reads of submissions; what a scope may not see is answered like what does not exist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from suyuan.events.checks.wording import finding_data, finding_sentence
from suyuan.events.templates import all_templates
from suyuan.events.vocabulary import Kind, vocabulary
from suyuan.kernel import Language
from suyuan.kernel.findings import Value
from suyuan.server.kit.clock import CHINA
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Conflict, Forbidden, Missing
from suyuan.server.kit.scope import Scope
from suyuan.server.ledger.services.outbox import Facts
from suyuan.server.registry.queries import code_and_roles, companies, visible_companies
from suyuan.server.submissions.models import GIVEN_UP, Findings, State, Submission
from suyuan.server.submissions.services import store
from suyuan.server.submissions.services.judging import read_sheet
from suyuan.server.submissions.services.mending import Mending
from suyuan.server.submissions.services.result import FINDINGS_SCHEMA, from_parquet
from suyuan.sheets import findings as table
from suyuan.sheets.bad_rows import WORKSHEET_ROWS, Say, write_bad_rows
from suyuan.sheets.sniff import Format
from suyuan.sheets.template import Template

LARGEST_PAGE = 200


def visible(scope: Scope) -> Q:
    """Which submissions a scope may see: those of the companies that it may see; an outlet those it sent."""
    if scope.company is not None:
        own = Q(company=scope.company)
        return own if scope.site is None else own & Q(site=scope.site)
    condition = visible_companies(scope)
    with cursor() as run:
        numbers = [number for (number,) in run.execute(condition.sql, condition.params)]
    return Q(company__in=numbers)


def get(scope: Scope, number: int) -> Submission:
    """One submission; raises `Missing` (``submissions.not_found``)."""
    found = Submission.objects.filter(visible(scope), number=number).first()
    if found is None:
        raise Missing("submissions.not_found", number=number)
    return found


def facts(numbers: Sequence[int]) -> dict[int, tuple[Facts, str]]:
    """What the log says of these submissions besides their records, and the code of each one's company."""
    found = Submission.objects.filter(number__in=numbers)
    rows = list(found.values_list("number", "company", "kind", "received_id", "received_at"))
    firms = companies(Scope.of_nation(), sorted({row[1] for row in rows})).select("number", "code")
    codes = dict(firms.iter_rows())
    return {
        number: (Facts(number, company, kind or "", bytes.fromhex(digest), received_at), codes.get(company, ""))
        for number, company, kind, digest, received_at in rows
    }


def entered_between(after: int, upto: int | None) -> set[int]:
    """Submissions in (`after`, `upto`] that left records in the ledger; without end if `upto` is None."""
    found = Submission.objects.filter(number__gt=after, dry=False, admitted__gt=0)
    if upto is not None:
        found = found.filter(number__lte=upto)
    return set(found.values_list("number", flat=True))


def reported_before(scope: Scope, digest: str) -> Submission | None:
    """The newest submission of these bytes that holds something or is being worked on; trials do not count."""
    same = Submission.objects.filter(visible(scope), received_id=digest, dry=False)
    return same.exclude(state__in=GIVEN_UP).order_by("-number").first()


def completions(scope: Scope, number: int) -> list[Submission]:
    """What was reported to complete a submission, in order; those that put nothing into the ledger are left out."""
    found = Submission.objects.filter(visible(scope), completes=number, dry=False)
    return list(found.exclude(state__in=GIVEN_UP).order_by("number"))


def reported_from(scope: Scope, trial: int) -> Submission | None:
    """What was reported after a trial, the newest; None if nothing was, or nothing of it stayed."""
    found = Submission.objects.filter(visible(scope), trial=trial, dry=False)
    return found.exclude(state__in=GIVEN_UP).order_by("-number").first()


def reportable(scope: Scope, today: date) -> list[Kind]:
    """The kinds of record that the company of a scope may report on a day, in the order of the vocabulary."""
    _, roles = (code_and_roles(scope.company, today) if scope.company is not None else None) or ("", frozenset())
    return [kind for kind in vocabulary().kinds.values() if roles & set(kind.reporters)]


def page(
    scope: Scope, before: int | None = None, limit: int = 50, kind: str | None = None, state: str | None = None
) -> list[Submission]:
    """Submissions, the newest first; those older than number `before` if it is given."""
    found: QuerySet[Submission] = Submission.objects.filter(visible(scope)).order_by("-number")
    if before is not None:
        found = found.filter(number__lt=before)
    if kind is not None:
        found = found.filter(kind=kind)
    if state is not None:
        found = found.filter(state=state)
    return list(found[: min(limit, LARGEST_PAGE)])


@dataclass(frozen=True, slots=True)
class Sought:
    """Which batches are sought; trials only where the state asks for them.

    `to_mend`: refused records of it wait to be brought again, and nobody has acknowledged the result.
    """

    kind: str | None = None
    state: str | None = None
    channel: str | None = None
    to_mend: bool = False

    @property
    def listing(self) -> str:
        """The name of the listing that a cursor belongs to."""
        return f"batches:{self.kind or ''}:{self.state or ''}:{self.channel or ''}:{self.to_mend}"


def batches(scope: Scope, sought: Sought, before: int | None = None, limit: int = 50) -> list[Submission]:
    """Batches, the newest first; those older than number `before` if it is given."""
    found = Submission.objects.filter(visible(scope)).order_by("-number")
    found = found.filter(dry=sought.state == State.TRIED.value)
    if before is not None:
        found = found.filter(number__lt=before)
    wanted = {"kind": sought.kind, "state": sought.state, "channel": sought.channel}
    found = found.filter(**{name: value for name, value in wanted.items() if value is not None})
    if sought.to_mend:
        found = found.filter(_waits_for_mending())
    return list(found[: min(limit, LARGEST_PAGE + 1)])


def _waits_for_mending() -> Q:
    mended = Submission.objects.filter(completes=OuterRef("number"), dry=False).exclude(state__in=GIVEN_UP)
    holds = Q(state__in=(State.PARTLY.value, State.REFUSED.value), refused__gt=0, confirmed_at=None, dry=False)
    return holds & Q(~Exists(mended))


def to_mend(scope: Scope) -> tuple[int, int]:
    """How many batches have refused records that wait to be brought again, and how many such records there are."""
    waiting = Submission.objects.filter(visible(scope)).filter(_waits_for_mending())
    told = waiting.aggregate(batches=Count("number"), records=Sum("refused"))
    return told["batches"], told["records"] or 0


def brought_again(scope: Scope, numbers: Sequence[int]) -> dict[int, int]:
    """By batch, how many of its refused records were brought again and taken in; those with none are left out."""
    again = Submission.objects.filter(visible(scope), completes__in=numbers, dry=False).exclude(state__in=GIVEN_UP)
    rows = again.values("completes").annotate(taken=Sum(F("admitted") + F("duplicates")))
    return {row["completes"] or 0: row["taken"] for row in rows.order_by("completes")}


def sent_since(scope: Scope, since: datetime) -> tuple[int, int]:
    """Records that came since a moment, and how many of them were taken in, at once or brought again; no trials.

    What was undone, or failed through no fault of its sender, counts for neither.
    """
    states = (State.ACCEPTED.value, State.PARTLY.value, State.REFUSED.value)
    sent = Submission.objects.filter(visible(scope), received_at__gte=since, dry=False, state__in=states)
    told = sent.aggregate(records=Sum("records", filter=Q(completes=None)), taken=Sum(F("admitted") + F("duplicates")))
    records = told["records"] or 0
    return records, min(told["taken"] or 0, records)


def findings(scope: Scope, number: int) -> pl.DataFrame:
    """Every finding of a submission: row_number, field, code, severity, value, data, refused."""
    submission = get(scope, number)
    kept = Findings.objects.filter(submission=submission).first()
    return from_parquet(bytes(kept.table)) if kept else pl.DataFrame(schema=FINDINGS_SCHEMA)


def original(scope: Scope, number: int) -> tuple[str, bytes]:
    """The file as it came: its name and its bytes. It may hold personal data, so only its sender gets it.

    Raises
    ------
    Forbidden
        ``submissions.file_of_sender``.
    """
    submission = get(scope, number)
    if scope.company is None:
        raise Forbidden("submissions.file_of_sender", number=number)
    return submission.name or f"submission-{number}", store.fetch(submission.received_id)


def bad_rows(scope: Scope, number: int, language: Language) -> tuple[str, bytes]:
    """The refused records in the same template, ready to be corrected: a name and an xlsx file.

    Beyond `suyuan.sheets.bad_rows.WORKSHEET_ROWS` refusals it is a csv file, which is written a hundred times faster.

    Raises
    ------
    Conflict
        ``submissions.no_bad_rows`` if nothing was refused, or the file could not be read as a table.
    Forbidden
        ``submissions.file_of_sender``: like the file itself, they are for the sender only.
    """
    submission = get(scope, number)
    _, body = original(scope, number)
    found = findings(scope, number)
    if submission.kind is None or not found["refused"].any():
        raise Conflict("submissions.no_bad_rows", number=number)
    sheet = read_sheet(body, submission.name, submission.kind, submission.mapping, Mending.of(submission))
    template = next(template for template in all_templates() if template.kind == submission.kind)
    placed = _by_row(found, sheet.row_numbers)
    form = Format.XLSX if placed["row"].n_unique() <= WORKSHEET_ROWS else Format.CSV
    data = write_bad_rows(sheet, placed, template, language, _speaker(template, submission, language), form)
    return f"{submission.kind}-{number}-bad-rows.{form.value}", data


def _speaker(template: Template, submission: Submission, language: Language) -> Say:
    """Makes the sentences of the error column; they come with the heading, the rules know the field."""
    kind = vocabulary().kinds[template.kind]
    fields = {column.heading(language): column.name for column in template.columns}
    day = submission.received_at.astimezone(CHINA).date()

    def say(code: str, data: Mapping[str, Value]) -> str:
        heading, value = data.get("field"), data.get("value")
        field = fields.get(str(heading), str(heading)) if heading else None
        text = str(value) if value is not None else None
        known = {name: each for name, each in data.items() if name not in {"field", "value"}}
        return finding_sentence(kind, field, code, text, finding_data(kind, field, code, text, known, day), language)

    return say


def _by_row(found: pl.DataFrame, row_numbers: pl.Series) -> pl.DataFrame:
    """Refused findings by the index of their row, as the sheets room knows them."""
    places = pl.DataFrame({"row_number": row_numbers}).with_row_index("row").unique("row_number", keep="first")
    refused = found.filter(pl.col("refused")).join(places, on="row_number", how="left", maintain_order="left")
    return refused.select(table.FINDINGS.names()).cast(table.FINDINGS)
