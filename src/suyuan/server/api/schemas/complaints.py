"""What the public reports."""

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from suyuan.server.api.schemas.common import Count, Number

Subject = Literal["outlet_entry", "outlet", "company", "battery"]
Outcome = Literal["founded", "unfounded", "settled"]
Words = Annotated[str, Field(min_length=1, max_length=4000)]


class EvidenceIn(Schema):
    """A PDF, PNG or JPEG of at most 2 MiB, its bytes as Base64."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=200)]
    content: Annotated[str, Field(max_length=2_900_000)]


class EntryReportIn(Schema):
    """What is wrong in the entry of an outlet."""

    model_config = ConfigDict(extra="forbid")

    words: Words
    contact: Annotated[str, Field(max_length=300)] = ""


class ComplaintIn(EntryReportIn):
    """What somebody saw, where and when; `about` is a number of an outlet, or a code of a company or battery."""

    subject: Subject
    about: Annotated[str, Field(min_length=1, max_length=250)]
    happened_on: date | None = None
    division: Annotated[str, Field(pattern=r"^[0-9]{6}$")] | None = None
    place: Annotated[str, Field(max_length=300)] = ""
    evidence: Annotated[tuple[EvidenceIn, ...], Field(max_length=3)] = ()


class ComplaintReceiptOut(Schema):
    """The id under which the reporter may refer to the report."""

    id: str


class ComplaintOut(Schema):
    """A report as it came, without its reporter."""

    number: Number
    id: str
    subject: Subject
    about: str
    outlet: int | None
    company: str | None
    battery: str | None
    division: str | None
    place: str
    happened_on: date | None
    words: str
    face: str
    recorded_at: datetime
    outcome: Outcome | None
    decided_at: datetime | None
    has_contact: bool
    files: Count


class ComplaintPage(Schema):
    """Reports by number and the cursor for those after them."""

    items: list[ComplaintOut]
    next: str | None


class ComplaintFileOut(Schema):
    """A file that came with a report."""

    place: Count
    name: str
    form: str
    sha256: str
    size: Count


class ComplaintActOut(Schema):
    """Something that was done with a report."""

    act: str
    outcome: Outcome | None
    note: str
    at: datetime
    author: str


class ComplaintWholeOut(ComplaintOut):
    """A report with its files and what was done with it."""

    evidence: list[ComplaintFileOut]
    acts: list[ComplaintActOut]


class DecisionIn(Schema):
    """What came of a report."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome
    note: Annotated[str, Field(max_length=2000)] = ""


class ContactOut(Schema):
    """How to reach who reported; empty where nothing was left."""

    contact: str
