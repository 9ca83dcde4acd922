"""Keys, companies, sites and filings."""

from datetime import date
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, JsonValue

from suyuan.server.api.schemas.common import Number


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
