"""Qualifications of companies."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from suyuan.server.api.schemas.common import Count, Number


class QualificationOut(Schema):
    """What a company is entitled to, or was fined for; with its source and who entered, ended or withdrew it."""

    number: Number
    company: str
    company_name: str
    kind: str
    label: str
    category: str
    reference: str
    batch: str
    division: str | None
    amount_yuan: str | None
    valid_from: date
    valid_to: date | None
    status: Literal["confirmed", "reported", "simulated"]
    source: str
    note: str
    entered_at: datetime
    entered_by: str
    ended_at: datetime | None
    ended_by: str | None
    end_source: str | None
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    reason: str


class QualificationPage(Schema):
    """Qualifications as they were entered, and the cursor for those after them."""

    items: list[QualificationOut]
    next: str | None


class RowFindingOut(Schema):
    """What was found in a row of a table; rows are counted as a spreadsheet program counts."""

    row: Number | None
    field: str | None
    code: str
    severity: Literal["refuse", "finding", "warning"]
    value: str | None
    message: str


class ImportedOut(Schema):
    """How many rows there were, how many were entered, and what was found."""

    rows: Count
    entered: Count
    findings: list[RowFindingOut]


class WithdrawalIn(Schema):
    """Why an entry was wrong."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=1000)]
