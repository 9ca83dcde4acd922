"""Battery codes."""

from datetime import date
from typing import Annotated, Literal

from ninja import Schema
from pydantic import ConfigDict, Field

from suyuan.server.api.schemas.common import Text


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
