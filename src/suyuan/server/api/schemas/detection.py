"""What detectors found, and the detectors."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

Weight = Literal["high", "medium", "low"]
Said = Literal["confirmed", "false_positive"]


class DetectedQuery(Schema):
    """Which findings are asked for."""

    finding: Annotated[str | None, Field(pattern=r"^[a-z_]+(\.[a-z_]+)+$", max_length=100)] = None
    severity: Weight | None = None
    company: Annotated[str | None, Field(pattern=r"^([0-9A-Z]{18}|[0-9]{9})$")] = None
    gone: bool = False
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    cursor: Annotated[str | None, Field(max_length=400)] = None


class DetectedOut(Schema):
    """A finding; `records` speak for it now, `figures` is what was counted or weighed."""

    number: int
    finding: str
    title: str
    severity: Weight | None
    company: str | None
    party: str | None
    site: str | None
    division: str | None
    figures: dict[str, float | str | None] | None
    records: int
    opened_at: datetime
    gone_at: datetime | None
    judgement: Said | None
    judged_at: datetime | None
    note: str


class DetectedPage(Schema):
    """Findings by number, and the cursor for those after them."""

    items: list[DetectedOut]
    next: str | None


class DetectorBasisOut(Schema):
    """A value or duty of the law, and how sure it is."""

    name: str
    title: str
    status: str


class DetectorLimitOut(Schema):
    """A limit of a detector."""

    name: str
    value: float
    unit: str
    status: str


class FindingEvidenceOut(Schema):
    """A record that speaks for a finding, and one of its objects."""

    object: str
    record: str


class FindingJudgementOut(Schema):
    """What somebody said of a finding."""

    judgement: Said
    note: str
    by: str
    at: datetime


class DetectedShownOut(DetectedOut):
    """A finding with what it rests on, the first thousand of its records, and what people said of it."""

    status: str | None
    basis: list[DetectorBasisOut]
    limits: list[DetectorLimitOut]
    evidence: list[FindingEvidenceOut]
    judgements: list[FindingJudgementOut]


class DetectorOut(Schema):
    """A detector, and its counters in the scope of the key."""

    finding: str
    title: str
    severity: Weight
    status: str
    basis: list[DetectorBasisOut]
    limits: list[DetectorLimitOut]
    open: int
    confirmed: int
    false_positives: int


class DetectorsOut(Schema):
    """The catalogue, in its order, as looked with last on the day `looked_on`."""

    items: list[DetectorOut]
    looked_on: date | None
