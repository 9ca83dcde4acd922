"""Batteries, vehicles and batches of material: state, life and tree of one code."""

from datetime import date
from typing import Annotated, cast

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router

from suyuan.server.api import schemas
from suyuan.server.api.answers import Json, answer
from suyuan.server.api.asking import KEY, LONGEST_CODE, note, reader
from suyuan.server.api.traces import life_json, state_json
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.language import language_of
from suyuan.server.kit.problems import Missing
from suyuan.server.ledger.queries.life import life
from suyuan.server.ledger.queries.objects import show
from suyuan.server.ledger.queries.tree import tree

router = Router(auth=KEY, tags=["batteries"])

Code = Annotated[str, Path(max_length=LONGEST_CODE)]


# The addresses that say more come first: a code may itself contain a slash.
@router.get("/batteries/{path:code}/life", response=schemas.LifeOut)
def battery_life(request: HttpRequest, code: Code) -> HttpResponse:
    """Everything that was reported about it, and about what it was part of."""
    asker = reader(request)
    with cursor() as run:
        found = life(run, asker.scope, code)
    if found is None:
        raise Missing("api.battery_not_found", battery=code)
    note(asker, "battery.life", code)
    return answer(life_json(found, language_of(request)))


@router.get("/batteries/{path:code}/tree", response=schemas.TreeOut)
def battery_tree(request: HttpRequest, code: Code, at: date | None = None, expand: bool = False) -> HttpResponse:
    """What it is made of, and what it is part of."""
    asker = reader(request)
    with cursor() as run:
        found = tree(run, asker.scope, code, at, expand_cells=expand)
    if found is None:
        raise Missing("api.battery_not_found", battery=code)
    note(asker, "battery.tree", code)
    return answer(cast("dict[str, Json]", found))


@router.get("/batteries/{path:code}", response=schemas.StateOut)
def show_battery(request: HttpRequest, code: Code, at: date | None = None) -> HttpResponse:
    """Its stage, holder and place."""
    asker = reader(request)
    with cursor() as run:
        found = show(run, asker.scope, code, at)
    if found is None:
        raise Missing("api.battery_not_found", battery=code)
    note(asker, "battery.show", code)
    return answer(state_json(found, language_of(request)))
