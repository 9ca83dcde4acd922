"""What several forms have in common."""

from typing import Annotated

from ninja import Schema
from pydantic import Field, JsonValue

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
