"""Qualifications: lists, permits, pilots and penalties of companies."""

from datetime import date
from pathlib import Path
from typing import Annotated, Final, cast

from django.http import HttpRequest, HttpResponse
from ninja import Path as InPath
from ninja import Query, Router, Schema
from pydantic import Field

from suyuan.server.accounts.models import Permission
from suyuan.server.api.answers import Json, answer
from suyuan.server.api.asking import KEY, reader, who
from suyuan.server.api.bodies import SHEETS, check_form, received, taken
from suyuan.server.api.document import accepts
from suyuan.server.api.schemas import qualifications as schemas
from suyuan.server.api.shapes import imported_json, qualification_json
from suyuan.server.kit.connection import cursor as open_cursor
from suyuan.server.kit.language import language_of
from suyuan.server.registry.queries.qualifications import Wanted, qualification, qualifications
from suyuan.server.registry.services.qualifications import (
    import_sheet,
    read_qualifications,
    withdraw_qualification,
)

router = Router(auth=KEY, tags=["register"])

LARGEST_TABLE: Final = 32 << 20  # bytes
SMALL: Final = 16 << 10
Number = Annotated[int, InPath(ge=1, le=(1 << 63) - 1)]


class QualificationQuery(Schema):
    """Which qualifications are asked for."""

    company: Annotated[str, Field(pattern=r"^([0-9A-Z]{18}|[0-9]{9})$")] | None = None
    kind: Annotated[str, Field(pattern=r"^[a-z_]+$", max_length=64)] | None = None
    on: date | None = None
    withdrawn: bool = False
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    cursor: Annotated[str, Field(max_length=400)] | None = None


@router.get("/qualifications", response=schemas.QualificationPage)
def list_qualifications(request: HttpRequest, wishes: Query[QualificationQuery]) -> HttpResponse:
    """Qualifications in the scope."""
    asker = reader(request)
    wanted = Wanted(wishes.company, wishes.kind, wishes.on, wishes.withdrawn)
    with open_cursor() as run:
        found = qualifications(run, asker.scope, wanted, limit=wishes.limit, cursor=wishes.cursor)
    items = cast("list[Json]", [qualification_json(one, language_of(request)) for one in found.rows])
    return answer({"items": items, "next": found.following})


@router.get("/qualifications/{number}", response=schemas.QualificationOut)
def show_qualification(request: HttpRequest, number: Number) -> HttpResponse:
    """One qualification."""
    asker = reader(request)
    with open_cursor() as run:
        return answer(qualification_json(qualification(run, asker.scope, number), language_of(request)))


@router.post("/qualifications", response=schemas.ImportedOut, openapi_extra=accepts(*SHEETS))
def import_qualifications(request: HttpRequest, name: Annotated[str, Query(max_length=200)] = "") -> HttpResponse:
    """Enter the rows of a table."""
    asker = who(request)
    asker.require(Permission.ADMINISTER)
    check_form(request, *SHEETS)
    with received(request, LARGEST_TABLE) as body:
        sheet = read_qualifications(body.read_bytes() if isinstance(body, Path) else body, name or None)
    done = import_sheet(asker.scope, asker.prefix, sheet)
    return answer(imported_json(done.findings, done.entered, sheet.row_numbers, language_of(request)))


@router.post(
    "/qualifications/{number}/withdrawal",
    response=schemas.QualificationOut,
    openapi_extra=accepts(body=schemas.WithdrawalIn),
)
def withdraw(request: HttpRequest, number: Number) -> HttpResponse:
    """Take back an entry that was wrong."""
    asker = who(request)
    asker.require(Permission.ADMINISTER)
    reason = taken(request, schemas.WithdrawalIn, SMALL).reason
    withdraw_qualification(asker.scope, asker.prefix, number, reason)
    with open_cursor() as run:
        return answer(qualification_json(qualification(run, asker.scope, number), language_of(request)))
