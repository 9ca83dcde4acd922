"""What detectors found: for authorities, each for its own place."""

from typing import Annotated, cast

from django.http import HttpRequest, HttpResponse
from ninja import Path as InPath
from ninja import Query, Router

from suyuan.server.api.answers import Json, answer
from suyuan.server.api.asking import KEY, reader
from suyuan.server.api.schemas import detection as schemas
from suyuan.server.kit.connection import cursor as open_cursor
from suyuan.server.kit.language import language_of
from suyuan.server.supervision.queries.catalogue import detectors
from suyuan.server.supervision.queries.findings import Sought, finding, findings, judgements, tallies
from suyuan.server.supervision.queries.stored import looked_on
from suyuan.server.supervision.queries.wording import detector_json, finding_json, shown_finding_json

router = Router(auth=KEY, tags=["supervision"])

Number = Annotated[int, InPath(ge=1, le=2**63 - 1)]


@router.get("/findings", response=schemas.DetectedPage)
def list_detected(request: HttpRequest, asked: Query[schemas.DetectedQuery]) -> HttpResponse:
    """Findings in the scope, by number; companies have none."""
    asker = reader(request)
    sought = Sought(asked.finding, asked.severity, asked.company, asked.gone)
    with open_cursor() as run:
        found = findings(run, asker.scope, sought, limit=asked.limit, cursor=asked.cursor)
    language = language_of(request)
    items = cast("list[Json]", [finding_json(row, language) for row in found.rows])
    return answer({"items": items, "next": found.following})


@router.get("/findings/{number}", response=schemas.DetectedShownOut)
def show_finding(request: HttpRequest, number: Number) -> HttpResponse:
    """One finding with its legal basis, its records and what people said of it."""
    asker = reader(request)
    with open_cursor() as run:
        row, evidence = finding(run, asker.scope, number)
        said = judgements(run, asker.scope, number)
    told = shown_finding_json(row, evidence, said, language_of(request))
    return answer(cast("dict[str, Json]", told))


@router.get("/detectors", response=schemas.DetectorsOut)
def list_detectors(request: HttpRequest) -> HttpResponse:
    """Every detector with its legal basis, its limits, and how often people called it right or wrong."""
    asker = reader(request)
    with open_cursor() as run:
        counted = {one.detector: one for one in tallies(run, asker.scope)}
        day = looked_on(run)
    language = language_of(request)
    items = [detector_json(one, counted.get(one.name), language) for one in detectors().values()]
    return answer({"items": cast("list[Json]", items), "looked_on": None if day is None else str(day)})
