"""Submissions: send records, follow what becomes of them, take them back."""

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import polars as pl
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from ninja import Header, Query, Router, Schema
from ninja import Path as InPath
from pydantic import Field

from suyuan.kernel import Language
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.queries import Principal
from suyuan.server.api import schemas
from suyuan.server.api.answers import Json, answer, chosen_form, file, stream
from suyuan.server.api.asking import KEY, company_with, follower
from suyuan.server.api.bodies import SHEETS, check_form, received, taken
from suyuan.server.api.document import accepts, offers
from suyuan.server.api.schemas import Text
from suyuan.server.api.shapes import finished, submission_json
from suyuan.server.api.wording import COLUMNS, Teller
from suyuan.server.kit.language import language_of
from suyuan.server.kit.paging import decode_cursor, encode_cursor, page_size
from suyuan.server.kit.problems import Refusal
from suyuan.server.submissions import queries, services
from suyuan.server.submissions.models import Mode, State, Submission
from suyuan.server.submissions.services import Order
from suyuan.sheets import harmless
from suyuan.sheets.unstorable import is_storable

router = Router(auth=KEY, tags=["submissions"])

LARGEST_FILE: Final = 512 << 20  # bytes
LARGEST_NOTE: Final = 16 << 10
LONGEST_WAIT_S: Final = 20
_FIRST_LOOK_S, _SLOWEST_LOOK_S = 0.05, 1.0
_PORTION_ROWS: Final = 20_000
_IDEMPOTENCY_KEY = r"^[\x21-\x7e]{1,200}$"

Number = Annotated[int, InPath(ge=1, le=(1 << 63) - 1)]


class SubmitQuery(Schema):
    """How records are sent and what their sender wants done."""

    kind: Annotated[str, Field(max_length=64)] | None = None
    mode: Mode = Mode.GOOD_ROWS
    dry_run: bool = False
    repair: bool = False
    name: Text = ""
    mapping: Annotated[str, Field(max_length=10_000)] | None = None
    wait: Annotated[int, Field(ge=0, le=LONGEST_WAIT_S)] = 0


@router.post(
    "/submissions",
    response={200: schemas.SubmissionOut, 202: schemas.SubmissionOut},
    openapi_extra=accepts(*SHEETS),
)
def submit(
    request: HttpRequest,
    wishes: Query[SubmitQuery],
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", pattern=_IDEMPOTENCY_KEY)] = None,
) -> HttpResponse:
    """Keep what came, and answer with its result or with where to follow it."""
    asker, company = company_with(request, Permission.SUBMIT)
    check_form(request, *SHEETS)
    order = Order(
        name=wishes.name,
        channel="api",
        kind=wishes.kind,
        mode=wishes.mode,
        dry=wishes.dry_run,
        repair=wishes.repair,
        mapping=_mapping(wishes.mapping),
        idempotency_key=idempotency_key,
        key=asker.key,
        site=asker.scope.site,
    )
    with received(request, LARGEST_FILE) as body:
        submission = services.receive(company, body, order)
    if wishes.wait and not finished(submission):
        submission = _wait(asker, submission.number, wishes.wait)
    return _receipt(submission, language_of(request))


def _mapping(text: str | None) -> dict[str, str] | None:
    """Heading → field, from its JSON text."""
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not all(isinstance(field, str) for field in value.values()):
        raise Refusal("api.parameter_invalid", name="mapping", where="query", reason="json_object_of_text")
    if not all(is_storable(text) for pair in value.items() for text in pair):
        raise Refusal("api.parameter_invalid", name="mapping", where="query", reason="storable_text")
    return value


def _wait(asker: Principal, number: int, patience_s: float) -> Submission:
    """Look again, less and less often, until the submission is finished or patience ends."""
    until = time.monotonic() + patience_s
    pause = _FIRST_LOOK_S
    while True:
        submission = queries.get(asker.scope, number)
        left = until - time.monotonic()
        if finished(submission) or left <= 0:
            return submission
        time.sleep(min(pause, left))
        pause = min(pause * 2, _SLOWEST_LOOK_S)


def _receipt(submission: Submission, language: Language) -> HttpResponse:
    place = {"Location": reverse("api:show_submission", kwargs={"number": submission.number})}
    return answer(submission_json(submission, language), 200 if finished(submission) else 202, place)


