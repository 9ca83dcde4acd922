"""The forms of answers and bodies, for the OpenAPI document; answers are built in `shapes`, bodies checked here."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, JsonValue

from suyuan.server.submissions.models import Mode, State

Number = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]
Text = Annotated[str, Field(max_length=200)]


class Problem(Schema):
    """What went wrong (RFC 9457): `code` and `data` for programs, `title` and `detail` for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    data: dict[str, JsonValue]


class Label(Schema):
    """A name in both languages."""

    zh: str
    en: str


# ---------------------------------------------------------------- submissions


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


# ---------------------------------------------------------------- codes


class ExplainIn(Schema):
    """A text that should be a battery code; years are resolved against the reference day, today by itself."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, Field(max_length=200)]
    reference: date | None = None


class ValidateIn(Schema):
    """Texts that should be battery codes."""

    model_config = ConfigDict(extra="forbid")

    codes: Annotated[list[Text], Field(max_length=10_000)]
    reference: date | None = None


class CodeFinding(Schema):
    """What is wrong with a code, or worth saying of it; the position counts from 1."""

    code: str
    position: int | None
    severity: Literal["refuse", "finding", "warning"]
    message: str


class CodePosition(Schema):
    """One field of a code."""

    field: str
    label: str
    first: int
    last: int
    characters: str
    meaning: str
    message: str


class ExplanationOut(Schema):
    """All that can be said about a battery code."""

    valid: bool
    form: Literal["24", "19", "26"] | None
    level: str | None
    chemistry: str | None
    vendor: str | None
    produced_on: date | None
    serial: str | None
    findings: list[CodeFinding]
    raw: str
    level_name: str | None
    chemistry_name: str | None
    spec: str | None
    trace: str | None
    suffix: str | None
    suggestion: str | None
    positions: list[CodePosition]


class VerdictOut(Schema):
    """Whether a text is a battery code."""

    code: str
    valid: bool
    findings: list[CodeFinding]


class VerdictsOut(Schema):
    """One verdict a text, in the order of the texts."""

    items: list[VerdictOut]


# ---------------------------------------------------------------- register


class ScopeOut(Schema):
    """The part of the ledger that a key sees."""

    level: Literal["nation", "province", "city", "company", "outlet"]
    division: str | None
    company: int | None
    site: int | None


class CompanyOut(Schema):
    """A registered company."""

    number: Number
    code: str
    name_zh: str
    name_en: str
    roles: list[str]
    division: str | None
    valid_from: date | None
    valid_to: date | None
    simulated: bool


class MeOut(Schema):
    """The key that asks, and its company; an official's key has none."""

    key: str
    permissions: list[Literal["read", "submit", "file", "administer"]]
    scope: ScopeOut
    company: CompanyOut | None


class SiteOut(Schema):
    """A site; longitude and latitude in degrees (WGS 84)."""

    number: Number
    company: Number
    code: str
    kind: str
    name: str
    division: str
    longitude: float | None
    latitude: float | None
    valid_from: date | None
    valid_to: date | None


class SitePage(Schema):
    """Some sites and the cursor for those after them."""

    items: list[SiteOut]
    next: str | None


class FilingOut(Schema):
    """A filed coding rule: what all batteries are whose code begins with the prefix."""

    prefix: str
    company: Number
    model: str
    level: Literal["P", "M", "C"]
    chemistry: str
    rated_capacity_ah: float | None
    nominal_voltage_v: float | None
    mass_kg: float | None
    length_mm: float | None
    width_mm: float | None
    height_mm: float | None
    modules: int | None
    cells: int | None
    filed_on: date
    valid_from: date
    valid_to: date | None


class FilingsOut(Schema):
    """Filed rules, by prefix and first day."""

    items: list[FilingOut]


Measure = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
Parts = Annotated[int, Field(ge=0, le=1_000_000)]


