"""Battery codes: what each position says, and whether many of them are right."""

from typing import Final, cast

import polars as pl
from django.http import HttpRequest, HttpResponse
from ninja import Router

from suyuan.codes import explain, explanation_json
from suyuan.codes.columns import check_battery_codes
from suyuan.server.api import schemas
from suyuan.server.api.answers import Json, answer
from suyuan.server.api.asking import KEY
from suyuan.server.api.bodies import taken
from suyuan.server.api.document import accepts
from suyuan.server.kit.clock import SYSTEM_CLOCK
from suyuan.server.kit.language import language_of

router = Router(auth=KEY, tags=["codes"])

LARGEST_CODE: Final = 16 << 10  # bytes
LARGEST_LIST: Final = 4 << 20


@router.post("/codes/explain", response=schemas.ExplanationOut, openapi_extra=accepts(body=schemas.ExplainIn))
def explain_code(request: HttpRequest) -> HttpResponse:
    """What each position says."""
    asked = taken(request, schemas.ExplainIn, LARGEST_CODE)
    explanation = explain(asked.code, asked.reference or SYSTEM_CLOCK.today())
    return answer(cast("dict[str, Json]", explanation_json(explanation, language_of(request))))


@router.post("/codes/validate", response=schemas.VerdictsOut, openapi_extra=accepts(body=schemas.ValidateIn))
def validate_codes(request: HttpRequest) -> HttpResponse:
    """One verdict a code."""
    asked = taken(request, schemas.ValidateIn, LARGEST_LIST)
    reference = asked.reference or SYSTEM_CLOCK.today()
    language = language_of(request)
    codes = pl.Series("code", asked.codes, dtype=pl.String)
    verdicts = check_battery_codes(codes, reference)
    remarked = (verdicts["finding"].is_not_null() | verdicts["warning"].is_not_null()).to_list()
    items: list[Json] = []
    for code, remark in zip(asked.codes, remarked, strict=True):
        told = cast("dict[str, Json]", explanation_json(explain(code, reference), language)) if remark else {}
        items.append({"code": code, "valid": told.get("valid", True), "findings": told.get("findings", [])})
    return answer({"items": items})
