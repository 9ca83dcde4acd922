"""The register: the company that asks, its sites, and coding rules filed."""

import json
from datetime import date
from typing import Annotated, Final, cast

import polars as pl
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router
from pydantic import Field

from suyuan.server.accounts.models import Permission
from suyuan.server.api import schemas
from suyuan.server.api.answers import answer
from suyuan.server.api.asking import KEY, company_with, reader, who
from suyuan.server.api.bodies import taken
from suyuan.server.api.document import accepts
from suyuan.server.api.shapes import principal_json, rows_json
from suyuan.server.kit.paging import decode_cursor, encode_cursor
from suyuan.server.registry import queries, services

router = Router(auth=KEY, tags=["register"])

LARGEST_FILING: Final = 64 << 10  # bytes

Prefix = Annotated[str, Field(max_length=14)]


@router.get("/companies/me", response=schemas.MeOut)
def me(request: HttpRequest) -> HttpResponse:
    """The key that asks, and its company."""
    asker = who(request)
    own = None
    if asker.company is not None:
        found = rows_json(queries.companies(asker.scope, [asker.company]))
        own = found[0] if found else None
    return answer(principal_json(asker, own))


@router.get("/sites", response=schemas.SitePage)
def list_sites(
    request: HttpRequest,
    on: date | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> HttpResponse:
    """Sites in the scope."""
    asker = reader(request)
    listing = f"sites:{on or ''}"
    last = decode_cursor(listing, cursor)
    found = queries.sites(asker.scope, on=on)
    if last:
        found = found.filter(pl.col("number") > last[0])
    items = rows_json(found.head(limit))
    following = encode_cursor(listing, [cast(int, found["number"][limit - 1])]) if found.height > limit else None
    return answer({"items": items, "next": following})


@router.get("/filings", response=schemas.FilingsOut)
def list_filings(
    request: HttpRequest,
    prefix: Annotated[list[Prefix], Query(min_length=1, max_length=100)],
    on: date | None = None,
) -> HttpResponse:
    """Rules filed for some prefixes."""
    asker = reader(request)
    return answer({"items": rows_json(queries.filings(asker.scope, prefix, on))})


@router.post("/filings", response={201: schemas.FilingsOut}, openapi_extra=accepts(body=schemas.FilingIn))
def file_code(request: HttpRequest) -> HttpResponse:
    """File one rule."""
    asker, number = company_with(request, Permission.FILE)
    filing = taken(request, schemas.FilingIn, LARGEST_FILING).model_dump(exclude_none=True)
    if "company" not in filing:
        filing["company"] = queries.companies(asker.scope, [number])["code"][0]
    if "details" in filing:
        filing["details"] = json.dumps(filing["details"], ensure_ascii=False)
    services.file_code(asker.scope, filing)
    filed = queries.filings(asker.scope, [filing["prefix"]], filing.get("valid_from", filing["filed_on"]))
    return answer({"items": rows_json(filed)}, 201)
