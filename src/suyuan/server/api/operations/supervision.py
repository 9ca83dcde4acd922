"""Supervision: who owes what by when, and why."""

from typing import Annotated, cast
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from ninja import Path as InPath
from ninja import Query, Router

from suyuan.rules.duties import State
from suyuan.server.api import schemas
from suyuan.server.api.answers import Json, answer
from suyuan.server.api.asking import KEY, reader
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.connection import cursor as open_cursor
from suyuan.server.kit.language import language_of
from suyuan.server.supervision.queries.duties import Wanted, explained, page
from suyuan.server.supervision.queries.wording import duty_json, explained_json

router = Router(auth=KEY, tags=["supervision"])

Name = r"^[a-z_]+(\.[a-z_]+)+$"
Record = Annotated[str, InPath(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
Rule = Annotated[str, InPath(pattern=Name, max_length=100)]


@router.get("/duties", response=schemas.DutyPage)
def list_duties(
    request: HttpRequest,
    company: Annotated[str | None, Query(pattern=r"^([0-9A-Z]{18}|[0-9]{9})$")] = None,
    duty: Annotated[str | None, Query(pattern=Name, max_length=100)] = None,
    state: schemas.DutyState | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> HttpResponse:
    """Duties in the scope, by company and day."""
    asker = reader(request)
    wanted = Wanted(company, duty, State(state) if state else None)
    with open_cursor() as run:
        found = page(run, asker.scope, wanted, SYSTEM_CLOCK.today(), limit=limit, cursor=cursor)
    language = language_of(request)
    items = cast("list[Json]", [duty_json(row, language) for row in found.rows])
    return answer({"items": items, "next": found.following})


@router.get("/duties/{record}/{duty}", response=schemas.ExplainedDutyOut)
def explain_duty(request: HttpRequest, record: Record, duty: Rule) -> HttpResponse:
    """One duty and why it is as it is."""
    asker = reader(request)
    with transaction.atomic(), open_cursor() as run:
        found = explained(run, asker.scope, UUID(record), duty, SYSTEM_CLOCK.today())
    return answer(cast("dict[str, Json]", explained_json(found, language_of(request))))
