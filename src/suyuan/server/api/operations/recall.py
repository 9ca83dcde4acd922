"""Recall: what contains a design, a range of serials, some codes or a batch of material."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import chain
from typing import Annotated

import polars as pl
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router, Schema
from pydantic import Field, model_validator

from suyuan.server.accounts.queries import Principal
from suyuan.server.api.answers import chosen_form, stream
from suyuan.server.api.asking import KEY, LONGEST_CODE, note, reader
from suyuan.server.api.document import offers
from suyuan.server.kit.connection import cursor
from suyuan.server.kit.problems import Refusal
from suyuan.server.ledger.queries.recall import (
    as_csv,
    recall_codes,
    recall_material,
    recall_prefix,
    recall_serials,
)

router = Router(auth=KEY, tags=["recall"])

Serial = Annotated[int, Field(ge=0, le=9_999_999)]
Code = Annotated[str, Field(min_length=1, max_length=LONGEST_CODE)]


class RecallQuery(Schema):
    """What is recalled: one of a prefix, a lot with its first and last serial, a batch of material, or codes."""

    prefix: Annotated[str, Field(pattern="^[0-9A-Z]{7,24}$")] | None = None
    lot: Annotated[str, Field(pattern="^[0-9A-Z]{12,19}$")] | None = None
    first: Serial = 0
    last: Serial = 9_999_999
    material: Code | None = None
    material_company: Annotated[str, Field(pattern="^([0-9A-Z]{18}|[0-9]{9})$")] | None = None
    code: Annotated[list[Code], Field(max_length=200, default_factory=list)]
    at: date | None = None
    format: Annotated[str, Field(pattern="^(csv|ndjson)$")] | None = None

    @model_validator(mode="after")
    def ordered(self) -> "RecallQuery":
        """A range that ends before it begins holds nothing; it is said to be wrong instead."""
        if self.first > self.last:
            raise ValueError("first > last")
        return self

    @property
    def subject(self) -> str:
        """What is asked for, in one line."""
        serials = f"{self.lot}:{self.first}-{self.last}" if self.lot else None
        codes = " ".join(self.code) if self.code else None
        batch = self.material and ":".join(filter(None, (self.material_company, self.material)))
        asked = {"prefix": self.prefix, "lot": serials, "material": batch, "code": codes}
        named = [f"{name}:{value}" for name, value in asked.items() if value]
        if len(named) != 1:
            raise Refusal("api.recall_of_one", named=len(named))
        return named[0]


@router.get("/recall", response={200: None}, openapi_extra=offers("csv", "ndjson"))
def recall(request: HttpRequest, asked: Query[RecallQuery]) -> HttpResponseBase:
    """What contains it, sent while it is found."""
    asker = reader(request)
    subject = asked.subject
    form = chosen_form(request, asked.format, ("csv", "ndjson"))
    frames = _frames(asker, asked)
    start = next(frames, None)  # what goes wrong at the start is still answered as a problem
    note(asker, "recall", subject)
    rows = chain([start] if start is not None else [], frames)
    return stream(f"recall.{form}", as_csv(rows) if form == "csv" else _as_ndjson(rows), form)


def _frames(asker: Principal, asked: RecallQuery) -> Iterator[pl.DataFrame]:
    with cursor() as run:
        if asked.prefix:
            yield from recall_prefix(run, asker.scope, asked.prefix, asked.at)
        elif asked.lot:
            yield from recall_serials(run, asker.scope, asked.lot, range(asked.first, asked.last + 1), asked.at)
        elif asked.material:
            yield from recall_material(run, asker.scope, asked.material, asked.at, company=asked.material_company)
        else:
            yield from recall_codes(run, asker.scope, asked.code, asked.at)


def _as_ndjson(frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    yield from (frame.write_ndjson().encode() for frame in frames)
