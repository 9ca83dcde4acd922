"""Files to fetch: refused rows, receipts, templates; and every row of one cause."""

from dataclasses import dataclass
from typing import Final

import polars as pl
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import content_disposition_header

from suyuan.events.vocabulary import Kind
from suyuan.kernel import Language
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Missing
from suyuan.server.log.queries.place import here
from suyuan.server.log.queries.receipt_pdf import receipt_pdf
from suyuan.server.log.queries.receipts import receipt
from suyuan.server.submissions import queries
from suyuan.server.web.actor import PageRequest, member
from suyuan.server.web.pages.importing.causes import Teller
from suyuan.server.web.pages.importing.columns import template_of
from suyuan.server.web.surroundings import show
from suyuan.sheets import write_template, write_template_csv
from suyuan.sheets.findings import unpack

ROWS: Final = 100
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_TYPES: Final = {"xlsx": XLSX, "csv": "text/csv; charset=utf-8", "pdf": "application/pdf", "json": "application/json"}


def attachment(name: str, content: bytes) -> HttpResponse:
    """A file to keep; its form is the end of its name."""
    response = HttpResponse(content, content_type=_TYPES[name.rpartition(".")[2]])
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return response


@member(at="company")
def bad_rows(request: PageRequest, number: int) -> HttpResponseBase:
    """The refused records in their template, with what is wrong in the first column."""
    return attachment(*queries.bad_rows(request.actor.scope, number, request.actor.language))


@member(at="company")
def receipt_file(request: PageRequest, number: int, form: str) -> HttpResponseBase:
    """The receipt of a submission of one's own: on one page, or as the document that can be checked."""
    submission = queries.get(request.actor.scope, number)
    if not submission.admitted or submission.dry:
        raise Missing("log.not_logged", number=number)
    with cursor() as run:
        held = receipt(run, here(), number)
    content = receipt_pdf(held, here().policy, request.actor.language) if form == "pdf" else bytes(held)
    return attachment(f"suyuan-receipt-{number}.{form}", content)


@member(at="company")
def templates_page(request: PageRequest) -> HttpResponseBase:
    """The empty sheets of what the company may report."""
    kinds = queries.reportable(request.actor.scope, SYSTEM_CLOCK.today())
    language = request.actor.language
    return show(
        request,
        "web/import_templates.html",
        "web_import.templates",
        crumbs=(("web_import.title", reverse("web-import")),),
        listed=[(kind.name, kind.label.in_language(language), _required(kind, language)) for kind in kinds],
    )


def _required(kind: Kind, language: Language) -> list[str]:
    return [field.label.in_language(language) for field in kind.fields.values() if field.required]


@member(at="company")
def template_file(request: PageRequest, kind: str, form: str) -> HttpResponseBase:
    """The empty sheet of one kind."""
    found = template_of(kind)
    if found is None:
        raise Missing("web.no_such_page", path=request.path[:200])
    name = f"suyuan-{kind}-{found.version}.{form}"
    return attachment(name, write_template(found) if form == "xlsx" else write_template_csv(found))


@dataclass(frozen=True, slots=True)
class FoundRow:
    """One row of a cause."""

    row: int | None
    value: str
    message: str


@member(at="company")
def cause_page(request: PageRequest, number: int) -> HttpResponseBase:
    """Every row of one cause, in pages."""
    scope, asked = request.actor.scope, request.GET
    submission = queries.get(scope, number)
    code, field, after = asked.get("code", "")[:80], asked.get("field", "")[:80], asked.get("after", "")
    start = int(after) if after.isascii() and after.isdigit() and len(after) < 9 else 0
    of_field = pl.col("field") == field if field else pl.col("field").is_null()
    found = queries.findings(scope, number).filter((pl.col("code") == code) & of_field)
    if found.is_empty():
        raise Missing("web.no_such_page", path=request.path[:200])
    part = found.slice(start, ROWS)
    teller = Teller.of(submission, request.actor.language)
    rows = [
        FoundRow(row, value or "", teller.say(code, field or None, value, unpack(data)))
        for row, value, data in part.select("row_number", "value", "data").iter_rows()
    ]
    return show(
        request,
        "web/import_cause.html",
        "web_import.cause_title",
        title_data={"heading": teller.heading(field) or code, "rows": found.height},
        crumbs=(
            ("web_import.title", reverse("web-import")),
            (str(number), reverse("web-import-one", args=[number])),
        ),
        code_of_cause=code,
        rows=rows,
        first=start + 1,
        last=start + part.height,
        count=found.height,
        following=start + ROWS if start + ROWS < found.height else None,
        preceding=max(start - ROWS, 0) if start else None,
    )
