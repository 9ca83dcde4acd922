"""Submissions and their findings."""

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, JsonValue

from suyuan.server.api.schemas.common import Count, Number
from suyuan.server.submissions.models import Mode, State


class Example(Schema):
    """One place where a cause shows; the row as a spreadsheet program counts it."""

    row_number: int | None
    value: str | None
    data: dict[str, JsonValue]
    message: str


class Group(Schema):
    """One cause: how many rows it concerns and the first examples."""

    code: str
    field: str | None
    severity: Literal["refuse", "finding", "warning"]
    rows: Count
    message: str
    examples: list[Example]


class Failure(Schema):
    """What stopped a submission."""

    code: str
    data: dict[str, JsonValue]
    message: str


class SubmissionOut(Schema):
    """A submission and what became of it."""

    number: Number
    company: Number
    state: State
    state_label: str
    finished: bool
    step: str
    digest: str
    name: str
    channel: str
    kind: str | None
    mode: Mode
    dry_run: bool
    received_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    confirmed_at: datetime | None
    undone_at: datetime | None
    undone_by: int | None
    vocabulary: str
    rows: Count
    records: Count
    admitted: Count
    duplicates: Count
    refused: Count
    groups: list[Group]
    failure: Failure | None


class SubmissionPage(Schema):
    """Some submissions, the newest first, and the cursor for those after them."""

    items: list[SubmissionOut]
    next: str | None


class FindingOut(Schema):
    """One finding."""

    row_number: int | None
    field: str | None
    code: str
    severity: Literal["refuse", "finding", "warning"]
    refused: bool
    value: str | None
    data: dict[str, JsonValue]
    message: str


class FindingPage(Schema):
    """Some findings, in the order of the rows, how many there are in all, and the cursor for those after them."""

    items: list[FindingOut]
    total: Count
    next: str | None


class UndoIn(Schema):
    """Why a submission is undone."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=500)]
