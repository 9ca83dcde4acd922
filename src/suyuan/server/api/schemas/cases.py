"""Cases: bodies that open them and take steps, and the forms of what is told of them."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field, JsonValue

Words = Annotated[str, Field(max_length=10_000)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Code = Annotated[str, Field(max_length=100)]
Division = Annotated[str, Field(pattern=r"^[1-9][0-9]{3}00$")]
Number = Annotated[int, Field(ge=1, le=(1 << 63) - 1)]
Provisions = Annotated[tuple[Code, ...], Field(max_length=50)]
Moment = Annotated[datetime, Field(description="with its zone")]


class DutyIn(Schema):
    """A duty by the record that started it and its name."""

    record: UUID
    duty: Code


class AuthorityIn(Schema):
    """An authority; the nation's has no division."""

    level: Literal["nation", "province", "city"]
    division: Division | None = None


class OpeningIn(Schema):
    """A case to open: findings by number, overdue duties."""

    findings: Annotated[tuple[Number, ...], Field(max_length=50)] = ()
    duties: Annotated[tuple[DutyIn, ...], Field(max_length=50)] = ()
    title: Annotated[str, Field(max_length=200)] = ""
    note: Words = ""
    company: Annotated[str, Field(pattern=r"^([0-9A-Z]{18}|[0-9]{9})$")] | None = None
    lead: AuthorityIn | None = None


class PeriodIn(Schema):
    """A period from today."""

    count: Annotated[int, Field(ge=1, le=366)]
    unit: Literal["working_day", "calendar_day", "month"] = "working_day"


class SignatoryIn(Schema):
    """Somebody with his office."""

    name: Name
    role: Name


class PlanIn(Schema):
    """An inspection to come."""

    on: date
    place: Annotated[str, Field(max_length=500)] = ""
    checklists: Annotated[list[Code], Field(min_length=1, max_length=20)]
    inspectors: Annotated[list[SignatoryIn], Field(min_length=1, max_length=20)]


class SeenIn(Schema):
    """What was found of one item; `photos` are attachments by number."""

    item: Code
    result: Literal["met", "not_met", "not_applicable", "not_seen"]
    remark: Annotated[str, Field(max_length=2000)] = ""
    photos: Annotated[tuple[Number, ...], Field(max_length=50)] = ()


class SignatureIn(SignatoryIn):
    """A signature of one side; drawn or on paper it is an attachment."""

    side: Literal["authority", "company"]
    method: Literal["typed", "drawn", "paper"]
    at: Moment
    attachment: Number | None = None


class RecordIn(Schema):
    """What was found on site."""

    on: date
    items: Annotated[list[SeenIn], Field(max_length=200)]
    signatures: Annotated[list[SignatureIn], Field(max_length=20)]
    refused: Annotated[str, Field(max_length=500)] = ""
    on_paper: bool = False


class StepIn(Schema):
    """A step; `known` is the last step that its author had read."""

    kind: Code
    known: Annotated[int, Field(ge=0, le=(1 << 31) - 1)]
    note: Words = ""
    company_reads: bool | None = None
    letter: Code | None = None
    period: PeriodIn | None = None
    basis: Provisions = ()
    outcome: Code | None = None
    authority: AuthorityIn | None = None
    division: Division | None = None
    findings: Annotated[tuple[Number, ...], Field(max_length=50)] = ()
    duties: Annotated[tuple[DutyIn, ...], Field(max_length=50)] = ()
    plan: PlanIn | None = None
    record: RecordIn | None = None
    attachments: Annotated[tuple[Number, ...], Field(max_length=100)] = ()


class CaseOut(Schema):
    """A case as it stands today."""

    number: int
    title: str
    company: str
    company_name: str
    site: int | None
    place: str | None
    state: str
    state_label: str
    version: int
    level: str
    division: str | None
    authority: str
    shared_with: list[str]
    inspection_planned: bool | None
    due_on: date | None
    due_status: Literal["official", "provisional"] | None
    overdue: bool
    outcome: str | None
    outcome_label: str | None
    opened_at: str
    changed_at: str | None
    closed_at: str | None


class CasePage(Schema):
    """Cases, the newest first, and the cursor for those before them."""

    items: list[CaseOut]
    next: str | None


class AttachmentOut(Schema):
    """A file of a case, without its bytes; `paper` is its number in the log."""

    number: int
    name: str
    media_type: str
    size: int
    sha256: str
    at: str
    brought_by: str
    paper: int


class CaseStepOut(Schema):
    """A step that was taken; the log has its `digest` under `paper`."""

    version: int
    kind: str
    title: str
    at: str
    actor: str
    actor_kind: str
    actor_level: str
    company_reads: bool
    note: str
    body: dict[str, JsonValue]
    attachments: list[AttachmentOut]
    digest: str
    paper: int


class ChoiceOut(Schema):
    """A step that may be taken now, or why not."""

    step: str
    title: str
    allowed: bool
    reason: str | None
    reason_code: str | None
    fields: list[str]
    needed: list[str]
    asks_whether_company_reads: bool


class OnSiteOut(Schema):
    """One inspection: its plan and what was found."""

    plan: dict[str, JsonValue] | None
    record: dict[str, JsonValue] | None


class WholeCaseOut(CaseOut):
    """Everything of a case for its reader; `known` is what he names when he takes a step."""

    standing: str
    known: int
    thread: list[CaseStepOut]
    online: list[dict[str, JsonValue]]
    onsite: list[OnSiteOut]
    attachments: list[AttachmentOut]
    steps: list[ChoiceOut]


class ProcedureStepOut(Schema):
    """A kind of step: who may take it from which states, and where it leads."""

    step: str
    title: str
    by: list[str]
    sources: list[str]
    target: str | None
    seen: str
    fields: list[str]
    needed: list[str]


class WordOut(Schema):
    """A word of the procedure in the reader's language."""

    name: str
    title: str


class LetterOut(WordOut):
    """A template: the step that sends it, its period, how sure both are."""

    step: str
    status: str
    period_count: int | None
    period_unit: str | None


class ItemOut(Schema):
    """An item of a checklist; `basis` names the provision it checks."""

    item: str
    title: str
    basis: str | None
    photo: bool


class ChecklistOut(WordOut):
    """A checklist for companies with one of `roles`, for all without any."""

    roles: list[str]
    items: list[ItemOut]


class ProcedureOut(Schema):
    """The whole procedure as data."""

    status: str
    states: list[WordOut]
    steps: list[ProcedureStepOut]
    outcomes: list[WordOut]
    letters: list[LetterOut]
    checklists: list[ChecklistOut]