@router.get("/submissions", response=schemas.SubmissionPage)
def list_submissions(
    request: HttpRequest,
    kind: Annotated[str | None, Query(max_length=64)] = None,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=queries.LARGEST_PAGE)] = 50,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> HttpResponse:
    """Submissions in the scope, the newest first."""
    asker = follower(request)
    listing = f"submissions:{kind or ''}:{state or ''}"
    last = decode_cursor(listing, cursor)
    before = last[0] if last and isinstance(last[0], int) else None
    found = queries.page(asker.scope, before, limit, kind, state.value if state else None)
    language = language_of(request)
    following = encode_cursor(listing, [found[-1].number]) if len(found) == limit else None
    items: list[Json] = [submission_json(submission, language) for submission in found]
    return answer({"items": items, "next": following})


@router.get("/submissions/{number}", response=schemas.SubmissionOut)
def show_submission(request: HttpRequest, number: Number) -> HttpResponse:
    """One submission."""
    submission = queries.get(follower(request).scope, number)
    return answer(submission_json(submission, language_of(request)))


@router.get(
    "/submissions/{number}/findings",
    response=schemas.FindingPage,
    openapi_extra=offers("json", "csv", "parquet"),
)
def list_findings(
    request: HttpRequest,
    number: Number,
    format: Annotated[str | None, Query(pattern="^(json|csv|parquet)$")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> HttpResponseBase:
    """Findings of a submission, in pages or as a file."""
    asker = follower(request)
    form = chosen_form(request, format, ("json", "csv", "parquet"))
    submission = queries.get(asker.scope, number)
    found = queries.findings(asker.scope, number)
    teller = Teller.of(submission, language_of(request))
    if form == "parquet":
        out = io.BytesIO()
        found.write_parquet(out)
        return file(f"submission-{number}-findings.parquet", out.getvalue())
    if form == "csv":
        return stream(f"submission-{number}-findings.csv", _as_csv(found, teller), "csv")
    listing = f"findings:{number}"
    last = decode_cursor(listing, cursor)
    start = last[0] if last and isinstance(last[0], int) else 0
    size = page_size(limit)
    end = start + size
    following = encode_cursor(listing, [end]) if end < found.height else None
    items: list[Json] = [*teller.rows(found.slice(start, size))]
    return answer({"items": items, "total": found.height, "next": following})


def _as_csv(found: pl.DataFrame, teller: Teller) -> Iterator[bytes]:
    """The findings with their sentences, in portions; the mark at the beginning is for spreadsheet programs."""
    yield ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()
    for start in range(0, found.height, _PORTION_ROWS):
        rows = teller.rows(found.slice(start, _PORTION_ROWS))
        packed = [{**row, "data": json.dumps(row["data"], ensure_ascii=False)} for row in rows]
        yield csv_portion(pl.DataFrame(packed, infer_schema_length=None).select(COLUMNS))


def csv_portion(frame: pl.DataFrame) -> bytes:
    """Rows as csv, without headings. Text that a spreadsheet program would run as a formula is made harmless."""
    return harmless(frame).write_csv(include_header=False, line_terminator="\r\n").encode()


@router.get("/submissions/{number}/bad-rows", response={200: None}, openapi_extra=offers("xlsx"))
def bad_rows(request: HttpRequest, number: Number) -> HttpResponse:
    """The refused records, to be corrected."""
    asker = follower(request)
    name, content = queries.bad_rows(asker.scope, number, language_of(request))
    return file(name, content, "xlsx")


@router.get("/submissions/{number}/original", response={200: None}, openapi_extra=offers())
def original(request: HttpRequest, number: Number) -> HttpResponse:
    """The file as it came."""
    name, content = queries.original(follower(request).scope, number)
    return file(Path(name).name, content, "bytes")


@router.post("/submissions/{number}/confirm", response=schemas.SubmissionOut)
def confirm(request: HttpRequest, number: Number) -> HttpResponse:
    """Accept the result."""
    asker, company = company_with(request, Permission.SUBMIT)
    return answer(submission_json(services.confirm(company, number, site=asker.scope.site), language_of(request)))


@router.post("/submissions/{number}/undo", response=schemas.SubmissionOut, openapi_extra=accepts(body=schemas.UndoIn))
def undo(request: HttpRequest, number: Number) -> HttpResponse:
    """Withdraw every record of it."""
    asker, company = company_with(request, Permission.SUBMIT)
    wish = taken(request, schemas.UndoIn, LARGEST_NOTE)
    undone = services.undo(company, number, wish.reason, site=asker.scope.site)
    return answer(submission_json(undone, language_of(request)))
