"""Outlets, what is filed of them, and what lies there."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from suyuan.server.api.schemas.common import Count, Number

OutletKind = Literal["outlet_collection", "outlet_central"]
Chemistry = Literal["A", "B", "C", "D", "E", "F", "G", "Z"]
Condition = Literal["whole", "damaged", "swollen", "leaking", "soaked", "burnt"]
CompanyCode = Annotated[str, Field(pattern=r"^([0-9A-Z]{18}|[0-9]{9})$")]
Short = Annotated[str, Field(max_length=300)]
Long = Annotated[str, Field(max_length=2000)]
Why = Annotated[str, Field(max_length=1000)]


class MakerOut(Schema):
    """A maker that an outlet acts for; `agreed` when the maker or an authority said so."""

    code: str
    name: str
    agreed: bool


class VerificationOut(Schema):
    """When somebody last looked at an entry, and whether it was right."""

    on: date
    way: Literal["visit", "call", "document"]
    correct: bool
    level: str


class OutletOut(Schema):
    """An outlet; degrees on WGS 84, distance in metres along the ellipsoid where a place was asked for."""

    number: Number
    company: str
    company_name: str
    code: str
    version: Number
    kind: OutletKind
    name: str
    operator_name: str
    division: str
    division_name: str | None
    address: str
    phone: str
    longitude: float | None
    latitude: float | None
    distance_m: float | None
    hours: str | None
    days: dict[str, list[list[int]]]
    open: bool | None
    chemistries: list[str] | None
    brands: list[str] | None
    conditions: list[str] | None
    capacity_kg: float | None
    area_m2: float | None
    capacity_packs: int | None
    makers: list[MakerOut]
    shared: bool
    verified: VerificationOut | None
    valid_from: date
    valid_to: date | None


class OutletPage(Schema):
    """Outlets, nearest first where a place was named, and the cursor for those after them."""

    items: list[OutletOut]
    next: str | None


class OutletVersionOut(Schema):
    """One version of an entry."""

    version: Number
    valid_from: date
    valid_to: date | None
    recorded_at: datetime
    superseded_at: datetime | None
    author: str
    kind: OutletKind
    name: str
    division: str
    address: str
    phone: str


class OutletActOut(Schema):
    """Something that was done to an entry."""

    act: str
    on: date
    at: datetime
    author: str
    level: str
    company: str | None
    version: int | None
    reason: str


class OutletHistoryOut(Schema):
    """Every version and every act."""

    versions: list[OutletVersionOut]
    acts: list[OutletActOut]


class OutletFields(Schema):
    """What is filed of an outlet, each as the text that the table of outlets has in its column."""

    model_config = ConfigDict(extra="forbid")

    kind: OutletKind | None = None
    name: Short | None = None
    operator_name: Short | None = None
    division: Annotated[str, Field(max_length=6)] | None = None
    address: Short | None = None
    phone: Short | None = None
    longitude: Annotated[str, Field(max_length=30)] | None = None
    latitude: Annotated[str, Field(max_length=30)] | None = None
    datum: Literal["wgs84", "gcj02", "bd09"] | None = None
    hours: Long | None = None
    days: Long | None = None
    chemistries: Short | None = None
    brands: Long | None = None
    conditions: Short | None = None
    capacity_kg: Annotated[str, Field(max_length=30)] | None = None
    area_m2: Annotated[str, Field(max_length=30)] | None = None
    capacity_packs: Annotated[str, Field(max_length=30)] | None = None
    valid_from: Annotated[str, Field(max_length=10)] | None = None


class OutletIn(OutletFields):
    """An outlet to file; without a company it is that of the key."""

    company: CompanyCode | None = None
    code: Annotated[str, Field(min_length=1, max_length=64)]
    commissioned_by: Long | None = None


class OutletChangeIn(OutletFields):
    """What changes; an empty text takes a value away."""

    reason: Why = ""


class OutletVerifyIn(Schema):
    """What somebody saw of an entry."""

    model_config = ConfigDict(extra="forbid")

    on: date
    way: Literal["visit", "call", "document"]
    correct: bool = True
    note: Why = ""


class OutletWithdrawIn(Schema):
    """The last day of an outlet, and why."""

    model_config = ConfigDict(extra="forbid")

    last_day: date
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class CommissionIn(Schema):
    """For which maker an outlet acts; with `last_day` that ends."""

    model_config = ConfigDict(extra="forbid")

    company: CompanyCode
    since: date | None = None
    last_day: date | None = None


class OutletFiledOut(Schema):
    """What was filed: the number of the outlet, and whether there is a new version."""

    number: Number
    changed: bool


class ImportFindingOut(Schema):
    """What was found in one row of a table."""

    row: int | None
    field: str | None
    code: str
    severity: Literal["refuse", "finding", "warning"]
    value: str | None
    message: str


class OutletImportOut(Schema):
    """What became of a table: rows, those that are in the register now, those with a new version."""

    rows: Count
    entered: Count
    changed: Count
    findings: list[ImportFindingOut]


class LimitOut(Schema):
    """A limit of stock by the law."""

    limit_kg: float
    version: str
    status: str


class OutletStockOut(Schema):
    """What lies at an outlet now, against the limit of the law and its capacity as filed."""

    number: Number
    company: str
    code: str
    name: str
    kind: OutletKind
    division: str
    batteries: Count
    mass_kg: float
    unweighed: Count
    capacity_kg: float | None
    capacity_packs: int | None
    limit: LimitOut | None
    over_limit: bool
    over_capacity: bool


class OutletStocksOut(Schema):
    """Outlets with something in store, by number."""

    items: list[OutletStockOut]


class CoverageOut(Schema):
    """How many valid outlets a company has in a prefecture: own, acting for it, and acting for others, too."""

    company: str
    prefecture: str
    own: Count
    commissioned: Count
    shared: Count


class OutletGapOut(Schema):
    """A prefecture of sale without an outlet."""

    company: str
    prefecture: str
    prefecture_name: str | None
    since: date
    duty: str
    version: str


class CoverageAllOut(Schema):
    """Where companies have outlets on a day, and where they sell and have none."""

    on: date
    covered: list[CoverageOut]
    gaps: list[OutletGapOut]
