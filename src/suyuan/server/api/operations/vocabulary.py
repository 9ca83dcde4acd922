"""What can be reported: the vocabulary, and the sheets to report it in."""

import json
from functools import cache
from typing import Annotated, Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from ninja import Query, Router

from suyuan.events.templates import template
from suyuan.events.vocabulary import vocabulary
from suyuan.server.api import schemas
from suyuan.server.api.answers import FORMS, answer, chosen_form, file
from suyuan.server.api.document import offers
from suyuan.server.api.shapes import templates_json, vocabulary_json
from suyuan.server.kit.problems import Missing
from suyuan.sheets import write_template, write_template_csv

router = Router(auth=None, tags=["vocabulary"])

PUBLIC: Final = {"Cache-Control": "public, max-age=3600"}


@router.get("/templates", response=schemas.TemplatesOut)
def list_templates(request: HttpRequest) -> HttpResponse:
    """The kinds that have a sheet."""
    return answer({"version": vocabulary().version, "items": templates_json()}, headers=PUBLIC)


@router.get("/templates/{kind}", response={200: None}, openapi_extra=offers("xlsx", "csv"))
def get_template(
    request: HttpRequest, kind: str, format: Annotated[str | None, Query(pattern="^(xlsx|csv)$")] = None
) -> HttpResponse:
    """The empty sheet of one kind."""
    if kind not in vocabulary().kinds:
        raise Missing("api.kind_not_found", kind=kind[:64], kinds=sorted(vocabulary().kinds))
    form = chosen_form(request, format, ("xlsx", "csv"))
    response = file(f"{kind}.{form}", _sheet(kind, form), form)
    response["Cache-Control"] = PUBLIC["Cache-Control"]
    return response


@cache
def _sheet(kind: str, form: str) -> bytes:
    made = template(vocabulary().kinds[kind])
    return write_template(made) if form == "xlsx" else write_template_csv(made)


@router.get("/vocabulary", response=schemas.VocabularyOut)
def show_vocabulary(request: HttpRequest) -> HttpResponse:
    """Every kind, stage and role; one that did not change is not sent again."""
    mark = quote_etag(f"vocabulary-{vocabulary().version}")
    headers = {"ETag": mark, "Cache-Control": "public, max-age=300"}
    response = HttpResponse(_vocabulary(), content_type=FORMS["json"], headers=headers)
    unchanged = get_conditional_response(request, etag=mark, response=response)
    return unchanged if isinstance(unchanged, HttpResponse) else response


@cache
def _vocabulary() -> bytes:
    return json.dumps(vocabulary_json(), ensure_ascii=False, separators=(",", ":")).encode()
