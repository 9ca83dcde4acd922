"""Calendar feeds, digests, webhooks, and standing duties that are not met."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from suyuan.server.api.schemas.common import Count, Number
from suyuan.server.api.schemas.supervision import DueStatus, StepOut


class StandingOut(Schema):
    """A standing duty that is not met, or was not: by whom, where, since when."""

    number: Number
    duty: str
    version: str
    title: str
    status: str
    company: str
    company_name: str
    division: str | None
    place: str | None
    since: date
    ended_on: date | None
    state: Literal["open", "met_again"]


class StandingPage(Schema):
    """Standing duties as they were found, and the cursor for those after them."""

    items: list[StandingOut]
    next: str | None


class ExplainedStandingOut(StandingOut):
    """A standing duty with its explanation."""

    steps: list[StepOut]


class FeedOut(Schema):
    """Whether there is a feed, since when, and who opened it."""

    open: bool
    created_at: datetime | None
    created_by: str | None


class NewFeedOut(Schema):
    """The path of a new feed; it is shown this once, and whoever knows it can read."""

    path: str


class LeadsOut(Schema):
    """How many working days before a last day the company is told."""

    working_days: list[Count]


class LeadsIn(Schema):
    """How many working days before a last day the company wants to be told; 0 is the last day itself."""

    model_config = ConfigDict(extra="forbid")

    working_days: Annotated[list[Annotated[int, Field(ge=0, le=60)]], Field(min_length=1, max_length=10)]


class LineOut(Schema):
    """Duties of one rule with one last day, counted."""

    duty: str
    version: str
    title: str
    due_on: date
    due_status: DueStatus
    count: Number
    lead_working_days: Count | None
    message: str


class NoticeOut(Schema):
    """The digest of a day: what comes due, and what has lapsed."""

    number: Number
    id: str
    day: date
    message: str
    due: list[LineOut]
    lapsed: list[LineOut]
    created_at: datetime
    read_at: datetime | None
    read_by: str | None


class NoticePage(Schema):
    """Digests, the newest first, and the cursor for those after them."""

    items: list[NoticeOut]
    next: str | None


class WebhookIn(Schema):
    """Where digests shall be sent."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(min_length=8, max_length=2000)]


class WebhookOut(Schema):
    """Where digests are sent."""

    number: Number
    url: str
    created_at: datetime
    created_by: str


class WebhooksOut(Schema):
    """The webhooks in use."""

    items: list[WebhookOut]


class NewWebhookOut(Schema):
    """A new webhook with the secret that signatures are checked with; it is shown this once."""

    number: Number
    secret: str


class DeliveryOut(Schema):
    """What became of a digest at a webhook."""

    id: str
    day: date
    state: Literal["waiting", "delivered", "given_up"]
    attempts: Count
    next_at: datetime | None
    tried_at: datetime | None
    status: int | None
    trouble: str | None


class DeliveriesOut(Schema):
    """Deliveries, the newest first."""

    items: list[DeliveryOut]


class DoneOut(Schema):
    """It is done."""

    number: Number | None
