"""Totals of areas and companies, the rows behind them, and reports."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

LevelName = Literal["nation", "province", "city", "company"]
MeasureName = Literal[
    "in_service", "retired", "collected", "collection_rate", "on_time_rate", "overdue", "unaccounted", "open_cases"
]
Batteries = Literal["in_service", "unaccounted", "retired", "collected", "stock", "step"]
Duties = Literal["overdue", "missed", "in_time", "late"]
StageName = Literal[
    "outside",
    "made",
    "swap_stock",
    "in_use",
    "retired",
    "collected",
    "utilising",
    "second_use",
    "recycled",
    "disposed",
    "exported",
    "unaccounted",
]
Crossing = Literal["inside", "into", "out"]
TemplateName = Literal["monthly", "quarterly", "yearly"]


class AreaOut(Schema):
    """An area or a company."""

    level: LevelName
    code: str
    name: str


class Headed(Schema):
    """What every answer begins with; `data_version` changes when a number can have changed."""

    area: AreaOut
    period: str
    starts_on: date
    ends_before: date
    as_of: date
    today: date
    data_version: str
    folded_at: datetime | None
    waiting_submissions: int


class FigureOut(Schema):
    """A number; a rate with numerator and denominator. `rows` names what it opens to."""

    measure: MeasureName
    title: str
    value: float | None
    numerator: int | None
    denominator: int | None
    unit: str
    rows: str | None


class ExplainedOut(Schema):
    """What a number means, and whose definition that is."""

    measure: MeasureName
    title: str
    definition: str
    formula: str
    source: str
    status: str
    unit: str
    rows: str | None


class ExplainedFigureOut(FigureOut):
    """A number with its explanation."""

    explain: ExplainedOut


class OverviewOut(Headed):
    """The numbers of an area."""

    figures: list[ExplainedFigureOut]


class AmountOut(Schema):
    """Packs, their rated energy and mass, and how many of them have none filed."""

    packs: int
    energy_kwh: float
    mass_kg: float
    without_energy: int
    without_mass: int


class BalanceOut(Schema):
    """A stage: opening + entered = left + unaccounted + closing."""

    stage: StageName
    label: str
    opening: AmountOut
    entered: AmountOut
    left: AmountOut
    unaccounted: AmountOut
    closing: AmountOut


class RibbonOut(AmountOut):
    """Packs that went from one stage to another; `back` against the usual order."""

    from_stage: StageName
    to_stage: StageName
    crossing: Crossing
    back: bool


class RouteOut(AmountOut):
    """Packs that went from one province to another."""

    from_stage: StageName
    from_province: str
    from_name: str
    to_stage: StageName
    to_province: str
    to_name: str


class FlowsOut(Headed):
    """Stages, the steps between them, and what went from province to province."""

    nodes: list[BalanceOut]
    ribbons: list[RibbonOut]
    routes: list[RouteOut]


class RankOut(FigureOut):
    """A place in a ranking."""

    rank: int
    area: AreaOut


class RankingOut(Headed):
    """What calls for attention first."""

    items: list[RankOut]


class MonthOut(Schema):
    """The numbers of one month."""

    month: str
    figures: list[FigureOut]


class TrendOut(Headed):
    """The numbers month by month."""

    items: list[MonthOut]


class StayOut(Schema):
    """A battery behind a number."""

    code: str
    stage: StageName
    stage_label: str
    since: date
    until: date | None
    reason: str | None
    reason_label: str | None
    division: str
    division_name: str
    company: str | None
    company_name: str | None
    came_from: StageName
    came_division: str
    record: str
    arrived_on: date | None
    energy_kwh: float | None
    mass_kg: float | None


class StayPage(Headed):
    """Batteries, and the cursor for those after them."""

    items: list[StayOut]
    next: str | None


class CountedDutyOut(Schema):
    """A duty behind a number."""

    record: str
    duty: str
    version: str
    object: str | None
    company: str
    company_name: str
    started_on: date
    due_on: date
    due_status: Literal["official", "provisional"]
    fulfilled_on: date | None


class CountedDutyPage(Headed):
    """Duties, and the cursor for those after them."""

    items: list[CountedDutyOut]
    next: str | None


class ReportIn(Schema):
    """A report that is wanted; without a period the last that has ended, without a place the whole scope."""

    model_config = ConfigDict(extra="forbid")

    template: TemplateName
    period: Annotated[str, Field(max_length=20)] | None = None
    division: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None
    company: Annotated[str, Field(pattern=r"^([0-9A-Z]{18}|[0-9]{9})$")] | None = None


class ReportOut(Schema):
    """A report that was made; `digest` is the SHA-256 of its figures as JSON."""

    id: str
    template: TemplateName
    period: str
    area: str
    as_of: date
    data_version: str
    made_at: datetime
    made_by: str
    digest: str


class ReportPage(Schema):
    """Reports, the newest first."""

    items: list[ReportOut]
    next: str | None
