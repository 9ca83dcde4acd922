"""The laboratory: testers' files attached to batteries, models, lots assessed as jobs, reports."""

from datetime import date
from typing import Annotated, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Path as InPath
from ninja import Query, Router, Schema
from pydantic import AwareDatetime, Field

from suyuan.assessment.grading import DEFAULT_SCHEME
from suyuan.kernel import Language
from suyuan.server.accounts.models import Permission
from suyuan.server.accounts.queries import Principal
from suyuan.server.api import schemas
from suyuan.server.api.answers import Json, answer, file
from suyuan.server.api.asking import KEY, LONGEST_CODE, company_with, follower, note
from suyuan.server.api.bodies import check_form, received
from suyuan.server.api.document import accepts, offers
from suyuan.server.api.schemas import Text
from suyuan.server.kit.connection import cursor as open_cursor
from suyuan.server.kit.language import language_of
from suyuan.server.kit.scope import Scope
from suyuan.server.laboratory.queries import lots, records, reports, wording
from suyuan.server.laboratory.services import attaching
from suyuan.server.laboratory.services import lots as working
from suyuan.server.submissions.services import store

router = Router(auth=KEY, tags=["laboratory"])

FILES: Final = (
    "application/octet-stream",
    "text/csv",
    "text/plain",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
"""Forms that testers' files may come in; a packed one comes as bytes. What a file really is, its bytes tell."""

Code = Annotated[str, InPath(max_length=LONGEST_CODE)]
Number = Annotated[int, InPath(ge=1, le=(1 << 63) - 1)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(max_length=400)]
Name = Annotated[str, Field(max_length=100, pattern=r"^[0-9a-z._-]+$")]


class AttachQuery(Schema):
    """What is said of the file: protocol, type plate, instrument, operator, time."""

    name: Text = ""
    protocol: Name | None = None
    rated_ah: Annotated[float, Field(gt=0, le=100_000)] | None = None
    end_v: Annotated[float, Field(gt=0, le=10_000)] | None = None
    instrument: Text = ""
    operator: Text = ""
    tested_at: AwareDatetime | None = None


class LotQuery(Schema):
    """Which model, grade scheme, rules of screening and day of the law a lot is assessed with."""

    model: Annotated[int, Field(ge=1, le=(1 << 63) - 1)]
    name: Text = ""
    scheme: Name = DEFAULT_SCHEME
    rules: Name = "physical"
    law_on: date | None = None


@router.post("/batteries/{path:code}/tests", response={202: schemas.TestOut}, openapi_extra=accepts(*FILES))
def attach_test(request: HttpRequest, code: Code, wishes: Query[AttachQuery]) -> HttpResponse:
    """Keep a tester's file with a battery; a worker reads it."""
    asker, company = company_with(request, Permission.SUBMIT)
    check_form(request, *FILES)
    order = attaching.Attachment(
        name=wishes.name,
        protocol=wishes.protocol,
        rated_ah=wishes.rated_ah,
        end_v=wishes.end_v,
        instrument=wishes.instrument,
        operator=wishes.operator,
        tested_at=wishes.tested_at,
        key=asker.key,
        site=asker.scope.site,
    )
    with received(request, attaching.LARGEST_BYTES) as body:
        number = attaching.attach(company, code, body, order)
    place = {"Location": reverse("api:show_test", kwargs={"number": number})}
    return answer(_record(asker, number, language_of(request)), 202, place)


def _record(asker: Principal, number: int, language: Language) -> dict[str, Json]:
    with open_cursor() as run:
        return wording.record_json(records.record_of(run, asker.scope, number), language)


@router.get("/batteries/{path:code}/tests", response=schemas.TestPage)
def list_tests(request: HttpRequest, code: Code, limit: Limit = 100, cursor: Cursor = None) -> HttpResponse:
    """Test records of a battery."""
    asker = follower(request)
    with open_cursor() as run:
        found = records.records_of(run, asker.scope, code, limit=limit, cursor=cursor)
    language = language_of(request)
    note(asker, "battery.tests", code)
    return answer({"items": [wording.record_json(row, language) for row in found.rows], "next": found.following})


@router.get("/tests/{number}", response=schemas.TestOut)
def show_test(request: HttpRequest, number: Number) -> HttpResponse:
    """One test record with everything that was read."""
    asker = follower(request)
    told = _record(asker, number, language_of(request))
    note(asker, "test", str(number))
    return answer(told)


class ReportQuery(Schema):
    """In which form a report is wanted."""

    format: Annotated[str, Field(pattern="^(json|pdf)$")] = "json"


@router.get("/tests/{number}/report", response=schemas.TestOut, openapi_extra=offers("json", "pdf"))
def test_report(request: HttpRequest, number: Number, wanted: Query[ReportQuery]) -> HttpResponse:
    """The report of a test record, to be kept."""
    asker, language = follower(request), language_of(request)
    note(asker, "test.report", str(number))
    with open_cursor() as run:
        if wanted.format == "pdf":
            paper = reports.record_report_pdf(run, asker.scope, number, language)
            return file(f"suyuan-test-{number}.pdf", paper)
        return answer(reports.record_report(run, asker.scope, number, language))


@router.get("/tests/{number}/original", response={200: None}, openapi_extra=offers())
def test_original(request: HttpRequest, number: Number) -> HttpResponse:
    """The tester's file as it came."""
    asker = follower(request)
    with open_cursor() as run:
        found = records.record_of(run, asker.scope, number)
    note(asker, "test.original", str(number))
    return file(found.name.rpartition("/")[2] or f"test-{number}", store.fetch(found.digest), "bytes")


@router.post("/models", response={201: schemas.ModelOut}, openapi_extra=accepts("application/octet-stream"))
def add_model(request: HttpRequest, name: Annotated[Text, Query()] = "") -> HttpResponse:
    """Keep a model that `suyuan assess train` wrote."""
    asker, company = company_with(request, Permission.SUBMIT)
    check_form(request, "application/octet-stream")
    with received(request, working.LARGEST_MODEL_BYTES) as body:
        data = body if isinstance(body, bytes) else body.read_bytes()
    number = working.add_model(company, data, name, asker.key)
    with open_cursor() as run:
        found = lots.model(run, Scope.of_company(company), number)
    return answer(wording.model_json(found), 201)


@router.get("/models", response=schemas.ModelPage)
def list_models(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> HttpResponse:
    """Models in the scope."""
    asker = follower(request)
    with open_cursor() as run:
        found = lots.models(run, asker.scope, limit=limit, cursor=cursor)
    return answer({"items": [wording.model_json(row) for row in found.rows], "next": found.following})


@router.post("/lots", response={202: schemas.LotOut}, openapi_extra=accepts("text/csv"))
def start_lot(request: HttpRequest, wishes: Query[LotQuery]) -> HttpResponse:
    """Keep the pulses of a lot; a worker assesses it."""
    asker, company = company_with(request, Permission.SUBMIT)
    check_form(request, "text/csv")
    order = working.LotOrder(
        wishes.model, wishes.name, wishes.scheme, wishes.rules, wishes.law_on, asker.key, asker.scope.site
    )
    with received(request, working.LARGEST_BYTES) as body:
        number = working.start_lot(company, body, order)
    place = {"Location": reverse("api:show_lot", kwargs={"number": number})}
    return answer(_lot(asker, number, language_of(request)), 202, place)


def _lot(asker: Principal, number: int, language: Language) -> dict[str, Json]:
    with open_cursor() as run:
        return wording.lot_json(lots.lot(run, asker.scope, number), language)


@router.get("/lots", response=schemas.LotPage)
def list_lots(request: HttpRequest, limit: Limit = 100, cursor: Cursor = None) -> HttpResponse:
    """Lots in the scope."""
    asker, language = follower(request), language_of(request)
    with open_cursor() as run:
        found = lots.lots(run, asker.scope, limit=limit, cursor=cursor)
    return answer({"items": [wording.lot_json(row, language) for row in found.rows], "next": found.following})


@router.get("/lots/{number}", response=schemas.LotOut)
def show_lot(request: HttpRequest, number: Number) -> HttpResponse:
    """One lot and how far it is."""
    return answer(_lot(follower(request), number, language_of(request)))


@router.get("/lots/{number}/cells", response=schemas.LotCells)
def list_cells(request: HttpRequest, number: Number, limit: Limit = 100, cursor: Cursor = None) -> HttpResponse:
    """Cells of a lot with grade, route and reasons."""
    asker, language = follower(request), language_of(request)
    with open_cursor() as run:
        found = lots.cells(run, asker.scope, number, limit=limit, cursor=cursor)
    return answer({"items": [wording.cell_json(row, language) for row in found.rows], "next": found.following})


@router.get("/lots/{number}/report", response=schemas.LotOut, openapi_extra=offers("json", "pdf"))
def lot_report(request: HttpRequest, number: Number, wanted: Query[ReportQuery]) -> HttpResponse:
    """The report of a lot, to be kept."""
    asker, language = follower(request), language_of(request)
    if wanted.format == "json":
        return answer(_lot(asker, number, language))
    with open_cursor() as run:
        return file(f"suyuan-lot-{number}.pdf", reports.lot_report_pdf(run, asker.scope, number, language))


@router.post("/lots/{number}/cancel", response=schemas.LotOut)
def cancel_lot(request: HttpRequest, number: Number) -> HttpResponse:
    """End a lot that is not finished."""
    asker, company = company_with(request, Permission.SUBMIT)
    working.cancel_lot(company, number, asker.key)
    return answer(_lot(asker, number, language_of(request)))
