"""Codes given out and labels printed."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from suyuan.server.api.schemas.common import Count, Number

Serial = Annotated[int, Field(ge=0, le=9_999_999)]


class CodeOrderIn(Schema):
    """Codes to be given out under a filed prefix; the same request gives the same batch again."""

    model_config = ConfigDict(extra="forbid")

    prefix: Annotated[str, Field(pattern="^[0-9A-Z]{7}([0-9A-Z]{7})?$")]
    produced_on: date
    count: Annotated[int, Field(ge=1, le=100_000)]
    suffix: Annotated[str, Field(pattern="^R[PMC]$")] | None = None
    request: Annotated[str, Field(min_length=1, max_length=100)] | None = None


class BatchOut(Schema):
    """Codes given out together: the serials `first` to `last`; `codes` has each where one batch is asked for."""

    number: Number
    company: Number
    prefix: str
    model: str
    produced_on: date
    suffix: str | None
    first: Number
    last: Number
    count: Number
    first_code: str
    last_code: str
    actor: str
    asked_at: datetime
    printed_at: datetime | None
    codes: list[str] | None = None


class BatchPage(Schema):
    """Some batches, the newest first, and the cursor for older ones."""

    items: list[BatchOut]
    next: str | None


class PrintIn(Schema):
    """Labels to be printed: of a batch, of some of its serials, or of one code."""

    model_config = ConfigDict(extra="forbid")

    design: Annotated[str, Field(max_length=40)]
    batch: Annotated[int, Field(ge=1, le=(1 << 63) - 1)] | None = None
    first: Serial | None = None
    last: Serial | None = None
    code: Annotated[str, Field(max_length=40)] | None = None
    form: Literal["pdf", "zpl"] = "pdf"
    language: Literal["zh", "en"] = "zh"
    reason: Annotated[str, Field(max_length=40)] | None = None
    note: Annotated[str, Field(max_length=500)] = ""
    test: bool = False


class PrintJobOut(Schema):
    """Labels released together; `symbols` is how many were decoded before."""

    number: Number
    company: Number
    first_code: str
    last_code: str
    kind: Literal["first", "reprint", "test"]
    reason: str | None
    note: str
    design: str
    form: str
    symbols: Count
    actor: str
    printed_at: datetime


class PrintJobPage(Schema):
    """Some print jobs, the newest first, and the cursor for older ones."""

    items: list[PrintJobOut]
    next: str | None
