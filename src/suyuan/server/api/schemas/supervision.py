"""Duties, and why they are as they are."""

from datetime import date
from typing import Literal

from ninja import Schema

DueStatus = Literal["official", "provisional"]
DutyState = Literal["fulfilled_in_time", "fulfilled_late", "fulfilled", "due", "overdue", "open", "void"]


class DutyOut(Schema):
    """A duty as it stands today; `record` and `duty` name it."""

    record: str
    duty: str
    version: str
    title: str
    status: str
    company: str
    company_name: str
    object: str | None
    started_on: date
    due_on: date | None
    due_status: DueStatus | None
    state: DutyState
    late_days: int | None
    fulfilled_by: str | None
    fulfilled_on: date | None


class DutyPage(Schema):
    """Duties by company and day, and the cursor for those after them."""

    items: list[DutyOut]
    next: str | None


class StepOut(Schema):
    """One step of an explanation."""

    code: str
    message: str


class SkippedOut(Schema):
    """A day that was not counted."""

    date: date
    reason: str
    message: str


class RecountOut(Schema):
    """A last day that a calendar moved or made official."""

    due_on: date
    due_status: DueStatus
    new_due_on: date
    new_due_status: DueStatus


class ExplainedDutyOut(DutyOut):
    """A duty with its explanation."""

    steps: list[StepOut]
    skipped: list[SkippedOut]
    recounts: list[RecountOut]