class FilingIn(Schema):
    """A coding rule to file; without a company it is that of the key."""

    model_config = ConfigDict(extra="forbid")

    prefix: Annotated[str, Field(max_length=14)]
    model: Annotated[str, Field(min_length=1, max_length=200)]
    filed_on: date
    company: Annotated[str, Field(max_length=18)] | None = None
    level: Literal["P", "M", "C"] | None = None
    chemistry: Annotated[str, Field(max_length=1)] | None = None
    rated_capacity_ah: Measure | None = None
    nominal_voltage_v: Measure | None = None
    mass_kg: Measure | None = None
    length_mm: Measure | None = None
    width_mm: Measure | None = None
    height_mm: Measure | None = None
    modules: Parts | None = None
    cells: Parts | None = None
    details: dict[str, JsonValue] | None = None
    valid_from: date | None = None
    valid_to: date | None = None


# ---------------------------------------------------------------- vocabulary


class TemplateOut(Schema):
    """A kind of record that can be reported, and the columns of its sheet."""

    kind: str
    label: Label
    reporters: list[str]
    columns: list[str]
    required: list[str]


class TemplatesOut(Schema):
    """All kinds."""

    version: str
    items: list[TemplateOut]


class FieldOut(Schema):
    """One field of a record."""

    name: str
    label: Label
    type: str
    unit: str | None
    required: bool
    levels: str
    minimum: float | None
    maximum: float | None
    choices: dict[str, Label]
    wire: str | None
    personal: bool


class SlotOut(Schema):
    """An object that a record touches: what must be true of it before, and the stage it is in after."""

    name: str
    field: str
    object: str
    levels: str
    many: bool
    before: list[str]
    holder: str
    vehicle: str
    stage: str | None


class KindOut(Schema):
    """A kind of record."""

    no: int
    name: str
    label: Label
    reporters: list[str]
    time: str
    record: list[str]
    slots: list[SlotOut]
    fields: list[FieldOut]


class StageOut(Schema):
    """A stage in the life of an object."""

    name: str
    no: int
    label: Label


class RoleOut(Schema):
    """A role of a company."""

    name: str
    label: Label


class VocabularyOut(Schema):
    """Every kind, stage and role of one version."""

    version: str
    kinds: list[KindOut]
    stages: list[StageOut]
    roles: list[RoleOut]


# ---------------------------------------------------------------- service


class HealthOut(Schema):
    """The server runs."""

    status: Literal["ok"]
    version: str


class ReadyOut(Schema):
    """The server can serve: its database answers."""

    status: Literal["ready"]


# ---------------------------------------------------------------- batteries


class PlaceOut(Schema):
    """A site."""

    number: int
    code: str
    name: str


class StateOut(Schema):
    """What is true of a battery, vehicle or batch of material: stage, holder, place, and what it is inside of."""

    code: str
    kind: str
    state: str
    state_label: str
    holder: str | None
    holder_name: str | None
    consignee: str | None
    consignee_name: str | None
    in_transit: bool
    site: PlaceOut | None
    vehicle: str | None
    inside: list[str]


class TouchOut(Schema):
    """An object of a record."""

    slot: str
    code: str


class FoundOut(Schema):
    """A contradiction that was found when a record was accepted."""

    code: str
    data: dict[str, JsonValue]
    message: str


class EventOut(Schema):
    """One record of a life: when it happened, when it was reported and by whom."""

    id: str
    kind: str
    label: str
    occurred_at: str
    received_at: datetime
    reporter: str
    reporter_name: str
    party: str | None
    party_name: str | None
    site: PlaceOut | None
    vehicle: str | None
    through: str | None
    objects: list[TouchOut]
    body: dict[str, JsonValue]
    findings: list[FoundOut]
    status: Literal["valid", "corrected", "withdrawn"]
    replaced_by: str | None
    corrects: str | None


class LifeOut(StateOut):
    """A whole life."""

    derived_from: list[str]
    derived_into: list[str]
    events: list[EventOut]


class OutlineOut(Schema):
    """An object by code and kind."""

    code: str
    kind: str


class NodeOut(OutlineOut):
    """An object with its parts; cells are counted, and listed on demand."""

    children: list["NodeOut"]
    cells: Count


class TreeOut(NodeOut):
    """The parts of an object, and its containers, the nearest first."""

    ancestors: list[OutlineOut]


class RecallRow(Schema):
    """One object that contains what is recalled."""

    code: str
    kind: str
